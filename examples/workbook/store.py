"""A workbook in one SQLite file: sheets, their fields, and records with their problems and versions.

All changes of one job are one transaction, kept under the job's id together with what it returned. A job that runs a second time,
because its listener died before it could say how it went, finds that and changes nothing.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from listener_sdk import Fatal

from .fields import Field, Problems, Sheet, Values
from .values import Style

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sheet (key TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sheet TEXT NOT NULL REFERENCES sheet (key), data TEXT NOT NULL, problems TEXT NOT NULL,
    notes TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_of_sheet ON record (sheet, id);
CREATE TABLE IF NOT EXISTS change (
    version INTEGER PRIMARY KEY AUTOINCREMENT, made_by TEXT NOT NULL UNIQUE, made_ms INTEGER NOT NULL, result TEXT NOT NULL
);
"""
COLUMNS: Final = "id, sheet, data, problems, notes, version, created_ms, updated_ms"
PATIENCE_S: Final = 60.0
DUPLICATE: Final = "is there already, in record "

Result = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a sheet."""

    id: int
    sheet: str
    values: Values
    problems: Problems = field(default_factory=dict)
    """What is wrong with which field; a record without problems is valid."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Where a value came from that neither a file nor a person gave, by field."""
    version: int = 0
    """The change that wrote it last: versions rise from change to change."""
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def valid(self) -> bool:
        return not self.problems


class Workbook:
    """The workbook in a file, which is made where there is none. An instance belongs to one thread; several may share a file."""

    def __init__(self, path: Path | str, clock_ms: Callable[[], int] = now_ms) -> None:
        self._clock_ms = clock_ms
        self._database = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # ---- reading

    def sheets(self) -> list[Sheet]:
        rows = self._database.execute("SELECT body FROM sheet ORDER BY key")
        return [Sheet.model_validate_json(body) for (body,) in rows]

    def sheet(self, key: str) -> Sheet:
        """Fatal, with the sheets that there are, when there is no such sheet."""
        sheets = {sheet.key: sheet for sheet in self.sheets()}
        if key not in sheets:
            raise Fatal(f"There is no sheet {key!r}; there are: {', '.join(sheets) or 'none'}.")
        return sheets[key]

    def count(self, sheet: str) -> int:
        return int(
            self._database.execute("SELECT COUNT(*) FROM record WHERE sheet = ?", (sheet,)).fetchone()[0]
        )

    def ids(self, sheet: str) -> list[int]:
        return [
            id_
            for (id_,) in self._database.execute(
                "SELECT id FROM record WHERE sheet = ? ORDER BY id", (sheet,)
            )
        ]

    def records(self, sheet: str, first: int = 0, last: int | None = None) -> list[Record]:
        """The records of a sheet in their order, all or those whose ids lie between two, both included."""
        return [*self.iterate(sheet, first, last)]

    def iterate(self, sheet: str, first: int = 0, last: int | None = None) -> Iterator[Record]:
        """As `records`, one by one; the sheet must not be changed meanwhile."""
        upto = 2**62 if last is None else last
        rows = self._database.execute(
            f"SELECT {COLUMNS} FROM record WHERE sheet = ? AND id BETWEEN ? AND ? ORDER BY id",  # noqa: S608 - a constant
            (sheet, first, upto),
        )
        for id_, of, data, problems, notes, *rest in rows:
            yield Record(id_, of, json.loads(data), json.loads(problems), json.loads(notes), *rest)

    # ---- changing

    def once(self, made_by: str, work: Callable[["Change"], Result]) -> Result:
        """Do the work in one transaction and keep what it returns; where it was done before, only return that.

        - ``made_by``: the id of the job, or of one of its steps
        - ``work``: what it changes, by the `Change` that it is given; its result must be JSON. What it raises undoes all
        """
        self._database.execute("BEGIN IMMEDIATE")
        try:
            found = self._database.execute(
                "SELECT result FROM change WHERE made_by = ?", (made_by,)
            ).fetchone()
            result = json.loads(found[0]) if found else self._do(made_by, work)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return dict(result)

    def _do(self, made_by: str, work: Callable[["Change"], Result]) -> Result:
        now = self._clock_ms()
        insert = "INSERT INTO change (made_by, made_ms, result) VALUES (?, ?, '{}') RETURNING version"
        version = self._database.execute(insert, (made_by, now)).fetchone()[0]
        change = Change(self, self._database, version, now)
        result = work(change)
        change.mark_duplicates()
        kept = json.dumps(result)
        self._database.execute("UPDATE change SET result = ? WHERE version = ?", (kept, version))
        return dict(json.loads(kept))


