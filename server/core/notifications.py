"""Who is told of which run, and what a message tells: rules, the facts of runs, and how many of these go into one message. Pure.

A rule sends at most one message a minute. What comes meanwhile is counted, the first of it named, and told with the next one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.notifications import implied
from listener_sdk.protocol.times import to_wire

from .jobs import JobRow
from .members import KIND as MEMBER

KIND: Final = "nt"
DELIVERY: Final = "nd"
EVERY_MS: Final = 60_000
"""How often a rule sends a message."""
NAMED: Final = 10
"""Runs that one message names."""
LONGEST_TEXT: Final = 500
MOST_FILES: Final = 5
IMPLIED: Final = 100
"""Where the numbers of rules begin that the options of a definition stand for."""

ENDS: Final = {"job:completed": None, "job:failed": "failed", "job:canceled": "canceled"}
"""Topics of ends, and the result that they stand for; a job that has completed says its own."""
RECOVERED: Final = "definition:recovered"
MISSED: Final = frozenset({"schedule:skipped", "schedule:failed"})
WATCHED: Final = frozenset({*ENDS, RECOVERED, *MISSED})
"""Topics of which people may be told."""
RESULTS: Final = ("failed", "partial", "success", "canceled", "recovered", "missed")
_TELLS: Final[Mapping[str, frozenset[str]]] = {
    "failed": frozenset({"failed"}),
    "failedAndPartial": frozenset({"failed", "partial"}),
    "completed": frozenset({"success", "partial"}),
    "all": frozenset({"failed", "partial", "success", "canceled"}),
    "none": frozenset(),
}
HIDDEN: Final = "***"
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"'@]+@[^\s<>()\[\],;:\"'@]+")
_TO_PEOPLE: Final = ("inbox", "email")

Facts = dict[str, Any]
Rule = Mapping[str, Any]


class RuleKey(NamedTuple):
    """One rule of a definition or schedule (``kind``, the number of the row ``about``), towards its own recipients or one ``starter``."""

    space_id: int
    kind: str
    about: int
    number: int
    starter: int = 0


# ---- rules


def numbered(rules: Sequence[Rule], options: Mapping[str, Any]) -> list[tuple[int, Rule]]:
    """The rules as they were written, and those that Conscia's options stand for."""
    return [*enumerate(rules), *enumerate(implied(options), IMPLIED)]


def tells(rule: Rule, facts: Facts) -> bool:
    """Whether a rule tells of this."""
    result = facts["result"]
    heard = _TELLS[rule.get("on", "failed")]
    if result in heard or (result == "missed" and rule.get("missed", False)):
        return True
    if result == "missed":
        return facts["failed"] is True and "failed" in heard
    # Who hears of successes has heard of this one.
    is_news = facts.get("recovered") is True and not (result == "recovered" and "success" in heard)
    return is_news and bool(rule.get("recovered"))


def audiences(rules: Iterable[tuple[int, Rule]], facts: Facts, starter: int) -> list[tuple[int, int]]:
    """The rules that tell of this, each with 0 for the recipients that it names, or with the member who has started the run.

    A starter whom a rule before it tells by the same channels is not told again.
    """
    found = []
    told: set[str] = set()
    for number, rule in rules:
        if not tells(rule, facts):
            continue
        if is_addressed(rule):
            found.append((number, 0))
        if starter and encode(MEMBER, starter) in rule.get("members", ()):
            told |= {*rule["channels"]}
        elif starter and rule.get("starter") and not {*rule["channels"]} & {*_TO_PEOPLE} <= told:
            found.append((number, starter))
            told |= {*rule["channels"]}
    return found


def is_addressed(rule: Rule) -> bool:
    """Whether a rule names recipients itself."""
    return any(rule.get(name) for name in ("members", "addresses", "slack", "webhook"))


# ---- what is told of one run


def run_facts(row: JobRow, result: str, *, recovered: bool = False) -> Facts:
    """What messages say of a job that has ended: what its readers see of its end, cut to a few hundred characters."""
    outcome = orjson.loads(row.outcome) if row.outcome else {}
    found = {
        "jobId": encode("jb", row.id),
        "result": result,
        "recovered": recovered or None,
        "at": to_wire(row.finished_at or row.updated_at),
        "heading": _cut(outcome.get("heading")),
        "message": _cut(outcome.get("message") or row.info),
        "counts": outcome.get("counts") or None,
        "next": _next(outcome),
    }
    return {name: value for name, value in found.items() if value is not None}


