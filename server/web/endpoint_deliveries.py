"""Deliveries to endpoints over REST: their lists and attempts, tests, and replays of one or of many."""

from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.endpoints import (
    DeliveryReplay,
    EndpointReplay,
    EndpointReplayMissed,
    EndpointTest,
)
from listener_sdk.protocol.ids import LARGEST, decode
from listener_sdk.protocol.times import from_datetime

from ..commands import endpoint_deliveries as deliveries
from ..commands import endpoint_replays as replays
from ..commands.endpoint_deliveries import (
    REPLAY_DELIVERIES,
    REPLAY_DELIVERY,
    TRY_ENDPOINT,
    ReplayDeliveries,
    ReplayDelivery,
    TryEndpoint,
)
from ..commands.endpoints import check_whole
from ..core.endpoint_deliveries import (
    KIND,
    STATUSES,
    AttemptRow,
    DeliveryRow,
    delivery_wire,
    whole_delivery_wire,
)
from ..core.endpoints import KIND as ENDPOINT
from ..store import endpoint_deliveries as sql
from ..store import endpoints as endpoints_sql
from ..store import log as log_sql
from ..store.command import Replayed
from ..store.database import Reader
from ..store.endpoint_deliveries import DeliveryFilter
from ..store.pages import Window
from .answers import data
from .bodies import body_hash, parse
from .call import Call
from .idempotency import once
from .paging import cursor, cursor_after, listed, page_size, position

PAGE_SIZE: Final = 50
WHAT: Final = "delivery"
EVENT: Final = "ev"


async def index_of(call: Call) -> web.Response:
    """Deliveries to an endpoint, the newest first, each with its last attempt."""
    check_whole(call.actor)
    number, query, space_id = call.number(ENDPOINT, "endpoint"), call.query, call.actor.space.id
    status = query.text("status")
    if status is not None and status not in STATUSES:
        raise Refusal("invalid", f"status is one of {', '.join(STATUSES)}.", key="status")
    window = Window(page_size(query, PAGE_SIZE), after=cursor(query, KIND) or LARGEST)

    def read(reader: Reader) -> tuple[list[DeliveryRow], bool, dict[int, AttemptRow], log_sql.Head]:
        if endpoints_sql.load(reader, space_id, number) is None:
            raise call.missing("endpoint")
        rows, more = sql.page(reader, DeliveryFilter(number, status), window)
        return rows, more, sql.last_attempts(reader, [row.id for row in rows]), log_sql.head(reader)

    rows, more, last, head = await call.node.read(read)
    following = cursor_after(KIND, rows[-1].id) if more else None
    shown = [delivery_wire(row, head.epoch, last.get(row.id)) for row in rows]
    return listed(shown, position(head), following)


async def show(call: Call) -> web.Response:
    """One delivery with what is posted, and its attempts."""
    return await _shown(call, call.number(KIND, WHAT))


async def _shown(call: Call, number: int) -> web.Response:
    def read(reader: Reader) -> dict[str, Any]:
        row = deliveries.find(reader, call.actor, number)
        return whole_delivery_wire(row, log_sql.head(reader).epoch, sql.attempts(reader, number))

    return data(await call.node.read(read))


async def test(call: Call) -> web.Response:
    """Post a test to an endpoint now, and say how it went."""
    number, node = call.number(ENDPOINT, "endpoint"), call.node
    made = await call.submit(
        EndpointTest,
        TRY_ENDPOINT,
        lambda _: TryEndpoint(call.actor, number, node.sealer),
        lambda parcel: str(parcel.row.id),
    )
    if isinstance(made, Replayed):
        return await _shown(call, int(made.answer))
    await node.endpoint_deliveries.attempt(made)
    return await _shown(call, made.row.id)


async def replay(call: Call) -> web.Response:
    """Make a delivery once more."""
    number = call.number(KIND, WHAT)
    await call.submit(
        DeliveryReplay,
        REPLAY_DELIVERY,
        lambda _: ReplayDelivery(call.actor, number),
        lambda row: str(row.id),
    )
    call.node.endpoint_deliveries.wake()
    return await _shown(call, number)


async def replay_many(call: Call) -> web.Response:
    """Make the deliveries of a span once more, a page of them."""
    number, now = call.number(ENDPOINT, "endpoint"), call.node.clock()

    def item(body: EndpointReplay) -> ReplayDeliveries:
        until = now if body.until is None else from_datetime(body.until)
        after = 0 if body.cursor is None else _place(KIND, body.cursor)
        statuses = tuple(dict.fromkeys(body.status))
        return ReplayDeliveries(call.actor, number, statuses, from_datetime(body.since), until, after)

    text = await call.answer(EndpointReplay, REPLAY_DELIVERIES, item, _replayed)
    call.node.endpoint_deliveries.wake()
    return data(orjson.Fragment(text))


async def replay_missed(call: Call) -> web.Response:
    """Deliver events of a span that never became deliveries, a page of the log."""
    number, node = call.number(ENDPOINT, "endpoint"), call.node
    raw = await call.raw()
    body = parse(EndpointReplayMissed, raw, node.settings)
    now = node.clock()
    # Of what is older deliveries may have been, and have gone.
    since = max(from_datetime(body.since), now - node.settings.retention.delivery_ms + 1)
    until = now if body.until is None else from_datetime(body.until)
    after = 0 if body.cursor is None else _place(EVENT, body.cursor)
    item = await node.read(lambda reader: replays.find(reader, call.actor, number, since, until, after))
    promise = once(call.request, call.actor, body_hash(raw), partial(_replayed, kind=EVENT))
    done = await node.submit(replays.REPLAY_MISSED, item, promise)
    node.endpoint_deliveries.wake()
    return data(orjson.Fragment(done.answer if isinstance(done, Replayed) else _replayed(done, EVENT)))


def _place(kind: str, text: str) -> int:
    number = decode(kind, text)
    if number is None:
        raise Refusal("bad_cursor", "cursor takes what an earlier answer gave as cursor.", key="cursor")
    return number


def _replayed(found: deliveries.Replayed, kind: str = KIND) -> str:
    following = None if found.after is None else cursor_after(kind, found.after)
    return orjson.dumps({"replayed": found.count, "cursor": following}).decode()
