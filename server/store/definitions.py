"""SQL of job definitions: rows, versions, and what became of their jobs."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from listener_sdk.protocol.ids import LARGEST, decode

from ..core.definitions import KIND, DefinitionRow
from ..core.jobs import JobRow
from . import health, jobs, watermarks
from .database import Connection, Reader
from .known import Kind
from .pages import Window, fitting

COLUMNS: Final = tuple(DefinitionRow.__dataclass_fields__)
MUTABLE: Final = (
    "type_code", "name", "description", "enabled", "target", "version", "body", "triggers_at", "patterns", "updated_at", "updated_by",
)  # fmt: skip
MOST_VERSIONS: Final = 1_000
"""Versions that are kept of one definition, the newest."""
_VERSION: Final = ("definition_id", "version", "space_id", "body", "at", "actor")
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM definition"  # noqa: S608 - names of our own fields
_WITH_TYPE: Final = (
    f"SELECT t.body, t.id, t.updated_at, {', '.join(f'd.{name}' for name in COLUMNS)} "  # noqa: S608 - names of our own fields
    "FROM (SELECT * FROM definition WHERE space_id = :space AND {}) AS d "
    "LEFT JOIN job_type t ON t.space_id = d.space_id AND t.code = d.type_code"
)
_BY_CODE: Final = _WITH_TYPE.format("code = :code")
_BY_ID: Final = _WITH_TYPE.format("id = :id")
_USE_BY_CODE: Final = _WITH_TYPE.format("code = :code FOR_USE")
_USE_BY_ID: Final = _WITH_TYPE.format("id = :id FOR_USE")
_STILL: Final = "SELECT id FROM definition WHERE id = :id AND version = :version AND updated_at = :at AND enabled = :enabled AND name = :name FOR_USE"
_STILL_WITH_TYPE: Final = (
    f"SELECT d.id FROM ({_STILL}) AS d, job_type t WHERE t.id = :type AND t.updated_at = :type_at"  # noqa: S608 - our own words
)
_PATTERNS: Final = (
    "SELECT COALESCE(SUM(patterns), 0) FROM definition WHERE space_id = :space AND patterns > 0"
)
_SPECIAL: Final = re.compile(r"[%_\\]")


class Found(NamedTuple):
    """A definition, and of its job type body, number and time of the last change where that is one that a listener has declared."""

    row: DefinitionRow
    type_body: str | None
    type_id: int | None
    type_at: int | None


class Version(NamedTuple):
    """What a definition was."""

    version: int
    body: str
    at: int
    actor: str


@dataclass(frozen=True, slots=True)
class DefinitionFilter:
    """Which definitions a list shows; None leaves a question open. ``text`` stands in the code or the name."""

    type_code: str | None = None
    enabled: bool | None = None
    target: str | None = None
    text: str | None = None
    failing: bool | None = None


def find(reader: Reader, space_id: int, name: str) -> Found | None:
    """The definition of this code or id in a space, with its job type."""
    return _find(reader, space_id, name, _BY_CODE, _BY_ID)


def use(connection: Connection, space_id: int, name: str) -> Found | None:
    """The same, and nobody removes it before the end of this transaction. What an earlier one has found is not read again."""
    return connection.known.find(
        Kind.DEFINITION,
        (space_id, name),
        lambda: _find(connection, space_id, name, _USE_BY_CODE, _USE_BY_ID),
        partial(_expect, connection),
        lambda found: len(found.row.body) + len(found.type_body or ""),
    )


def _expect(connection: Connection, found: Found) -> None:
    row = found.row
    still = {
        "id": row.id,
        "version": row.version,
        "at": row.updated_at,
        "enabled": row.enabled,
        "name": row.name,
    }
    if found.type_id is None:
        connection.expect(_STILL, **still)
    else:
        connection.expect(_STILL_WITH_TYPE, **still, type=found.type_id, type_at=found.type_at)


def _find(reader: Reader, space_id: int, name: str, by_code: str, by_id: str) -> Found | None:
    number = decode(KIND, name)
    if number is None:
        rows = reader.rows(by_code, space=space_id, code=name)
    else:
        rows = reader.rows(by_id, space=space_id, id=number)
    if not rows:
        return None
    type_body, type_id, type_at, *row = rows[0]
    return Found(DefinitionRow(*row), type_body, type_id, type_at)


def keep(connection: Connection, definition_id: int) -> None:
    """No other transaction uses the definition before the end of this one; those that do have ended."""
    connection.rows("SELECT id FROM definition WHERE id = :id FOR_CHANGE", id=definition_id)


def page(
    reader: Reader, space_id: int, wanted: DefinitionFilter, window: Window
) -> tuple[list[DefinitionRow], bool]:
    """Definitions of a space in the order of their making, after an id; and whether others follow."""
    where, params = _condition(wanted)
    sizes = reader.rows(
        f"SELECT id, length(body) FROM definition WHERE {where} ORDER BY id LIMIT :count",  # noqa: S608 - conditions of our own
        space=space_id,
        after=window.after or 0,
        count=window.size + 1,
        **params,
    )
    ids = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id", ids=ids)
    return [DefinitionRow(*row) for row in rows], len(sizes) > len(ids)


def _condition(wanted: DefinitionFilter) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    parts = ["space_id = :space", "id > :after"]
    for column, value in (("type_code", wanted.type_code), ("target", wanted.target)):
        if value is not None:
            params[column] = value
            parts.append(f"{column} = :{column}")
    if wanted.enabled is not None:
        params["enabled"] = int(wanted.enabled)
        parts.append("enabled = :enabled")
    if wanted.failing is not None:
        failing = "EXISTS (SELECT 1 FROM definition_health h WHERE h.id = definition.id AND h.failures > 0)"
        parts.append(failing if wanted.failing else f"NOT {failing}")
    if wanted.text is not None:
        escaped = _SPECIAL.sub(r"\\\g<0>", wanted.text.lower())
        params["text"] = f"%{escaped}%"
        parts.append("(LOWER(code) LIKE :text ESCAPE '\\' OR LOWER(name) LIKE :text ESCAPE '\\')")
    return " AND ".join(parts), params


def codes(reader: Reader, space_id: int, count: int) -> list[str]:
    """The codes of a space's definitions, at most so many."""
    rows = reader.rows(
        "SELECT code FROM definition WHERE space_id = :space ORDER BY code LIMIT :count",
        space=space_id,
        count=count,
    )
    return [str(row[0]) for row in rows]


