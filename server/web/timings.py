"""Timings over REST: what one means, before anything is kept."""

from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.timings import PreviewAsked, Timing

from ..commands import schedules
from ..core.actors import Actor
from ..core.crowding import crowd
from ..core.occurrences import occurrences
from ..core.previews import due, preview
from ..store import schedules as sql
from ..store.database import Reader
from ..store.pages import Window
from ..store.schedules import ScheduleFilter
from .answers import data
from .call import Call

MOST_LOOKED_AT: Final = 1_000
"""Schedules of a space, of which it has no more."""


async def show(call: Call) -> web.Response:
    """A timing in words, and its next times."""
    asked = await call.body(PreviewAsked)
    timing = asked.timing()

    def read(reader: Reader) -> dict[str, Any]:
        at = call.node.clock() if asked.from_ is None else occurrences(timing).instant(asked.from_)
        shown = preview(timing, at, asked.count)
        if asked.neighbours:
            shown["neighbours"] = _neighbours(reader, call.actor, timing, at, asked.schedule)
        return shown

    # Beside the loop: a hundred times that come seldom take some milliseconds.
    return data(await call.node.read(read))


def _neighbours(
    reader: Reader, actor: Actor, timing: Timing, at: int, own: str | None
) -> dict[str, Any] | None:
    found = due(timing, at)
    first = next((one.at for one in found.each(at) if one.skip is None), None)
    if first is None:
        return None
    rows = sql.page(reader, actor.space.id, ScheduleFilter(enabled=True), Window(MOST_LOOKED_AT))
    seen = schedules.within(reader, actor, [row for row in rows if row.public_id != own])
    return crowd(((row.label, occurrences(row.said.timing)) for row, _ in seen), first, found.zone)
