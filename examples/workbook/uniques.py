"""Which records have which value of a field whose values must differ."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .fields import Sheet

DUPLICATE: Final = "is there already, in record "
"""How the problem of a record begins that repeats the value of another."""

Value = tuple[str, str, str]
"""A sheet, a field, and the value as JSON."""


class Uniques:
    """What one change does to these values, so that only records that share one of them are looked at again."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._touched: set[Value] = set()

    def move(self, sheet: Sheet, record: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """A record had some values and has others now; it had or has none where it is new or gone."""
        for field in (field.key for field in sheet.fields if field.unique):
            old, new = before.get(field), after.get(field)
            if old == new:
                continue
            if old is not None:
                self._write(
                    "DELETE FROM unique_value WHERE (sheet, field, value, record) = (?, ?, ?, ?)",
                    sheet,
                    field,
                    old,
                    record,
                )
            if new is not None:
                self._write(
                    "INSERT OR IGNORE INTO unique_value VALUES (?, ?, ?, ?)", sheet, field, new, record
                )

    def _write(self, statement: str, sheet: Sheet, field: str, value: Any, record: int) -> None:
        key = (sheet.key, field, json.dumps(value))
        self._touched.add(key)
        self._database.execute(statement, (*key, record))

    def forget(self, sheet: Sheet) -> None:
        """The fields of the sheet change."""
        self._database.execute("DELETE FROM unique_value WHERE sheet = ?", (sheet.key,))

    def found(self) -> Iterator[tuple[str, str, int, int | None]]:
        """Of each record that has a touched value: its sheet, the field, its id, and which record had the value before it."""
        for sheet, field, value in sorted(self._touched):
            rows = self._database.execute(
                "SELECT record FROM unique_value WHERE (sheet, field, value) = (?, ?, ?) ORDER BY record",
                (sheet, field, value),
            ).fetchall()
            for (record,) in rows:
                yield sheet, field, record, None if record == rows[0][0] else rows[0][0]
