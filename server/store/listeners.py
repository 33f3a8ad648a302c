"""SQL of listeners: the sessions that take jobs, as their servers have told them, and which servers are there."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

from ..core.listeners import DRAINED_MS, KEPT_MS, Hands, ListenerRow
from .database import Connection, Reader
from .pages import Window

COLUMNS: Final = tuple(ListenerRow.__dataclass_fields__)
_TOLD: Final = ("space_id", "key_id", "client", "host", "server", "jobs", "wishes", "credit", "connected_at")
"""What a session says of itself when it listens."""
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM listener"  # noqa: S608 - names of our own fields
_HOLDS: Final = "EXISTS (SELECT 1 FROM job WHERE job.holder = listener.holder)"
_INSERT: Final = (
    f"INSERT INTO listener ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"  # noqa: S608 - names of our own fields
)
_KEEP: Final = (
    f"{_INSERT} ON CONFLICT (holder) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _TOLD)}, left_at = NULL "
    f"RETURNING {', '.join(COLUMNS)}"
)


# ---- who is there


def page(
    reader: Reader, space_id: int, owner: str | None, servers: Collection[str], window: Window
) -> list[ListenerRow]:
    """Sessions of a space, or of one key in it, that are connected to one of these servers or hold jobs, in the order of their coming.

    One more than the page has, where there are more.
    """
    there, params = _there(servers)
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after AND (CAST(:owner AS TEXT) IS NULL OR key_id = :owner) "
        f"AND ({there} OR {_HOLDS}) ORDER BY id LIMIT :count",
        space=space_id,
        after=window.after or 0,
        owner=owner,
        count=window.size + 1,
        **params,
    )
    return [ListenerRow(*row) for row in rows]


def count(reader: Reader, space_id: int, servers: Collection[str]) -> int:
    """How many sessions of a space are connected to one of these servers."""
    there, params = _there(servers)
    rows = reader.rows(
        f"SELECT COUNT(*) FROM listener WHERE space_id = :space AND {there}",  # noqa: S608 - a condition of our own
        space=space_id,
        **params,
    )
    return int(rows[0][0])


def _there(servers: Collection[str]) -> tuple[str, dict[str, Any]]:
    params = {f"server{place}": server for place, server in enumerate(servers)}
    return f"(left_at IS NULL AND server IN ({', '.join(f':{name}' for name in params)}))", params


def hands(reader: Reader, holder: str, most: int) -> Hands:
    """What a session holds, and the first of it."""
    counted = reader.rows("SELECT COUNT(*) FROM job WHERE holder = :holder", holder=holder)
    rows = reader.rows(
        "SELECT id FROM job WHERE holder = :holder ORDER BY id LIMIT :most", holder=holder, most=most
    )
    return Hands(int(counted[0][0]), [row[0] for row in rows])


def load_many(reader: Reader, ids: Sequence[int]) -> list[ListenerRow]:
    """Those of these that are known still."""
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id", ids=list(ids))
    return [ListenerRow(*row) for row in rows]


def keep(connection: Connection, space_id: int, number: int) -> ListenerRow | None:
    """A session of a space, which no other server changes before the end of this transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE id = :id AND space_id = :space FOR_CHANGE", id=number, space=space_id
    )
    return ListenerRow(*rows[0]) if rows else None


def drained(reader: Reader) -> list[str]:
    """The holders that get nothing because somebody said so."""
    return [row[0] for row in reader.rows("SELECT holder FROM listener WHERE drained_at IS NOT NULL")]


# ---- what changes them


def note(connection: Connection, row: ListenerRow) -> ListenerRow:
    """A session takes jobs, as it says now; one that is known keeps its number, and stays drained. The row as it is then."""
    return ListenerRow(*connection.rows(_KEEP, **asdict(row))[0])


def leave(connection: Connection, row: ListenerRow) -> bool:
    """Its connection to a server has ended; False where it is not known to be connected to that one."""
    return bool(
        connection.run(
            "UPDATE listener SET left_at = :at WHERE holder = :holder AND server = :server AND left_at IS NULL",
            at=row.left_at,
            holder=row.holder,
            server=row.server,
        )
    )


def note_gone(connection: Connection, row: ListenerRow) -> None:
    """One that came and went before anybody was told of it: it may hold jobs. What is known of it already stays."""
    connection.run(f"{_INSERT} ON CONFLICT (holder) DO NOTHING", **asdict(row))


def set_drained(connection: Connection, row: ListenerRow) -> None:
    """Write whether it is drained, since when and by whom."""
    connection.update_many(
        "listener", ("drained_at", "drained_by"), [(row.drained_at, row.drained_by, row.id)]
    )


def forget(connection: Connection, now: int, most: int) -> list[str]:
    """Remove sessions that have gone long ago and hold nothing, at most so many; the holders of those that were drained."""
    rows = connection.rows(
        "DELETE FROM listener WHERE id IN (SELECT id FROM listener WHERE left_at IS NOT NULL AND left_at < :before "  # noqa: S608 - a condition of our own
        f"AND (drained_at IS NULL OR left_at < :drained) AND NOT {_HOLDS} ORDER BY left_at LIMIT :most) "
        "RETURNING holder, drained_at",
        before=now - KEPT_MS,
        drained=now - DRAINED_MS,
        most=most,
    )
    return [holder for holder, drained_at in rows if drained_at is not None]


# ---- servers


def servers(reader: Reader, since: int) -> dict[str, int]:
    """The servers that have said since then that they are there, and when they did last."""
    rows = reader.rows("SELECT id, seen_at FROM server WHERE seen_at >= :since", since=since)
    return {row[0]: row[1] for row in rows}


def beat(connection: Connection, server: str, now: int) -> bool:
    """A server is there; whether it was known."""
    if connection.run("UPDATE server SET seen_at = :now WHERE id = :id", now=now, id=server):
        return True
    connection.insert_many("server", ("id", "seen_at"), [(server, now)])
    return False


def bury(connection: Connection, server: str, silent_since: int, now: int) -> None:
    """Other servers than this one that were silent since then are gone, and with them whoever was connected to them."""
    rows = connection.rows(
        "SELECT id FROM server WHERE id <> :own AND seen_at < :since ORDER BY id FOR_CHANGE",
        own=server,
        since=silent_since,
    )
    for (gone,) in rows:
        connection.run(
            "UPDATE listener SET left_at = :now WHERE server = :gone AND left_at IS NULL", now=now, gone=gone
        )
        connection.run("DELETE FROM server WHERE id = :gone", gone=gone)
