"""The overview of a space in one answer, cheap however many jobs there are: what the log was counted to, and a few steps along indices.

Of the counts there are some thousand rows at most (`store/activity.py`); what else is asked is bounded, and says by which index
it is found (`store/overview.py`, `store/jobs.oldest_ready`).
"""

from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.lifecycle import Status
from listener_sdk.protocol.overview import LONGEST_HOURS

from ..core.activity import Tallies, joined
from ..core.jobs import JobRow
from ..core.overview import Buckets, Standing, buckets_of, failures_of, overview_wire
from ..store import activity, jobs, listeners
from ..store import overview as sql
from ..store.database import Reader
from .answers import data
from .call import Call
from .paging import dated

HOURS: Final = 24


async def show(call: Call) -> web.Response:
    """How it goes, in the last hours. Refusal ``forbidden`` for a restricted key."""
    call.check_space()
    if call.actor.reach is not None:
        raise Refusal(
            "forbidden",
            "The overview counts all jobs of the space, and this key is restricted to some: use another key.",
        )
    hours = call.query.integer("hours", HOURS, 1, LONGEST_HOURS)
    now, space_id = call.node.clock(), call.actor.space.id
    buckets = buckets_of(now, hours)
    uncounted = call.node.activity.uncounted()
    await call.node.listeners.note()

    def read(reader: Reader) -> dict[str, Any]:
        tallies = activity.since(reader, space_id, buckets.first)
        counted = activity.cursor(reader)
        for part in uncounted:
            if part.after >= counted:
                joined(tallies, _of(part.tallies, space_id, buckets.first))
        standing = _standing(call, reader, buckets, now)
        return overview_wire(buckets, hours, tallies, standing, _failed(reader, space_id, tallies))

    found, as_of = await dated(call, read)
    return data(found, asOf=as_of)


def _of(tallies: Tallies, space_id: int, first: int) -> Tallies:
    return {key: tally for key, tally in tallies.items() if key[0] == space_id and key[1] >= first}


def _standing(call: Call, reader: Reader, buckets: Buckets, now: int) -> Standing:
    space_id, since = call.actor.space.id, buckets.first
    skipped, failed = sql.missed(reader, space_id, since)
    return Standing(
        now=now,
        waiting=sql.waiting(reader, space_id),
        running=sql.running(reader, space_id),
        oldest_ready_at=jobs.oldest_ready(reader, space_id),
        late=sql.late(reader, space_id, since),
        ran=sql.ran(reader, space_id, since),
        skipped=skipped,
        failed=failed,
        listeners=listeners.count(reader, space_id, call.node.listeners.servers(reader)),
    )


def _failed(reader: Reader, space_id: int, tallies: Tallies) -> list[JobRow]:
    """The jobs that failed last and are there still, the newest first."""
    numbers = failures_of(tallies)
    rows = {row.id: row for row in jobs.load_many(reader, numbers)}
    found = [rows[number] for number in numbers if number in rows]
    return [row for row in found if row.space_id == space_id and row.status == Status.FAILED]
