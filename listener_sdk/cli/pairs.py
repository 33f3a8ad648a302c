"""Options of the form ``name=value``, and JSON given on the command line or in a file."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .failures import Misuse
from .parameter_words import kinds, kinds_of_value, parameter


def as_object(pairs: Iterable[str], option: str) -> dict[str, Any]:
    """The object that ``name=value`` pairs describe; values that are JSON are read as such, others are text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Misuse(f"{option} {pair!r} is not of the form name=value. Write, say, {option} rows=100.")
        found[name] = _value(value)
    return found


def as_parameters(pairs: Iterable[str], option: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same, of parameters that a schema describes: what must be text stays text, though it reads as a number."""
    found = as_object(pairs, option)
    for pair in pairs:
        name, _, text = pair.partition("=")
        taken = kinds(schema, parameter(schema, name))
        if "string" in taken and not taken & {*kinds_of_value(found[name])}:
            found[name] = text
    return found


def json_object(text: str, option: str, example: str = '{"rows": 100}') -> dict[str, Any]:
    """The JSON object in a text, or in the file that ``@path`` names; ``example`` is one that may stand there."""
    source = _read(text[1:], option) if text.startswith("@") else text
    try:
        found = _parsed(source)
    except ValueError as error:
        raise Misuse(f"{option} is not JSON: {error}. Write an object such as '{example}'.") from error
    if not isinstance(found, dict):
        raise Misuse(f"{option} must be a JSON object such as '{example}'.")
    return found


def _value(text: str) -> Any:
    try:
        return _parsed(text)
    except ValueError:
        return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_number, parse_float=_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a JSON number")
    return number


def _read(path: str, option: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(
            f"{option} names a file that cannot be read: {error}. Give the path of a JSON file."
        ) from error
