"""SQL of the history: pages of runs, newest first, out of jobs and of due times without a job.

A list is merged of arms, each one stretch of an index that is read from its end and no further than the page goes: one for each
definition (or space, or schedule) and each combination of facets that is there and passes the filter. So a page costs the same
whatever is asked for, and however many runs there are. Of many arms those alone are read whose first run comes into the page.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

from ..core.files import FileRow
from ..core.jobs import COLUMNS as JOB_COLUMNS
from ..core.jobs import JobRow
from ..core.missed import Missed
from ..core.reach import Reach
from ..core.run_views import MOST_FILES, RunRow
from ..core.runs import (
    FAILED,
    NEWEST,
    SKIPPED,
    Place,
    chosen,
    place_of_job,
    place_of_missed,
)
from . import files, reach, schedules
from .database import Reader, Row
from .pages import Window, fitting

ARMS: Final = 100
"""Arms of one statement."""
HEADS: Final = 1_000
"""Arms of which one statement finds the first run."""
_MISSED: Final = (
    "schedule_id, due_at, space_id, definition_id, at, job_id, result, reason, count, until_at, name, said"
)
_Item = TypeVar("_Item")
_SELECT_JOB: Final = ", ".join("NULL" if name == "result" else name for name in JOB_COLUMNS)
"""Of a job all but its data for programs, which history does not show."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list shows; what is empty or None leaves a question open. Times are of the making, in milliseconds.

    ``missed`` says whether due times without a job are shown to this caller at all.
    """

    definitions: tuple[int, ...] | None = None
    schedule: int | None = None
    results: frozenset[str] = frozenset()
    modes: frozenset[str] = frozenset()
    triggers: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None
    within: Reach | None = None
    missed: bool = True


@dataclass(frozen=True, slots=True)
class _Arm:
    """Runs of which a column has this value, and another (``facets``, or the ``result`` of a due time) that text."""

    column: str
    value: int
    other: str
    text: str


def page(
    reader: Reader, space_id: int, wanted: RunFilter, size: int, before: Place = NEWEST
) -> tuple[list[RunRow], bool]:
    """Runs of a space behind a place, newest first, and whether others follow; fewer than ``size`` where they are large."""
    found = _job_places(reader, space_id, wanted, size + 1, before)
    missed = _missed(reader, space_id, wanted, size + 1, before)
    reasons = dict(found)
    misses = {place_of_missed(one): one for one in missed}
    places = sorted((*reasons, *misses), reverse=True)
    shown = _fitting(reader, places, size)
    rows = _shown(reader, shown, reasons, misses)
    return rows, len(places) > len(shown)


def load_job(reader: Reader, space_id: int, job_id: int) -> RunRow | None:
    """The run that a job is."""
    rows = reader.rows(
        "SELECT at, reason FROM job_run WHERE id = :id AND space_id = :space", id=job_id, space=space_id
    )
    if not rows:
        return None
    place = place_of_job(rows[0][0], job_id)
    return next(iter(_shown(reader, [place], {place: rows[0][1]}, {})), None)


def load_missed(reader: Reader, space_id: int, schedule_id: int, due_at: int) -> RunRow | None:
    """The run that a due time is which became no job."""
    missed = schedules.missed(reader, space_id, schedule_id, due_at)
    if missed is None:
        return None
    place = place_of_missed(missed)
    return _shown(reader, [place], {}, {place: missed})[0]


# ---- places


def _job_places(
    reader: Reader, space_id: int, wanted: RunFilter, count: int, before: Place
) -> list[tuple[Place, str | None]]:
    """The first ``count`` jobs of the filter behind a place, in no order, and more; each with the reason of its failure."""
    params: dict[str, Any] = {"space": space_id, "count": count}
    where = _times(wanted, params)
    where.append("(at, id) < (:at, :before)")
    params |= {"at": before.at, "before": _below(before)}
    if wanted.within is not None:
        mine = reach.of_jobs(wanted.within, params)
        where.append(f"EXISTS (SELECT 1 FROM job WHERE job.id = job_run.id AND {mine})")  # noqa: S608 - conditions of our own
    found: list[tuple[Place, str | None]] = []
    order = "at DESC, id DESC"
    near = _near(reader, "job_run", order, list(_arms(reader, space_id, wanted)), where, params)
    for arms in _chunks(near):
        rows = _united(reader, "at, id, reason", "job_run", order, arms, where, params)
        found += [(place_of_job(at, number), reason) for at, number, reason in rows]
    return sorted(found, reverse=True)[:count]


def _below(before: Place) -> int:
    """Jobs of the same instant come before due times: behind one of these, none is left."""
    return before.first if before.is_job else 0


def _arms(reader: Reader, space_id: int, wanted: RunFilter) -> Iterator[_Arm]:
    scopes = _scopes(reader, space_id, wanted)
    for some in _chunks(scopes):
        for (column, value), facets in zip(some, _facets(reader, some), strict=True):
            for text in chosen(facets, wanted.results, wanted.modes, wanted.triggers):
                yield _Arm(column, value, "facets", text)


def _scopes(reader: Reader, space_id: int, wanted: RunFilter) -> list[tuple[str, int]]:
    """What leads to the runs: by column and value."""
    if wanted.schedule is not None:
        mine = _is_within(reader, space_id, wanted.schedule, wanted.definitions)
        return [("schedule_id", wanted.schedule)] if mine else []
    if wanted.definitions is not None:
        return [("definition_id", number) for number in wanted.definitions]
    return [("space_id", space_id)]


def _is_within(reader: Reader, space_id: int, schedule_id: int, among: tuple[int, ...] | None) -> bool:
    """Whether a schedule is of this space, and of one of these definitions: any of its runs says so, also when it is gone itself.

    As a condition of each run it would mislead the planner of PostgreSQL, which expects few to pass and reads and sorts all.
    """
    for table, order in (("job_run", "facets"), ("slot", "due_at")):
        rows = reader.rows(
            f"SELECT space_id, definition_id FROM {table} WHERE schedule_id = :schedule ORDER BY {order} LIMIT 1",  # noqa: S608 - names stand above
            schedule=schedule_id,
        )
        if rows:
            space, definition = rows[0]
            return bool(space == space_id and (among is None or definition in among))
    return False


def facets_there(reader: Reader, space_id: int) -> list[str]:
    """The combinations of facets of a space's runs."""
    return _facets(reader, [("space_id", space_id)])[0]


