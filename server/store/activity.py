"""SQL of what happens in spaces, counted by stretches, and of how far the log was counted."""

from typing import Final

import orjson

from ..core.activity import Tallies, Tally
from .database import Connection, Reader, Row

_COUNTS: Final = ("created", "completed", "failed", "canceled")


def cursor(reader: Reader) -> int:
    """All events up to this one are counted."""
    rows = reader.rows("SELECT seq FROM activity_cursor WHERE id = 1")
    return int(rows[0][0]) if rows else 0


def keep_cursor(connection: Connection) -> int:
    """The same, and no other server moves it before the end of this transaction."""
    select = "SELECT seq FROM activity_cursor WHERE id = 1 FOR_CHANGE"
    rows = connection.rows(select)
    if not rows:
        connection.run("INSERT INTO activity_cursor (id, seq) VALUES (1, 0) ON CONFLICT (id) DO NOTHING")
        rows = connection.rows(select)
    return int(rows[0][0])


def move_cursor(connection: Connection, seq: int) -> None:
    """Move the cursor that was kept."""
    connection.run("UPDATE activity_cursor SET seq = :seq WHERE id = 1", seq=seq)


def add(connection: Connection, space_id: int, at: int, tally: Tally) -> None:
    """Count more in a stretch of a space."""
    whole = Tally(failures=_failures(connection, space_id, at))
    whole.fail(tally.failures)
    connection.run(
        "INSERT INTO activity (space_id, at, created, completed, failed, canceled, failures, waited_ms) "
        "VALUES (:space, :at, :created, :completed, :failed, :canceled, :failures, :waited) "
        "ON CONFLICT (space_id, at) DO UPDATE SET created = activity.created + excluded.created, "
        "completed = activity.completed + excluded.completed, failed = activity.failed + excluded.failed, "
        "canceled = activity.canceled + excluded.canceled, failures = excluded.failures, "
        "waited_ms = CASE WHEN activity.waited_ms < excluded.waited_ms THEN excluded.waited_ms ELSE activity.waited_ms END",
        space=space_id,
        at=at,
        failures=orjson.dumps(whole.failures).decode(),
        waited=tally.waited_ms,
        **{name: getattr(tally, name) for name in _COUNTS},
    )


def _failures(reader: Reader, space_id: int, at: int) -> list[int]:
    rows = reader.rows(
        "SELECT failures FROM activity WHERE space_id = :space AND at = :at", space=space_id, at=at
    )
    found: list[int] = orjson.loads(rows[0][0]) if rows else []
    return found


def since(reader: Reader, space_id: int, first: int) -> Tallies:
    """What happened in a space from a stretch on."""
    rows = reader.rows(
        "SELECT at, created, completed, failed, canceled, failures, waited_ms FROM activity "
        "WHERE space_id = :space AND at >= :first ORDER BY at",
        space=space_id,
        first=first,
    )
    return {(space_id, row[0]): _tally(row) for row in rows}


def forget(connection: Connection, before: int, most: int) -> int:
    """Remove stretches of before a time, at most so many; how many went."""
    return connection.run(
        "DELETE FROM activity WHERE (space_id, at) IN "
        "(SELECT space_id, at FROM activity WHERE at < :before ORDER BY at LIMIT :most)",
        before=before,
        most=most,
    )


def _tally(row: Row) -> Tally:
    _, created, completed, failed, canceled, failures, waited_ms = row
    return Tally(created, completed, failed, canceled, orjson.loads(failures), waited_ms)
