"""SQL of the rules of notifications: how far the log was looked through for them, when each has told something, and what waits."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from ..core.notifications import LONGEST_WAIT_MS, Audience, Digest, RuleKey, read_audience, read_digest
from ..core.runs import RETRY, Facets
from .database import Connection, Reader

_COLUMNS: Final = ("id", "space_id", "kind", "about", "number", "starter", "told_at", "due_at", "body")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM notification_rule"  # noqa: S608 - names of our own columns
_DUE: Final = "due_at IS NOT NULL AND (due_at <= :now OR due_at > :far)"
_STARTERS: Final = frozenset({"person", "schedule", RETRY})


class Cursor(NamedTuple):
    """All is told or counted up to and with a place; ``version`` rises with every change of it."""

    version: int
    seq: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """When a rule has told something last, and what waits for ``due_at``, for whom, and by the rule at which place."""

    id: int
    key: RuleKey
    told_at: int
    due_at: int | None
    digest: Digest
    audience: Audience
    place: int

    @property
    def body(self) -> str:
        """As JSON text: all that is not a column."""
        told = {"audience": self.audience.stored(), "place": self.place}
        return orjson.dumps({**self.digest.as_wire(), **told}).decode()


# ---- how far


def cursor(reader: Reader) -> Cursor:
    """How far the log was looked through."""
    rows = reader.rows("SELECT version, seq FROM notification_cursor WHERE id = 1")
    return Cursor(*rows[0]) if rows else Cursor(0, 0)


def keep_cursor(connection: Connection) -> Cursor:
    """The same, and no other server moves it before the end of this transaction."""
    select = "SELECT version, seq FROM notification_cursor WHERE id = 1 FOR_CHANGE"
    rows = connection.rows(select)
    if not rows:
        connection.run(
            "INSERT INTO notification_cursor (id, version, seq) VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING"
        )
        rows = connection.rows(select)
    return Cursor(*rows[0])


def move_cursor(connection: Connection, kept: Cursor, seq: int) -> None:
    """Move the cursor that was kept; never back."""
    connection.run(
        "UPDATE notification_cursor SET version = :version, seq = :seq WHERE id = 1",
        version=kept.version + 1,
        seq=max(seq, kept.seq),
    )


# ---- what rules have told


def find(reader: Reader, keys: Iterable[RuleKey]) -> dict[RuleKey, RuleRow]:
    """What is known of rules, as far as anything is."""
    wanted = set(keys)
    rows = reader.rows(f"{_SELECT} WHERE about IN LIST(:about)", about=sorted({key.about for key in wanted}))
    return {row.key: row for row in map(_row, rows) if row.key in wanted}


def are_due(reader: Reader, now: int) -> bool:
    """Whether the next message of some rule is due."""
    return bool(
        reader.rows(
            f"SELECT 1 FROM notification_rule WHERE {_DUE} LIMIT 1",  # noqa: S608 - conditions of our own
            now=now,
            far=now + LONGEST_WAIT_MS,
        )
    )


def due(reader: Reader, now: int, count: int) -> list[RuleRow]:
    """Rules whose next message is due, the oldest first."""
    rows = reader.rows(
        f"{_SELECT} WHERE {_DUE} ORDER BY due_at, id LIMIT :count",
        now=now,
        far=now + LONGEST_WAIT_MS,
        count=count,
    )
    return [_row(row) for row in rows]


def keep(connection: Connection, ids: Iterable[int]) -> dict[int, RuleRow]:
    """Rules by their numbers, which no other server changes before the end of this transaction."""
    rows = connection.rows(f"{_SELECT} WHERE id IN LIST(:ids) ORDER BY id FOR_CHANGE", ids=sorted(ids))
    return {row[0]: _row(row) for row in rows}


def _row(row: tuple) -> RuleRow:  # type: ignore[type-arg]  # a row of the query above
    number, space_id, kind, about, order, starter, told_at, due_at, body = row
    key = RuleKey(space_id, kind, about, order, starter)
    said = orjson.loads(body)
    return RuleRow(
        number, key, told_at, due_at, read_digest(said), read_audience(said["audience"]), said["place"]
    )


def insert(connection: Connection, rows: Iterable[RuleRow]) -> None:
    """Rules that have told nothing before."""
    connection.insert_many(
        "notification_rule",
        _COLUMNS,
        [(row.id, *row.key, row.told_at, row.due_at, row.body) for row in rows],
    )


def update(connection: Connection, rows: Iterable[RuleRow]) -> None:
    """Write what was told, or what waits."""
    connection.update_many(
        "notification_rule",
        ("told_at", "due_at", "body"),
        [(row.told_at, row.due_at, row.body, row.id) for row in rows],
    )


def forget(connection: Connection, kind: str, about: Collection[int]) -> None:
    """Definitions or schedules are gone."""
    connection.run(
        "DELETE FROM notification_rule WHERE about IN LIST(:about) AND kind = :kind",
        about=list(about),
        kind=kind,
    )


# ---- whose rules


class Run(NamedTuple):
    """The definition of a job, and what history knows of its start: None where it has forgotten the job."""

    definition_id: int
    schedule_id: int | None
    facets: str | None

    @property
    def may_have_starter(self) -> bool:
        """Whether a person or a schedule may have led to the job: then its own description says whom to tell."""
        return (
            self.facets is None
            or self.schedule_id is not None
            or Facets.read(self.facets).trigger in _STARTERS
        )


def of_jobs(reader: Reader, job_ids: Iterable[int]) -> dict[int, Run]:
    """The runs of definitions among these jobs, by job."""
    rows = reader.rows(
        "SELECT j.id, j.definition_id, r.schedule_id, r.facets FROM job j LEFT JOIN job_run r ON r.id = j.id "
        "WHERE j.id IN LIST(:ids) AND j.definition_id IS NOT NULL",
        ids=sorted(job_ids),
    )
    return {row[0]: Run(*row[1:]) for row in rows}
