"""The history over REST: runs of definitions listed, shown, exported, and run again."""

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.runs import MODES, RESULTS, TRIGGERS, RunAgain

from ..commands import definitions, due_runs, runs
from ..commands.due_runs import RUN_DUE
from ..commands.runs import RUN_AGAIN
from ..core.jobs import JobRow
from ..core.missed import read_missed_id
from ..core.run_views import COLUMNS, RunRow, run_cells, run_wire, whole_run_wire
from ..core.runs import NEWEST, Place
from ..core.schedules import KIND as SCHEDULE
from ..store import definitions as definitions_sql
from ..store import run_pages as sql
from ..store.command import Command, Replayed
from ..store.database import Reader
from ..store.run_pages import RunFilter
from .answers import data
from .bodies import body_hash, parse
from .call import Call, named_in_address, unknown
from .exports import Export, form_of
from .exports import export as file_of
from .idempotency import once
from .paging import dated, listed, page_size
from .queries import Query

PAGE_SIZE: Final = 50
EXPORT_PAGE: Final = 500
"""Runs of an export that are held at once."""
MOST_OF_A_TARGET: Final = 100
"""Definitions of one target whose runs are shown."""


async def index(call: Call) -> web.Response:
    """Runs of the space, or of the definition in the path, newest first."""
    size, before = page_size(call.query, PAGE_SIZE), _cursor(call.query)

    (found, more), as_of = await dated(
        call, lambda reader: sql.page(reader, call.actor.space.id, _filter(reader, call), size, before)
    )
    if not found:
        call.across(named_in_address(call.request))
    following = found[-1].place.text if more and found else None
    return listed([run_wire(run) for run in found], as_of, following)


async def index_of(call: Call) -> web.Response:
    """Those of a definition."""
    return await index(call)


async def show(call: Call) -> web.Response:
    """One run, with its parameters, its outcome and links to its files."""
    text = call.request.match_info["id"]
    run = await call.node.read(lambda reader: _load(reader, call, text))
    return data(whole_run_wire(run, call.actor.space, call.link))


async def again(call: Call) -> web.Response:
    """Run it again, as a new job; of a due time at which nothing ran, make up for it."""
    raw = await call.raw()
    body = parse(RunAgain, raw, call.node.settings)
    text = call.request.match_info["id"]
    command, item = await call.node.read(lambda reader: _again(reader, call, text, body))
    promise = once(call.request, call.actor, body_hash(raw or b"{}"), lambda row: str(row.id))
    result = await call.node.submit(command, item, promise)
    job_id = int(result.answer) if isinstance(result, Replayed) else _id(result)
    run = await call.node.read(lambda reader: sql.load_job(reader, call.actor.space.id, job_id))
    if run is None:
        raise unknown("run", text, "id")
    return data(whole_run_wire(run, call.actor.space, call.link))


def _again(reader: Reader, call: Call, text: str, body: RunAgain) -> tuple[Command[Any, JobRow], Any]:
    """The command, and what it takes."""
    number, due = decode("jb", text), _due_time(call, text)
    if number is not None:
        return RUN_AGAIN, runs.prepared(reader, call.actor, number, body.params, body.mode)
    if due is not None:
        asked = due_runs.Asked(call.actor, *due, body.params, body.mode)
        return RUN_DUE, due_runs.prepared(reader, asked)
    raise unknown("run", text, "id")


def _due_time(call: Call, text: str) -> tuple[int, int] | None:
    """The due time that an id names; a token sees none."""
    reach = call.actor.reach
    return read_missed_id(text) if reach is None or not reach.of_a_token else None


def _id(row: Any) -> int:
    assert isinstance(row, JobRow)
    return row.id


async def export(call: Call) -> web.Response:
    """All runs of the filter as one file, newest first, however many there are."""
    form = form_of(call.query)
    wanted = await call.node.read(lambda reader: _filter(reader, call))

    async def page(before: Place) -> list[RunRow]:
        found: tuple[list[RunRow], bool] = await call.node.read(
            lambda reader: sql.page(reader, call.actor.space.id, wanted, EXPORT_PAGE, before)
        )
        return found[0]

    whole = Export(COLUMNS, run_cells, run_wire, lambda run: page(run.place))
    return file_of(f"runs-{call.actor.space.code}", form, await page(NEWEST), whole)


def _load(reader: Reader, call: Call, text: str) -> RunRow:
    """The run of an id, within reach of the caller; Refusal ``not_found``."""
    space_id = call.actor.space.id
    number, due = decode("jb", text), _due_time(call, text)
    run = None
    if number is not None:
        run = sql.load_job(reader, space_id, number)
    elif due is not None:
        run = sql.load_missed(reader, space_id, *due)
    if run is None or not _reaches(reader, call, run):
        raise unknown("run", text, "id")
    return run


def _reaches(reader: Reader, call: Call, run: RunRow) -> bool:
    reach = call.actor.reach
    if reach is None or run.job is not None:
        # Of jobs the door has looked.
        return True
    return run.code is not None and bool(_definition(reader, call, run.code))


def _filter(reader: Reader, call: Call) -> RunFilter:
    """What the address asks for. Who does not reach the whole space sees due times of a definition that is named alone."""
    query, reach = call.query, call.actor.reach
    wanted = RunFilter(
        results=_words(query, "result", RESULTS),
        modes=_words(query, "mode", MODES),
        triggers=_words(query, "trigger", TRIGGERS),
        since=query.time("since"),
        until=query.time("until"),
        schedule=_schedule(query),
        within=reach,
    )
    code = call.request.match_info.get("code") or query.text("definition")
    if code is not None:
        wanted = replace(wanted, definitions=_definition(reader, call, code))
    target = query.text("target")
    if target is not None:
        wanted = replace(wanted, definitions=_of_target(reader, call, target, wanted.definitions))
    of_jobs = reach is not None and (code is None or reach.job_id is not None or reach.tag is not None)
    return replace(wanted, missed=not of_jobs)


def _definition(reader: Reader, call: Call, name: str) -> tuple[int]:
    row, _ = definitions.find(reader, call.actor, name)
    return (row.id,)


def _of_target(reader: Reader, call: Call, target: str, among: tuple[int, ...] | None) -> tuple[int, ...]:
    found = definitions_sql.of_target(reader, call.actor.space.id, target, MOST_OF_A_TARGET + 1)
    if len(found) > MOST_OF_A_TARGET:
        raise Refusal(
            "invalid",
            f"The target has more than {MOST_OF_A_TARGET:,} definitions: ask for the runs of one, by definition.",
            key="target",
        )
    return tuple(number for number in found if among is None or number in among)


def _schedule(query: Query) -> int | None:
    text = query.text("schedule")
    if text is None:
        return None
    number = decode(SCHEDULE, text)
    if number is None:
        raise unknown("schedule", text, "schedule")
    return number


def _words(query: Query, name: str, allowed: tuple[str, ...]) -> frozenset[str]:
    found = query.texts(name)
    if not set(found) <= set(allowed):
        raise Refusal("invalid", f"{name} takes {', '.join(allowed)}, separated by commas.", key=name)
    return frozenset(found)


def _cursor(query: Query) -> Place:
    text = query.text("cursor")
    if text is None:
        return NEWEST
    place = Place.read(text)
    if place is None:
        raise Refusal("bad_cursor", "cursor takes what an earlier page gave as cursor.", key="cursor")
    return place