def codes_of_type(reader: Reader, space_id: int, type_code: str, count: int) -> list[str]:
    """The codes of definitions of a job type, at most so many, the oldest first."""
    rows = reader.rows(
        "SELECT code FROM definition WHERE space_id = :space AND type_code = :type ORDER BY id LIMIT :count",
        space=space_id,
        type=type_code,
        count=count,
    )
    return [str(row[0]) for row in rows]


def disabled_codes(reader: Reader, ids: Collection[int]) -> dict[int, str]:
    """Those of these definitions that are there and disabled, with their codes."""
    rows = reader.rows(
        "SELECT id, code FROM definition WHERE id IN LIST(:ids) AND enabled = 0", ids=list(ids)
    )
    return {int(row[0]): str(row[1]) for row in rows}


def by_ids(reader: Reader, ids: Iterable[int]) -> dict[int, DefinitionRow]:
    """Definitions by their numbers."""
    rows = reader.rows(
        f"SELECT {', '.join(COLUMNS)} FROM definition WHERE id IN LIST(:ids)",  # noqa: S608 - names of our own fields
        ids=sorted(ids),
    )
    return {row[0]: DefinitionRow(*row) for row in rows}


def of_target(reader: Reader, space_id: int, target: str, count: int) -> list[int]:
    """The definitions of a target, at most so many."""
    rows = reader.rows(
        "SELECT id FROM definition WHERE space_id = :space AND target = :target ORDER BY id LIMIT :count",
        space=space_id,
        target=target,
        count=count,
    )
    return [row[0] for row in rows]


