"""By what the jobs of definitions are found in the history: a row each, written together with the job."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ..core.jobs import JobRow
from ..core.runs import facets_of, schedule_of
from .database import Connection, Reader
from .known import Kind

COLUMNS: Final = ("id", "space_id", "definition_id", "schedule_id", "at", "facets", "reason")
_MUTABLE: Final = ("facets", "reason")
_MARKED: Final = (
    "SELECT 0, id FROM definition_health WHERE id {0} UNION ALL "
    "SELECT 1, definition_id FROM schedule WHERE definition_id {0} AND queued_at IS NOT NULL AND enabled = 1"
)
_CALM: Final = f"SELECT 1 WHERE NOT EXISTS ({_MARKED})"


class Ended(NamedTuple):
    """A run that has ended well or badly, as far as the health of its definition goes: a ``job``, or a due time that came to none."""

    definition_id: int
    space_id: int
    is_success: bool
    job: JobRow | None = None
    head: Mapping[str, Any] = MappingProxyType({})
    """What is told of the definition where there is no job."""
    message: str | None = None


class Marked(NamedTuple):
    """Of some definitions those that are ``failing``, and those where a due time is ``queued`` until a run ends."""

    failing: set[int]
    queued: set[int]


def marked(reader: Reader, ids: Collection[int]) -> Marked:
    """What the end of a run may have to do with: mostly nothing, which one look tells."""
    which, params = _which(ids)
    rows = reader.rows(_MARKED.format(which), **params)
    return Marked({number for kind, number in rows if not kind}, {number for kind, number in rows if kind})


def _which(ids: Collection[int]) -> tuple[str, dict[str, Any]]:
    # The runs that end together are mostly of one definition, and a list costs both databases three times as much.
    return ("= :id", {"id": next(iter(ids))}) if len(ids) == 1 else ("IN LIST(:ids)", {"ids": list(ids)})


def concerned(connection: Connection, ids: Collection[int]) -> Marked:
    """The same within a transaction; those that an earlier one has found calm are not looked at again."""
    known = connection.known
    ages = {number: known.age(Kind.CALM, number) for number in ids}
    if before := [number for number, age in ages.items() if age]:
        which, params = _which(before)
        connection.expect(_CALM.format(which), **params)
    new = [number for number, age in ages.items() if age is None]
    found = marked(connection, new) if new else Marked(set(), set())
    for number in {*before, *new} - found.failing - found.queued:
        known.keep(Kind.CALM, number, value=True)
    return found


class Runs:
    """The runs that one batch makes or changes, and those that end in it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._new: dict[int, tuple[Any, ...]] = {}
        self._changed: dict[int, tuple[str, str | None]] = {}
        self._ended: list[Ended] = []
        self.well: set[int] = set()
        """Definitions that were not failing when the batch came to its end."""

    def begin(self, row: JobRow, result: str) -> None:
        """A new job of a definition."""
        origin = row.origin
        facets = facets_of(row, result, origin, is_settled=False)
        fixed = (row.id, row.space_id, row.definition_id, schedule_of(origin), row.created_at)
        self._new[row.id] = (*fixed, facets, None)

    def change(self, row: JobRow, result: str, reason: str | None = None) -> None:
        """Its mode was settled, or it has ended: then for this reason, where it is failed and there is one."""
        facets = facets_of(row, result, row.origin, is_settled=True)
        new = self._new.get(row.id)
        if new is None:
            self._changed[row.id] = (facets, reason)
        else:
            self._new[row.id] = (*new[:-2], facets, reason)

    def end(self, ended: Ended) -> bool:
        """What a run says of its definition's health; whether it is the first of the batch."""
        self._ended.append(ended)
        return len(self._ended) == 1

    def taken(self) -> list[Ended]:
        """What was said so far, in order, and is dealt with now."""
        found, self._ended = self._ended, []
        return found

    def forget(self, job_id: int) -> None:
        """The job is gone, and all was written before."""
        self._new.pop(job_id, None)
        self._changed.pop(job_id, None)

    def flush(self) -> None:
        """Write what has changed so far."""
        if self._new:
            self._connection.insert_many("job_run", COLUMNS, list(self._new.values()))
            self._new = {}
        if self._changed:
            rows = [(*values, job_id) for job_id, values in self._changed.items()]
            self._connection.update_many("job_run", _MUTABLE, rows)
            self._changed = {}
