"""Tables of dicts as CSV that a spreadsheet shows and never runs."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ._text import clean

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a text that begins so for a formula, or drops the beginning and looks again."""
LONGEST_CELL: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""


def csv_table(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The rows as CSV, in UTF-8 with the mark by which spreadsheets know it; the columns are all keys, in the order of their coming."""
    found = [dict(row) for row in rows]
    columns = list(dict.fromkeys(key for row in found for key in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if columns:
        writer.writerow([_cell(column) for column in columns])
    writer.writerows([[_cell(row.get(column)) for column in columns] for row in found])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str | int | float:
    """Numbers as they are, nothing as an empty cell, all else as text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value if not isinstance(value, bool) else str(value).lower()
    text = clean(_text(value), LONGEST_CELL)
    return f"'{text}" if text.startswith(FORMULA) else text


def _text(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
