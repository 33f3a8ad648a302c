"""SQL of schedules, and of their slots: the due times that were dealt with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..core.definitions import DefinitionRow
from ..core.due_times import DealtWith
from ..core.missed import Missed
from ..core.schedules import ScheduleRow
from . import definitions, notification_rules
from .database import Connection, Reader
from .known import Kind
from .pages import Window

COLUMNS: Final = tuple(ScheduleRow.__dataclass_fields__)
MUTABLE: Final = tuple(
    name
    for name in COLUMNS
    if name not in {"id", "space_id", "definition_id", "action_id", "origin", "created_at", "created_by"}
)
STANDING: Final = ("version", "next_at", "fires_at", "asleep", "woken_at", "queued_at", "failures", "enabled")
"""What tells whether a schedule is as it was."""
MOVED: Final = (
    "enabled", "next_at", "fires_at", "failures", "paused", "asleep", "woken_at", "queued_at", "planned_with",
)  # fmt: skip
"""What the passing of time changes."""
SLOT: Final = (
    "schedule_id", "due_at", "space_id", "definition_id", "at", "job_id", "result", "reason", "count", "until_at", "name",
    "said",
)  # fmt: skip
_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM schedule"  # noqa: S608 - names of our own fields
_SELECT_MISSED: Final = (
    f"SELECT {', '.join('count' if name == 'times' else name for name in Missed._fields)} FROM slot "  # noqa: S608 - names of our own fields
    "WHERE schedule_id = :schedule AND due_at = :due AND space_id = :space AND result IS NOT NULL AND definition_id IS NOT NULL"
)
_RUNNING: Final = "finished_at IS NULL AND (status IN ('ready', 'executing', 'waiting') OR (status = 'scheduled' AND attempt > 0))"
"""Jobs that run, or would if there were a listener; not those that wait for a person or a start time of their own."""


class Slot(NamedTuple):
    """A due time that was dealt with: a job, or a ``result`` (skipped, failed) and its ``reason``; ``times`` of them up to ``until_at``.

    Of those that became no job ``name`` is what the schedule was called then, and ``said`` what more was said than the reason tells.
    """

    schedule_id: int
    due_at: int
    space_id: int
    definition_id: int | None
    at: int
    job_id: int | None = None
    result: str | None = None
    reason: str | None = None
    times: int = 1
    until_at: int | None = None
    name: str | None = None
    said: str | None = None


class Made(NamedTuple):
    """A definition, and the body of its job type where a listener has declared that."""

    row: DefinitionRow
    type_body: str | None


@dataclass(frozen=True, slots=True)
class ScheduleFilter:
    """Which schedules a list shows; None leaves a question open."""

    definition_id: int | None = None
    action_id: int | None = None
    enabled: bool | None = None
    owner: str | None = None


# ---- rows


def load(reader: Reader, space_id: int, schedule_id: int) -> ScheduleRow | None:
    """A schedule of this space."""
    rows = reader.rows(f"{_SELECT} WHERE id = :id AND space_id = :space", id=schedule_id, space=space_id)
    return ScheduleRow(*rows[0]) if rows else None


def keep(connection: Connection, space_id: int, schedule_id: int) -> ScheduleRow | None:
    """A schedule of this space that no other server changes before the end of this transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE id = :id AND space_id = :space FOR_CHANGE", id=schedule_id, space=space_id
    )
    return ScheduleRow(*rows[0]) if rows else None


def kept_by(
    connection: Connection, *, definition_id: int | None = None, action_id: int | None = None
) -> ScheduleRow | None:
    """The schedule that a definition or an action keeps in step with itself."""
    column, value = ("definition_id", definition_id) if action_id is None else ("action_id", action_id)
    rows = connection.rows(
        f"{_SELECT} WHERE {column} = :id AND origin <> 'own' FOR_CHANGE",
        id=value,
    )
    return ScheduleRow(*rows[0]) if rows else None


def load_many(reader: Reader, ids: Iterable[int]) -> dict[int, ScheduleRow]:
    """Schedules by number."""
    rows = reader.rows(f"{_SELECT} WHERE id IN LIST(:ids)", ids=sorted(ids))
    return {row[0]: ScheduleRow(*row) for row in rows}


