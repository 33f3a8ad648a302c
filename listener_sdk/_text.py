"""What user code hands over, made fit for the wire: bounded texts and JSON that every store can keep."""

import json
import math
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

LARGEST_DEPTH: Final = 24
"""The server takes 32 levels; a frame around the value has some."""
MOST_NAMES: Final = 8_000
"""The server takes 10,000 names a message."""
_TWO_TO_63: Final = 2**63
_LOOSE_DEPTH: Final = 6
_LOOSE_ITEMS: Final = 200
_LOOSE_TEXT: Final = 4096
LARGEST_FIELDS: Final = 32_768


def clean(text: str, limit: int) -> str:
    """The text without NUL and lone surrogates (no store takes them), cut to the limit with an ellipsis."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def cut_front(text: str, limit: int) -> str:
    """The same, but its end is kept: a traceback says most there."""
    fit = clean(text, len(text) + 1)
    return fit if len(fit) <= limit else f"…{fit[1 - limit :]}"


def check_json(value: Any, at: str = "data") -> None:
    """ValueError, naming the place, unless the server and every store can keep the value as JSON."""
    if _check(value, at, LARGEST_DEPTH) > MOST_NAMES:
        raise ValueError(
            f"{at} has more than {MOST_NAMES:,} names in its objects: attach it as a file instead"
        )


def _check(value: Any, at: str, depth: int) -> int:
    """The number of names in all objects of the value."""
    if depth < 0:
        raise ValueError(f"{at[:200]} is nested deeper than {LARGEST_DEPTH} levels")
    if isinstance(value, dict):
        return len(value) + sum(
            _check(inner, f"{at}.{_key(key, at)}", depth - 1) for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return sum(_check(inner, f"{at}[{index}]", depth - 1) for index, inner in enumerate(value))
    _check_scalar(value, at)
    return 0


def _key(key: Any, at: str) -> str:
    if not isinstance(key, str):
        raise ValueError(f"{at} has the key {key!r:.80}: keys must be texts")  # noqa: TRY004 - a value of the data
    _check_scalar(key, f"a key of {at}")
    return key


def _check_scalar(value: Any, at: str) -> None:
    if isinstance(value, str):
        if clean(value, len(value) + 1) != value:
            raise ValueError(f"{at} holds a character that JSON stores refuse (NUL or a lone surrogate)")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{at} is {value}: JSON has no such number")
    elif isinstance(value, int):
        if not -_TWO_TO_63 <= value < _TWO_TO_63:
            raise ValueError(f"{at} is an integer of more than 64 bits")
    elif value is not None:
        raise ValueError(f"{at} is a {type(value).__name__}: use texts, numbers, booleans, lists and dicts")


def loose_fields(fields: Mapping[str, Any], shown: Callable[[str], str] = str) -> dict[str, Any]:
    """The fields of a log line: what JSON cannot hold becomes text, what is too large is left out; never raises.

    Texts are written as ``shown`` gives them, before they are cut.
    """
    kept = {
        clean(shown(name), 256): _loose(value, _LOOSE_DEPTH, shown)
        for name, value in islice(fields.items(), _LOOSE_ITEMS)
    }
    if len(json.dumps(kept)) > LARGEST_FIELDS:
        return {"omitted": f"the fields are larger than {LARGEST_FIELDS} characters"}
    return kept


def _loose(value: Any, depth: int, shown: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping) and depth:
        items = islice(value.items(), _LOOSE_ITEMS)
        return {clean(shown(str(key)), 256): _loose(inner, depth - 1, shown) for key, inner in items}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_loose(inner, depth - 1, shown) for inner in islice(value, _LOOSE_ITEMS)]
    try:
        _check_scalar(value, "value")
    except ValueError:
        return clean(shown(_described(value)), _LOOSE_TEXT)
    return clean(shown(value), _LOOSE_TEXT) if isinstance(value, str) else value


def _described(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - str() is the user's code; a log line must not fail its job
        return f"<{type(value).__name__} whose text failed: {type(error).__name__}>"
