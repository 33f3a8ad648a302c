"""SQL of deliveries to endpoints and their attempts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ..core.endpoint_deliveries import DISABLED, FAILED, AttemptRow, DeliveryRow
from ..core.endpoint_turns import Waiting
from .database import Connection, Reader
from .pages import Window, fitting

COLUMNS: Final = tuple(DeliveryRow.__dataclass_fields__)
_ATTEMPT: Final = tuple(AttemptRow.__dataclass_fields__)
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM endpoint_message"  # noqa: S608 - names of our own fields
_SELECT_ATTEMPT: Final = f"SELECT {', '.join(_ATTEMPT)} FROM endpoint_attempt"  # noqa: S608 - as above
_FEW: Final = "status IN ('failed', 'disabled')"
_STATE: Final = ("status", "attempts", "tries", "due_at", "taken", "ended_at")
_PENDING: Final = """
    WITH RECURSIVE one(endpoint_id) AS (
        SELECT MIN(endpoint_id) FROM endpoint_message WHERE due_at IS NOT NULL
        UNION ALL
        SELECT (SELECT MIN(m.endpoint_id) FROM endpoint_message m WHERE m.due_at IS NOT NULL AND m.endpoint_id > one.endpoint_id)
        FROM one WHERE one.endpoint_id IS NOT NULL
    )
    SELECT one.endpoint_id,
        (SELECT MIN(m.due_at) FROM endpoint_message m WHERE m.due_at IS NOT NULL AND m.endpoint_id = one.endpoint_id),
        COALESCE(e.enabled, 0), e.rests_until, COALESCE(e.space_id, 0), CASE WHEN e.failing_since IS NULL THEN 0 ELSE 1 END
    FROM one LEFT JOIN endpoint e ON e.id = one.endpoint_id WHERE one.endpoint_id IS NOT NULL
"""
"""By steps along the index: as many as there are endpoints for which something waits, however much does."""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries of an endpoint a list shows."""

    endpoint_id: int
    status: str | None = None


# ---- what waits


def waiting(reader: Reader) -> list[Waiting]:
    """The endpoints for which something waits."""
    return [Waiting(*row) for row in reader.rows(_PENDING)]


def next_due(reader: Reader) -> int | None:
    """When the next delivery is due."""
    found = [max(one.due_at, one.rests_until or 0) for one in waiting(reader)]
    return min(found, default=None)


def of_events(reader: Reader, endpoint_id: int, places: Iterable[int]) -> set[int]:
    """Of which of these events there are deliveries to an endpoint."""
    rows = reader.rows(
        "SELECT seq FROM endpoint_message WHERE endpoint_id = :endpoint AND seq IN LIST(:places) AND seq IS NOT NULL",
        endpoint=endpoint_id,
        places=sorted(places),
    )
    return {row[0] for row in rows}


def pending(reader: Reader, endpoint_id: int, most: int) -> int:
    """How many deliveries of an endpoint wait, as far as they are counted."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM (SELECT id FROM endpoint_message WHERE endpoint_id = :endpoint AND due_at IS NOT NULL LIMIT :most) AS counted",
        endpoint=endpoint_id,
        most=most,
    )
    return int(rows[0][0])


def under_way(reader: Reader, endpoint_id: int, now: int) -> int:
    """How many deliveries of an endpoint some server makes just now."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM endpoint_message WHERE endpoint_id = :endpoint AND taken = 1 AND due_at > :now",
        endpoint=endpoint_id,
        now=now,
    )
    return int(rows[0][0])


# ---- making and changing


def insert(connection: Connection, rows: Iterable[DeliveryRow]) -> None:
    """Store new deliveries."""
    values = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
    connection.insert_many("endpoint_message", COLUMNS, values)


def claim(connection: Connection, endpoint_id: int, now: int, until: int, count: int) -> list[DeliveryRow]:
    """Deliveries of an endpoint whose time has come, begun once more; until the end of the lease no other server sees them."""
    rows = connection.rows(
        f"{_SELECT} WHERE endpoint_id = :endpoint AND due_at <= :now ORDER BY due_at, id LIMIT :count FOR_CLAIM",
        endpoint=endpoint_id,
        now=now,
        count=count,
    )
    found = [
        replace(row, attempts=row.attempts + 1, tries=row.tries + 1, due_at=until, taken=1)
        for row in (DeliveryRow(*row) for row in rows)
    ]
    save(connection, found)
    return found


def keep(connection: Connection, number: int) -> DeliveryRow | None:
    """A delivery that no other server changes before the end of this transaction."""
    rows = connection.rows(f"{_SELECT} WHERE id = :id FOR_CHANGE", id=number)
    return DeliveryRow(*rows[0]) if rows else None


def save(connection: Connection, rows: Iterable[DeliveryRow]) -> None:
    """Write what has become of deliveries."""
    values = [(*(getattr(row, name) for name in _STATE), row.id) for row in rows]
    connection.update_many("endpoint_message", _STATE, values)


