"""What the text of a cell means: numbers, dates and yes or no, as people write them."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from pydantic import BaseModel

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YES: Final = frozenset({"true", "yes", "y", "1", "x", "ja"})
NO: Final = frozenset({"false", "no", "n", "0", "nein"})

_MONEY = re.compile(r"€|\$|£|\b(eur|usd|gbp)\b", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_NUMERIC = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_NAMED = re.compile(r"(\d{1,2})\.? ([A-Za-z]{3})[a-z]*\.? (\d{4})")
_SWAPPED = str.maketrans(",.", ".,")
_COMMA = re.compile(r"[+-]?\d{1,3}(\.?\d{3})*,\d{1,2}")
_POINT = re.compile(r"[+-]?\d{1,3}(,?\d{3})*\.\d{1,2}")


class Style(BaseModel):
    """How one column writes what can be read in two ways; it is decided once for all of its cells."""

    decimal_comma: bool = False
    day_first: bool = True

    @classmethod
    def of(cls, texts: Iterable[str], *, decimal_comma: bool = False) -> "Style":
        """The style of a column: ``12/31/2025`` shows that the month comes first, ``31.12.2025`` that it does not."""
        dates = [found for found in map(_NUMERIC.fullmatch, texts) if found]
        return cls(decimal_comma=decimal_comma, day_first=not any(int(found[2]) > 12 for found in dates))


def has_decimal_commas(texts: Iterable[str]) -> bool:
    """Whether the cells of a file, all columns together, show decimal commas and no decimal points: 1.183 is a thousand then."""
    bare = [_bare(text) for text in texts]
    return any(map(_COMMA.fullmatch, bare)) and not any(map(_POINT.fullmatch, bare))


def read_number(text: str, style: Style) -> float:
    """``1.234,50 €`` is 1234.5 where the column has decimal commas; ValueError when it is no number.

    Thousands come in threes, so that the stray 12,50 of a column with decimal points is no number rather than 1250.
    """
    plain = _bare(text).translate(_SWAPPED) if style.decimal_comma else _bare(text)
    if not _NUMBER.fullmatch(plain):
        raise ValueError("is not a number")
    return float(plain.replace(",", ""))


def _bare(text: str) -> str:
    """The text of a number without currency and blanks."""
    return re.sub(r"[\s']", "", _MONEY.sub("", text))


def read_integer(text: str, style: Style) -> int:
    """A number without a fraction; ValueError for others."""
    number = read_number(text, style)
    if number != int(number):
        raise ValueError("is not a whole number")
    return int(number)


def read_date(text: str, style: Style) -> str:
    """``2025-12-31`` for that, ``31.12.2025``, ``31 Dec 2025`` and their like; ValueError when there is no such day."""
    try:
        return date(*_day(text.strip(), style)).isoformat()
    except (ValueError, TypeError) as error:
        raise ValueError("is not a date") from error


def _day(text: str, style: Style) -> tuple[int, int, int]:
    if found := _ISO.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _NAMED.fullmatch(text):
        return int(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1])
    if found := _NUMERIC.fullmatch(text):
        first, second, year = (int(part) for part in found.groups())
        day, month = (first, second) if style.day_first else (second, first)
        return year + 2000 if year < 100 else year, month, day
    raise ValueError("is not a date")


def read_boolean(text: str, style: Style) -> bool:
    """``yes``, ``true``, ``x``, ``1`` and their opposites; ValueError for others."""
    said = text.strip().lower()
    if said not in YES | NO:
        raise ValueError("is neither yes nor no")
    return said in YES


READERS: Final = {"number": read_number, "integer": read_integer, "date": read_date, "boolean": read_boolean}


def read(kind: str, value: Any, style: Style) -> Any:
    """The value that a cell of this kind has; ValueError, which says what it is not, when it cannot be read.

    What is no text is taken as it is, but that a whole float is an integer.
    """
    if isinstance(value, str):
        text = " ".join(value.split()) if kind != "string" else value.strip()
        return READERS[kind](text, style) if kind in READERS and text else text or None
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
