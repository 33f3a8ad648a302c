"""SQL of event triggers: which there are, how far the log was looked through for them, their guards, and starts that wait for room."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from ..core.definitions import DefinitionRow
from ..core.trigger_states import TriggerState, read_state
from ..core.triggers import Trigger, triggers_of
from . import definitions
from .database import Connection, Reader, Row

WHOLE: Final = 2**62
"""Above the number of every definition: with it, a place is behind all triggers of its event."""
DEEPEST_FAMILY: Final = 64
"""How many parents of parents of a job are looked at."""

Place = tuple[int, int, int]
"""One trigger on one event: the event's place in the log, the definition, the number of the trigger in it."""

_COLUMNS: Final = "id, space_id, code, body, COALESCE(triggers_after, 0)"
_STANDING: Final = "SELECT id, version, enabled, name, COALESCE(triggers_after, 0) FROM definition WHERE id IN LIST(:ids) ORDER BY id"
_WAITING: Final = ("id", "space_id", "definition_id", "number", "seq", "tries", "created_at", "due_at")


class Cursor(NamedTuple):
    """All is done up to and with a place; ``version`` rises with every change of it."""

    version: int
    seq: int
    definition_id: int
    number: int

    @property
    def place(self) -> Place:
        """The last trigger that was dealt with."""
        return self.seq, self.definition_id, self.number


class Known(NamedTuple):
    """The triggers of one definition that may start jobs; none where it may not."""

    space_id: int
    code: str
    triggers: tuple[Trigger, ...]


class Found(NamedTuple):
    """A definition, the body of its job type where a listener has declared it, and behind which place its triggers start."""

    row: DefinitionRow
    type_body: str | None
    after: int


class Waiting(NamedTuple):
    """A start that met a full queue, to be tried again. Times are milliseconds."""

    id: int
    space_id: int
    definition_id: int
    number: int
    seq: int
    tries: int
    created_at: int
    due_at: int


# ---- definitions with triggers


