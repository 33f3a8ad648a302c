"""Writes docs/reference from the tables in the code. ``--check`` writes nothing and fails when a page is stale."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

ROOT: Final = Path(__file__).resolve().parents[1]
REFERENCE: Final = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))  # a clone is documented as it stands, installed or not

from docs.markdown import code, line, page, prose, table  # noqa: E402 - it is found by the line above
from docs.models import Schema, described, frame  # noqa: E402 - it too
from docs.sdk import sdk  # noqa: E402 - it too
from listener_sdk.protocol import codes, events, filters, frames, lifecycle, payloads  # noqa: E402 - it too
from listener_sdk.settings import DEFAULT_DATA_DIR, DEFAULT_URL  # noqa: E402 - it too


def main(argv: Sequence[str] | None = None) -> int:
    """Write every page, or with ``--check`` name the stale ones; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    check = parser.parse_args(argv).check
    stale = [name for name, make in PAGES.items() if _on_disk(name) != make()]
    for name in [] if check else stale:
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(PAGES[name](), encoding="utf-8")
    for name in stale:
        print(f"{'stale' if check else 'written'}: docs/reference/{name}")
    if check and stale:
        print("run: make docs", file=sys.stderr)
    return int(check and bool(stale))


def _on_disk(name: str) -> str | None:
    path = REFERENCE / name
    return path.read_text(encoding="utf-8") if path.exists() else None


# ---- pages


def errors() -> str:
    """Error codes."""
    rows = [
        (f"`{e.code}`", e.status, "yes" if e.retry else "no", e.meaning)
        for e in sorted(codes.ERRORS.values(), key=lambda e: (e.status, e.code))
    ]
    return page(
        "Errors",
        'Over HTTP an error is `{"errors": [{"key"?, "message", "code"}]}` with the status below; on the stream it is an `error` '
        "frame. `message` is for people and may change, `code` is for programs and does not. *Retry* says whether the same call may "
        "succeed later without being changed.",
        table(("code", "status", "retry", "meaning"), rows),
    )


def closes() -> str:
    """Close codes."""
    rows = [
        (c.code, f"`{c.name}`", "reconnect" if c.reconnect else "stop", c.meaning)
        for c in sorted(codes.CLOSES.values(), key=lambda c: c.code)
    ]
    return page(
        "Close codes of the stream",
        "A client that does not know a code goes by its range: 4400 to 4999 mean *stop*, all others *reconnect*.",
        table(("code", "name", "the client should", "meaning"), rows),
    )


def topics() -> str:
    """Topics."""
    models = list(dict.fromkeys(payloads.PAYLOADS.values()))
    _, whole = models_json_schema([(model, "validation") for model in models], by_alias=True)
    schemas: dict[str, Schema] = whole["$defs"]
    published = [
        (f"`{topic}`", "yes" if topic in events.FLATFILE_TOPICS else "no", _linked(topic), meaning)
        for topic, meaning in events.SERVER_TOPICS.items()
    ]
    theirs = sorted(events.FLATFILE_TOPICS - set(events.SERVER_TOPICS))
    return page(
        "Topics",
        "A topic is `domain:operation`: the domain in lower case, the operation with letters, digits, `.`, `_` and `-`, up to 63 "
        "characters each. `GET /v1/events` lists only topics that Flatfile's Python client can parse, unless `topic` or `topics` "
        "asks for others (`topics=**` for all); subscriptions see all.",
        "## Published by the server",
        "All that this release publishes by itself.",
        table(("topic", "Flatfile's client parses it", "payload", "meaning"), published),
        "## Payloads",
        "`payload` of an event by its topic; more may come with later releases.",
        *(described(name, schemas[name], name) for name in sorted(schemas)),
        "## Context",
        "`context` of an event of the server's: what it is about, and who has done it. Clients' own events have the first four, too, beside what "
        "the client gave them.",
        table(("field", "given", "means"), _context()),
        "## Examples",
        "Recorded from a server: [events.json](../vectors/events.json) has them whole, and in their order.",
        *(f"`{topic}`\n\n```json\n{example}\n```" for topic, example in examples().items()),
        "## Reserved domains",
        "Only the server publishes in these, now or in a later release; clients may use every other domain.",
        line(sorted(events.RESERVED_DOMAINS)),
        "## Other topics that Flatfile's client parses",
        line(theirs),
    )


