"""A transaction on a workbook: what it makes, changes and removes carries its version."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .fields import Problems, Sheet
from .records import Record, load, load_sheet
from .uniques import DUPLICATE, Uniques
from .values import Style


class Change:
    """What the work of `Workbook.once` is given."""

    def __init__(self, database: sqlite3.Connection, version: int, now_ms: int) -> None:
        self.version = version
        self._database = database
        self._now_ms = now_ms
        self._sheets: dict[str, Sheet] = {}
        self._uniques = Uniques(database)

    def define(self, sheet: Sheet) -> None:
        """Make a sheet or change its fields; the records that it has are read anew."""
        upsert = "INSERT INTO sheet VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
        self._database.execute(upsert, (sheet.key, sheet.model_dump_json()))
        self._sheets.pop(sheet.key, None)
        self._uniques.forget(sheet)
        for record in [*load(self._database, sheet.key)]:
            self._uniques.move(sheet, record.id, {}, self.update(record, record.values).values)

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
        texts = (json.dumps(found), json.dumps(problems), json.dumps(notes or {}))
        made = self._database.execute(
            "INSERT INTO record (sheet, data, problems, notes, version, created_ms, updated_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (sheet.key, *texts, self.version, self._now_ms, self._now_ms),
        )
        record = int(made.fetchone()[0])
        self._uniques.move(sheet, record, {}, found)
        return record

    def update(
        self, record: Record, values: Mapping[str, Any], notes: Mapping[str, Any] | None = None
    ) -> Record:
        """Give a record these values beside those that it has; the record as it is then. Without any difference nothing is written.

        - ``notes``: where the values came from; the notes on fields that change are dropped
        """
        sheet = self._sheet(record.sheet)
        found, problems = sheet.read({**record.values, **values}, {})
        same = {key for key in found if found[key] == record.values.get(key)}
        kept = {key: note for key, note in record.notes.items() if key in same or key not in found}
        now = replace(
            record,
            values=found,
            problems={**_duplicates(record, sheet, same), **problems},
            notes={**kept, **(notes or {})},
        )
        if now == record:
            return record
        self._uniques.move(sheet, record.id, record.values, found)
        return self._write(now)

    def delete(self, records: Iterable[Record]) -> int:
        """Remove records; how many there were."""
        gone = [*records]
        for record in gone:
            self._uniques.move(self._sheet(record.sheet), record.id, record.values, {})
        self._database.executemany("DELETE FROM record WHERE id = ?", [(record.id,) for record in gone])
        return len(gone)

    def mark_duplicates(self) -> None:
        """Note which records repeat a value that must be unique, and forget it where they no longer do."""
        for sheet, field, id_, owner in self._uniques.found():
            (record,) = load(self._database, sheet, id_, id_)
            told = record.problems.get(field, DUPLICATE)
            if not told.startswith(DUPLICATE):
                continue
            others = {key: text for key, text in record.problems.items() if key != field}
            problems = others if owner is None else {**others, field: f"{DUPLICATE}{owner}"}
            if problems != record.problems:
                self._write(replace(record, problems=problems))

    def _write(self, record: Record) -> Record:
        now = replace(record, version=self.version, updated_ms=self._now_ms)
        texts = (json.dumps(now.values), json.dumps(now.problems), json.dumps(now.notes))
        self._database.execute(
            "UPDATE record SET data = ?, problems = ?, notes = ?, version = ?, updated_ms = ? WHERE id = ?",
            (*texts, now.version, now.updated_ms, now.id),
        )
        return now

    def _sheet(self, key: str) -> Sheet:
        if key not in self._sheets:
            self._sheets[key] = load_sheet(self._database, key)
        return self._sheets[key]


def _duplicates(record: Record, sheet: Sheet, same: set[str]) -> Problems:
    """What was said of values that repeat others and stay the same: whether it is still so is seen at the end of the change."""
    unique = {field.key for field in sheet.fields if field.unique} & same
    return {
        key: text for key, text in record.problems.items() if key in unique and text.startswith(DUPLICATE)
    }