def keep_many(connection: Connection, ids: Iterable[int]) -> list[ScheduleRow]:
    """Schedules by number, which no other server changes before the end of this transaction."""
    rows = connection.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id FOR_CHANGE", ids=list(ids))
    return [ScheduleRow(*row) for row in rows]


def next_of_definitions(reader: Reader, definition_ids: Iterable[int]) -> dict[int, int]:
    """When these definitions are due next, where a schedule is to run them."""
    rows = reader.rows(
        "SELECT definition_id, MIN(next_at) FROM schedule WHERE definition_id IN LIST(:ids) AND fires_at IS NOT NULL "
        "GROUP BY definition_id",
        ids=sorted(definition_ids),
    )
    return {row[0]: row[1] for row in rows}


def page(reader: Reader, space_id: int, wanted: ScheduleFilter, window: Window) -> list[ScheduleRow]:
    """Schedules of a space in the order of their making, after a number; one more than the page has, where there are more."""
    where, params = _condition(wanted)
    rows = reader.rows(
        f"{_SELECT} WHERE {where} ORDER BY id LIMIT :count",
        space=space_id,
        after=window.after or 0,
        count=window.size + 1,
        **params,
    )
    return [ScheduleRow(*row) for row in rows]


def _condition(wanted: ScheduleFilter) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    parts = ["space_id = :space", "id > :after"]
    enabled = None if wanted.enabled is None else int(wanted.enabled)
    for column, value in (
        ("definition_id", wanted.definition_id),
        ("action_id", wanted.action_id),
        ("enabled", enabled),
        ("owner", wanted.owner),
    ):
        if value is not None:
            params[column] = value
            parts.append(f"{column} = :{column}")
    return " AND ".join(parts), params


def owned(connection: Connection, space_id: int, owner: str) -> list[ScheduleRow]:
    """All schedules that somebody owns, or did before their owner of now, which no other server changes before the end of this transaction."""
    rows = connection.rows(
        f"{_SELECT} WHERE space_id = :space AND (owner = :owner OR former_owner = :owner) ORDER BY id FOR_CHANGE",
        space=space_id,
        owner=owner,
    )
    return [ScheduleRow(*row) for row in rows]


def count(reader: Reader, space_id: int, definition_id: int | None = None) -> int:
    """How many schedules a space or one of its definitions has."""
    if definition_id is None:
        found = reader.rows("SELECT COUNT(*) FROM schedule WHERE space_id = :space", space=space_id)
    else:
        found = reader.rows("SELECT COUNT(*) FROM schedule WHERE definition_id = :id", id=definition_id)
    return int(found[0][0])