def _facets(reader: Reader, scopes: Sequence[tuple[str, int]]) -> list[list[str]]:
    """The combinations of facets that are there in each of these, which are of one column: each is found by a step along the index."""
    column = scopes[0][0]
    least = f"SELECT MIN(facets) FROM job_run WHERE {column} ="  # noqa: S608 - our own names
    values = ", ".join(f"(CAST(:v{number} AS BIGINT))" for number in range(len(scopes)))
    rows = reader.rows(
        f"WITH RECURSIVE arm(value) AS (VALUES {values}), "  # noqa: S608 - our own names
        f"step(value, facets) AS (SELECT value, ({least} arm.value) FROM arm UNION ALL "
        f"SELECT value, ({least} step.value AND job_run.facets > step.facets) FROM step WHERE step.facets IS NOT NULL) "
        "SELECT value, facets FROM step WHERE facets IS NOT NULL",
        **{f"v{number}": value for number, (_, value) in enumerate(scopes)},
    )
    found: dict[int, list[str]] = {value: [] for _, value in scopes}
    for value, facets in rows:
        found[value].append(facets)
    return [found[value] for _, value in scopes]


def _near(
    reader: Reader, table: str, order: str, arms: list[_Arm], where: list[str], params: dict[str, Any]
) -> list[_Arm]:
    """Those of many arms that reach into the page, by the first run of each; ``where`` then says how far down the page may reach."""
    count = params["count"]
    if len(arms) <= count:
        return arms
    heads: list[tuple[int | None, _Arm]] = []
    for some in _chunks(arms, HEADS):
        heads += zip(_heads(reader, table, order, some, where, params), some, strict=True)
    found = sorted((head for head, _ in heads if head is not None), reverse=True)
    floor = found[count - 1] if len(found) >= count else 0
    params["floor"] = floor
    where.append("at >= :floor")
    return [arm for head, arm in heads if head is not None and head >= floor]


def _heads(
    reader: Reader,
    table: str,
    order: str,
    arms: Sequence[_Arm],
    where: Sequence[str],
    params: dict[str, Any],
) -> list[int | None]:
    """When the first run of each of these arms was made; None of one without."""
    own = dict(params)
    values = []
    for number, arm in enumerate(arms):
        own |= {f"v{number}": arm.value, f"t{number}": arm.text}
        values.append(f"({number}, CAST(:v{number} AS BIGINT), CAST(:t{number} AS TEXT))")
    mine = " AND ".join([f"{arms[0].column} = arm.value", f"{arms[0].other} = arm.text", *where])
    rows = reader.rows(
        f"WITH arm(number, value, text) AS (VALUES {', '.join(values)}) "  # noqa: S608 - conditions of our own
        f"SELECT number, (SELECT at FROM {table} WHERE {mine} ORDER BY {order} LIMIT 1) FROM arm",
        **own,
    )
    return [head for _, head in sorted(rows)]


