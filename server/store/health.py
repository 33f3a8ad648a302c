"""SQL of the health of definitions: a row for each that has failed since its last success."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple
from typing import Final

from ..core.health import Health
from .database import Connection, Reader
from .known import Kind

COLUMNS: Final = tuple(Health.__dataclass_fields__)
_MUTABLE: Final = ("since", "failures", "failed_at", "job_id")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM definition_health WHERE id IN LIST(:ids)"  # noqa: S608 - names of our own fields


def load_many(reader: Reader, ids: Collection[int]) -> dict[int, Health]:
    """What is known of these definitions, where anything is."""
    return {row[0]: Health(*row) for row in reader.rows(_SELECT, ids=list(ids))}


def keep_many(connection: Connection, ids: Collection[int]) -> dict[int, Health]:
    """The same, and no other transaction changes it before the end of this one."""
    rows = connection.rows(f"{_SELECT} ORDER BY id FOR_CHANGE", ids=sorted(ids))
    return {row[0]: Health(*row) for row in rows}


def begin(connection: Connection, ids: Collection[int]) -> dict[int, Health]:
    """The same of definitions of which nothing is known yet; those that were removed are left out."""
    connection.known.forget(Kind.CALM)
    connection.run(
        "INSERT INTO definition_health (id, space_id, since, failures, failed_at) "
        "SELECT id, space_id, 0, 0, 0 FROM definition WHERE id IN LIST(:ids) ORDER BY id ON CONFLICT (id) DO NOTHING",
        ids=sorted(ids),
    )
    return keep_many(connection, ids)


def save(connection: Connection, healths: Iterable[Health]) -> None:
    """Write what has changed."""
    rows = [(*astuple(one)[2:], one.id) for one in healths]
    connection.update_many("definition_health", _MUTABLE, rows)


def delete(connection: Connection, ids: Sequence[int]) -> None:
    """These definitions are well, or gone."""
    connection.run("DELETE FROM definition_health WHERE id IN LIST(:ids)", ids=list(ids))
