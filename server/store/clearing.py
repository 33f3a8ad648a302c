"""SQL of removing all that a space has: readers walk over the tables, and the writer removes by pages."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from listener_sdk.protocol.ids import encode

from ..core.keys import ADMINISTRATOR
from .database import Connection, Reader, Row

ERASED: Final = '{"topic":"space:deleted","domain":"space","context":{},"payload":{}}'
"""What stands in the place of an event of a space that was removed; nobody may read it."""


OF_A_SPACE: Final = (
    "job_pace",
    "activity",
    "hook",
    "job_type",
    "listener",
    "definition_health",
    "watermark",
    "subscription",
    "notification",
    "notification_delivery",
    "notification_message",
    "notification_rule",
    "endpoint",
    "signing_secret",
    "trigger_wait",
    "trigger_state",
    "slot",
    "schedule",
    "definition_version",
    "definition",
    "definition_count",
    "action",
    "secret",
    "login_pass",
    "login",
    "member",
    "api_key",
)
"""Small tables that are emptied at once, those last by which others are found."""


class Walked(NamedTuple):
    """Rows of a space after a place: ids, and the last place that was looked at (None: that was the end)."""

    ids: list[int]
    last: int | None


def jobs(reader: Reader, space_id: int, after: int, count: int) -> Walked:
    """The next ``count`` jobs."""
    return _walked(
        reader.rows(
            "SELECT id, 1 FROM job WHERE space_id = :space AND id > :after ORDER BY id LIMIT :count",
            space=space_id,
            after=after,
            count=count,
        )
    )


def files(reader: Reader, space_id: int, after: int, count: int) -> Walked:
    """The next ``count`` files."""
    return _walked(
        reader.rows(
            "SELECT id, 1 FROM file WHERE space_id = :space AND id > :after ORDER BY id LIMIT :count",
            space=space_id,
            after=after,
            count=count,
        )
    )


def deliveries(reader: Reader, space_id: int, after: int, count: int) -> Walked:
    """The next ``count`` deliveries to endpoints."""
    return _walked(
        reader.rows(
            "SELECT id, 1 FROM endpoint_message WHERE space_id = :space AND id > :after ORDER BY id LIMIT :count",
            space=space_id,
            after=after,
            count=count,
        )
    )


def events(reader: Reader, space_id: int, after: int, count: int) -> Walked:
    """Those of the next ``count`` events that tell something still. The first space of a store is never removed."""
    return _walked(
        reader.rows(
            "SELECT seq, CASE WHEN body = :erased THEN 0 ELSE 1 END FROM event WHERE space_id = :space AND space_id <> 1 "
            "AND seq > :after ORDER BY seq LIMIT :count",
            erased=ERASED,
            space=space_id,
            after=after,
            count=count,
        )
    )


def _walked(rows: list[Row]) -> Walked:
    return Walked([row[0] for row in rows if row[1]], rows[-1][0] if rows else None)


def has_more(reader: Reader, space_id: int) -> bool:
    """Whether there are jobs, files or deliveries of the space still."""
    return any(
        reader.rows(f"SELECT 1 FROM {table} WHERE space_id = :space LIMIT 1", space=space_id)  # noqa: S608 - names of ours
        for table in ("job", "file", "endpoint_message")
    )


def erase_events(connection: Connection, ids: Sequence[int]) -> None:
    """Nothing stays of what they told; their places in the log do, since readers count on them."""
    connection.run("DELETE FROM event_ack WHERE seq IN LIST(:ids)", ids=list(ids))
    connection.run("UPDATE event SET body = :erased WHERE seq IN LIST(:ids)", erased=ERASED, ids=list(ids))


def forget(connection: Connection, space_id: int) -> None:
    """What a space has in small tables, and what was answered to its keys and members."""
    keys = connection.rows("SELECT id FROM api_key WHERE space_id = :space", space=space_id)
    members = connection.rows("SELECT id FROM member WHERE space_id = :space", space=space_id)
    whole = connection.rows("SELECT id FROM api_key WHERE every_space = 1")
    scopes = [row[0] for row in keys] + [encode("mem", row[0]) for row in members]
    # As `Actor.scope` says it; the operator's own key has no row.
    scopes += [f"{key_id}@{space_id}" for key_id in {ADMINISTRATOR, *(row[0] for row in whole)}]
    for actor in scopes:
        connection.run(
            "DELETE FROM idempotency WHERE scope >= :first AND scope < :beyond",
            first=f"{actor} ",
            beyond=f"{actor}!",
        )
    connection.known.clear()
    for table in OF_A_SPACE:
        connection.run(f"DELETE FROM {table} WHERE space_id = :space", space=space_id)  # noqa: S608 - names stand above