def _context() -> list[tuple[str, str, str | None]]:
    fields = payloads.EventAbout.model_fields.values()
    return [(f"`{one.alias}`", "required" if one.is_required() else "", one.description) for one in fields]


def examples() -> dict[str, str]:
    """Of each topic that was recorded the payload that tells most, in the order of the table."""
    recorded = json.loads((ROOT / "docs/vectors/events.json").read_text(encoding="utf-8"))
    told: dict[str, dict[str, object]] = {}
    for event in recorded["steps"][-1]["answer"]["body"]["data"]:
        if len(event["payload"]) > len(told.get(event["topic"], ())):
            told[event["topic"]] = event["payload"]
    return {topic: json.dumps(told[topic], indent=2) for topic in events.SERVER_TOPICS if topic in told}


def _linked(topic: str) -> str:
    name = payloads.PAYLOADS[topic].__name__
    return f"[{name}](#{name.lower()})"


def life_cycle() -> str:
    """The life of a job."""
    rows = [(f"`{before}`", move, f"`{after}`") for (before, move), after in lifecycle.NEXT.items()]
    ends = [(f"`{status}`", f"`{topic}`") for status, topic in lifecycle.TERMINAL_TOPIC.items()]
    return page(
        "The life of a job",
        "Every move that is not in this table is refused with `illegal_move` and the present status.",
        f"```mermaid\n{lifecycle.diagram()}\n```",
        table(("status", "move", "status after"), rows),
        "## Ends",
        "A job ends once, with exactly one of these events.",
        table(("status", "event"), ends),
        "A `created` job is in `planning` from when a plan is sent to it, or its status is set so, until it sets out. It is `waiting` while a "
        "job of its `predecessorIds`, or the part before it, has not ended.",
        "A job that was granted to a listener and not yet acknowledged is still `ready`. A partial result is a property of the outcome; "
        "its status is `complete`.",
    )


def stream_frames() -> str:
    """Frames of the stream."""
    models: list[type[BaseModel]] = [*frames.CLIENT_FRAMES, *frames.SERVER_FRAMES]
    _, whole = models_json_schema([(model, "validation") for model in models], by_alias=True)
    schemas: dict[str, Schema] = whole["$defs"]
    names = {model.__name__ for model in models}
    parts = [name for name in sorted(schemas) if name not in names and "properties" in schemas[name]]
    return page(
        "Frames of the stream",
        prose(frames.__doc__),
        f"The version of the protocol is {frames.VERSION}.",
        "## From the client",
        *(frame(model, schemas) for model in frames.CLIENT_FRAMES),
        "## From the server",
        *(frame(model, schemas) for model in frames.SERVER_FRAMES),
        "## Parts of frames",
        *(described(name, schemas[name], name) for name in parts),
    )


def patterns() -> str:
    """Topic patterns and filters."""
    places = [(f"`{name}`", line(where)) for name, where in filters.PLACES.items()]
    limits = [
        ("topic patterns of a subscription", filters.MAX_PATTERNS),
        ("characters of a topic pattern", filters.MAX_PATTERN_LENGTH),
        ("keys of a filter", filters.MAX_KEYS),
        ("levels of a filter", filters.MAX_DEPTH),
        ("values of a key", filters.MAX_VALUES),
        ("characters of a key or value", filters.MAX_TEXT_LENGTH),
        ("names in a key, between dots", filters.MAX_NAMES),
        ("wildcards of a glob", filters.MAX_WILDCARDS),
        (
            "size of all globs of a filter: their characters, and 8 more for each wildcard",
            filters.MAX_GLOBS_SIZE,
        ),
        ("size of the topic patterns of a subscription, counted alike", filters.MAX_TOPIC_GLOBS_SIZE),
        ("size of all that one connection subscribes to and listens for", filters.MAX_SOCKET_GLOBS_SIZE),
    ]
    return page(
        "Topic patterns and filters",
        "Subscriptions, `listen` and the SDK's `on` and `job` share one language.",
        prose(filters.__doc__).replace("A name in `PLACES`", "A name of the table below"),
        "## Names with a place of their own",
        table(("name", "place"), places),
        "## Limits",
        "What is over them is refused with `bad_filter` and the key; what is over the last one with `limit`.",
        table(("of", "at most"), limits),
    )


