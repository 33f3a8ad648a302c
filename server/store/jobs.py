"""SQL of jobs: loading, storing, claiming, listing."""

from collections.abc import Iterable
from typing import Any, Final

from listener_sdk.protocol.ids import LARGEST

from ..core.jobs import COLUMNS, JobRow
from ..core.waiting import Key, Place
from .database import Connection, Reader, Row

SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM job"  # noqa: S608 - names of our own fields
FIXED: Final = frozenset({
    "id", "space_id", "name", "source", "parent_id", "rerun_of", "file_id", "unique_key",
    "created_by", "created_at", "max_attempts", "run_timeout_ms", "queue_timeout_ms", "total_timeout_ms",
    "definition_id",
})  # fmt: skip
"""Columns that never change after the insert."""
MUTABLE: Final = tuple(name for name in COLUMNS if name not in FIXED)
PROGRESS: Final = (
    "updated_at",
    "info",
    "progress",
    "done",
    "total",
    "eta_at",
    "eta_given",
    "stalls_at",
    "stalled_at",
)
"""What a tick changes: no index holds any of them."""
LEASE: Final = ("lease_expires_at",)
"""What a renewal changes."""

_MOST_NAMES: Final = 100
_MOST_PRIORITIES: Final = 8
"""Of queues that are looked at for the job that has waited longest."""
_CLAIMABLE: Final = "space_id = :space AND name = :name AND status = 'ready' AND holder IS NULL"


def from_db(row: Row) -> JobRow:
    """The job of a row that was selected with ``SELECT``."""
    return JobRow(*row)


def load(reader: Reader, space_id: int, job_id: int) -> JobRow | None:
    """One job of a space."""
    found = reader.rows(f"{SELECT} WHERE id = :id AND space_id = :space", id=job_id, space=space_id)
    return from_db(found[0]) if found else None


def exists(reader: Reader, space_id: int, job_id: int) -> bool:
    """Whether there is such a job in the space."""
    return bool(
        reader.rows("SELECT 1 FROM job WHERE id = :id AND space_id = :space", id=job_id, space=space_id)
    )


def load_many(reader: Reader, ids: Iterable[int]) -> list[JobRow]:
    """Jobs by id, of whichever space."""
    return [from_db(row) for row in reader.rows(f"{SELECT} WHERE id IN LIST(:ids)", ids=list(ids))]


def keep_many(connection: Connection, ids: Iterable[int]) -> list[JobRow]:
    """The same, and no other transaction changes them before the end of this one.

    All take them in the order of their ids, so that two transactions do not wait for each other.
    """
    rows = connection.rows(f"{SELECT} WHERE id IN LIST(:ids) ORDER BY id FOR_CHANGE", ids=list(ids))
    return [from_db(row) for row in rows]


def claim_many(connection: Connection, ids: list[int]) -> list[JobRow]:
    """The same, without those that another transaction keeps just now."""
    if not ids:
        return []
    rows = connection.rows(f"{SELECT} WHERE id IN LIST(:ids) ORDER BY id FOR_CLAIM", ids=ids)
    return [from_db(row) for row in rows]


def places(reader: Reader, ids: Iterable[int]) -> list[tuple[Key, Place]]:
    """Of these jobs those that wait, each with its queue and its place."""
    rows = reader.rows(
        "SELECT space_id, name, -priority, id FROM job WHERE id IN LIST(:ids) AND status = 'ready' AND holder IS NULL",
        ids=list(ids),
    )
    return [((space, name), (priority, job_id)) for space, name, priority, job_id in rows]


def first_places(reader: Reader, key: Key, count: int) -> list[Place]:
    """Where the first ``count`` jobs of a queue stand that nobody holds, in the order of claiming."""
    rows = reader.rows(
        f"SELECT -priority, id FROM job WHERE {_CLAIMABLE} ORDER BY priority DESC, id LIMIT :count",  # noqa: S608 - conditions of our own
        space=key[0],
        name=key[1],
        count=count,
    )
    return [(priority, job_id) for priority, job_id in rows]


def claimable_after(reader: Reader, key: Key, after: Place, count: int) -> list[JobRow]:
    """The first ``count`` jobs behind a place in the order of claiming."""
    priority, job_id = -after[0], after[1]
    found = _claimable(reader, key, "priority = :priority AND id > :id", priority, count, id=job_id)
    if len(found) < count:
        found += _claimable(reader, key, "priority < :priority", priority, count - len(found))
    return found


def _claimable(
    reader: Reader, key: Key, where: str, priority: int, count: int, **params: int
) -> list[JobRow]:
    # One range of the index at a time: with an OR of both, the whole of the priority is read up to the place.
    rows = reader.rows(
        f"{SELECT} WHERE {_CLAIMABLE} AND {where} ORDER BY priority DESC, id LIMIT :count FOR_CLAIM",
        space=key[0],
        name=key[1],
        priority=priority,
        count=count,
        **params,
    )
    return [from_db(row) for row in rows]


def queues(reader: Reader) -> list[tuple[Key, Place]]:
    """The queues in which a job waits that nobody holds, each with the place of its first job.

    Each is found by a step along the index, so that the cost follows their number, not how many jobs wait.
    """
    keys = [(space, name) for space in _steps(reader, "space_id", "", {}) for name in _names(reader, space)]
    return [(key, places[0]) for key in keys if (places := first_places(reader, key, 1))]


