"""JSON Schemas (2020-12) that a job type may declare: what they may hold, and the graph of their subschemas.

A schema comes from a program that is not trusted, and is compiled and run by the server. So it is one document of bounded size that
refers only to itself: ``$ref`` is ``#`` or ``#/…``, and what names a schema by other means (``$id`` below the top, ``$anchor``,
``$dynamicRef``) is not taken. Whether it is a correct schema the server says; this module looks at its shape alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from .paths import Path

LARGEST_SCHEMA: Final = 64 * 1024
"""Bytes of its JSON text."""
DEEPEST_SCHEMA: Final = 32
MOST_SUBSCHEMAS: Final = 2_000
MOST_PATTERNS: Final = 100
LONGEST_PATTERN: Final = 256
MOST_SCHEMA_PROBLEMS: Final = 20
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SAME: Final = ("not", "if", "then", "else")
_SAME_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SAME_NAMED: Final = ("dependentSchemas", "dependencies")
_BELOW: Final = {
    "additionalProperties": "additional",
    "unevaluatedProperties": "additional",
    "items": "items",
    "additionalItems": "items",
    "unevaluatedItems": "items",
    "contains": "contains",
    "propertyNames": "names",
    "contentSchema": "unused",
}
_BELOW_NAMED: Final = {
    "properties": "named",
    "patternProperties": "pattern",
    "$defs": "unused",
    "definitions": "unused",
}
_NOT_TAKEN: Final = (
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
)


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """Where a schema cannot be taken, below its top, and why."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Edge:
    """From a subschema to another: by which keyword, under which name, and to what of the value.

    ``kind`` is ``same`` (the value itself), ``named`` and ``pattern`` (a property), ``additional`` (properties that nothing
    else names), ``names`` (the names themselves), ``prefix`` and ``items`` and ``contains`` (elements), ``unused``.
    """

    kind: str
    keyword: str
    name: str
    target: Path


@dataclass(frozen=True, slots=True)
class Subschema:
    """One schema of the document and where it leads."""

    path: Path
    schema: Any
    edges: list[Edge] = field(default_factory=list)


class RefError(ValueError):
    """A ``$ref`` that leads nowhere, or outside of the document."""


def schema_problems(schema: Any) -> list[SchemaProblem]:
    """All that keeps this value from being taken as schema, by its shape; none for one that may be compiled."""
    if not isinstance(schema, dict):
        return [SchemaProblem((), "must be an object: a JSON Schema of the parameters")]
    if found := _too_large(schema):
        return [SchemaProblem((), found)]
    return list(_shape_problems(schema))[:MOST_SCHEMA_PROBLEMS]


def subschemas(schema: Any) -> dict[Path, Subschema]:
    """The schemas of the document by their place: those under the known keywords, and those that ``$ref`` leads to."""
    found: dict[Path, Subschema] = {}
    pending: list[Path] = [()]
    while pending and len(found) <= MOST_SUBSCHEMAS:
        path = pending.pop()
        if path not in found:
            node = at_path(schema, path)
            found[path] = Subschema(path, node, _edges(schema, node, path))
            pending += [edge.target for edge in found[path].edges]
    return found


def at_path(document: Any, path: Path) -> Any:
    """The value at this place; RefError when there is none."""
    for step in path:
        try:
            document = document[step]
        except (LookupError, TypeError):
            raise RefError("leads to nothing in this schema") from None
    return document


def resolve_ref(document: Any, ref: Any) -> Path:
    """The place that a ``$ref`` means. RefError when it is not of the form ``#/…``, or there is no schema."""
    if not isinstance(ref, str) or (ref != "#" and not ref.startswith("#/")):
        raise RefError('must begin with "#/": a schema refers only to itself')
    path: Path = ()
    node = document
    for token in _unquoted(ref[2:]).split("/") if ref != "#" else ():
        name = token.replace("~1", "/").replace("~0", "~")
        step = int(name) if isinstance(node, list) and name.isdecimal() and len(name) < 7 else name
        node = at_path(node, (step,))
        path += (step,)
    if not isinstance(node, dict | bool):
        raise RefError("leads to something that is no schema")
    return path


