"""The words of a message: for inboxes, mails, Slack and webhooks. Pure; whoever sends one gives the links, which are made fresh."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from listener_sdk.protocol.times import from_wire

from .notifications import OWNER, Digest, Facts, read_digest
from .pages import endpoint_command, run_command
from .zones import Zone, names

LONGEST_TITLE: Final = 200
SLACK_TEXT: Final = 2_900
"""Characters of one section: Slack takes 3,000."""
_ONE: Final = {
    "failed": "failed",
    "partial": "was completed only in part",
    "success": "succeeded",
    "canceled": "was canceled",
    "recovered": "has recovered",
    "missed": "did not run",
    "paused": "has a schedule that is paused now",
    "disabled": "was disabled",
}
_MANY: Final = {
    "failed": "failed",
    "partial": "completed in part",
    "success": "succeeded",
    "canceled": "canceled",
    "recovered": "recovered",
    "missed": "did not happen",
    "paused": "paused",
    "disabled": "disabled",
}
_COLOURS: Final = {
    "failed": "#b42318",
    "missed": "#b42318",
    "paused": "#b42318",
    "disabled": "#b42318",
    "partial": "#b54708",
    "canceled": "#475467",
}
_CALM: Final = "#067647"


@dataclass(frozen=True, slots=True)
class Links:
    """``run`` gives the address of a job's page and ``file`` a fresh link of a file; both None where none is known."""

    run: Callable[[str], str | None]
    file: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it is stored: about which definition or schedule (its ``name``, the definition's code, the name of its jobs), by which
    rule, and the runs.
    """

    space: str
    zone: str
    name: str
    definition: str | None
    job: str | None
    rule: Facts
    digest: Digest

    def stored(self) -> Facts:
        """As JSON object."""
        return {
            "space": self.space,
            "zone": self.zone,
            "name": self.name,
            "definition": self.definition,
            "job": self.job,
            "rule": self.rule,
            **self.digest.as_wire(),
        }


def read_told(value: Mapping[str, Any]) -> Told:
    """What `Told.stored` made."""
    about = {name: value[name] for name in ("space", "zone", "name", "definition", "job", "rule")}
    return Told(**about, digest=read_digest(value))


# ---- words


def title(told: Told) -> str:
    """One line without control characters: what has happened."""
    digest = told.digest
    if digest.total == 1 and digest.runs:
        facts = digest.runs[0]
        name = f"The endpoint {facts['endpoint']}" if "endpoint" in facts else told.name
        return one_line(f"{name} {_ONE[_shown(facts)]}")
    first, *others = [
        f"{count} {_counted(result, count, is_first=not number)}{_MANY[result]}"
        for number, (result, count) in enumerate(digest.counts.items())
    ]
    return one_line(f"{told.name}: {', '.join([first, *others])}")


def _shown(facts: Facts) -> str:
    return "recovered" if facts.get("recovered") else str(facts["result"])


def _counted(result: str, count: int, *, is_first: bool) -> str:
    """What there are so many of, where that is not clear."""
    if result == "paused":
        return "schedule " if count == 1 else "schedules "
    if result == "disabled":
        return ""
    return "" if not is_first else "run " if count == 1 else "runs "


def one_line(text: str) -> str:
    """A text that no header can be broken out of: printable characters, single blanks, not too long."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= LONGEST_TITLE else f"{clean[:LONGEST_TITLE]} …"


def summary(told: Told) -> str:
    """A few words more, for an inbox: above all what somebody is to do."""
    digest = told.digest
    paused = [_said(facts) for facts in digest.runs if facts["result"] == "paused"]
    if paused:
        return paused[0]
    said = _said(digest.runs[0]) if digest.runs else ""
    return f"First: {said}" if said and digest.total > 1 else said


def _said(facts: Facts) -> str:
    heading, message = facts.get("heading"), facts.get("message")
    said = ". ".join(text.rstrip(". ") for text in (heading, message) if text)
    counts = facts.get("counts") or {}
    counted = ", ".join(
        f"{name} {counts[name]:,}" for name in ("total", "ok", "failed", "skipped") if counts.get(name)
    )
    return " ".join(filter(None, (f"{said}." if said else "", f"({counted})" if counted else "")))


def moment(text: str | None, zone: str) -> str:
    """A time of the wire as people of the space read it."""
    if text is None:
        return ""
    zone = zone if zone in names() else "UTC"
    here = datetime.fromisoformat(Zone(zone).shown(from_wire(text) // 1000))
    return f"{here.day} {here:%B %Y, %H:%M} {zone}"


@dataclass(frozen=True, slots=True)
class _Line:
    """One run: what became of it and when, what it said, and where one can go from there; ``command`` shows it where no link does."""

    what: str
    said: str
    links: list[tuple[str, str]]
    command: str = ""


def _lines(told: Told, links: Links) -> Iterator[_Line]:
    for facts in told.digest.runs:
        result = _shown(facts)
        when = moment(facts.get("at") or facts.get("dueAt"), told.zone)
        due = "due " if result == "missed" else ""
        by = "".join(f" ({what} {facts[what]})" for what in ("schedule", "endpoint") if facts.get(what))
        count = facts.get("count", 1)
        least = "at least " if facts.get("countIsLeast") else ""
        several = f", {least}{count:,} times in a row" if count > 1 else ""
        job_id = facts.get("jobId")
        page = links.run(job_id) if job_id else None
        found = [("Open the run", page)] if page else []
        for offer in facts.get("next", ()):
            url = offer.get("url") or links.file(offer.get("fileId", ""))
            if url is not None and url.startswith(("https://", "http://", "mailto:")):
                found.append((offer["label"], url))
        what = f"{_ONE[result][:1].upper()}{_ONE[result][1:]}{several}: {due}{when}{by}"
        command = run_command(job_id) if job_id and not page else ""
        if "endpointId" in facts:
            command = endpoint_command(facts["endpointId"])
        yield _Line(one_line(what), _said(facts), found, command)


def _rest(told: Told) -> str:
    named = sum(facts.get("count", 1) for facts in told.digest.runs)
    more = told.digest.total - named
    return f"And {more:,} more." if more > 0 else ""


def _why(told: Told) -> str:
    if told.rule.get("number") == OWNER:
        return f"You get this as the owner of the schedule in the space {told.space}."
    if told.rule["kind"] == "space":
        return f"You get this as an administrator of the space {told.space}."
    what = "schedule" if told.rule["kind"] == "schedule" else "job definition"
    of = f" {told.definition}" if told.definition else ""
    return f"You get this by a notification rule of the {what}{of} in the space {told.space}."


# ---- a mail


def subject(told: Told) -> str:
    """The subject of a mail."""
    return one_line(f"[{one_line(told.space)}] {title(told)}")


def plain(told: Told, links: Links) -> str:
    """A mail as text."""
    parts = [title(told)]
    for line in _lines(told, links):
        links_ = [f"{label}: {url}" for label, url in line.links]
        parts.append("\n".join(filter(None, [line.what, line.said, line.command, *links_])))
    parts += filter(None, [_rest(told)])
    return "\n\n".join([*parts, f"-- \n{_why(told)}"]).replace("\r", "") + "\n"


def html(told: Told, links: Links) -> str:
    """The same as HTML, in which nothing of what jobs say is markup."""
    colour = _COLOURS.get(told.digest.result, _CALM)
    blocks = []
    for line in _lines(told, links):
        said = f'<div style="white-space:pre-line">{escape(line.said)}</div>' if line.said else ""
        command = [f"<code>{escape(line.command)}</code>"] if line.command else []
        links_ = [f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in line.links]
        shown = " · ".join([*command, *links_])
        blocks.append(
            f'<div style="margin:0 0 16px"><div><b>{escape(line.what)}</b></div>{said}<div>{shown}</div></div>'
        )
    rest = f"<p>{escape(_rest(told))}</p>" if _rest(told) else ""
    return (
        '<!doctype html><html><body style="font:15px/1.5 system-ui,sans-serif;color:rgb(16,24,40)">'
        f'<h2 style="font-size:18px;border-left:4px solid {colour};padding-left:10px">{escape(title(told))}</h2>'
        f'{"".join(blocks)}{rest}<p style="color:rgb(102,112,133);font-size:13px">{escape(_why(told))}</p></body></html>'
    )


def trial_mail(space: str) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail by which somebody tries whether mails come."""
    subject = one_line(f"[{one_line(space)}] Mails of Tickwire reach you")
    said = f"An administrator of the space {one_line(space)} has sent this to see whether mails come. Nothing has happened."
    return subject, f"{said}\n", f"<!doctype html><html><body><p>{escape(said)}</p></body></html>"


# ---- Slack


def slack(told: Told, links: Links) -> Facts:
    """What an incoming webhook of Slack, or of a chat that takes the same, posts to its channel."""
    head = f"*{_mrkdwn(title(told))}*"
    parts = [head]
    for line in _lines(told, links):
        shown = " · ".join(f"<{_link(url)}|{_mrkdwn(label).replace('|', ' ')}>" for label, url in line.links)
        command = f"`{line.command}`" if line.command else ""
        parts.append("\n".join(filter(None, [_mrkdwn(line.what), _mrkdwn(line.said), command, shown])))
    parts += filter(None, [_rest(told)])
    text = ""
    for part in parts:
        if len(text) + len(part) + 2 > SLACK_TEXT:
            text += "\n\n…"
            break
        text = f"{text}\n\n{part}" if text else part
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return {"text": _mrkdwn(title(told)), "blocks": [section]}


def _mrkdwn(text: str) -> str:
    """Slack's own escapes; so no text of a job mentions a person or a whole channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(url: str) -> str:
    return url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")


# ---- any other program


def webhook(told: Told, links: Links, delivery: str, at: str) -> Facts:
    """The body of a webhook."""
    runs = []
    for facts in told.digest.runs:
        shown = {name: value for name, value in facts.items() if name not in {"next", "failed"}}
        if "jobId" in facts and (run := links.run(facts["jobId"])):
            shown["url"] = run
        offered = [
            (one["label"], one.get("url") or links.file(one.get("fileId", "")))
            for one in facts.get("next", ())
        ]
        if found := [{"label": label, "url": url} for label, url in offered if url is not None]:
            shown["next"] = found
        runs.append(shown)
    return {
        "id": delivery,
        "type": "notification",
        "timestamp": at,
        "data": {
            "title": title(told),
            "space": told.space,
            "jobDefinitionCode": told.definition,
            "name": told.name,
            "result": told.digest.result,
            "counts": dict(told.digest.counts),
            "runs": runs,
        },
    }


# ---- an inbox


def inbox(told: Told) -> Facts:
    """What the inbox of a member keeps."""
    ids = told.digest.job_ids
    one = {"jobId": ids[0]} if told.digest.total == 1 and ids else {}
    runs = [
        {name: v for name, v in facts.items() if name not in {"next", "failed"}} for facts in told.digest.runs
    ]
    return {
        "title": title(told),
        "text": summary(told),
        "result": told.digest.result,
        "jobDefinitionCode": told.definition,
        **one,
        "counts": dict(told.digest.counts),
        "runs": runs,
    }
