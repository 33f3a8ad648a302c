"""Writes docs/reference from the tables in the code. ``--check`` writes nothing and fails when a page is stale."""

import argparse
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

ROOT: Final = Path(__file__).resolve().parents[1]
REFERENCE: Final = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))  # a clone is documented as it stands, installed or not

from listener_sdk.protocol import codes, events, filters, frames, lifecycle  # noqa: E402 - it is found by the line above
from listener_sdk.settings import DEFAULT_DATA_DIR, DEFAULT_URL  # noqa: E402 - it too is found by the line above

Row = Sequence[object]
Schema = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Write every page, or with ``--check`` name the stale ones; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    check = parser.parse_args(argv).check
    stale = [name for name, page in PAGES.items() if _on_disk(name) != page()]
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
    return _page(
        "Errors",
        'Over HTTP an error is `{"errors": [{"key"?, "message", "code"}]}` with the status below; on the stream it is an `error` '
        "frame. `message` is for people and may change, `code` is for programs and does not. *Retry* says whether the same call may "
        "succeed later without being changed.",
        _table(("code", "status", "retry", "meaning"), rows),
    )


def closes() -> str:
    """Close codes."""
    rows = [
        (c.code, f"`{c.name}`", "reconnect" if c.reconnect else "stop", c.meaning)
        for c in sorted(codes.CLOSES.values(), key=lambda c: c.code)
    ]
    return _page(
        "Close codes of the stream",
        "A client that does not know a code goes by its range: 4400 to 4999 mean *stop*, all others *reconnect*.",
        _table(("code", "name", "the client should", "meaning"), rows),
    )


def topics() -> str:
    """Topics."""
    published = [
        (f"`{topic}`", "yes" if topic in events.FLATFILE_TOPICS else "no", meaning)
        for topic, meaning in events.SERVER_TOPICS.items()
    ]
    theirs = sorted(events.FLATFILE_TOPICS - set(events.SERVER_TOPICS))
    return _page(
        "Topics",
        "A topic is `domain:operation`: the domain in lower case, the operation with letters, digits, `.`, `_` and `-`, up to 63 "
        "characters each. `GET /v1/events` lists only topics that Flatfile's Python client can parse, unless `topic` or `topics` "
        "asks for others (`topics=**` for all); subscriptions see all.",
        "## Published by the server",
        _table(("topic", "Flatfile's client parses it", "meaning"), published),
        "## Reserved domains",
        "Only the server publishes in these; clients may use every other domain.",
        _line(sorted(events.RESERVED_DOMAINS)),
        "## Other topics that Flatfile's client parses",
        _line(theirs),
    )


