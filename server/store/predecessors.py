"""SQL of jobs that wait for others. Written at once, not at the end of a batch: what follows an end is read back soon."""

from collections.abc import Iterable
from typing import Final

from ..core.predecessors import Edge
from .database import Connection, Reader

COLUMNS: Final = ("job_id", "predecessor_id", "open")


def insert(connection: Connection, job_id: int, others: Iterable[tuple[int, bool]]) -> None:
    """Let the job follow others, each of which is open until it is complete."""
    connection.insert_many(
        "job_predecessor", COLUMNS, [(job_id, other, int(open_)) for other, open_ in others]
    )


def remove(connection: Connection, job_id: int) -> None:
    """Let the job follow nobody."""
    connection.run("DELETE FROM job_predecessor WHERE job_id = :id", id=job_id)


def open_of(reader: Reader, job_id: int) -> list[int]:
    """The predecessors of a job that are not complete."""
    rows = reader.rows(
        "SELECT predecessor_id FROM job_predecessor WHERE job_id = :id AND open = 1 ORDER BY predecessor_id",
        id=job_id,
    )
    return [row[0] for row in rows]


def followers(reader: Reader, job_id: int) -> list[int]:
    """The jobs for which this one is open."""
    rows = reader.rows(
        "SELECT job_id FROM job_predecessor WHERE predecessor_id = :id AND open = 1 ORDER BY job_id",
        id=job_id,
    )
    return [row[0] for row in rows]


def close(connection: Connection, job_id: int) -> None:
    """The job is complete: nobody waits for it any more."""
    connection.run("UPDATE job_predecessor SET open = 0 WHERE predecessor_id = :id AND open = 1", id=job_id)


def still_waiting(reader: Reader, ids: Iterable[int]) -> set[int]:
    """Those of these jobs that have an open predecessor."""
    rows = reader.rows(
        "SELECT DISTINCT job_id FROM job_predecessor WHERE job_id IN LIST(:ids) AND open = 1", ids=list(ids)
    )
    return {row[0] for row in rows}


def open_edges(reader: Reader, starts: Iterable[int], most: int) -> list[Edge]:
    """Who waits for whom, from these jobs on: at most ``most`` pairs."""
    rows = reader.rows(
        "WITH RECURSIVE edge(job_id, predecessor_id) AS ("
        "SELECT job_id, predecessor_id FROM job_predecessor WHERE job_id IN LIST(:ids) AND open = 1 "
        "UNION SELECT p.job_id, p.predecessor_id FROM edge "
        "JOIN job_predecessor p ON p.job_id = edge.predecessor_id WHERE p.open = 1"
        ") SELECT job_id, predecessor_id FROM edge LIMIT :most",
        ids=list(starts),
        most=most,
    )
    return [(job, other) for job, other in rows]


def ancestors(reader: Reader, job_id: int, most: int) -> list[int]:
    """The job, its parent, and so on: at most ``most``."""
    rows = reader.rows(
        "WITH RECURSIVE line(id, parent_id) AS (SELECT id, parent_id FROM job WHERE id = :id "
        "UNION SELECT j.id, j.parent_id FROM line JOIN job j ON j.id = line.parent_id"
        ") SELECT id FROM line LIMIT :most",
        id=job_id,
        most=most,
    )
    return [row[0] for row in rows]