def end_waiting(connection: Connection, endpoint_id: int, now: int, count: int) -> int:
    """Some that wait for an endpoint that is disabled, or gone, have ended with it; how many."""
    rows = connection.rows(
        f"{_SELECT} WHERE endpoint_id = :endpoint AND due_at IS NOT NULL AND (taken = 0 OR due_at <= :now) "
        "ORDER BY due_at, id LIMIT :count FOR_CLAIM",
        endpoint=endpoint_id,
        now=now,
        count=count,
    )
    found = [replace(DeliveryRow(*row), status=DISABLED, due_at=None, taken=0, ended_at=now) for row in rows]
    save(connection, found)
    return len(found)


def ended(
    connection: Connection,
    endpoint_id: int,
    statuses: Sequence[str],
    after: int,
    since: int,
    until: int,
    count: int,
) -> list[DeliveryRow]:
    """Deliveries of an endpoint that ended so and were made in a span, behind a number, in the order of their making."""
    names = {f"status{place}": one for place, one in enumerate(statuses)}
    rows = connection.rows(
        f"{_SELECT} WHERE endpoint_id = :endpoint AND status IN ({', '.join(f':{name}' for name in names)}) AND id > :after "
        "AND created_at >= :since AND created_at < :until AND seq IS NOT NULL ORDER BY id LIMIT :count FOR_CHANGE",
        endpoint=endpoint_id,
        after=after,
        since=since,
        until=until,
        count=count,
        **names,
    )
    return [DeliveryRow(*row) for row in rows]


def old(reader: Reader, before: int, most: int, count: int) -> list[int]:
    """Those of the first ``count`` deliveries that were made before then and have ended, or stand before the newest ``most``.

    What is under way stays until it has ended.
    """
    rows = reader.rows(
        "SELECT id, created_at, due_at, taken FROM endpoint_message ORDER BY id LIMIT :count", count=count
    )
    # Their numbers follow each other, so none is counted.
    newest = reader.rows("SELECT COALESCE(MAX(id), 0) FROM endpoint_message")[0][0]
    return [
        number
        for number, created_at, due_at, taken in rows
        if (created_at <= before and due_at is None) or (number <= newest - most and not taken)
    ]


def waiting_among(connection: Connection, ids: Sequence[int]) -> Counter[int]:
    """How many of these deliveries still wait, by their endpoints; nobody takes one of them before the end of this transaction."""
    rows = connection.rows(
        "SELECT endpoint_id, seq FROM endpoint_message WHERE id IN LIST(:ids) AND due_at IS NOT NULL ORDER BY id FOR_CHANGE",
        ids=list(ids),
    )
    return Counter(row[0] for row in rows if row[1] is not None)


def remove(connection: Connection, ids: Sequence[int]) -> int:
    """Remove deliveries, with their attempts; how many went."""
    connection.run("DELETE FROM endpoint_attempt WHERE message_id IN LIST(:ids)", ids=list(ids))
    return connection.run("DELETE FROM endpoint_message WHERE id IN LIST(:ids)", ids=list(ids))


# ---- attempts


def insert_attempt(connection: Connection, row: AttemptRow) -> None:
    """Keep how an attempt went."""
    connection.insert_many("endpoint_attempt", _ATTEMPT, [tuple(getattr(row, name) for name in _ATTEMPT)])


def attempts(reader: Reader, number: int) -> list[AttemptRow]:
    """The attempts of a delivery, in their order."""
    rows = reader.rows(f"{_SELECT_ATTEMPT} WHERE message_id = :id ORDER BY number", id=number)
    return [AttemptRow(*row) for row in rows]


def last_attempts(reader: Reader, ids: Iterable[int]) -> dict[int, AttemptRow]:
    """The last attempt of each delivery that has one."""
    rows = reader.rows(
        f"{_SELECT_ATTEMPT} WHERE message_id IN LIST(:ids) ORDER BY message_id, number", ids=sorted(ids)
    )
    return {row[0]: AttemptRow(*row) for row in rows}


# ---- lists


def load(reader: Reader, space_id: int, number: int) -> DeliveryRow | None:
    """A delivery of this space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=number, space=space_id)
    return DeliveryRow(*rows[0]) if rows else None


def page(reader: Reader, wanted: DeliveryFilter, window: Window) -> tuple[list[DeliveryRow], bool]:
    """Deliveries of an endpoint, the newest first, below ``window.after``; and whether others follow."""
    params: dict[str, Any] = {"endpoint": wanted.endpoint_id, "count": window.size + 1}
    parts = ["endpoint_id = :endpoint"]
    if wanted.status is not None:
        params["status"] = wanted.status
        parts.append("status = :status")
        # Said in the words of the index of these few: no database could prove it of a parameter.
        parts += [_FEW] if wanted.status in {FAILED, DISABLED} else []
    if window.after is not None:
        params["before"] = window.after
        parts.append("id < :before")
    sizes = reader.rows(
        f"SELECT id, length(body) FROM endpoint_message WHERE {' AND '.join(parts)} ORDER BY id DESC LIMIT :count",  # noqa: S608 - conditions of our own
        **params,
    )
    ids = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id DESC", ids=ids)
    return [DeliveryRow(*row) for row in rows], len(sizes) > len(ids)
