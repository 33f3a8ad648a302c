"""SQL of the event log: its head, appending, and reading pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .database import Connection, Reader

COLUMNS = ("seq", "space_id", "topic", "job_id", "terminal", "at", "body")


class Stored(NamedTuple):
    """One event of the log. ``body`` is the JSON text without id, position and time."""

    seq: int
    space_id: int
    topic: str
    job_id: int | None
    at: int
    body: str


@dataclass(frozen=True, slots=True)
class Head:
    """The log's ends: ``seq`` is the newest, ``oldest`` the oldest event that is kept."""

    epoch: str
    seq: int
    oldest: int


def head(reader: Reader) -> Head:
    """Where the log ends now."""
    return Head(*reader.rows("SELECT epoch, seq, oldest FROM log_head WHERE id = 1")[0])


def begin(connection: Connection, epoch: str) -> None:
    """Give an empty store its log."""
    connection.run(
        "INSERT INTO log_head (id, epoch, seq, oldest) SELECT 1, :epoch, 0, 1 "
        "WHERE NOT EXISTS (SELECT 1 FROM log_head)",
        epoch=epoch,
    )


def begin_at(connection: Connection, oldest: int) -> None:
    """The log begins with this event now: those before it were removed in this transaction."""
    connection.run("UPDATE log_head SET oldest = :oldest WHERE id = 1 AND oldest < :oldest", oldest=oldest)


def load_many(reader: Reader, places: Sequence[int]) -> list[Stored]:
    """Those of these events that are kept, in log order."""
    rows = reader.rows(
        "SELECT seq, space_id, topic, job_id, at, body FROM event WHERE seq IN LIST(:places) ORDER BY seq",
        places=list(places),
    )
    return [Stored(*row) for row in rows]


def page(reader: Reader, after: int, upto: int, count: int) -> list[Stored]:
    """Events of all spaces after a sequence number, at most up to another, in log order."""
    rows = reader.rows(
        "SELECT seq, space_id, topic, job_id, at, body FROM event WHERE seq > :after AND seq <= :upto "
        "ORDER BY seq LIMIT :count",
        after=after,
        upto=upto,
        count=count,
    )
    return [Stored(*row) for row in rows]
