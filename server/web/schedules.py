"""Schedules over REST."""

from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.schedules import (
    HandOver,
    HandOverAll,
    ScheduleCreate,
    ScheduleOfDefinition,
    ScheduleRun,
    ScheduleUpdate,
)

from ..commands import definitions, schedules
from ..commands.ownership import HAND_OVER, HAND_OVER_ALL, Handed, HandOverSchedule, HandOverSchedules
from ..commands.people import member_id
from ..commands.schedules import (
    CREATE_SCHEDULE,
    DELETE_SCHEDULE,
    RUN_SCHEDULE,
    UPDATE_SCHEDULE,
    CreateSchedule,
    DeleteSchedule,
    RunSchedule,
    UpdateSchedule,
)
from ..core.schedules import KIND, ScheduleRow
from ..store import schedules as sql
from ..store.command import Replayed
from ..store.database import Reader
from ..store.pages import Window
from ..store.schedules import ScheduleFilter
from .answers import data, success
from .call import Call
from .paging import cursor, dated, listed, page_of, page_size

PAGE_SIZE: Final = 100
WHAT: Final = "schedule"


async def index(call: Call) -> web.Response:
    """Schedules of the space, in the order of their making."""
    call.check_space()
    return await _index(call, call.query.text("definition"))


async def index_of(call: Call) -> web.Response:
    """Those of a definition."""
    return await _index(call, call.request.match_info["code"])


async def _index(call: Call, definition: str | None) -> web.Response:
    query = call.query
    enabled = query.truth("enabled") if query.text("enabled") is not None else None
    owner = query.text("owner")
    until = query.time("dueUntil")
    window = Window(page_size(query, PAGE_SIZE), after=cursor(query, KIND) or 0)

    def read(reader: Reader) -> tuple[list[dict[str, Any]], str | None]:
        number = None if definition is None else definitions.find(reader, call.actor, definition)[0].id
        owned_by = None if owner is None else member_id(reader, call.actor, owner, "owner")
        wanted = ScheduleFilter(number, None, enabled, owned_by)
        found = sql.page(reader, call.actor.space.id, wanted, window)
        rows, following = page_of(found, window.size, KIND)
        return schedules.shown(reader, call.actor, rows, until), following

    (shown, following), as_of = await dated(call, read)
    return listed(shown, as_of, following)


async def create(call: Call) -> web.Response:
    """Make a schedule of the definition that the body names."""
    return await _create(call, ScheduleOfDefinition)


async def create_of(call: Call) -> web.Response:
    """Make a schedule of a definition."""
    return await _create(call, ScheduleCreate)


async def _create(call: Call, model: type[ScheduleCreate]) -> web.Response:
    most = call.node.settings.schedules_per_definition

    def item(body: ScheduleCreate) -> CreateSchedule:
        if isinstance(body, ScheduleOfDefinition):
            return CreateSchedule(call.actor, body.definition, body, most)
        named = call.request.match_info["code"]
        return CreateSchedule(call.actor, named, body, most)

    result = await call.submit(model, CREATE_SCHEDULE, item, lambda row: str(row.id))
    return await _shown(call, int(result.answer) if isinstance(result, Replayed) else result.id)


async def show(call: Call) -> web.Response:
    """One schedule."""
    number, until = call.number(KIND, WHAT), call.query.time("dueUntil")
    found, as_of = await dated(call, lambda reader: _wire(reader, call, number, until))
    return data(found, asOf=as_of)


async def update(call: Call) -> web.Response:
    """Change a schedule; the caller owns it then."""
    number = call.number(KIND, WHAT)
    body = await call.body(ScheduleUpdate)
    changed = await call.node.submit(UPDATE_SCHEDULE, UpdateSchedule(call.actor, number, body))
    assert isinstance(changed, ScheduleRow)
    return await _shown(call, number)


async def delete(call: Call) -> web.Response:
    """Remove a schedule."""
    await call.node.submit(DELETE_SCHEDULE, DeleteSchedule(call.actor, call.number(KIND, WHAT)))
    return success()


async def run(call: Call) -> web.Response:
    """Make a job as the schedule does: ``{"jobId"}``."""
    number = call.number(KIND, WHAT)
    text = await call.answer(
        ScheduleRun, RUN_SCHEDULE, lambda _: RunSchedule(call.actor, number), lambda row: encode("jb", row.id)
    )
    return data({"jobId": text})


async def hand_over(call: Call) -> web.Response:
    """Give a schedule to another owner."""
    number = call.number(KIND, WHAT)
    text = await call.answer(
        HandOver, HAND_OVER, lambda body: HandOverSchedule(call.actor, number, body), _handed
    )
    return data(orjson.Fragment(text))


async def hand_over_all(call: Call) -> web.Response:
    """Give all schedules of an owner to another."""
    text = await call.answer(
        HandOverAll, HAND_OVER_ALL, lambda body: HandOverSchedules(call.actor, body), _handed
    )
    return data(orjson.Fragment(text))


def _handed(handed: Handed) -> str:
    """What a hand-over answers; schedules may have gone to several fallback owners."""
    owners = {row.owner for row in handed.rows}
    return orjson.dumps({
        "schedules": [row.public_id for row in handed.rows],
        "owner": owners.pop() if len(owners) == 1 else None,
        "stillRecipient": handed.still_recipient,
        "definitions": handed.definitions,
    }).decode()  # fmt: skip


async def _shown(call: Call, number: int) -> web.Response:
    return data(await call.node.read(lambda reader: _wire(reader, call, number)))


def _wire(reader: Reader, call: Call, number: int, until: int | None = None) -> dict[str, Any]:
    row, _ = schedules.find(reader, call.actor, number)
    return schedules.shown(reader, call.actor, [row], until)[0]
