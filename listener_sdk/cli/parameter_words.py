"""What a job type's schema says of its parameters: which kinds of value each takes, and in words within which limits."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..protocol.json_schemas import RefError, at_path, resolve_ref
from .output import in_json

MOST_SEEN: Final = 100
"""Schemas that are looked at for one parameter."""
DEEPEST: Final = 3
"""Lists in lists, and objects in them, whose types are told."""
_ANY: Final[Mapping[str, Any]] = {}
_RANGES: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minProperties", "maxProperties", " fields"),
)
_BOUNDS: Final = (
    ("exclusiveMinimum", "more than {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
    ("pattern", "matches {}"),
    ("format", "a {}"),
)


def parameter(schema: Mapping[str, Any], name: str) -> Any:
    """The schema of the parameter of this name: its own, or that of all that are not named."""
    whole = _chosen(schema, schema)
    named: Mapping[str, Any] = next(
        (one["properties"] for one in whole if isinstance(one.get("properties"), dict)), {}
    )
    others = next((one["additionalProperties"] for one in whole if "additionalProperties" in one), _ANY)
    return named.get(name, others)


def kinds(document: Mapping[str, Any], schema: Any) -> set[str]:
    """The types of JSON that a value may have, by the names of schemas; none where that is not said."""
    every = [_kinds_of(one) for one in _chosen(document, schema)]
    return set().union(*every) if every and all(every) else set()


def type_words(document: Mapping[str, Any], schema: Any, deep: int = DEEPEST) -> str:
    """``string``, ``integer or null``, ``array of string``, or the values that there are to choose from."""
    every = [_type_of(document, one, deep) for one in _chosen(document, schema)]
    return " or ".join(dict.fromkeys(filter(None, every)))


def limit_words(document: Mapping[str, Any], schema: Any) -> str:
    """``1 to 64 characters, matches ^[a-z]*$``, as far as the schema bounds the value."""
    every = [words for one in _chosen(document, schema) for words in (*_ranges(one), *_bounds(one))]
    return ", ".join(dict.fromkeys(every))


def _ranges(schema: Mapping[str, Any]) -> Iterator[str]:
    for lowest, highest, unit in _RANGES:
        low, high = (
            None if schema.get(name) is None else in_json(schema[name]) for name in (lowest, highest)
        )
        if low is not None and high is not None:
            yield f"{low if low == high else f'{low} to {high}'}{unit}"
        elif low is not None or high is not None:
            yield f"at least {low}{unit}" if high is None else f"at most {high}{unit}"


def _bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, words in _BOUNDS:
        bound = schema.get(name)
        if bound is not None:
            yield words.format(bound if isinstance(bound, str) else in_json(bound))


def _chosen(document: Mapping[str, Any], schema: Any) -> list[Mapping[str, Any]]:
    """The schemas of which a value follows one: references and choices resolved, each once."""
    found: list[Mapping[str, Any]] = []
    pending, seen = [schema], set[int]()
    while pending and len(seen) < MOST_SEEN:
        one = pending.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        further = _further(document, one)
        pending = [*further, *pending]
        if not further:
            found.append(one if isinstance(one, dict) else _ANY)
    return found


def _further(document: Mapping[str, Any], schema: Any) -> list[Any]:
    """What a schema refers to, or lets choose from."""
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        try:
            return [at_path(document, resolve_ref(document, schema["$ref"]))]
        except RefError:
            return []
    return next((schema[word] for word in ("anyOf", "oneOf") if isinstance(schema.get(word), list)), [])


def _kinds_of(schema: Mapping[str, Any]) -> set[str]:
    said = schema.get("type")
    if isinstance(said, str):
        return {said}
    if isinstance(said, list):
        return {one for one in said if isinstance(one, str)}
    return {kind for value in _values(schema) for kind in kinds_of_value(value)}


def kinds_of_value(value: Any) -> tuple[str, ...]:
    """The types that a value of JSON has: a whole number is an integer and a number."""
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int | float):
        return ("integer", "number") if float(value).is_integer() else ("number",)
    names: Iterable[tuple[type, str]] = ((str, "string"), (list, "array"), (dict, "object"))
    return tuple(name for kind, name in names if isinstance(value, kind)) or ("null",)


def _values(schema: Mapping[str, Any]) -> list[Any]:
    if isinstance(schema.get("enum"), list):
        return list(schema["enum"])
    return [schema["const"]] if "const" in schema else []


def _type_of(document: Mapping[str, Any], schema: Mapping[str, Any], deep: int) -> str:
    values = _values(schema)
    if values:
        return " or ".join(in_json(value) for value in values)
    said = schema.get("type", "")
    named = " or ".join(map(str, said)) if isinstance(said, list) else str(said)
    inner = schema.get({"array": "items", "object": "additionalProperties"}.get(named, ""))
    of = type_words(document, inner, deep - 1) if isinstance(inner, dict) and deep else ""
    return f"{named} of {of}" if of else named