def routes() -> str:
    """Routes over HTTP."""
    from server.core.roles import FRAMES, PERMISSIONS, ROLES, may  # noqa: PLC0415 - most pages need no server
    from server.web.parameters import TAKEN  # noqa: PLC0415 - most pages need no server
    from server.web.routes import AUTH, ROUTES  # noqa: PLC0415 - most pages need no server

    served = [r for r in ROUTES if "not_supported" not in r.summary]
    return page(
        "Routes",
        'Bodies are JSON in camelCase, answers `{"data": ...}`, refusals as in [errors](errors.md). Some answers '
        "have the shape that Conscia's and Flatfile's clients expect: one definition stands in "
        '`{"jobDefinition": ...}`, `_execute` '
        'answers `{"jobId": ...}`, actions stand bare. `/openapi.json` has the shape of each. A key goes into the header '
        "`Authorization: Bearer <key>`; browsers may have a [session](../members.md) instead. Every `POST` takes an `Idempotency-Key`, "
        "but for `POST /v1/sessions`, whose answer cannot be given twice.",
        table(
            ("method", "path", "needs", "what it does"),
            [(f"`{r.method}`", f"`{r.path}`", AUTH.get(r.auth, r.auth), r.summary) for r in served],
        ),
        "## Parameters of lists",
        "These lists refuse a parameter that they do not know, with the names that may have been meant. All others, those of Flatfile's and "
        "Conscia's clients among them, ignore it.",
        table(("path", "takes"), [(f"`{path}`", line(names)) for path, names in TAKEN.items()]),
        "## Roles",
        "A key has a role in its space. A key of the whole store (`everySpace`) acts in its own space, or in the one that the header "
        "`X-Customer-Code` names by its code; as administrator it has the permission `own` too. What a key does not open is not found.",
        table(
            ("permission", "allows to", *(f"`{role}`" for role in ROLES)),
            [
                (f"`{name}`", what, *("yes" if may(r, name) else "" for r in ROLES))
                for name, what in PERMISSIONS.items()
            ],
        ),
        table(("role", "meant for"), [(f"`{role}`", what) for role, what in ROLES.items()]),
        "Frames of the stream: "
        + "; ".join(
            f"`{name}`: " + line(frame for frame, needed in FRAMES.items() if needed == name)
            for name in dict.fromkeys(FRAMES.values())
        )
        + ".",
        "## Not served",
        "These parts of Flatfile's API are answered with 404 `not_supported`.",
        line(f"{r.method} {r.path}" for r in ROUTES if r not in served),
    )


def settings() -> str:
    """Settings of the server and of clients."""
    from server.settings import SETTINGS  # noqa: PLC0415 - most pages need no server

    rows = [(code(s.env), code(s.flag), code(s.default), s.help) for s in SETTINGS]
    clients = [
        ("`TICKWIRE_URL`", code(DEFAULT_URL), "Address of the server."),
        (
            "`TICKWIRE_SPACE`",
            "",
            "Code of the space in which a key of the whole store acts; else the key's own.",
        ),
        (
            "`TICKWIRE_API_KEY`",
            "",
            "The key. Without it, `admin.key` in the data directory opens a server on this machine.",
        ),
        ("`TICKWIRE_DATA_DIR`", code(DEFAULT_DATA_DIR), "Data directory of a server on this machine."),
    ]
    return page(
        "Settings",
        "## The server",
        "Each is an environment variable and a flag of `tickwire server`; the flag wins. Sizes are bytes and times seconds. Secrets have "
        "no flag, because every user of a machine can read the flags of its processes.",
        table(("variable", "flag", "default", "meaning"), rows),
        "## Clients",
        "The SDK and the command line read these where they are given no address or key.",
        table(("variable", "default", "meaning"), clients),
    )


PAGES: Final[dict[str, Callable[[], str]]] = {
    "errors.md": errors,
    "closes.md": closes,
    "topics.md": topics,
    "lifecycle.md": life_cycle,
    "frames.md": stream_frames,
    "filters.md": patterns,
    "routes.md": routes,
    "settings.md": settings,
    "sdk.md": sdk,
}


if __name__ == "__main__":
    sys.exit(main())
