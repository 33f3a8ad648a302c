"""What a schema does not take, in plain words: where, what was wrong, what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any, Final

import orjson

from listener_sdk.protocol.json_schemas import RefError, at_path
from listener_sdk.protocol.near_names import did_you_mean
from listener_sdk.protocol.paths import Path

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

LONGEST_MESSAGE: Final = 500
LONGEST_SHOWN: Final = 48
"""Characters of a value that a message repeats."""
MOST_SHOWN: Final = 12
"""Options or names that a message lists."""
MOST_UNEXPECTED: Final = 20
"""Unknown names of one object that are told, each by itself."""
COMPOSITE: Final = frozenset(
    {"anyOf", "oneOf", "not", "contains", "if", "unevaluatedProperties", "unevaluatedItems"}
)
"""Keywords whose answer depends on what stands below the place that they name."""

KINDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_FORMATS: Final = {
    "date": "a date such as 2026-01-31",
    "date-time": "a time such as 2026-01-31T09:00:00Z",
    "time": "a time of day such as 09:00:00Z",
    "duration": "a duration such as P1DT2H",
    "email": "an e-mail address such as ann@example.com",
    "uri": "an address such as https://example.com/path",
    "uuid": "a UUID such as 6f1d2c7e-8a52-4d1f-9d43-0d9c2f6d8a10",
    "regex": "a regular expression",
}

Told = Iterator[tuple[Path, str]]


def told(error: ValidationError, schema: Any, value: Any) -> Told:
    """The places and messages of one error of the validator; a place is where what is wrong stands, or should stand."""
    path = tuple(error.instance_path)
    keyword = _keyword(error)
    if keyword == "falseSchema" and error.schema_path[-1:] == ["additionalProperties"]:
        yield from _no_names(value, path)
    elif keyword in _NAMING:
        yield from _NAMING[keyword](error, schema, path)
    elif meant := _meant(error):
        for inner in meant:
            yield from told(inner, schema, value)
    else:
        words = _SAYING.get(keyword, _other)
        yield path, words(error, _Shown(error, schema))[:LONGEST_MESSAGE]


def shown(value: Any) -> str:
    """A value as a message repeats it: JSON, cut short; of lists and objects only that they are one."""
    if isinstance(value, dict | list):
        return KINDS["object" if isinstance(value, dict) else "array"]
    text = orjson.dumps(value[: LONGEST_SHOWN * 2] if isinstance(value, str) else value).decode()
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "string", int: "integer", float: "number", dict: "object", list: "array"}
    return KINDS[names.get(type(value), "null")]


class _Shown:
    """``, not <the value>``: empty where the schema says that the value is not to be repeated."""

    def __init__(self, error: ValidationError, schema: Any) -> None:
        self._value = error.instance
        self._schema = schema
        try:
            node = at_path(schema, tuple(error.schema_path[:-1]))
        except RefError:
            node = None
        self._hidden = isinstance(node, dict) and (
            node.get("writeOnly") is True or node.get("format") == "password"
        )

    def __str__(self) -> str:
        return "" if self._hidden else f", not {shown(self._value)}"

    def of(self, error: ValidationError) -> _Shown:
        """The same of an error within this one."""
        return _Shown(error, self._schema)


def _keyword(error: ValidationError) -> str:
    return str(error.kind.name)


def _at(error: ValidationError, name: str) -> Any:
    return getattr(error.kind, name, None)


def _required(error: ValidationError, schema: Any, path: Path) -> Told:
    yield (*path, str(_at(error, "property"))), "is required, and was not given"


def _unexpected(error: ValidationError, schema: Any, path: Path) -> Told:
    names = _at(error, "unexpected") or ()
    known = _properties(error, schema)
    listed = f"; taken are {_listed(known)}" if known else ""
    for name in names[:MOST_UNEXPECTED]:
        step = name if isinstance(name, int) else str(name)
        near = did_you_mean(step, known) if isinstance(step, str) else ""
        yield (*path, step), f"is not taken here{listed}.{near}"[:LONGEST_MESSAGE].removesuffix(".")
    if len(names) > MOST_UNEXPECTED:
        yield _more_unexpected(names, path)


def _false_schema(error: ValidationError, schema: Any, path: Path) -> Told:
    yield path, "is not taken here"


def _no_names(value: Any, path: Path) -> Told:
    """An object that takes no name at all: the validator says so of the object, and leaves out which names there are."""
    names = list(at_path(value, path))
    for name in names[:MOST_UNEXPECTED]:
        yield (*path, name), "is not taken here"
    if len(names) > MOST_UNEXPECTED:
        yield _more_unexpected(names, path)


def _more_unexpected(names: Sized, path: Path) -> tuple[Path, str]:
    return path, f"has {len(names)} names that are not taken; the first {MOST_UNEXPECTED} are told"


def _properties(error: ValidationError, schema: Any) -> list[str]:
    try:
        node = at_path(schema, tuple(error.schema_path[:-1]))
    except RefError:
        return []
    known = node.get("properties") if isinstance(node, dict) else None
    return list(known) if isinstance(known, dict) else []


def _type(error: ValidationError, value: _Shown) -> str:
    return f"must be {_either(_kinds(error))}, not {kind_of(error.instance)}"


def _kinds(error: ValidationError) -> list[str]:
    kinds = sorted(_at(error, "types") or (), key="null".__eq__)
    return [KINDS.get(kind, kind) for kind in kinds]


def _enum(error: ValidationError, value: _Shown) -> str:
    options = _at(error, "options") or []
    texts = [option for option in options if isinstance(option, str)]
    near = did_you_mean(error.instance, texts) if isinstance(error.instance, str) and str(value) else ""
    return f"must be {'one of ' if len(options) > 1 else ''}{_listed(options)}{value}.{near}".removesuffix(
        "."
    )


def _constant(error: ValidationError, value: _Shown) -> str:
    return f"must be {shown(_at(error, 'expected_value'))}{value}"


def _pattern(error: ValidationError, value: _Shown) -> str:
    return f"must match the pattern {_at(error, 'pattern')}{value}"


def _format(error: ValidationError, value: _Shown) -> str:
    name = str(_at(error, "format"))
    return f"must be {_FORMATS.get(name, f'of the format {name}')}{value}"


def _limit(words: str) -> Callable[[ValidationError, _Shown], str]:
    return lambda error, value: f"must be {words} {shown(_at(error, 'limit'))}{value}"


def _multiple(error: ValidationError, value: _Shown) -> str:
    return f"must be a multiple of {_at(error, 'multiple_of')}{value}"


def _count(words: str, things: str) -> Callable[[ValidationError, _Shown], str]:
    def say(error: ValidationError, value: _Shown) -> str:
        limit, given = _at(error, "limit"), error.instance
        assert isinstance(given, str | list | dict)
        if limit == 1 and not given and words == "at least":
            return "must not be empty"
        return f"must have {words} {limit} {things}, not {len(given)}"

    return say


def _unique(error: ValidationError, value: _Shown) -> str:
    return "must not hold the same element twice"


def _contains(error: ValidationError, value: _Shown) -> str:
    return "must hold elements that the schema asks for under contains, and holds too few or too many"


def _names(error: ValidationError, value: _Shown) -> str:
    inner = _at(error, "error")
    return f"has a name that is not taken: {shown(inner.instance)} {_first(inner, value.of(inner))}"


def _meant(error: ValidationError) -> list[ValidationError]:
    """What is wrong with the one form of several that is meant; empty where that is not plain.

    The value is of the kind of no other; and the others are null, or the value is a list or an object: what is wrong stands within it.
    """
    if _keyword(error) not in {"anyOf", "oneOf"}:
        return []
    place, branches = list(error.instance_path), _forms(error)
    others = [kinds for branch in branches if (kinds := _own_kinds(branch, place))]
    fitting = [branch for branch in branches if not _own_kinds(branch, place)]
    is_plain = isinstance(error.instance, dict | list) or all(kinds == [KINDS["null"]] for kinds in others)
    return fitting[0] if len(fitting) == 1 and is_plain else []


def _forms(error: ValidationError) -> list[list[ValidationError]]:
    return [branch for branch in _at(error, "context") or () if branch]


def _branches(error: ValidationError, value: _Shown) -> str:
    """Of several forms: the kinds of value when these decide, else what is wrong with the form that is nearest."""
    from jsonschema_rs import ValidationErrorKind  # noqa: PLC0415 - loaded with the first schema

    if isinstance(error.kind, ValidationErrorKind.OneOfMultipleValid):
        return "fits more than one of the forms of which one is taken"
    place = list(error.instance_path)
    branches = _forms(error)
    simple = [kind for branch in branches for kind in _own_kinds(branch, place)]
    if branches and all(_own_kinds(branch, place) for branch in branches):
        return f"must be {_either(list(dict.fromkeys(simple)))}, not {kind_of(error.instance)}"
    constants = [_own_options(branch, place) for branch in branches]
    if branches and all(options is not None for options in constants):
        return f"must be one of {_listed([one for options in constants for one in options or ()])}{value}"
    fitting = [branch for branch in branches if not _own_kinds(branch, place)] or branches
    if not fitting:
        return "fits none of the forms that are taken here"
    nearest = min(fitting, key=len)[0]
    below = ".".join(str(step) for step in nearest.instance_path[len(place) :])
    return f"fits none of the forms that are taken here; in the nearest, {below or 'it'} {_first(nearest, value.of(nearest))}"


def _own_kinds(branch: list[ValidationError], place: list[str | int]) -> list[str]:
    own = [error for error in branch if _keyword(error) == "type" and error.instance_path == place]
    return _kinds(own[0]) if own else []


def _own_options(branch: list[ValidationError], place: list[str | int]) -> list[Any] | None:
    first = branch[0]
    if len(branch) != 1 or first.instance_path != place or _keyword(first) not in {"const", "enum"}:
        return None
    return [_at(first, "expected_value")] if _keyword(first) == "const" else list(_at(first, "options"))


def _first(error: ValidationError, value: _Shown) -> str:
    keyword = _keyword(error)
    if keyword in _NAMING:
        return _named(error)
    return _SAYING.get(keyword, _other)(error, value)


def _named(error: ValidationError) -> str:
    if _keyword(error) == "required":
        return f"needs {_at(error, 'property')}"
    names = _at(error, "unexpected") or ()
    return f"does not take {_listed(list(names))}" if names else "is not taken"


def _not(error: ValidationError, value: _Shown) -> str:
    return f"is of a form that is not taken{value}"


def _other(error: ValidationError, value: _Shown) -> str:
    return f"is not taken: the schema's {_keyword(error)} does not hold"


def _either(words: list[str]) -> str:
    return " or ".join(words) or "of another kind"


def _listed(values: list[Any]) -> str:
    more = len(values) - MOST_SHOWN
    text = ", ".join(shown(value) for value in values[:MOST_SHOWN])
    return f"{text} and {more} more" if more > 0 else text


_NAMING: Final[Mapping[str, Callable[[ValidationError, Any, Path], Told]]] = {
    "required": _required,
    "dependentRequired": _required,
    "additionalProperties": _unexpected,
    "unevaluatedProperties": _unexpected,
    "unevaluatedItems": _unexpected,
    "falseSchema": _false_schema,
}
_SAYING: Final[Mapping[str, Callable[[ValidationError, _Shown], str]]] = {
    "type": _type,
    "enum": _enum,
    "const": _constant,
    "pattern": _pattern,
    "format": _format,
    "minimum": _limit("at least"),
    "maximum": _limit("at most"),
    "exclusiveMinimum": _limit("more than"),
    "exclusiveMaximum": _limit("less than"),
    "multipleOf": _multiple,
    "minLength": _count("at least", "characters"),
    "maxLength": _count("at most", "characters"),
    "minItems": _count("at least", "elements"),
    "maxItems": _count("at most", "elements"),
    "minProperties": _count("at least", "names"),
    "maxProperties": _count("at most", "names"),
    "uniqueItems": _unique,
    "contains": _contains,
    "propertyNames": _names,
    "anyOf": _branches,
    "oneOf": _branches,
    "not": _not,
}