def count(reader: Reader, space_id: int) -> int:
    """How many definitions the space has."""
    rows = reader.rows("SELECT count FROM definition_count WHERE space_id = :space", space=space_id)
    return int(rows[0][0]) if rows else 0


def patterns(reader: Reader, space_id: int) -> int:
    """How many topics and patterns the triggers of a space look at."""
    rows = reader.rows(_PATTERNS, space=space_id)
    return int(rows[0][0])


def insert(connection: Connection, row: DefinitionRow) -> None:
    """Store a new definition, and its first version."""
    connection.insert_many("definition", COLUMNS, [tuple(getattr(row, name) for name in COLUMNS)])
    connection.run(
        "INSERT INTO definition_count (space_id, count) VALUES (:space, 1) "
        "ON CONFLICT (space_id) DO UPDATE SET count = definition_count.count + 1",
        space=row.space_id,
    )
    _insert_version(connection, row)


def update(connection: Connection, row: DefinitionRow, *, is_version: bool) -> None:
    """Write a definition that has changed, and the version that it is now."""
    connection.known.forget(Kind.DEFINITION)
    connection.update_many("definition", MUTABLE, [(*(getattr(row, name) for name in MUTABLE), row.id)])
    if is_version:
        _insert_version(connection, row)
        connection.run(
            "DELETE FROM definition_version WHERE definition_id = :id AND version <= :oldest",
            id=row.id,
            oldest=row.version - MOST_VERSIONS,
        )


def _insert_version(connection: Connection, row: DefinitionRow) -> None:
    values = (row.id, row.version, row.space_id, row.body, row.updated_at, row.updated_by)
    connection.insert_many("definition_version", _VERSION, [values])


def delete(connection: Connection, definition_id: int) -> None:
    """Remove a definition with its versions and its watermark."""
    connection.known.forget(Kind.DEFINITION)
    watermarks.delete(connection, definition_id)
    health.delete(connection, [definition_id])
    connection.run("DELETE FROM definition_version WHERE definition_id = :id", id=definition_id)
    connection.run(
        "UPDATE definition_count SET count = count - 1 WHERE space_id = (SELECT space_id FROM definition WHERE id = :id)",
        id=definition_id,
    )
    connection.run("DELETE FROM definition WHERE id = :id", id=definition_id)


def versions(reader: Reader, definition_id: int, window: Window) -> tuple[list[Version], bool]:
    """Versions of a definition, the newest first, below ``window.after``; and whether others follow."""
    sizes = reader.rows(
        "SELECT version, length(body) FROM definition_version WHERE definition_id = :id AND version < :before "
        "ORDER BY version DESC LIMIT :count",
        id=definition_id,
        before=window.after or LARGEST,
        count=window.size + 1,
    )
    numbers = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(
        "SELECT version, body, at, actor FROM definition_version WHERE definition_id = :id AND version IN LIST(:numbers) "
        "ORDER BY version DESC",
        id=definition_id,
        numbers=numbers,
    )
    return [Version(*row) for row in rows], len(sizes) > len(numbers)


# ---- their jobs


def newest_jobs(reader: Reader, ids: Sequence[int]) -> dict[int, JobRow]:
    """The newest job of each of these definitions that has one."""
    rows = reader.rows(
        "SELECT d.id, (SELECT MAX(j.id) FROM job j WHERE j.definition_id = d.id) FROM definition d WHERE d.id IN LIST(:ids)",
        ids=list(ids),
    )
    newest = {job_id: definition_id for definition_id, job_id in rows if job_id is not None}
    found = jobs.load_many(reader, list(newest)) if newest else []
    return {newest[row.id]: row for row in found}


def unfinished_job(reader: Reader, definition_id: int) -> int | None:
    """The newest job of a definition that has not ended."""
    rows = reader.rows(
        "SELECT MAX(id) FROM job WHERE definition_id = :id AND finished_at IS NULL", id=definition_id
    )
    return None if rows[0][0] is None else int(rows[0][0])