def count_owned(reader: Reader, space_id: int, owner: str) -> int:
    """How many schedules that are switched on somebody owns."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM schedule WHERE space_id = :space AND owner = :owner AND enabled = 1",
        space=space_id,
        owner=owner,
    )
    return int(rows[0][0])


def insert(connection: Connection, row: ScheduleRow) -> None:
    """Store a new schedule."""
    _forget_calm(connection, [row])
    connection.insert_many("schedule", COLUMNS, [tuple(getattr(row, name) for name in COLUMNS)])


def update(connection: Connection, rows: Iterable[ScheduleRow], columns: Sequence[str] = MUTABLE) -> None:
    """Write schedules that have changed."""
    rows = list(rows)
    values = [(*(getattr(row, name) for name in columns), row.id) for row in rows]
    if values:
        _forget_calm(connection, rows)
        connection.update_many("schedule", columns, values)


def _forget_calm(connection: Connection, rows: Iterable[ScheduleRow]) -> None:
    """Where a due time is queued from now on, the end of a run has to do with it."""
    if any(row.queued_at is not None for row in rows):
        connection.known.forget(Kind.CALM)


def delete(connection: Connection, schedule_id: int) -> None:
    """Remove a schedule; that due times were left out stays in the history of its definition."""
    connection.run("DELETE FROM slot WHERE schedule_id = :id AND result IS NULL", id=schedule_id)
    connection.run("DELETE FROM schedule WHERE id = :id", id=schedule_id)
    notification_rules.forget(connection, "schedule", [schedule_id])


def forget(connection: Connection, definition_id: int) -> None:
    """The definition is gone: so are its schedules, with all that became of their due times."""
    _forget(connection, "definition_id", definition_id)
    connection.run("DELETE FROM slot WHERE definition_id = :id AND result IS NOT NULL", id=definition_id)


def forget_action(connection: Connection, action_id: int) -> None:
    """The action is gone: so is its schedule, with all that became of its due times."""
    _forget(connection, "action_id", action_id)


def _forget(connection: Connection, column: str, number: int) -> None:
    # Another server may deal with some of them just now: what it writes is to be seen.
    rows = connection.rows(
        f"SELECT id FROM schedule WHERE {column} = :id ORDER BY id FOR_CHANGE",  # noqa: S608 - a name of our own
        id=number,
    )
    ids = [row[0] for row in rows]
    if ids:
        connection.run("DELETE FROM slot WHERE schedule_id IN LIST(:ids)", ids=ids)
        connection.run("DELETE FROM schedule WHERE id IN LIST(:ids)", ids=ids)
        notification_rules.forget(connection, "schedule", ids)


# ---- what is due


def due(reader: Reader, now: int, count: int) -> list[ScheduleRow]:
    """Schedules that are to be seen to, those first that were to be seen to first."""
    rows = reader.rows(
        f"{_SELECT} WHERE fires_at <= :now AND fires_at IS NOT NULL ORDER BY fires_at, id LIMIT :count",
        now=now,
        count=count,
    )
    return [ScheduleRow(*row) for row in rows]


def definitions_of(reader: Reader, ids: Iterable[int]) -> dict[int, Made]:
    """Definitions by number, with their job types."""
    columns = ", ".join(f"d.{name}" for name in definitions.COLUMNS)
    rows = reader.rows(
        f"SELECT t.body, {columns} FROM definition d "  # noqa: S608 - names of our own fields
        "LEFT JOIN job_type t ON t.space_id = d.space_id AND t.code = d.type_code WHERE d.id IN LIST(:ids)",
        ids=list(ids),
    )
    return {row[1]: Made(DefinitionRow(*row[1:]), row[0]) for row in rows}


def codes(reader: Reader, ids: Iterable[int]) -> dict[int, str]:
    """The codes of definitions by number."""
    rows = reader.rows("SELECT id, code FROM definition WHERE id IN LIST(:ids)", ids=list(ids))
    return {row[0]: row[1] for row in rows}


def claim(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """How schedules stand (`STANDING`), without those that another server deals with just now."""
    rows = connection.rows(
        f"SELECT id, {', '.join(STANDING)} FROM schedule WHERE id IN LIST(:ids) ORDER BY id FOR_CLAIM",  # noqa: S608 - names of our own
        ids=list(ids),
    )
    return {row[0]: row[1:] for row in rows}


def standing(row: ScheduleRow) -> tuple[Any, ...]:
    """How a schedule stood when it was read."""
    return tuple(getattr(row, name) for name in STANDING)


_DEFINITION_STANDING: Final = (
    "SELECT id, version, enabled, name FROM definition WHERE id IN LIST(:ids) ORDER BY id"
)


def definition_standing(reader: Reader, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """What tells of each definition whether its jobs would be others by now."""
    return {row[0]: row[1:] for row in reader.rows(_DEFINITION_STANDING, ids=sorted(ids))}


def use_definitions(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """The same, and nobody removes one of these definitions before the end of this transaction."""
    rows = connection.rows(f"{_DEFINITION_STANDING} FOR_USE", ids=sorted(ids))
    return {row[0]: row[1:] for row in rows}


def running(reader: Reader, definition_ids: Iterable[int]) -> dict[int, list[int]]:
    """The jobs of definitions that run, by definition."""
    rows = reader.rows(
        f"SELECT definition_id, id FROM job WHERE definition_id IN LIST(:ids) AND {_RUNNING} ORDER BY id",  # noqa: S608 - a condition of our own
        ids=list(definition_ids),
    )
    found: dict[int, list[int]] = {}
    for definition_id, job_id in rows:
        found.setdefault(definition_id, []).append(job_id)
    return found


def running_of(reader: Reader, schedule_ids: Iterable[int]) -> dict[int, int]:
    """The last job of each of these schedules, where it runs."""
    rows = reader.rows(
        "SELECT s.schedule_id, j.id FROM slot s JOIN job j ON j.id = s.job_id WHERE s.schedule_id IN LIST(:ids) "  # noqa: S608 - a condition of our own
        f"AND s.due_at = (SELECT MAX(l.due_at) FROM slot l WHERE l.schedule_id = s.schedule_id AND l.job_id IS NOT NULL) AND {_RUNNING}",
        ids=list(schedule_ids),
    )
    return {row[0]: row[1] for row in rows}


def missed(reader: Reader, space_id: int, schedule_id: int, due_at: int) -> Missed | None:
    """A due time of a definition that became no job."""
    rows = reader.rows(_SELECT_MISSED, space=space_id, schedule=schedule_id, due=due_at)
    return Missed(*rows[0]) if rows else None


def dealt_with(reader: Reader, keys: Mapping[int, int]) -> dict[int, DealtWith]:
    """What became of schedules' due times from one on, as far as anything has."""
    if not keys:
        return {}
    found: dict[int, DealtWith] = {}
    for condition in ("due_at >= :least", "until_at >= :least"):
        rows = reader.rows(
            f"SELECT schedule_id, due_at, until_at FROM slot WHERE schedule_id IN LIST(:ids) AND {condition}",  # noqa: S608 - our own words
            ids=list(keys),
            least=min(keys.values()),
        )
        for schedule_id, due_at, until_at in rows:
            found.setdefault(schedule_id, DealtWith()).add(due_at, until_at)
    return found