def _too_large(schema: Any) -> str | None:
    if _deeper_than(schema, DEEPEST_SCHEMA):
        return (
            f"is nested more than {DEEPEST_SCHEMA} levels deep; put parts of it under $defs and refer to them"
        )
    try:
        size = len(to_json(schema, inf_nan_mode="strings"))
    except (PydanticSerializationError, ValueError):
        return "cannot be written as JSON"
    return f"has {size} bytes of JSON; {LARGEST_SCHEMA} are taken" if size > LARGEST_SCHEMA else None


def _deeper_than(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


def _shape_problems(schema: dict[str, Any]) -> Iterator[SchemaProblem]:
    if str(schema.get("$schema", DIALECT)).rstrip("#") != DIALECT:
        yield SchemaProblem(("$schema",), f"must be {DIALECT}, or left out")
    kinds = schema.get("type", "object")
    if kinds != "object" and not (isinstance(kinds, list) and "object" in kinds):
        yield SchemaProblem(("type",), 'must be "object": parameters have names')
    found = subschemas(schema)
    if len(found) > MOST_SUBSCHEMAS:
        yield SchemaProblem((), f"holds more than {MOST_SUBSCHEMAS} schemas within it")
        return
    nodes = [node for node in found.values() if isinstance(node.schema, dict)]
    for node in nodes:
        yield from _node_problems(schema, node)
    patterns = sum(len(_patterns(node.schema)) for node in nodes)
    if patterns > MOST_PATTERNS:
        yield SchemaProblem((), f"holds {patterns} patterns; {MOST_PATTERNS} are taken")


def _node_problems(document: Any, node: Subschema) -> Iterator[SchemaProblem]:
    for keyword in _NOT_TAKEN:
        if keyword in node.schema:
            yield SchemaProblem((*node.path, keyword), 'is not taken: use "$ref": "#/$defs/…"')
    if "$id" in node.schema and node.path:
        yield SchemaProblem((*node.path, "$id"), "is taken at the top of a schema only")
    if "$ref" in node.schema:
        try:
            resolve_ref(document, node.schema["$ref"])
        except RefError as error:
            yield SchemaProblem((*node.path, "$ref"), str(error))
    for path, pattern in _patterns(node.schema):
        if len(pattern) > LONGEST_PATTERN:
            message = f"is a pattern of {len(pattern)} characters; {LONGEST_PATTERN} are taken"
            yield SchemaProblem((*node.path, *path), message)


def _patterns(schema: dict[str, Any]) -> list[tuple[Path, str]]:
    named = schema.get("patternProperties")
    found: list[tuple[Path, str]] = []
    if isinstance(named, dict):
        found += [(("patternProperties", name), name) for name in named]
    if isinstance(schema.get("pattern"), str):
        found.append((("pattern",), schema["pattern"]))
    return found


def _edges(document: Any, node: Any, path: Path) -> list[Edge]:
    return list(_edges_of(document, node, path)) if isinstance(node, dict) else []


def _edges_of(document: Any, node: dict[str, Any], path: Path) -> Iterator[Edge]:
    for keyword, value in node.items():
        here = (*path, keyword)
        if keyword == "$ref":
            try:
                yield Edge("same", keyword, "", resolve_ref(document, value))
            except RefError:
                continue
        elif keyword in _SAME and _is_schema(value):
            yield Edge("same", keyword, "", here)
        elif keyword in _BELOW and _is_schema(value):
            yield Edge(_BELOW[keyword], keyword, "", here)
        elif keyword in _SAME_LISTS or keyword == "prefixItems":
            kind = "prefix" if keyword == "prefixItems" else "same"
            yield from (Edge(kind, keyword, "", (*here, index)) for index in _listed(value))
        elif keyword in _SAME_NAMED or keyword in _BELOW_NAMED:
            kind = _BELOW_NAMED.get(keyword, "same")
            yield from (Edge(kind, keyword, name, (*here, name)) for name in _named(value))


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _listed(value: Any) -> list[int]:
    return [index for index, one in enumerate(value) if _is_schema(one)] if isinstance(value, list) else []


def _named(value: Any) -> list[str]:
    return [name for name, one in value.items() if _is_schema(one)] if isinstance(value, dict) else []


def _unquoted(text: str) -> str:
    raw = re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "replace")
    )
    return raw.decode("utf-8", "replace")
