"""Who is told of which run, and what a message tells: rules, the facts of runs, and how many of these go into one message. Pure.

A rule sends at most one message a minute. What comes meanwhile is counted, the first of it named, and told with the next one, which goes
to those whom the rule named then.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
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
LONGEST_WAIT_MS: Final = 2 * EVERY_MS
"""What would wait longer was counted before the clock was set back."""
NAMED: Final = 10
"""Runs that one message names."""
LONGEST_TEXT: Final = 500
MOST_FILES: Final = 5
IMPLIED: Final = 100
"""Where the numbers of rules begin that the options of a definition stand for."""
OF_SCHEDULES: Final = 0
OF_ENDPOINTS: Final = 1
"""The numbers of the rules by which administrators are told whatever others say."""
OWNER: Final = 200
"""The number of the rule by which the owner of a schedule is told that it has paused."""

ENDS: Final = {"job:completed": None, "job:failed": "failed", "job:canceled": "canceled"}
"""Topics of ends, and the result that they stand for; a job that has completed says its own."""
RECOVERED: Final = "definition:recovered"
PAUSED: Final = "schedule:paused"
MISSED: Final = frozenset({"schedule:skipped", "schedule:failed", PAUSED})
DISABLED: Final = "endpoint:disabled"
WATCHED: Final = frozenset({*ENDS, RECOVERED, *MISSED, DISABLED})
"""Topics of which people may be told."""
RESULTS: Final = ("failed", "partial", "success", "canceled", "recovered", "missed", "paused", "disabled")
_TELLS: Final[Mapping[str, frozenset[str]]] = {
    "failed": frozenset({"failed"}),
    "failedAndPartial": frozenset({"failed", "partial"}),
    "completed": frozenset({"success", "partial"}),
    "all": frozenset({"failed", "partial", "success", "canceled"}),
    "none": frozenset(),
}
HIDDEN: Final = "***"
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"'@]+@[^\s<>()\[\],;:\"'@]+")

Facts = dict[str, Any]
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom one rule tells: members by their ids in ``inbox`` and ``email``, mail addresses beside these, and where posts go.

    ``admins`` are the administrators of the space, by inbox and e-mail.
    """

    inbox: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    slack: str | None = None
    webhook: str | None = None
    webhook_secret: str | None = None
    admins: bool = False

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.inbox or self.email or self.slack or self.webhook or self.admins)

    @property
    def people(self) -> list[str]:
        """Members and mail addresses, each once."""
        return list(dict.fromkeys([*self.inbox, *self.email]))

    def stored(self) -> Facts:
        """As JSON object."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in found.items() if value}


def read_audience(value: Mapping[str, Any]) -> Audience:
    """What `Audience.stored` made."""
    people = {name: tuple(value.get(name, ())) for name in ("inbox", "email")}
    return Audience(**{**value, **people})


class RuleKey(NamedTuple):
    """One rule of a definition or schedule (``kind``, the number of the row ``about``), towards its own recipients or one ``starter``.

    ``number`` is made of what the rule says and whom it tells: a rule that was changed is another one.
    """

    space_id: int
    kind: str
    about: int
    number: int
    starter: int = 0


# ---- rules


def numbered(rules: Sequence[Rule], options: Mapping[str, Any]) -> list[tuple[int, Rule]]:
    """The rules as they were written, and those that Conscia's options stand for."""
    return [*enumerate(rules), *enumerate(implied(options), IMPLIED)]


def numbered_of_schedule(rules: Sequence[Rule], owner: str) -> list[tuple[int, Rule]]:
    """The rules as they were written, and that of the owner, who may be a key, which is told nothing."""
    found = [*enumerate(rules)]
    if decode(MEMBER, owner) is not None:
        found.append(
            (OWNER, {"on": "none", "paused": True, "channels": ["inbox", "email"], "members": [owner]})
        )
    return found


def tells(rule: Rule, facts: Facts) -> bool:
    """Whether a rule tells of this."""
    result = facts["result"]
    heard = _TELLS[rule.get("on", "failed")]
    if result in heard or (result == "missed" and rule.get("missed", False)):
        return True
    if result == "paused":
        return "failed" in heard or any(rule.get(name, False) for name in ("missed", "paused"))
    if result == "missed":
        return facts["failed"] is True and "failed" in heard
    # Who hears of successes has heard of this one.
    is_news = facts.get("recovered") is True and not (result == "recovered" and "success" in heard)
    return is_news and bool(rule.get("recovered"))


