"""``client.events``: read, publish and acknowledge events over REST."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final
from urllib.parse import quote

from ._channel import plain_input
from ._given import body, check_names, names_of
from ._http import Http
from .errors import ApiError
from .pages import Page, page_of
from .protocol.codes import Refusal
from .protocol.events import Event, EventCreate, check_topic

_FILTERS: Final = frozenset(
    (
        "topic", "topics", "domain", "since", "after", "include_acknowledged", "environment_id", "space_id",
        "page_size", "page_number", "cursor",
    )
)  # fmt: skip


class Events:
    """Calls of ``/v1/events``; every one raises ApiError when refused and ConnectionFailed without a server."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[Event]:
        """One page, oldest first.

        - ``filters``: ``topic`` (one or several), ``topics`` (patterns; ``**`` for all), ``domain``, ``since`` (a time), ``after``
          (``oldest``, ``now`` or a position), ``include_acknowledged``, ``page_size`` (10; at most 1,000), ``page_number`` or
          ``cursor``

        Without ``topic`` or ``topics`` only the topics come that Flatfile's clients know.
        """
        check_names("list", filters, _FILTERS)
        return page_of(Event, await self._http.get("/v1/events", filters))

    async def iterate(self, **filters: Any) -> AsyncGenerator[Event, None]:
        """The events that the filters of `list` let through, up to now, page by page."""
        while True:
            page = await self.list(**filters)
            for event in page.items:
                yield event
            last = page.items[-1].position if page.items else None
            if last is None:
                return
            filters = {**filters, "after": last}

    async def get(self, event_id: str) -> Event:
        """One event; ApiError ``not_found`` when there is none."""
        return await self._http.record(Event, "GET", f"/v1/events/{quote(event_id, safe='')}")

    async def publish(
        self,
        topic: str,
        payload: Any = None,
        context: dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Event:
        """Publish an event.

        - ``topic``: ``domain:operation``, such as ``invoice:paid``, of a domain that is not reserved
        - ``payload``: a dict or a pydantic model
        - ``context``: ids that the event is about, for filters
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: more of the event, as in `EventCreate`

        ApiError (``bad_topic``, ``reserved_topic``), before anything is sent, for a topic that clients may not publish.
        """
        return await self.publish_event(event_of(topic, payload, context, fields), idempotency_key)

    async def publish_event(self, event: EventCreate, idempotency_key: str | None = None) -> Event:
        """Publish an event that was made already."""
        sent = event.model_dump_json(exclude_none=True).encode()
        return await self._http.record(Event, "POST", "/v1/events", sent, idempotency_key=idempotency_key)

    async def ack(self, event_id: str) -> None:
        """Mark an event as seen: lists leave it out, unless asked with ``include_acknowledged``."""
        await self._http.call("POST", f"/v1/events/{quote(event_id, safe='')}/ack")


def event_of(
    topic: str, payload: Any, context: Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> EventCreate:
    """The event of these facts; ApiError and TypeError as of `Events.publish`."""
    try:
        check_topic(topic)
    except Refusal as refusal:
        raise ApiError.of_code(refusal.code, refusal.message, key=refusal.key) from None
    check_names("publish", fields, names_of(EventCreate, "topic", "payload", "context"))
    told = {**fields, "topic": topic, "payload": plain_input(payload) or {}, "context": context or {}}
    event = body(EventCreate, told)
    event.domain = event.domain or topic.partition(":")[0]
    return event
