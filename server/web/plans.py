"""Execution plans over REST, as Flatfile's clients know them."""

from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.plans import PlanPatch, PlanPut

from ..commands.plans import EMPTY, SET_PLAN, SetPlan
from ..core.jobs import JobRow
from ..core.json_door import JsonLimits
from ..core.views import job_wire
from ..store import jobs as jobs_sql
from ..store import plans as sql
from ..store.database import Reader
from .answers import data
from .bodies import parse
from .call import Call

MOST_KEYS: Final = 100_000
"""Names in a plan: its size is what bounds it."""
Found = tuple[JobRow, dict[str, Any]]


async def show(call: Call) -> web.Response:
    """A job with its plan; without one, with empty lists."""
    job_id = call.number("jb", "job")
    found = await call.node.read(lambda reader: _load(reader, call.actor.space.id, job_id))
    if found is None:
        raise call.missing("job")
    return _answer(call, found)


def _load(reader: Reader, space_id: int, job_id: int) -> Found | None:
    row = jobs_sql.load(reader, space_id, job_id)
    return None if row is None else (row, {**EMPTY, **(sql.load(reader, job_id) or {})})


async def put(call: Call) -> web.Response:
    """Set a job's whole plan."""
    return await _set(call, PlanPut)


async def patch(call: Call) -> web.Response:
    """Set parts of a job's plan."""
    return await _set(call, PlanPatch)


async def _set(call: Call, model: type[PlanPut | PlanPatch]) -> web.Response:
    job_id, settings = call.number("jb", "job"), call.node.settings
    raw = await call.raw()
    body = parse(model, raw, settings, JsonLimits(size=settings.max_body_bytes, keys=MOST_KEYS))
    found = await call.node.submit(SET_PLAN, SetPlan(call.actor, job_id, body))
    assert isinstance(found, tuple)
    return _answer(call, found)


def _answer(call: Call, found: Found) -> web.Response:
    row, plan = found
    return data({"job": job_wire(row, call.actor.space, call.link), "plan": plan})