def starter_of(by: Mapping[str, Any]) -> int:
    """The number of the member who has started a job, as the job tells it; 0 where a program or the server has."""
    return decode(MEMBER, str(by.get("memberId"))) or 0


def missed_facts(payload: Mapping[str, Any], *, failed: bool) -> Facts:
    """What messages say of a due time without a run, as the event tells it; ``failed`` where it should have had one."""
    found = {
        "result": "missed",
        "failed": failed,
        "count": int(payload.get("count") or 1),
        "definition": payload.get("definition"),
        "schedule": _cut(payload.get("name")),
        "dueAt": payload.get("dueAt"),
        "reason": payload.get("reason"),
        "message": _cut(payload.get("message")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _next(outcome: Mapping[str, Any]) -> list[Facts] | None:
    """What the outcome offers that a link can lead to; files by their ids, since their links are made when they are sent."""
    action = outcome.get("next") or {}
    offered: list[Facts] = []
    if action.get("type") == "files":
        offered += [_file(one, "Download") for one in action.get("files", ())]
    elif action.get("type") == "download" and action.get("fileId"):
        offered.append(_file(action, action.get("fileName") or "Download"))
    elif action.get("type") in {"download", "url"} and action.get("url"):
        offered.append({"label": _cut(action.get("label") or "Open"), "url": action["url"]})
    offered += [_file(one, "What went wrong") for one in outcome.get("errorFiles") or ()]
    return offered[:MOST_FILES] or None


def _file(one: Mapping[str, Any], otherwise: str) -> Facts:
    return {"label": _cut(one.get("label") or otherwise), "fileId": one["fileId"]}


def _cut(text: Any) -> str | None:
    if not isinstance(text, str) or not text.strip():
        return None
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"


# ---- what goes into one message


@dataclass(frozen=True, slots=True)
class Digest:
    """How many runs of which result a message tells of, and the first of them."""

    counts: Mapping[str, int] = field(default_factory=dict)
    runs: tuple[Facts, ...] = ()

    def with_(self, others: Iterable[Facts]) -> "Digest":
        """With others behind them."""
        counts, runs = dict(self.counts), list(self.runs)
        for facts in others:
            counts[facts["result"]] = counts.get(facts["result"], 0) + facts.get("count", 1)
            if len(runs) < NAMED:
                runs.append(facts)
        return Digest(counts, tuple(runs))

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def result(self) -> str:
        """That of all, or ``mixed``."""
        return next(iter(self.counts)) if len(self.counts) == 1 else "mixed"

    @property
    def job_ids(self) -> list[str]:
        """The runs that are named, by their ids."""
        return list(dict.fromkeys(facts["jobId"] for facts in self.runs if "jobId" in facts))

    def as_wire(self) -> Facts:
        """As JSON object."""
        return {"counts": dict(self.counts), "runs": list(self.runs)}

    def stored(self) -> str:
        """As JSON text."""
        return orjson.dumps(self.as_wire()).decode()


def read_digest(value: Mapping[str, Any]) -> Digest:
    """What `Digest.as_wire` made."""
    return Digest(value["counts"], tuple(value["runs"]))


def masked(recipient: str) -> str:
    """A mail address or a URL as readers of events may see it: enough to know it again."""
    name, at, host = recipient.rpartition("@")
    if at and "://" not in recipient:
        return f"{name[:1]}{HIDDEN}@{host}"
    host = recipient.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return host if host and "{{" not in host else HIDDEN


def without_addresses(text: str) -> str:
    """A text in which the mail addresses are masked."""
    return _ADDRESS.sub(lambda found: masked(found[0]), text)


# ---- inboxes


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One row of table ``notification``, its fields in the table's order; times are milliseconds."""

    id: int
    space_id: int
    member_id: int
    at: int
    read_at: int | None
    body: str

    @property
    def public_id(self) -> str:
        """The id that readers know."""
        return encode(KIND, self.id)


def notification_wire(row: NotificationRow) -> Facts:
    """The notification as JSON object."""
    read = {} if row.read_at is None else {"readAt": to_wire(row.read_at)}
    return {
        "id": row.public_id,
        "at": to_wire(row.at),
        "memberId": encode(MEMBER, row.member_id),
        **orjson.loads(row.body),
        **read,
    }
