"""Events over REST: lists for pollers, publishing, acknowledging."""

from typing import Final

import orjson
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import FLATFILE_TOPICS, EventCreate, Position

from ..commands.events import ACK_EVENT, PUBLISH, AckEvent, PublishEvent
from ..core.events import ReadEvent, event_wire_text
from ..core.views import event_text
from ..engine.log import Log
from ..store import event_pages
from ..store.event_pages import EventFilter
from ..store.pages import Page, Window
from ..store.transaction import NewEvent
from .answers import data_text, json_answer
from .call import Call, NoBody
from .paging import cursor_after, read_paging
from .queries import Query

PAGE_SIZE: Final = 10
DONE: Final = '{"success":true}'


async def index(call: Call) -> web.Response:
    """Events, oldest first: by default the topics that every Flatfile client can read."""
    paging = read_paging(call.query, "ev", PAGE_SIZE)
    window = paging.window
    position = call.query.text("after")
    if position is not None:
        window = Window(window.size, window.offset, _after(position, call.node.log))
    wanted = _filter(call.query)
    if call.names_another_space():
        page: Page[ReadEvent] = Page([], more=False, as_of=str(call.node.log.head))
    else:
        page = await call.node.read(
            lambda reader: event_pages.page(reader, call.actor.space.id, wanted, window)
        )
    rows = ",".join(event_wire_text(event) for event in page.rows)
    following = cursor_after("ev", page.rows[-1].seq) if page.more and page.rows else None
    beside = orjson.dumps({"asOf": page.as_of, "cursor": following})
    return json_answer(b'{"data":[' + rows.encode() + b"]," + beside[1:])


def _filter(query: Query) -> EventFilter:
    topics, patterns = query.texts("topic"), query.texts("topics")
    return EventFilter(
        topics=topics if topics or patterns else tuple(sorted(FLATFILE_TOPICS)),
        patterns=patterns,
        domain=query.text("domain"),
        since=query.time("since"),
        acknowledged=query.truth("includeAcknowledged"),
    )


def _after(text: str, log: Log) -> int:
    """The sequence number of a position; Refusal when events after it cannot be given without a gap."""
    if text == "oldest":
        return log.oldest.seq
    position = log.head if text == "now" else Position.parse(text)
    ends = {"head": str(log.head), "oldest": str(log.oldest)}
    if position.epoch != log.epoch:
        raise Refusal(
            "epoch_changed",
            "The log was replaced since: begin anew after oldest or now.",
            key="after",
            **ends,
        )
    if position.seq > log.head.seq:
        raise Refusal("cursor_ahead", "This position is not in the log yet.", key="after", **ends)
    if position.seq < log.oldest.seq:
        raise Refusal(
            "cursor_too_old", "Events after this position are gone: begin after oldest.", key="after", **ends
        )
    return position.seq


async def create(call: Call) -> web.Response:
    """Publish an event."""

    def answer(event: NewEvent) -> str:
        return event_text(call.node.epoch, event.seq, event.at, orjson.dumps(event.body).decode())

    return data_text(
        await call.answer(EventCreate, PUBLISH, lambda body: PublishEvent(call.actor, body), answer)
    )


async def show(call: Call) -> web.Response:
    """One event."""
    seq = call.number("ev", "event")
    event = await call.node.read(lambda reader: event_pages.load(reader, call.actor.space.id, seq))
    if event is None:
        raise call.missing("event")
    return data_text(event_wire_text(event))


async def ack(call: Call) -> web.Response:
    """Take an event off the default list."""
    seq = call.number("ev", "event")
    return data_text(
        await call.answer(NoBody, ACK_EVENT, lambda _: AckEvent(call.actor, seq), lambda _: DONE)
    )