def every(reader: Reader, after: int, count: int) -> tuple[list[Known], int | None]:
    """The next definitions with triggers behind an id, and the id of the last; None when there are no more. Deleted spaces have none."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM definition WHERE triggers_at IS NOT NULL AND id > :after "  # noqa: S608 - our own names
        "AND space_id NOT IN (SELECT s.id FROM space s WHERE s.deleted_at IS NOT NULL) ORDER BY id LIMIT :count",
        after=after,
        count=count,
    )
    return [_known(row) for row in rows], rows[-1][0] if rows else None


def coded(reader: Reader, codes: Iterable[tuple[int, str]]) -> list[Known]:
    """The definitions of these codes in these spaces, also those that have no triggers or are not there."""
    found = []
    for space_id, code in codes:
        rows = reader.rows(
            f"SELECT {_COLUMNS} FROM definition WHERE space_id = :space AND code = :code AND triggers_at IS NOT NULL",  # noqa: S608 - our own names
            space=space_id,
            code=code,
        )
        found.append(_known(rows[0]) if rows else Known(space_id, code, ()))
    return found


def _known(row: Sequence[Any]) -> Known:
    definition_id, space_id, code, body, after = row
    # Not by the recipe, of which only those stay in memory that are used again and again.
    return Known(space_id, code, triggers_of(definition_id, after, orjson.loads(body)["triggers"]))


def begin_after(connection: Connection, definition_id: int, seq: int) -> None:
    """The triggers of a definition start on events behind this place, and nothing is known of them yet."""
    connection.run("UPDATE definition SET triggers_after = :seq WHERE id = :id", seq=seq, id=definition_id)
    connection.run("DELETE FROM trigger_state WHERE id = :id", id=definition_id)


def found(reader: Reader, ids: Iterable[int]) -> dict[int, Found]:
    """Definitions that are enabled and have triggers, by id."""
    columns = ", ".join(f"d.{name}" for name in definitions.COLUMNS)
    rows = reader.rows(
        f"SELECT t.body, COALESCE(d.triggers_after, 0), {columns} FROM definition d "  # noqa: S608 - names of our own fields
        "LEFT JOIN job_type t ON t.space_id = d.space_id AND t.code = d.type_code "
        "WHERE d.id IN LIST(:ids) AND d.triggers_at IS NOT NULL",
        ids=list(ids),
    )
    return {row[2]: Found(DefinitionRow(*row[2:]), row[0], row[1]) for row in rows}


def standing(reader: Reader, ids: Iterable[int]) -> dict[int, tuple[int, int, str, int]]:
    """What tells of each definition whether its jobs would be others by now: version, enabled, name, and where its triggers begin."""
    return _standing(reader.rows(_STANDING, ids=sorted(ids)))


def use(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[int, int, str, int]]:
    """The same, and nobody removes one of these definitions before the end of this transaction."""
    return _standing(connection.rows(f"{_STANDING} FOR_USE", ids=sorted(ids)))


def _standing(rows: Iterable[Row]) -> dict[int, tuple[int, int, str, int]]:
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


# ---- how far


def cursor(reader: Reader) -> Cursor:
    """How far the log was looked through."""
    rows = reader.rows("SELECT version, seq, definition_id, number FROM trigger_cursor WHERE id = 1")
    return Cursor(*rows[0]) if rows else Cursor(0, 0, WHOLE, 0)


def keep_cursor(connection: Connection) -> Cursor:
    """The same, and no other server moves it before the end of this transaction."""
    select = "SELECT version, seq, definition_id, number FROM trigger_cursor WHERE id = 1 FOR_CHANGE"
    rows = connection.rows(select)
    if not rows:
        connection.run(
            "INSERT INTO trigger_cursor (id, version, seq, definition_id, number) VALUES (1, 0, 0, :whole, 0) "
            "ON CONFLICT (id) DO NOTHING",
            whole=WHOLE,
        )
        rows = connection.rows(select)
    return Cursor(*rows[0])


def move_cursor(connection: Connection, kept: Cursor, place: Place) -> None:
    """Move the cursor that was kept; never back."""
    seq, definition_id, number = max(place, kept.place)
    connection.run(
        "UPDATE trigger_cursor SET version = :version, seq = :seq, definition_id = :definition, number = :number WHERE id = 1",
        version=kept.version + 1,
        seq=seq,
        definition=definition_id,
        number=number,
    )


# ---- guards


def states(reader: Reader, ids: Iterable[int]) -> dict[int, TriggerState]:
    """What is known of the triggers of definitions, as far as anything is."""
    rows = reader.rows("SELECT id, body FROM trigger_state WHERE id IN LIST(:ids)", ids=list(ids))
    return {row[0]: read_state(row[1]) for row in rows}


def put_states(connection: Connection, states: Mapping[int, tuple[int, TriggerState]]) -> None:
    """Keep states by definition, each with its space; the cursor is kept by this transaction."""
    rows = connection.rows("SELECT id FROM trigger_state WHERE id IN LIST(:ids)", ids=list(states))
    there = {row[0] for row in rows}
    connection.update_many(
        "trigger_state", ("body",), [(states[number][1].stored(), number) for number in sorted(there)]
    )
    new = [(key, space, state.stored()) for key, (space, state) in states.items() if key not in there]
    connection.insert_many("trigger_state", ("id", "space_id", "body"), new)


# ---- starts that wait


def due(reader: Reader, now: int, count: int) -> list[Waiting]:
    """Starts whose time has come, the oldest first."""
    rows = reader.rows(
        f"SELECT {', '.join(_WAITING)} FROM trigger_wait WHERE due_at <= :now ORDER BY due_at, id LIMIT :count",  # noqa: S608 - our own names
        now=now,
        count=count,
    )
    return [Waiting(*row) for row in rows]


def waits_as_many(reader: Reader, space_id: int, count: int) -> bool:
    """Whether so many starts wait in a space, or more."""
    rows = reader.rows(
        "SELECT id FROM trigger_wait WHERE space_id = :space ORDER BY id LIMIT 1 OFFSET :before",
        space=space_id,
        before=count - 1,
    )
    return bool(rows)


def wait(connection: Connection, rows: Iterable[Waiting]) -> None:
    """Keep starts for later."""
    connection.insert_many("trigger_wait", _WAITING, rows)


def wait_longer(connection: Connection, rows: Iterable[Waiting]) -> None:
    """They are to be tried another time."""
    connection.update_many(
        "trigger_wait", ("tries", "due_at"), [(one.tries, one.due_at, one.id) for one in rows]
    )


def wait_no_more(connection: Connection, ids: Iterable[int]) -> None:
    """They were made, or given up."""
    connection.run("DELETE FROM trigger_wait WHERE id IN LIST(:ids)", ids=list(ids))


def events(reader: Reader, places: Iterable[int]) -> list[tuple[int, int, str]]:
    """Events by their places, as far as they are kept: place, time and body."""
    rows = reader.rows("SELECT seq, at, body FROM event WHERE seq IN LIST(:places)", places=sorted(places))
    return [(row[0], row[1], row[2]) for row in rows]


def forget(connection: Connection, definition_id: int) -> None:
    """The definition is gone."""
    connection.run("DELETE FROM trigger_state WHERE id = :id", id=definition_id)
    connection.run("DELETE FROM trigger_wait WHERE definition_id = :id", id=definition_id)


# ---- what led to a job


def depths(reader: Reader, job_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """By space and job, how many event triggers have led to it or to one of its parents; left out where it is none."""
    asked = set(job_ids)
    rows: dict[int, tuple[int, int | None, int]] = {}
    missing = asked
    for _ in range(DEEPEST_FAMILY):
        if not missing:
            break
        found_rows = reader.rows(
            "SELECT id, space_id, parent_id, CASE WHEN definition_id IS NULL THEN NULL ELSE spec END "
            "FROM job WHERE id IN LIST(:ids)",
            ids=sorted(missing),
        )
        rows.update({row[0]: (row[1], row[2], _depth(row[3])) for row in found_rows})
        missing = {row[2] for row in found_rows if row[2] is not None and row[2] not in rows}
    deep = {(rows[one][0], one): _deepest(rows, one) for one in asked if one in rows}
    return {key: depth for key, depth in deep.items() if depth}


def _depth(spec: str | None) -> int:
    return 0 if spec is None else int(orjson.loads(spec).get("depth", 0))


def _deepest(rows: Mapping[int, tuple[int, int | None, int]], job_id: int) -> int:
    deepest, at = 0, rows.get(job_id)
    for _ in range(DEEPEST_FAMILY):
        if at is None:
            break
        deepest = max(deepest, at[2])
        at = None if at[1] is None else rows.get(at[1])
    return deepest
