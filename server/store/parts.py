"""SQL of split jobs, and the splits of one batch, kept in step with their parts."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from ..core.jobs import JobRow
from ..core.parts import COLUMNS, UNBEGUN, Split, Standing, standing
from .database import Connection, Reader

_values: Final = attrgetter(*COLUMNS)


_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM job_split WHERE job_id IN LIST(:ids)"  # noqa: S608 - names of our own fields


def load_many(reader: Reader, ids: Iterable[int]) -> list[Split]:
    """The splits of these jobs, where they were split."""
    return [Split(*row) for row in reader.rows(_SELECT, ids=list(ids))]


def keep_many(connection: Connection, ids: Iterable[int]) -> list[Split]:
    """The same, and no other transaction changes them before the end of this one."""
    rows = connection.rows(f"{_SELECT} ORDER BY job_id FOR_CHANGE", ids=list(ids))
    return [Split(*row) for row in rows]


def insert(connection: Connection, split: Split) -> None:
    """Keep a new split."""
    connection.insert_many("job_split", COLUMNS, [_values(split)])


def save(connection: Connection, split: Split) -> None:
    """Write the counts of a split."""
    connection.run(
        "UPDATE job_split SET completed = :completed, failed = :failed, canceled = :canceled, percent = :percent "
        "WHERE job_id = :id",
        completed=split.completed,
        failed=split.failed,
        canceled=split.canceled,
        percent=split.percent,
        id=split.job_id,
    )


def begun(reader: Reader, job_id: int, other_than: int) -> list[int]:
    """Another part of a job that has not ended and does not wait for its turn, if there is one."""
    rows = reader.rows(
        "SELECT id FROM job WHERE parent_id = :parent AND part IS NOT NULL AND finished_at IS NULL "
        "AND status NOT IN ('created', 'waiting') AND id <> :other ORDER BY id LIMIT 1",
        parent=job_id,
        other=other_than,
    )
    return [row[0] for row in rows]


def count_below(reader: Reader, job_id: int, most: int) -> int:
    """How many parts a job has, and these parts have, and so on: counted up to ``most``."""
    rows = reader.rows(
        "WITH RECURSIVE below(id) AS (SELECT id FROM job WHERE parent_id = :id AND part IS NOT NULL "
        "UNION ALL SELECT job.id FROM below JOIN job ON job.parent_id = below.id WHERE job.part IS NOT NULL) "
        "SELECT COUNT(*) FROM (SELECT 1 FROM below LIMIT :most) counted",
        id=job_id,
        most=most,
    )
    return int(rows[0][0])


def unfinished(reader: Reader, job_id: int, count: int) -> list[int]:
    """The first ``count`` parts of a job that have not ended, in the order of their numbers."""
    rows = reader.rows(
        "SELECT id FROM job WHERE parent_id = :parent AND part IS NOT NULL AND finished_at IS NULL "
        "ORDER BY part LIMIT :count",
        parent=job_id,
        count=count,
    )
    return [row[0] for row in rows]


def of_number(reader: Reader, job_id: int, number: int) -> list[int]:
    """The run that counts as this part of a job, if it is still there."""
    rows = reader.rows(
        "SELECT id FROM job WHERE parent_id = :parent AND part = :number", parent=job_id, number=number
    )
    return [row[0] for row in rows]


class Splits:
    """The splits that one batch has to do with. Whatever changes of a part is noted here before it is written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[int, Split | None] = {}
        self._standings: dict[int, Standing] = {}
        """What each part of the batch was counted for last."""
        self._changed: dict[int, Split] = {}

    def preload(self, ids: Iterable[int]) -> None:
        """Load splits by one SELECT, so that ``of`` finds them."""
        missing = [job_id for job_id in ids if job_id not in self._known]
        if missing:
            self._known |= dict.fromkeys(missing)
            self._known |= {split.job_id: split for split in keep_many(self._connection, missing)}

    def of(self, job_id: int) -> Split | None:
        """The one object of this job's split; None when it was not split, or is gone."""
        self.preload((job_id,))
        return self._known[job_id]

    def begin(self, split: Split) -> None:
        """A job was split."""
        insert(self._connection, split)
        self._known[split.job_id] = split

    def adopt(self, part: JobRow) -> None:
        """The part is as the store has it, or new."""
        self._standings[part.id] = standing(part)

    def note(self, part: JobRow) -> None:
        """The part may have changed: its split counts it as it is now."""
        now = standing(part)
        before, self._standings[part.id] = self._standings[part.id], now
        if before != now:
            self._account(part, before, now)

    def replaced(self, part: JobRow) -> None:
        """A part that had ended gives its place to a new one."""
        self._account(part, self._standings.pop(part.id), UNBEGUN)

    def _account(self, part: JobRow, before: Standing, after: Standing) -> None:
        split = self.of(part.parent_id) if part.parent_id is not None else None
        if split is not None:
            split.account(before, after)
            self._changed[split.job_id] = split

    def forget(self, job_id: int) -> None:
        """The job was deleted, and its split with it."""
        self._known[job_id] = None

    def flush(self) -> None:
        """Write what has changed."""
        for split in self._changed.values():
            save(self._connection, split)
        self._changed.clear()
