"""The tables of a workbook, and how sheets and records are read from them."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk import Fatal

from .fields import Problems, Sheet, Values

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sheet (key TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sheet TEXT NOT NULL REFERENCES sheet (key), data TEXT NOT NULL, problems TEXT NOT NULL,
    notes TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_of_sheet ON record (sheet, id);
CREATE TABLE IF NOT EXISTS unique_value (
    sheet TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (sheet, field, value, record)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change (
    version INTEGER PRIMARY KEY AUTOINCREMENT, made_by TEXT NOT NULL UNIQUE, made_ms INTEGER NOT NULL, result TEXT NOT NULL
);
"""
COLUMNS: Final = "id, sheet, data, problems, notes, version, created_ms, updated_ms"
LAST: Final = 2**62


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a sheet."""

    id: int
    sheet: str
    values: Values
    problems: Problems = field(default_factory=dict)
    """What is wrong with which field; a record without problems is valid."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Where a value came from that neither a file nor a person gave, by field; and the line of the file."""
    version: int = 0
    """The change that wrote it last: versions rise from change to change."""
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def valid(self) -> bool:
        return not self.problems


def load(
    database: sqlite3.Connection, sheet: str, first: int = 0, last: int | None = None
) -> Iterator[Record]:
    """The records of a sheet in their order, whose ids lie between two, both included."""
    rows = database.execute(
        f"SELECT {COLUMNS} FROM record WHERE sheet = ? AND id BETWEEN ? AND ? ORDER BY id",  # noqa: S608 - a constant
        (sheet, first, LAST if last is None else last),
    )
    for id_, of, data, problems, notes, *rest in rows:
        yield Record(id_, of, json.loads(data), json.loads(problems), json.loads(notes), *rest)


def load_sheets(database: sqlite3.Connection) -> dict[str, Sheet]:
    rows = database.execute("SELECT key, body FROM sheet ORDER BY key")
    return {key: Sheet.model_validate_json(body) for key, body in rows}


def load_sheet(database: sqlite3.Connection, key: str) -> Sheet:
    """Fatal, with the sheets that there are, when there is no such sheet."""
    sheets = load_sheets(database)
    if key not in sheets:
        raise Fatal(f"There is no sheet {key!r}; there are: {', '.join(sheets) or 'none'}.")
    return sheets[key]
