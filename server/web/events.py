"""Events over REST: lists for pollers, publishing, acknowledging."""

from dataclasses import replace
from typing import Final

import orjson
from aiohttp import web

from listener_sdk.protocol.events import FLATFILE_TOPICS, EventCreate

from ..commands.events import ACK_EVENT, PUBLISH, AckEvent, PublishEvent
from ..commands.moves import job_number
from ..core.events import ReadEvent, event_wire_text
from ..core.views import event_text
from ..engine.log import place, too_old
from ..store import event_pages, log
from ..store.database import Reader
from ..store.event_pages import EventFilter
from ..store.log import Head
from ..store.pages import Page, Window
from ..store.transaction import NewEvent
from .answers import data_text, json_answer
from .call import Call, NoBody
from .paging import Paging, cursor_after, read_paging
from .queries import Query

PAGE_SIZE: Final = 10
DONE: Final = '{"success":true}'


async def index(call: Call) -> web.Response:
    """Events, oldest first unless the newest are asked for: by default the topics that every Flatfile client can read."""
    paging = read_paging(call.query, "ev", PAGE_SIZE)
    position = call.query.text("after")
    newest = call.query.choice("sortDirection", ("asc", "desc"), "asc") == "desc"
    wanted = replace(_filter(call.query), within=call.actor.reach, newest=newest)
    if newest:
        # A cursor says before what the page ends: events that were removed leave no gap in it.
        wanted, paging = replace(wanted, before=paging.after), replace(paging, after=None)

    def read(reader: Reader) -> Page[ReadEvent]:
        window = _window(paging, position, log.head(reader))
        return event_pages.page(reader, call.actor.space.id, wanted, window)

    page = await call.node.read(read)
    rows = ",".join(event_wire_text(event) for event in page.rows)
    following = cursor_after("ev", page.last) if page.more and page.last is not None else None
    beside = orjson.dumps({"asOf": page.as_of, "cursor": following})
    return json_answer(b'{"data":[' + rows.encode() + b"]," + beside[1:])


def _window(paging: Paging, position: str | None, head: Head) -> Window:
    """Where the page begins; Refusal when what follows its place cannot be given without a gap."""
    window = paging.window if position is None else replace(paging.window, after=place(position, head))
    if window.after is not None and window.after < head.oldest - 1:
        raise too_old(head)
    return window


def _filter(query: Query) -> EventFilter:
    topics, patterns, job = query.texts("topic"), query.texts("topics"), query.text("jobId")
    return EventFilter(
        topics=topics if topics or patterns else tuple(sorted(FLATFILE_TOPICS)),
        patterns=patterns,
        domain=query.text("domain"),
        since=query.time("since"),
        acknowledged=query.truth("includeAcknowledged"),
        job_id=None if job is None else job_number(job, "jobId"),
    )


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