def life_cycle() -> str:
    """The life of a job."""
    rows = [(f"`{before}`", move, f"`{after}`") for (before, move), after in lifecycle.NEXT.items()]
    ends = [(f"`{status}`", f"`{topic}`") for status, topic in lifecycle.TERMINAL_TOPIC.items()]
    return _page(
        "The life of a job",
        "Every move that is not in this table is refused with `illegal_move` and the present status.",
        f"```mermaid\n{lifecycle.diagram()}\n```",
        _table(("status", "move", "status after"), rows),
        "## Ends",
        "A job ends once, with exactly one of these events.",
        _table(("status", "event"), ends),
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
    return _page(
        "Frames of the stream",
        _prose(frames.__doc__),
        f"The version of the protocol is {frames.VERSION}.",
        "## From the client",
        *(_frame(model, schemas) for model in frames.CLIENT_FRAMES),
        "## From the server",
        *(_frame(model, schemas) for model in frames.SERVER_FRAMES),
        "## Parts of frames",
        *(_described(name, schemas[name], name) for name in parts),
    )


def patterns() -> str:
    """Topic patterns and filters."""
    places = [(f"`{name}`", _line(where)) for name, where in filters.PLACES.items()]
    limits = [
        ("topic patterns of a subscription", filters.MAX_PATTERNS),
        ("characters of a topic pattern", filters.MAX_PATTERN_LENGTH),
        ("keys of a filter", filters.MAX_KEYS),
        ("levels of a filter", filters.MAX_DEPTH),
        ("values of a key", filters.MAX_VALUES),
        ("characters of a key or value", filters.MAX_TEXT_LENGTH),
        ("characters of all globs of a filter", filters.MAX_GLOBS_LENGTH),
    ]
    return _page(
        "Topic patterns and filters",
        "Subscriptions, `listen` and the SDK's `on` and `job` share one language.",
        _prose(filters.__doc__).replace("A name in `PLACES`", "A name of the table below"),
        "## Names with a place of their own",
        _table(("name", "place"), places),
        "## Limits",
        "What is over them is refused with `bad_filter` and the key.",
        _table(("of", "at most"), limits),
    )


def routes() -> str:
    """Routes over HTTP."""
    from server.core.roles import ROLES  # noqa: PLC0415 - most pages need no server
    from server.web.routes import AUTH, ROUTES  # noqa: PLC0415 - most pages need no server

    served = [r for r in ROUTES if "not_supported" not in r.summary]
    return _page(
        "Routes",
        'Bodies are JSON in camelCase, answers `{"data": ...}`, refusals as in [errors](errors.md). A key goes into the header '
        "`Authorization: Bearer <key>`. Every `POST` takes an `Idempotency-Key`.",
        _table(
            ("method", "path", "needs", "what it does"),
            [(f"`{r.method}`", f"`{r.path}`", AUTH[r.auth], r.summary) for r in served],
        ),
        "## Roles",
        _table(("role of a key", "may do"), [(f"`{role}`", may) for role, may in ROLES.items()]),
        "## Not served",
        "These parts of Flatfile's API are answered with 404 `not_supported`.",
        _line(f"{r.method} {r.path}" for r in ROUTES if r not in served),
    )


def settings() -> str:
    """Settings of the server and of clients."""
    from server.settings import SETTINGS  # noqa: PLC0415 - most pages need no server

    rows = [(_code(s.env), _code(s.flag), _code(s.default), s.help) for s in SETTINGS]
    clients = [
        ("`TICKWIRE_URL`", _code(DEFAULT_URL), "Address of the server."),
        (
            "`TICKWIRE_API_KEY`",
            "",
            "The key. Without it, `admin.key` in the data directory opens a server on this machine.",
        ),
        ("`TICKWIRE_DATA_DIR`", _code(DEFAULT_DATA_DIR), "Data directory of a server on this machine."),
    ]
    return _page(
        "Settings",
        "## The server",
        "Each is an environment variable and a flag of `tickwire server`; the flag wins. Sizes are bytes and times seconds. Secrets have "
        "no flag, because every user of a machine can read the flags of its processes.",
        _table(("variable", "flag", "default", "meaning"), rows),
        "## Clients",
        "The SDK and the command line read these where they are given no address or key.",
        _table(("variable", "default", "meaning"), clients),
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
}


# ---- Markdown


def _page(title: str, *blocks: str) -> str:
    return (
        "\n\n".join(
            [
                f"# {title}",
                "<!-- Made by docs/generate.py (make docs): edit the code, not this page. -->",
                *blocks,
            ]
        )
        + "\n"
    )


def _prose(docstring: str | None) -> str:
    """A module's docstring without its first sentence."""
    return inspect.cleandoc(docstring or "").partition("\n\n")[2].replace("``", "`")


def _table(head: Sequence[str], rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(cell: object) -> str:
    """The text on one line; outside code, an angle bracket is no tag."""
    parts = " ".join(str(cell).replace("|", "\\|").split()).split("`")
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(parts))


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _line(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


# ---- models


def _frame(model: type[BaseModel], schemas: dict[str, Schema]) -> str:
    return _described(model.__name__, schemas[model.__name__], f"`{model.model_fields['type'].default}`")


def _described(name: str, schema: Schema, title: str) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (f"`{field}`", _kind(facts), _presence(field in required, facts))
        for field, facts in schema["properties"].items()
    ]
    text = " ".join(schema.get("description", "").replace("``", "`").split())
    blocks = [f'### {title} <a id="{name.lower()}"></a>', text, _table(("field", "type", "given"), rows)]
    return "\n\n".join(block for block in blocks if block)


def _presence(required: bool, facts: Schema) -> str:
    if required or "const" in facts:
        return "required"
    default = facts.get("default")
    if not _is_shown(default):
        return ""
    return f"default `{default if isinstance(default, str) else json.dumps(default)}`"


def _is_shown(default: Any) -> bool:
    return default is not None and default not in ("", [], {})


def _kind(facts: Schema) -> str:
    """The type and limits of a field, in words."""
    if "$ref" in facts:
        name = facts["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in facts:
        return f"`{facts['const']}`"
    if "enum" in facts:
        return " or ".join(f"`{value}`" for value in facts["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in facts:
            return " or ".join(
                dict.fromkeys(_kind(one) for one in facts[several] if one.get("type") != "null")
            )
    if facts.get("type") == "array":
        return _bounded(f"list of {_kind(facts.get('items', {}))}", facts, ("minItems", "maxItems"), "")
    return _scalar(facts)


def _scalar(facts: Schema) -> str:
    if facts.get("format") == "date-time":
        return "time"
    kind = facts.get("type", "any JSON")
    if kind == "string":
        form = f", `{facts['pattern']}`" if "pattern" in facts else ""
        return _bounded("text", facts, ("minLength", "maxLength"), " characters") + form
    return _bounded(str(kind), facts, ("minimum", "maximum"), "")


def _bounded(kind: str, facts: Schema, names: tuple[str, str], unit: str) -> str:
    least, most = (facts.get(name) for name in names)
    bounds = (
        ("more than", facts.get("exclusiveMinimum"), ""),
        ("at least", least if most is None else None, unit),
        (f"{least} to" if least is not None else "at most", most, unit),
    )
    said = [
        f"{word} {bound:g}{after}" if isinstance(bound, float) else f"{word} {bound}{after}"
        for word, bound, after in bounds
        if bound is not None
    ]
    return ", ".join([kind, *said])


if __name__ == "__main__":
    sys.exit(main())