def _missed(reader: Reader, space_id: int, wanted: RunFilter, count: int, before: Place) -> list[Missed]:
    """The first ``count`` due times of the filter behind a place, newest first."""
    results = [one for one in (FAILED, SKIPPED) if not wanted.results or one in wanted.results]
    if (
        not wanted.missed
        or not results
        or wanted.modes
        or (wanted.triggers and "schedule" not in wanted.triggers)
    ):
        return []
    params: dict[str, Any] = {"space": space_id, "count": count}
    # The partial indexes are of these.
    where = [*_times(wanted, params), "definition_id IS NOT NULL"]
    where.append("(at, schedule_id, due_at) < (:at, :schedule, :due)")
    params |= {"at": before.at} | _missed_below(before)
    arms = [_Arm(*scope, "result", one) for scope in _scopes(reader, space_id, wanted) for one in results]
    order = "at DESC, schedule_id DESC, due_at DESC"
    found = [
        Missed(*row)
        for some in _chunks(_near(reader, "slot", order, arms, where, params))
        for row in _united(reader, _MISSED, "slot", order, some, where, params)
    ]
    return sorted(found, key=place_of_missed, reverse=True)[:count]


def _missed_below(before: Place) -> dict[str, int]:
    if before.is_job:
        return {"schedule": NEWEST.first, "due": NEWEST.second}
    return {"schedule": before.first, "due": before.second}


def _times(wanted: RunFilter, params: dict[str, Any]) -> list[str]:
    found = []
    for sign, name in ((">=", "since"), ("<=", "until")):
        value = getattr(wanted, name)
        if value is not None:
            params[name] = value
            found.append(f"at {sign} :{name}")
    return found


def _united(
    reader: Reader,
    columns: str,
    table: str,
    order: str,
    arms: Sequence[_Arm],
    where: Sequence[str],
    params: dict[str, Any],
) -> list[Row]:
    """What each of the arms has, at most ``:count`` of each, by one statement."""
    own = dict(params)
    selects = []
    for number, arm in enumerate(arms):
        own |= {f"v{number}": arm.value, f"t{number}": arm.text}
        conditions = [f"{arm.column} = :v{number}", f"{arm.other} = :t{number}", *where]
        asked = (
            f"SELECT {columns} FROM {table} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :count"  # noqa: S608 - conditions of our own
        )
        selects.append(f"SELECT * FROM ({asked}) AS arm{number}")  # noqa: S608 - the same
    return reader.rows(" UNION ALL ".join(selects), **own) if selects else []


def _chunks(every: Iterable[_Item], size: int = ARMS) -> Iterator[list[_Item]]:
    left = iter(every)
    while some := list(islice(left, size)):
        yield some


# ---- rows


def _fitting(reader: Reader, places: Sequence[Place], size: int) -> list[Place]:
    """Those of the first ``size`` that make up a page."""
    first = places[:size]
    ids = [place.first for place in first if place.is_job]
    rows = reader.rows(
        "SELECT id, length(spec) + COALESCE(length(outcome), 0) FROM job WHERE id IN LIST(:ids)", ids=ids
    )
    sizes = {row[0]: row[1] for row in rows}
    numbered = [
        (number, sizes.get(place.first, 0) if place.is_job else 0) for number, place in enumerate(first)
    ]
    return [first[number] for number in fitting(numbered, Window(size, after=0))]


def _shown(
    reader: Reader, places: Sequence[Place], reasons: dict[Place, str | None], missed: dict[Place, Missed]
) -> list[RunRow]:
    ids = [place.first for place in places if place.is_job]
    rows = reader.rows(f"SELECT {_SELECT_JOB} FROM job WHERE id IN LIST(:ids)", ids=ids) if ids else []  # noqa: S608 - names of our own fields
    jobs = {row[0]: JobRow(*row) for row in rows}
    attached = files.first_of_jobs(reader, ids, MOST_FILES)
    counts = files.count_of_jobs(reader, list(attached))
    left_out = [missed[place] for place in places if not place.is_job]
    codes = _codes(reader, [one.definition_id for one in left_out])
    found = []
    for place in places:
        if not place.is_job:
            one = missed[place]
            code, job_type = codes.get(one.definition_id or 0, (None, None))
            found.append(RunRow(place, missed=one, code=code, job_type=job_type))
        elif place.first in jobs:
            own: Sequence[FileRow] = attached.get(place.first, ())
            row = jobs[place.first]
            count = counts.get(place.first, len(own))
            found.append(RunRow(place, job=row, reason=reasons[place], files=own, file_count=count))
    return found


def _codes(reader: Reader, ids: Iterable[int | None]) -> dict[int, tuple[str, str]]:
    """The codes of definitions and of their job types, as far as they are there."""
    numbers = sorted({number for number in ids if number is not None})
    if not numbers:
        return {}
    rows = reader.rows("SELECT id, code, type_code FROM definition WHERE id IN LIST(:ids)", ids=numbers)
    return {row[0]: (row[1], row[2]) for row in rows}