def spaces_waiting(reader: Reader, domain: str) -> list[int]:
    """The spaces in which a job of this domain waits that nobody holds."""
    where = "space_id = :space AND name >= :first AND name < :end AND status = 'ready' AND holder IS NULL"
    # The colon is followed by the semicolon in every order that goes by code points, which that of names is.
    names = {"first": f"{domain}:", "end": f"{domain};"}
    return [
        space
        for space in _steps(reader, "space_id", "", {})
        if reader.rows(f"SELECT 1 FROM job WHERE {where} LIMIT 1", space=space, **names)  # noqa: S608 - conditions of our own
    ]


def _names(reader: Reader, space_id: int, most: int = LARGEST) -> list[str]:
    return _steps(reader, "name", "AND space_id = :space", {"space": space_id}, most)


def _steps(reader: Reader, column: str, where: str, params: dict[str, int], most: int = LARGEST) -> list[Any]:
    """The distinct values of a column among the jobs that can be claimed, so many at most."""
    smallest = f"SELECT MIN({column}) FROM job WHERE status = 'ready' AND holder IS NULL {where}"  # noqa: S608 - our own names
    rows = reader.rows(
        f"WITH RECURSIVE step(value) AS ({smallest} UNION ALL "  # noqa: S608 - our own names
        f"SELECT ({smallest} AND {column} > step.value) FROM step WHERE step.value IS NOT NULL) "
        "SELECT value FROM step WHERE value IS NOT NULL LIMIT :most",
        most=most,
        **params,
    )
    return [row[0] for row in rows]


def oldest_ready(reader: Reader, space_id: int) -> int | None:
    """Since when the job has waited that is next in its queue for longest; None where none waits.

    The first of each priority of each name is looked at, by steps along the index, of so many names and priorities at most.
    """
    found: list[int] = []
    for name in _names(reader, space_id, _MOST_NAMES):
        below = LARGEST
        for _ in range(_MOST_PRIORITIES):
            rows = reader.rows(
                f"SELECT priority, COALESCE(ready_at, created_at) FROM job WHERE {_CLAIMABLE} AND priority < :below "  # noqa: S608 - conditions of our own
                "ORDER BY priority DESC, id LIMIT 1",
                space=space_id,
                name=name,
                below=below,
            )
            if not rows:
                break
            below = rows[0][0]
            found.append(rows[0][1])
    return min(found, default=None)


_COUNTS: Final = (
    "holder IS NOT NULL AND (parts IS NULL OR NOT EXISTS "
    "(SELECT 1 FROM job_split s WHERE s.job_id = job.id AND s.completed + s.failed + s.canceled < s.total))"
)
"""Leases that take credit: a job that waits for its parts does not."""


def held(reader: Reader) -> list[tuple[str, int]]:
    """How many leases each holder has that take its credit."""
    rows = reader.rows(f"SELECT holder, COUNT(*) FROM job WHERE {_COUNTS} GROUP BY holder")  # noqa: S608 - conditions of our own
    return [(holder, count) for holder, count in rows]


def count_held(reader: Reader, holder: str) -> int:
    """The same of one holder."""
    rows = reader.rows(
        f"SELECT COUNT(*) FROM job WHERE {_COUNTS} AND holder = :holder",  # noqa: S608 - conditions of our own
        holder=holder,
    )
    return int(rows[0][0])


def held_by(reader: Reader, holder: str) -> list[int]:
    """The jobs that one holder has."""
    return [
        row[0] for row in reader.rows("SELECT id FROM job WHERE holder = :holder ORDER BY id", holder=holder)
    ]


def due(reader: Reader, now: int, count: int) -> list[int]:
    """Jobs whose time has come, the oldest deadline first."""
    return [
        row[0]
        for row in reader.rows(
            "SELECT id FROM job WHERE due_at <= :now ORDER BY due_at LIMIT :count", now=now, count=count
        )
    ]


def unfinished_with_key(reader: Reader, space_id: int, unique_key: str) -> int | None:
    """The job that has this unique key now."""
    found = reader.rows(
        "SELECT id FROM job WHERE space_id = :space AND unique_key = :key AND finished_at IS NULL",
        space=space_id,
        key=unique_key,
    )
    return found[0][0] if found else None


def count_ready(reader: Reader, space_id: int) -> int:
    """How many jobs of a space wait for a listener."""
    return int(
        reader.rows(
            # Every name is: it says that the index of what may be claimed is meant, and not the one of all jobs of a space.
            "SELECT COUNT(*) FROM job WHERE space_id = :space AND name >= '' AND status = 'ready' AND holder IS NULL",
            space=space_id,
        )[0][0]
    )


def delete(connection: Connection, job_id: int) -> None:
    """Remove a job and what belongs to it alone; its events and files stay until their own retention ends."""
    delete_many(connection, [job_id])


def delete_many(connection: Connection, ids: Iterable[int]) -> None:
    """Remove jobs, each as ``delete`` does."""
    numbers = list(ids)
    for table in ("attempt", "job_log", "job_curve", "job_plan", "job_split", "job_predecessor", "job_tag"):
        connection.run(f"DELETE FROM {table} WHERE job_id IN LIST(:ids)", ids=numbers)  # noqa: S608 - names stand above
    connection.run("DELETE FROM job_run WHERE id IN LIST(:ids)", ids=numbers)
    connection.run("DELETE FROM job WHERE id IN LIST(:ids)", ids=numbers)