# ---- what changes them


def keep_missed(connection: Connection, space_id: int, schedule_id: int, due_at: int) -> Missed | None:
    """A due time of a definition that became no job, which no other server changes before the end of this transaction."""
    rows = connection.rows(f"{_SELECT_MISSED} FOR_CHANGE", space=space_id, schedule=schedule_id, due=due_at)
    return Missed(*rows[0]) if rows else None


def made_up_for(connection: Connection, missed: Missed, job_id: int) -> None:
    """A job was made for a due time later."""
    connection.run(
        "UPDATE slot SET job_id = :job WHERE schedule_id = :schedule AND due_at = :due",
        job=job_id,
        schedule=missed.schedule_id,
        due=missed.due_at,
    )


def wake(
    connection: Connection, now: int, *, definition_id: int | None = None, space_id: int | None = None
) -> None:
    """What kept schedules asleep is over: what was due meanwhile is told, and not made up for."""
    where, value = ("definition_id", definition_id) if space_id is None else ("space_id", space_id)
    connection.run(
        f"UPDATE schedule SET woken_at = :now, fires_at = :now WHERE {where} = :id AND asleep IS NOT NULL "  # noqa: S608 - a name of our own
        "AND woken_at IS NULL AND enabled = 1",
        now=now,
        id=value,
    )


def clear_failures(connection: Connection, ids: Iterable[int]) -> None:
    """Runs of these schedules have ended well."""
    connection.run("UPDATE schedule SET failures = 0 WHERE id IN LIST(:ids) AND failures > 0", ids=list(ids))


def look_again(connection: Connection, now: int, definition_ids: Iterable[int]) -> None:
    """A job of these definitions has ended: due times that waited for it are seen to."""
    connection.run(
        "UPDATE schedule SET fires_at = :now WHERE definition_id IN LIST(:ids) AND queued_at IS NOT NULL AND enabled = 1",
        now=now,
        ids=list(definition_ids),
    )


def plan_anew(connection: Connection, space_id: int) -> None:
    """The zone of a space is another: what its definitions and actions keep is reckoned anew."""
    connection.run(
        "UPDATE schedule SET planned_with = '' WHERE space_id = :space AND origin <> 'own'", space=space_id
    )


def planned_otherwise(reader: Reader, planned_with: str, after: int, count: int) -> list[ScheduleRow]:
    """The next schedules whose due times were reckoned by other rules of zones."""
    rows = reader.rows(
        f"{_SELECT} WHERE id > :after AND planned_with <> :rules AND enabled = 1 ORDER BY id LIMIT :count",
        after=after,
        rules=planned_with,
        count=count,
    )
    return [ScheduleRow(*row) for row in rows]


def forget_old(connection: Connection, before: int, count: int) -> int:
    """Remove slots that became jobs, which tell of themselves; how many."""
    return connection.run(
        "DELETE FROM slot WHERE (schedule_id, due_at) IN "
        "(SELECT schedule_id, due_at FROM slot WHERE at < :before AND result IS NULL ORDER BY at LIMIT :count)",
        before=before,
        count=count,
    )