def audiences(
    rules: Iterable[Rule], starter: int, mail_of: Callable[[str], str | None]
) -> list[tuple[int, int, Audience]]:
    """Whom rules tell that tell of the same: the place of each, 0 for those whom it names or the member who has started the run, and whom.

    Nobody is told twice by one channel: the starter is told where nobody has named them.

    - ``mail_of``: where mails for a member's id or an address go, None where none do
    """
    wanted = [(place, 0, named_by(rule)) for place, rule in enumerate(rules)]
    if starter:
        own = encode(MEMBER, starter)
        wanted += [(p, starter, _person(rule, own)) for p, rule in enumerate(rules) if rule.get("starter")]
    told: set[tuple[str, Any]] = set()
    left = [(place, whom, _without(audience, told, mail_of)) for place, whom, audience in wanted]
    return [one for one in left if one[2]]


def named_by(rule: Rule) -> Audience:
    """Whom a rule names itself."""
    channels, members = rule["channels"], tuple(rule.get("members", ()))
    return Audience(
        inbox=members if "inbox" in channels else (),
        email=(*members, *rule.get("addresses", ())) if "email" in channels else (),
        slack=rule.get("slack"),
        webhook=rule.get("webhook"),
        webhook_secret=rule.get("webhookSecret"),
    )


def _person(rule: Rule, member: str) -> Audience:
    return Audience(
        inbox=(member,) if "inbox" in rule["channels"] else (),
        email=(member,) if "email" in rule["channels"] else (),
    )


def _without(
    audience: Audience, told: set[tuple[str, Any]], mail_of: Callable[[str], str | None]
) -> Audience:
    """Those who are not told yet, who are so from now on."""

    def is_new(channel: str, who: Any) -> bool:
        is_known = (channel, who) in told
        told.add((channel, who))
        return not is_known

    hook = (audience.webhook, audience.webhook_secret) if audience.webhook else None
    is_posted = is_new("webhook", hook)
    return replace(
        audience,
        inbox=tuple(one for one in audience.inbox if is_new("inbox", one)),
        # Those to whom no mail goes now stay: the same rule is to be the same audience tomorrow.
        email=tuple(one for one in audience.email if (to := mail_of(one)) is None or is_new("email", to)),
        slack=audience.slack if is_new("slack", audience.slack) else None,
        webhook=audience.webhook if is_posted else None,
        webhook_secret=audience.webhook_secret if is_posted else None,
    )


def number_of(rule: Rule, audience: Audience) -> int:
    """The number of a rule towards these people: the same for the same rule, whatever place it has among others."""
    text = orjson.dumps([rule, audience.stored()], option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(sha256(text).digest()[:8]) >> 1


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
        "countIsLeast": payload.get("countIsLeast") or None,
        "definition": payload.get("definition"),
        "schedule": _cut(payload.get("name")),
        "dueAt": payload.get("dueAt"),
        "reason": payload.get("reason"),
        "message": _cut(payload.get("message")),
    }
    return {name: value for name, value in found.items() if value is not None}


def paused_facts(payload: Mapping[str, Any]) -> Facts:
    """What messages say of a schedule that runs no more after failures, as the event tells it."""
    found = {
        "result": "paused",
        "definition": payload.get("definition"),
        "schedule": _cut(payload.get("name")),
        "at": payload.get("pausedAt"),
        "message": _cut(payload.get("message")),
    }
    return {name: value for name, value in found.items() if value is not None}


def disabled_facts(payload: Mapping[str, Any]) -> Facts | None:
    """What messages say of an endpoint that the server has disabled, as the event tells it; None where a person has."""
    if "reason" not in payload:
        return None
    found = {
        "result": "disabled",
        "endpoint": _cut(payload.get("name")) or payload.get("endpointId"),
        "endpointId": payload.get("endpointId"),
        "at": payload.get("disabledAt"),
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
