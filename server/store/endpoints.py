"""SQL of endpoints, and how far the log was looked through for them."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..core.endpoints import EndpointRow
from .database import Connection, Reader
from .pages import Window

COLUMNS: Final = tuple(EndpointRow.__dataclass_fields__)
MUTABLE: Final = (
    "name", "url", "enabled", "version", "body", "disabled_because", "failing_since", "failing_told", "rests_until", "updated_at",
    "updated_by",
)  # fmt: skip
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM endpoint"  # noqa: S608 - names of our own fields


class Cursor(NamedTuple):
    """All is made of the events up to and with a place; ``version`` rises with every change of it."""

    version: int
    seq: int


# ---- endpoints


def load(reader: Reader, space_id: int, number: int) -> EndpointRow | None:
    """An endpoint of this space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=number, space=space_id)
    return EndpointRow(*rows[0]) if rows else None


def keep(connection: Connection, space_id: int, number: int) -> EndpointRow | None:
    """An endpoint of this space that no other server changes before the end of this transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE id = :id AND space_id = :space FOR_CHANGE", id=number, space=space_id
    )
    return EndpointRow(*rows[0]) if rows else None


def claim_many(connection: Connection, ids: Iterable[int]) -> list[EndpointRow]:
    """Endpoints by number, without those that another server keeps just now."""
    rows = connection.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id FOR_CLAIM", ids=sorted(ids))
    return [EndpointRow(*row) for row in rows]


def page(reader: Reader, space_id: int, window: Window, *, enabled: bool | None = None) -> list[EndpointRow]:
    """Endpoints of a space in the order of their making, one more than the page has."""
    only = "" if enabled is None else f" AND enabled = {int(enabled)}"
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space AND id > :after{only} ORDER BY id LIMIT :count",
        space=space_id,
        after=window.after or 0,
        count=window.size + 1,
    )
    return [EndpointRow(*row) for row in rows]


def count(reader: Reader, space_id: int) -> int:
    """How many a space has."""
    return int(reader.rows("SELECT COUNT(*) FROM endpoint WHERE space_id = :space", space=space_id)[0][0])


def hearing(reader: Reader, after: int, count: int) -> list[EndpointRow]:
    """The next enabled endpoints of all spaces that are not being removed, behind a number."""
    rows = reader.rows(
        f"{_SELECT} WHERE id > :after AND enabled = 1 "  # noqa: S608 - our own names
        "AND space_id NOT IN (SELECT s.id FROM space s WHERE s.deleted_at IS NOT NULL) ORDER BY id LIMIT :count",
        after=after,
        count=count,
    )
    return [EndpointRow(*row) for row in rows]


def hearing_of(reader: Reader, ids: Iterable[int]) -> list[EndpointRow]:
    """Those of these that are enabled."""
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) AND enabled = 1", ids=sorted(ids))
    return [EndpointRow(*row) for row in rows]


def insert(connection: Connection, row: EndpointRow) -> None:
    """Store a new endpoint."""
    connection.insert_many("endpoint", COLUMNS, [tuple(getattr(row, name) for name in COLUMNS)])


def update(connection: Connection, row: EndpointRow) -> None:
    """Write an endpoint that has changed."""
    connection.update_many("endpoint", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def hear_after(connection: Connection, number: int, seq: int) -> None:
    """Events behind this place are for it."""
    connection.run("UPDATE endpoint SET heard_after = :seq WHERE id = :id", seq=seq, id=number)


def miss(connection: Connection, number: int, count: int, told_at: int | None) -> None:
    """So many events more were left out; ``told_at`` where that is told now."""
    connection.run(
        "UPDATE endpoint SET missed = missed + :count, missed_told_at = COALESCE(CAST(:told AS BIGINT), missed_told_at) WHERE id = :id",
        count=count,
        told=told_at,
        id=number,
    )


def delete(connection: Connection, number: int) -> None:
    """Remove an endpoint. Its deliveries are found by their own numbers, and go in time."""
    connection.run("DELETE FROM endpoint WHERE id = :id", id=number)


# ---- how far


def cursor(reader: Reader) -> Cursor:
    """How far the log was looked through."""
    rows = reader.rows("SELECT version, seq FROM endpoint_cursor WHERE id = 1")
    return Cursor(*rows[0]) if rows else Cursor(0, 0)


def keep_cursor(connection: Connection) -> Cursor:
    """The same, and no other server moves it before the end of this transaction."""
    select = "SELECT version, seq FROM endpoint_cursor WHERE id = 1 FOR_CHANGE"
    rows = connection.rows(select)
    if not rows:
        connection.run(
            "INSERT INTO endpoint_cursor (id, version, seq) VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING"
        )
        rows = connection.rows(select)
    return Cursor(*rows[0])


def move_cursor(connection: Connection, kept: Cursor, seq: int) -> None:
    """Move the cursor that was kept; never back."""
    connection.run(
        "UPDATE endpoint_cursor SET version = :version, seq = :seq WHERE id = 1",
        version=kept.version + 1,
        seq=max(seq, kept.seq),
    )
