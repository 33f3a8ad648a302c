"""A workbook in one SQLite file: sheets, their fields, and records with their problems and versions.

All changes of one job are one transaction, kept under the job's id together with what it returned. A job that runs a second time,
because its listener died before it could say how it went, finds that and changes nothing.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

from .changes import Change
from .fields import Sheet
from .records import TABLES, Record, load, load_sheet, load_sheets

PATIENCE_S: Final = 60.0

Result = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Workbook:
    """The workbook in a file, which is made where there is none. An instance belongs to one thread; several may share a file."""

    def __init__(self, path: Path | str, clock_ms: Callable[[], int] = now_ms) -> None:
        self._clock_ms = clock_ms
        self._database = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA foreign_keys = ON")
        self._database.executescript(TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def sheets(self) -> list[Sheet]:
        return [*load_sheets(self._database).values()]

    def sheet(self, key: str) -> Sheet:
        """Fatal, with the sheets that there are, when there is no such sheet."""
        return load_sheet(self._database, key)

    def count(self, sheet: str) -> int:
        rows = self._database.execute("SELECT COUNT(*) FROM record WHERE sheet = ?", (sheet,))
        return int(rows.fetchone()[0])

    def ids(self, sheet: str) -> list[int]:
        rows = self._database.execute("SELECT id FROM record WHERE sheet = ? ORDER BY id", (sheet,))
        return [id_ for (id_,) in rows]

    def records(self, sheet: str, first: int = 0, last: int | None = None) -> list[Record]:
        """The records of a sheet in their order, all or those whose ids lie between two, both included."""
        return [*self.iterate(sheet, first, last)]

    def iterate(self, sheet: str, first: int = 0, last: int | None = None) -> Iterator[Record]:
        """As `records`, one by one; the sheet must not be changed meanwhile."""
        return load(self._database, sheet, first, last)

    def once(self, made_by: str, work: Callable[[Change], Result]) -> Result:
        """Do the work in one transaction and keep what it returns; where it was done before, only return that.

        - ``made_by``: the id of the job, or of one of its steps
        - ``work``: what it changes, by the `Change` that it is given; its result must be JSON. What it raises undoes all
        """
        self._database.execute("BEGIN IMMEDIATE")
        try:
            done = self.kept(made_by)
            result = self._do(made_by, work) if done is None else done
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return result

    def kept(self, made_by: str) -> Result | None:
        """What the work returned that was done once under this id; None when none was."""
        found = self._database.execute("SELECT result FROM change WHERE made_by = ?", (made_by,)).fetchone()
        return dict(json.loads(found[0])) if found else None

    def _do(self, made_by: str, work: Callable[[Change], Result]) -> Result:
        now = self._clock_ms()
        insert = "INSERT INTO change (made_by, made_ms, result) VALUES (?, ?, '{}') RETURNING version"
        version = self._database.execute(insert, (made_by, now)).fetchone()[0]
        change = Change(self._database, version, now)
        result = work(change)
        change.mark_duplicates()
        kept = json.dumps(result)
        self._database.execute("UPDATE change SET result = ? WHERE version = ?", (kept, version))
        return dict(json.loads(kept))
