"""SQL of what came to hooks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..core.retention import DAY_MS, Retention, old_prefix
from .database import Connection, Reader
from .pages import Window, fitting
from .sought import Sought
from .transaction import Transaction

REPLAY_MS: Final = 3 * DAY_MS
"""How long a call that is sent again is known."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One row of table ``hook_delivery``, its fields in the table's order."""

    id: int
    space_id: int
    hook_id: int
    at: int
    status: str
    job_id: int | None
    replay_of: int | None
    size: int
    head: str
    body: str
    problem: str | None


COLUMNS: Final = tuple(DeliveryRow.__dataclass_fields__)
REPLAY_COLUMNS: Final = ("hook_id", "replay_key", "space_id", "delivery_id", "at")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM hook_delivery"  # noqa: S608 - names of our own fields
_REPLAYED: Final = (
    "SELECT r.replay_key, r.delivery_id, d.status, d.job_id, r.at FROM hook_replay r LEFT JOIN hook_delivery d ON d.id = r.delivery_id "
    "WHERE r.hook_id = :scope AND r.replay_key {}"
)
_LEFT: Final = tuple(
    f"""
    WITH RECURSIVE one(hook_id) AS (
        SELECT MIN(hook_id) FROM {table}
        UNION ALL
        SELECT (SELECT MIN(t.hook_id) FROM {table} t WHERE t.hook_id > one.hook_id) FROM one WHERE one.hook_id IS NOT NULL
    )
    SELECT one.hook_id FROM one LEFT JOIN hook h ON h.id = one.hook_id WHERE one.hook_id IS NOT NULL AND h.id IS NULL
    """  # noqa: S608 - names of our own
    for table in ("hook_delivery", "hook_replay")
)
"""By steps along the index: as many as there are hooks, however much came to them."""


def load(reader: Reader, space_id: int, number: int) -> DeliveryRow | None:
    """A delivery of the space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=number, space=space_id)
    return DeliveryRow(*rows[0]) if rows else None


def page(reader: Reader, hook_id: int, status: str | None, window: Window) -> tuple[list[DeliveryRow], bool]:
    """What came to a hook, the newest first, below ``window.after``; and whether others follow. Bodies are left out."""
    below = "" if window.after is None else " AND id < :before"
    only = "" if status is None else " AND status = :status"
    given = {
        **({} if window.after is None else {"before": window.after}),
        **({} if status is None else {"status": status}),
    }
    sizes = reader.rows(
        f"SELECT id, length(head) FROM hook_delivery WHERE hook_id = :hook{only}{below} ORDER BY id DESC LIMIT :count",  # noqa: S608 - conditions of our own
        hook=hook_id,
        count=window.size + 1,
        **given,
    )
    ids = fitting([(row[0], row[1]) for row in sizes], window)
    shown = ", ".join("''" if name == "body" else name for name in COLUMNS)
    rows = reader.rows(
        f"SELECT {shown} FROM hook_delivery WHERE id IN LIST(:ids) ORDER BY id DESC",  # noqa: S608 - names of our own fields
        ids=ids,
    )
    return [DeliveryRow(*row) for row in rows], len(sizes) > len(ids)


def sought(hook_id: int, replay_key: str) -> Sought:
    """A call that came before: its delivery, what became of it if that is still known, and when it came."""
    return Sought(_REPLAYED, hook_id, replay_key)


def known(tx: Transaction, hook_id: int, replay_key: str) -> tuple[int, str | None, int | None] | None:
    """The delivery of a call that came before within its time: its number, and what became of it if that is still known."""
    found = tx.sought.find(sought(hook_id, replay_key))
    if found is None:
        return None
    delivery_id, status, job_id, at = found
    if at > tx.now - REPLAY_MS:
        return delivery_id, status, job_id
    # Retention has not come to it yet.
    _forget(tx.connection, hook_id, replay_key)
    return None


def _forget(connection: Connection, hook_id: int, replay_key: str) -> None:
    connection.run(
        "DELETE FROM hook_replay WHERE hook_id = :hook AND replay_key = :key", hook=hook_id, key=replay_key
    )


# ---- what is old, or was left behind


def left_behind(reader: Reader) -> list[int]:
    """Hooks that are gone, of which something is still kept."""
    return sorted({row[0] for query in _LEFT for row in reader.rows(query)})


def remove_of(connection: Connection, hook_id: int, count: int) -> bool:
    """Remove what came to a hook, and by what it would be known again, at most ``count`` of each; whether there may be more."""
    came = connection.run(
        "DELETE FROM hook_delivery WHERE id IN (SELECT id FROM hook_delivery WHERE hook_id = :hook ORDER BY id LIMIT :count)",
        hook=hook_id,
        count=count,
    )
    keys = connection.run(
        "DELETE FROM hook_replay WHERE hook_id = :hook AND replay_key IN "
        "(SELECT replay_key FROM hook_replay WHERE hook_id = :hook ORDER BY replay_key LIMIT :count)",
        hook=hook_id,
        count=count,
    )
    return max(came, keys) == count


def old(reader: Reader, rules: Retention, now: int, count: int) -> list[int]:
    """Deliveries that are old or too many, at most ``count``, the oldest first."""
    rows = reader.rows("SELECT id, at FROM hook_delivery ORDER BY id LIMIT :count", count=count)
    aged = old_prefix([row[1] for row in rows], now, rules.delivery_ms)
    # Their numbers follow each other, so none is counted.
    newest = reader.rows("SELECT COALESCE(MAX(id), 0) FROM hook_delivery")[0][0]
    last = newest - rules.deliveries
    return [row[0] for place, row in enumerate(rows) if place < aged or row[0] <= last]


def remove(connection: Connection, ids: Iterable[int]) -> int:
    """Remove deliveries; how many went."""
    return connection.run("DELETE FROM hook_delivery WHERE id IN LIST(:ids)", ids=list(ids))


def old_replays(reader: Reader, now: int, count: int) -> int:
    """How many replay keys are over their time, counted up to ``count``."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM (SELECT 1 FROM hook_replay WHERE at <= :before LIMIT :count) old",
        before=now - REPLAY_MS,
        count=count,
    )
    return int(rows[0][0])


def remove_replays(connection: Connection, now: int, count: int) -> int:
    """Remove replay keys that are over their time, at most ``count``; how many went."""
    return connection.run(
        "DELETE FROM hook_replay WHERE (hook_id, replay_key) IN "
        "(SELECT hook_id, replay_key FROM hook_replay WHERE at <= :before LIMIT :count)",
        before=now - REPLAY_MS,
        count=count,
    )