class Change:
    """A transaction on a workbook: everything that it writes carries its version."""

    def __init__(self, book: Workbook, database: sqlite3.Connection, version: int, now_ms: int) -> None:
        self.book = book
        self.version = version
        self._database = database
        self._now_ms = now_ms
        self._sheets: dict[str, Sheet] = {}
        self._touched: set[str] = set()

    def define(self, sheet: Sheet) -> None:
        """Make a sheet or change its fields; the records that it has are read anew."""
        body = sheet.model_dump_json()
        upsert = "INSERT INTO sheet VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
        self._database.execute(upsert, (sheet.key, body))
        self._sheets.pop(sheet.key, None)
        for record in self.book.records(sheet.key):
            self.update(record, record.values)

    def insert(
        self,
        sheet: Sheet,
        values: Mapping[str, Any],
        styles: Mapping[str, Style] | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a record, whose values are read as the fields say, and what is wrong with them noted; its id.

        - ``styles``: how the columns that the values came from write numbers and dates, by field
        - ``notes``: where the values came from
        """
        found, problems = sheet.read(values, styles or {})
        self._touched.add(sheet.key)
        texts = (json.dumps(found), json.dumps(problems), json.dumps(notes or {}))
        made = self._database.execute(
            "INSERT INTO record (sheet, data, problems, notes, version, created_ms, updated_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (sheet.key, *texts, self.version, self._now_ms, self._now_ms),
        )
        return int(made.fetchone()[0])

    def update(
        self, record: Record, values: Mapping[str, Any], notes: Mapping[str, Any] | None = None
    ) -> Record:
        """Give a record these values beside those that it has; the record as it is then. Without any difference nothing is written.

        - ``notes``: where the values came from; the notes on fields that change are dropped
        """
        sheet = self._sheet(record.sheet)
        found, problems = sheet.read({**record.values, **values}, {})
        same = {key for key in found if found[key] == record.values.get(key)}
        for key, text in record.problems.items():
            # Whether a value repeats another is seen at the end of the change.
            if key in same and text.startswith(DUPLICATE):
                problems.setdefault(key, text)
        kept = {key: note for key, note in record.notes.items() if key in same or key not in found}
        told = {**kept, **(notes or {})}
        self._touched.add(sheet.key)
        if (found, problems, told) == (record.values, record.problems, record.notes):
            return record
        self._database.execute(
            "UPDATE record SET data = ?, problems = ?, notes = ?, version = ?, updated_ms = ? WHERE id = ?",
            (
                json.dumps(found),
                json.dumps(problems),
                json.dumps(told),
                self.version,
                self._now_ms,
                record.id,
            ),
        )
        return Record(
            record.id, sheet.key, found, problems, told, self.version, record.created_ms, self._now_ms
        )

    def delete(self, records: Iterable[Record]) -> int:
        """Remove records; how many there were."""
        gone = [*records]
        self._touched.update(record.sheet for record in gone)
        self._database.executemany("DELETE FROM record WHERE id = ?", [(record.id,) for record in gone])
        return len(gone)

    def mark_duplicates(self) -> None:
        """Note which records repeat a value that must be unique, and forget it where they no longer do."""
        for sheet in map(self._sheet, sorted(self._touched)):
            unique = [field for field in sheet.fields if field.unique]
            if unique:
                self._mark(sheet, unique)

    def _mark(self, sheet: Sheet, unique: list[Field]) -> None:
        first: dict[tuple[str, Any], int] = {}
        for record in self.book.records(sheet.key):
            problems = {key: text for key, text in record.problems.items() if not text.startswith(DUPLICATE)}
            for field_ in unique:
                value = record.values.get(field_.key)
                owner = first.setdefault((field_.key, value), record.id)
                if value is not None and owner != record.id:
                    problems.setdefault(field_.key, f"{DUPLICATE}{owner}")
            if problems != record.problems:
                self._database.execute(
                    "UPDATE record SET problems = ?, version = ?, updated_ms = ? WHERE id = ?",
                    (json.dumps(problems), self.version, self._now_ms, record.id),
                )

    def _sheet(self, key: str) -> Sheet:
        if key not in self._sheets:
            self._sheets[key] = self.book.sheet(key)
        return self._sheets[key]
