"""The descriptions as a page for people: no scripts, nothing from elsewhere, all of it from OpenAPI and AsyncAPI."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

from .schemas import Schema

STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1c2126;background:#fff}
h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid #cfd6dd}
code{font:14px ui-monospace,monospace;background:#f0f3f6;padding:0 .2em;overflow-wrap:anywhere}
details{border:1px solid #cfd6dd;border-radius:4px;margin:.4rem 0;padding:.3rem .6rem}
summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #e4e9ee}
nav a{margin-right:.8rem}:target{outline:2px solid #0a66c2}
@media(prefers-color-scheme:dark){body{color:#e6eaee;background:#14181c}code{background:#232a31}details,h2{border-color:#3a444e}td,th{border-color:#2b333b}a{color:#7ab8ff}}
"""
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
"""The page's own style, and nothing else."""
_METHODS: Final = ("get", "post", "put", "patch", "delete")


def page(openapi: Schema, asyncapi: Schema) -> str:
    """The whole page."""
    tags = [tag["name"] for tag in openapi["tags"]]
    links = [*tags, "Frames", "Topics", "Schemas"]
    blocks = [
        f"<h1>{escape(openapi['info']['title'])} {escape(openapi['info']['version'])}</h1>",
        _prose(openapi["info"]["description"]),
        '<p>For programs: <a href="openapi.json">OpenAPI</a>, <a href="asyncapi.json">AsyncAPI</a>.</p>',
        "<nav>" + "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in links) + "</nav>",
        *(block for tag in tags for block in _calls(openapi, tag)),
        *_section("Frames", _messages(asyncapi, "stream")),
        *_section("Server-sent events", _messages(asyncapi, "events")),
        *_section("Topics", _messages(asyncapi, "log")),
        *_section(
            "Schemas", _schemas({**asyncapi["components"]["schemas"], **openapi["components"]["schemas"]})
        ),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Tickwire</title><style>{STYLE}</style></head><body>" + "\n".join(blocks) + "</body></html>\n"
    )


def _section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    yield f'<h2 id="{_anchor(title)}">{escape(title)}</h2>'
    yield from blocks


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _prose(text: str) -> str:
    """A little Markdown: paragraphs, lists, code and strong words."""
    blocks = []
    for part in text.split("\n\n"):
        lines = part.split("\n")
        plain = [line for line in lines if not line.startswith("- ")]
        points = "".join(f"<li>{_inline(line[2:])}</li>" for line in lines if line.startswith("- "))
        blocks.append(
            (f"<p>{_inline(' '.join(plain))}</p>" if plain else "") + (f"<ul>{points}</ul>" if points else "")
        )
    return "".join(blocks)


def _inline(text: str) -> str:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)


# ---- calls


def _calls(openapi: Schema, tag: str) -> Iterator[str]:
    yield from _section(tag, ())
    for path, item in openapi["paths"].items():
        for method in _METHODS:
            if method in item and tag in item[method]["tags"]:
                yield _call(openapi, method, path, item[method])


def _call(openapi: Schema, method: str, path: str, operation: Schema) -> str:
    parts = [_prose(operation["description"]), *_given(openapi, operation), _taken(operation)]
    parts.append(_table(("answer", "what it is"), _answers(openapi, operation["responses"])))
    head = f"<b>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation['summary'])}"
    return f'<details id="{operation["operationId"]}"><summary>{head}</summary>{"".join(parts)}</details>'


def _given(openapi: Schema, operation: Schema) -> Iterator[str]:
    rows = []
    for one in operation.get("parameters", ()):
        found = _followed(openapi, one)
        rows.append(
            (
                f"<code>{escape(found['name'])}</code>",
                found["in"],
                _kind(found["schema"]),
                _inline(found["description"]),
            )
        )
    if rows:
        yield _table(("parameter", "in", "type", "meaning"), rows)


def _taken(operation: Schema) -> str:
    body = operation.get("requestBody")
    return f"<p>Body: {_contents(body['content'])}</p>" if body else ""


def _answers(openapi: Schema, responses: Schema) -> Iterator[tuple[str, ...]]:
    for status, one in responses.items():
        found = _followed(openapi, one)
        refused = "$ref" in one
        shown = "" if refused else f"<p>{_contents(found.get('content', {}))}</p>"
        yield status, _prose(found["description"]) + shown


def _contents(content: Schema) -> str:
    return "; ".join(
        f"{_kind(one['schema'])} as <code>{escape(kind)}</code>" for kind, one in content.items()
    )


def _followed(whole: Schema, one: Schema) -> Schema:
    if "$ref" not in one:
        return one
    found: Any = whole
    for name in one["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    assert isinstance(found, dict)
    return found


# ---- messages and schemas


def _messages(asyncapi: Schema, channel: str) -> Iterator[str]:
    told = asyncapi["channels"][channel]
    yield _prose(told["description"])
    rows = []
    for name in told["messages"]:
        found = asyncapi["components"]["messages"][name]
        rows.append(
            (f"<code>{escape(found['name'])}</code>", _inline(found["summary"]), _payload(found["payload"]))
        )
    yield _table(("name", "what it says", "payload"), rows)


def _payload(payload: Schema) -> str:
    """Of a topic the payload alone: the rest is alike."""
    if "allOf" in payload:
        return _kind(payload["allOf"][1]["properties"]["payload"])
    return _kind(payload)


def _schemas(schemas: Schema) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        parts = [_prose(schema.get("description", ""))]
        needed = set(schema.get("required", ()))
        rows = [
            (f"<code>{escape(field)}</code>", _kind(facts), "required" if field in needed else "")
            for field, facts in schema.get("properties", {}).items()
        ]
        parts.append(_table(("field", "type", ""), rows) if rows else f"<p>{_kind(schema)}</p>")
        yield f'<details id="schema-{name}"><summary><code>{escape(name)}</code></summary>{"".join(parts)}</details>'


def _kind(schema: Schema) -> str:
    """A schema in a few words, with links to those that it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[several]))
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type", "any JSON")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and "properties" in schema:
        inner = ", ".join(f"{escape(name)}: {_kind(one)}" for name, one in schema["properties"].items())
        return f"{{{inner}}}"
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    form = schema.get("format")
    return escape(f"{words} ({form})" if form else words)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Of cells that are HTML already."""
    top = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join("<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
