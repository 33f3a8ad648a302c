"""SQL of actions."""

from typing import Final

from ..core.actions import ActionRow
from .database import Connection, Reader

COLUMNS: Final = tuple(ActionRow.__dataclass_fields__)
MUTABLE: Final = ("domain", "operation", "target", "body", "updated_at", "updated_by")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM action"  # noqa: S608 - names of our own fields


def every(
    reader: Reader,
    space_id: int,
    *,
    domain: str | None = None,
    operation: str | None = None,
    target: str | None = None,
) -> list[ActionRow]:
    """The actions of a space in the order of their making."""
    rows = reader.rows(
        f"{_SELECT} WHERE space_id = :space "
        "AND (CAST(:domain AS TEXT) IS NULL OR domain = :domain) "
        "AND (CAST(:operation AS TEXT) IS NULL OR operation = :operation) "
        "AND (CAST(:target AS TEXT) IS NULL OR target = :target) ORDER BY id",
        space=space_id,
        domain=domain,
        operation=operation,
        target=target,
    )
    return [ActionRow(*row) for row in rows]


def load(reader: Reader, space_id: int, action_id: int) -> ActionRow | None:
    """An action of this space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=action_id, space=space_id)
    return ActionRow(*rows[0]) if rows else None


def keep(connection: Connection, space_id: int, action_id: int) -> ActionRow | None:
    """An action of this space that no other server changes before the end of this transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE id = :id AND space_id = :space FOR_CHANGE", id=action_id, space=space_id
    )
    return ActionRow(*rows[0]) if rows else None


def totals(reader: Reader, space_id: int) -> tuple[int, int]:
    """How many actions a space has, and the characters of all of them."""
    count, size = reader.rows(
        "SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM action WHERE space_id = :space", space=space_id
    )[0]
    return int(count), int(size)


def insert(connection: Connection, rows: list[ActionRow]) -> None:
    """Store new actions."""
    connection.insert_many("action", COLUMNS, [tuple(getattr(row, name) for name in COLUMNS) for row in rows])


def update(connection: Connection, row: ActionRow) -> None:
    """Write an action that has changed."""
    connection.update_many("action", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])


def delete(connection: Connection, action_id: int) -> None:
    """Remove an action."""
    connection.run("DELETE FROM action WHERE id = :id", id=action_id)
