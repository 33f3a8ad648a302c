"""The door for JSON: what passes can be stored by every database and read back equal.

The parser is fast and lenient, so one walk over what it made looks for what it lets through: depth, number of
keys, integers that it turned into floats, NUL, and names that stood twice. The walk needs no second parse to see a
repeated name: every name stands before a colon, so a text without repetition has as many colons as the value has
names and colons inside texts.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal

TWO_TO_63: Final = 2.0**63
_NUL: Final = b"\\u0000"
_COLON: Final = b"\\u003"
"""The beginning of its escape, which the count of bytes would miss."""
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A text in JSON; one without an end goes to the end, so that it is looked through once."""


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """Bytes of the text, nested lists and objects, names in all its objects together; and where many bytes are taken, also values."""

    size: int = 1024 * 1024
    depth: int = 32
    keys: int = 10_000
    values: int | None = None


def read_json(raw: bytes, limits: JsonLimits = JsonLimits()) -> Any:
    """The value of a JSON text.

    Refusal ``too_large`` for too many bytes; ``bad_json``, with what is wrong and where, for a text that is not
    JSON in UTF-8, and for NaN, Infinity, NUL, lone surrogates, repeated names, integers of more than 64 bits, numbers
    that no float can hold, and too many names or levels.
    """
    if len(raw) > limits.size:
        raise Refusal("too_large", f"The JSON text has {len(raw)} bytes; {limits.size} are taken.")
    if limits.values is not None:
        _check_values(raw, limits.values)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise bad_json(_readable(error)) from None
    keys, colons, doubtful = _walk(value, limits)
    doubtful = doubtful or _NUL in raw or _COLON in raw
    if doubtful or colons != raw.count(b":") or keys > limits.keys:
        _look_closely(raw, value, limits)
    return value


def bad_json(what: str, path: str = "") -> Refusal:
    """The refusal of a text, and the path to what is wrong in it."""
    return Refusal("bad_json", f"The JSON text cannot be taken: {what}.", key=path or None)


def _check_values(raw: bytes, most: int) -> None:
    """As values they take fifty times the room that they have in the text, so they are counted before."""
    if _marks(raw) >= most and _marks(_TEXT.sub(b"", raw)) >= most:
        raise bad_json(f"it holds more than {most} values")


def _marks(raw: bytes) -> int:
    """Each value but the first stands behind one of these; what is empty counts twice."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def _walk(value: Any, limits: JsonLimits) -> tuple[int, int, bool]:
    """The number of names, of colons that the text must have, and whether a number needs a closer look."""
    keys = colons = 0
    doubtful = False
    level: list[Any] = [value]
    depth = 0
    while level:
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                colons += item.count(":")
            elif kind is dict:
                keys += len(item)
                colons += "".join(item).count(":")
                below += item.values() or (None,)
            elif kind is list:
                below += item or (None,)
            elif kind is float and not -TWO_TO_63 < item < TWO_TO_63:
                doubtful = True
        if below and depth == limits.depth:
            raise _too_deep(limits)
        level = below
        depth += 1
    return keys, colons + keys, doubtful


def _too_deep(limits: JsonLimits) -> Refusal:
    return bad_json(f"it is nested more than {limits.depth} levels deep")


def _look_closely(raw: bytes, value: Any, limits: JsonLimits) -> None:
    """Find what the walk suspected, by the slow and exact parser; there may be nothing wrong."""
    for path, text in _texts(value, ""):
        if "\0" in text:
            raise bad_json("it holds the character NUL, which no store keeps", path)
    count = 0

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal count
        count += len(pairs)
        found: dict[str, Any] = {}
        for name, item in pairs:
            if name in found:
                raise bad_json(f"the name {name[:64]!r} stands twice in one object", name[:64])
            found[name] = item
        return found

    try:
        json.loads(raw, object_pairs_hook=once, parse_int=_integer)
    except RecursionError:
        raise _too_deep(limits) from None
    if count > limits.keys:
        raise bad_json(f"it holds {count} names in all; {limits.keys} are taken")


def _integer(digits: str) -> int:
    # At most 20 characters are converted: the cost of int() grows with the square of their number.
    number = int(digits) if len(digits) <= 20 else None
    if number is None or not -(2**63) <= number < 2**64:
        raise bad_json(f"the integer {digits[:24]} has more than 64 bits; write it as text")
    return number


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = f"{path}.{name}"[:200].lstrip(".")
            yield inner, name
            yield from _texts(item, inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")


def _readable(error: orjson.JSONDecodeError) -> str:
    if "infinity" in error.msg:
        return f"the number at line {error.lineno} column {error.colno} is too large for a 64-bit float"
    if "zero-length" in error.msg:
        return "it is empty"
    return f"{error.msg} at line {error.lineno} column {error.colno} (NaN and Infinity are not JSON)"
