"""SQL of removing runs that are old or too many: readers find what goes, and the writer removes it by pages."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from ..core.retention import Aged, Spans, job_cost
from ..core.runs import FAILED, RUNNING, SKIPPED, Facets
from .database import Connection, Reader

MISSED: Final = (SKIPPED, FAILED)
_LEFT: Final = "result IS NOT NULL"
_OF_A_DEFINITION: Final = "result IS NOT NULL AND definition_id IS NOT NULL"


class OldMissed(NamedTuple):
    """Due times without a job up to a time (``before``, included): of a space, or those of one ``result`` of a definition."""

    before: int
    space_id: int | None = None
    definition_id: int | None = None
    result: str | None = None


class Seen(NamedTuple):
    """How far the runs of a definition were looked through, from the oldest on."""

    at: int = -1
    id: int = 0


# ---- due times


def old_missed(reader: Reader, spans: Spans, now: int, least_ms: int) -> list[OldMissed]:
    """Where there are due times without a job that are old, by space; none is before ``least_ms``."""
    first = f"SELECT MIN(space_id) FROM slot WHERE {_LEFT}"  # noqa: S608 - conditions of our own
    rows = reader.rows(
        f"WITH RECURSIVE step(space_id) AS ({first} UNION ALL "  # noqa: S608 - the same
        f"SELECT ({first} AND slot.space_id > step.space_id) FROM step WHERE step.space_id IS NOT NULL) "
        f"SELECT space_id, (SELECT MIN(at) FROM slot WHERE slot.space_id = step.space_id AND {_LEFT}) "
        "FROM step WHERE space_id IS NOT NULL"
    )
    found = [
        (OldMissed(now - max(spans.of(space), least_ms), space_id=space), oldest) for space, oldest in rows
    ]
    return [old for old, oldest in found if oldest <= old.before]


def definitions_with_missed(reader: Reader) -> list[int]:
    """Definitions that have due times without a job."""
    return _definitions(reader, "slot", f"WHERE {_OF_A_DEFINITION} AND")


def too_many_missed(reader: Reader, definition_id: int, most: int, before: int) -> list[OldMissed]:
    """What goes so that ``most`` of each result are left, and all after ``before``; of those of one instant, all stay or none."""
    found = []
    for result in MISSED:
        mine = {"definition": definition_id, "result": result}
        last = reader.rows(
            "SELECT at FROM slot WHERE definition_id = :definition AND result = :result ORDER BY at DESC LIMIT 1 OFFSET :beyond",
            beyond=most - 1,
            **mine,
        )
        if last:
            [[oldest]] = reader.rows(
                "SELECT MIN(at) FROM slot WHERE definition_id = :definition AND result = :result", **mine
            )
            cut = min(last[0][0] - 1, before)
            if oldest <= cut:
                found.append(OldMissed(cut, definition_id=definition_id, result=result))
    return found


def remove_missed(connection: Connection, old: OldMissed, count: int) -> int:
    """Remove the oldest of these, at most ``count``; how many went."""
    if old.space_id is not None:
        where = f"space_id = :space AND {_LEFT}"
        params: dict[str, Any] = {"space": old.space_id}
    else:
        where = "definition_id = :definition AND result = :result"
        params = {"definition": old.definition_id, "result": old.result}
    return connection.run(
        "DELETE FROM slot WHERE (schedule_id, due_at) IN "  # noqa: S608 - conditions of our own
        f"(SELECT schedule_id, due_at FROM slot WHERE {where} AND at <= :before ORDER BY at LIMIT :count)",
        before=old.before,
        count=count,
        **params,
    )


# ---- jobs


def may_be_too_many(reader: Reader, most: int) -> bool:
    """Whether a definition may have more runs than that: none has where all together are no more, which their numbers tell."""
    least, largest = reader.rows("SELECT (SELECT MIN(id) FROM job_run), (SELECT MAX(id) FROM job_run)")[0]
    return least is not None and largest - least >= most


def definitions_with_jobs(reader: Reader) -> list[int]:
    """Definitions whose jobs are there, also when they are gone themselves."""
    return _definitions(reader, "job_run", "WHERE")


def surplus(reader: Reader, definition_id: int, most: int) -> int:
    """How many runs a definition has beyond so many."""
    rows = reader.rows(
        "SELECT COUNT(*) FROM job_run WHERE definition_id = :definition", definition=definition_id
    )
    return max(0, int(rows[0][0]) - most)


def oldest_ended(
    reader: Reader, definition_id: int, seen: Seen, count: int, before: int
) -> tuple[list[Aged], Seen | None]:
    """The next ``count`` runs of a definition that are over, the oldest first, but for those that ended after ``before``.

    And how far that is; None when none is left.
    """
    found: list[tuple[int, int]] = []
    for facets in _ended_facets(reader, definition_id):
        found += [
            (row[0], row[1])
            for row in reader.rows(
                "SELECT at, id FROM job_run WHERE definition_id = :definition AND facets = :facets AND (at, id) > (:at, :after) "
                "ORDER BY at, id LIMIT :count",
                definition=definition_id,
                facets=facets,
                at=seen.at,
                after=seen.id,
                count=count,
            )
        ]
    page = sorted(found)[:count]
    return _aged(reader, [number for _, number in page], before), Seen(*page[-1]) if page else None


def _ended_facets(reader: Reader, definition_id: int) -> list[str]:
    first = "SELECT MIN(facets) FROM job_run WHERE definition_id = :definition"
    rows = reader.rows(
        f"WITH RECURSIVE step(facets) AS ({first} UNION ALL "  # noqa: S608 - our own names
        f"SELECT ({first} AND job_run.facets > step.facets) FROM step WHERE step.facets IS NOT NULL) "
        "SELECT facets FROM step WHERE facets IS NOT NULL",
        definition=definition_id,
    )
    return [row[0] for row in rows if Facets.read(row[0]).result != RUNNING]


def _aged(reader: Reader, ids: Sequence[int], before: int) -> list[Aged]:
    rows: Iterable[tuple[Any, ...]] = reader.rows(
        "SELECT id, space_id, created_at, finished_at, COALESCE(parts, 0), "
        "length(spec) + COALESCE(length(outcome), 0) + COALESCE(length(result), 0) "
        "FROM job WHERE id IN LIST(:ids) AND finished_at <= :before ORDER BY id",
        ids=list(ids),
        before=before,
    )
    return [Aged(row[0], row[1], row[2], row[3], job_cost(row[5], row[4])) for row in rows]


def _definitions(reader: Reader, table: str, where: str) -> list[int]:
    """The definitions of an index, each found by a step along it; ``where`` is how a condition of that begins."""
    first = f"SELECT MIN(definition_id) FROM {table} {where}"  # noqa: S608 - our own names
    rows = reader.rows(
        f"WITH RECURSIVE step(id) AS ({first} definition_id > -1 UNION ALL "  # noqa: S608 - the same
        f"SELECT ({first} definition_id > step.id) FROM step WHERE step.id IS NOT NULL) "
        "SELECT id FROM step WHERE id IS NOT NULL"
    )
    return [row[0] for row in rows]
