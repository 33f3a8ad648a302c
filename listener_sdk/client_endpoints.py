"""``client.endpoints``: where a space's events are posted to."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from ._given import body, body_text, changes_text, check_names, names_of
from ._http import Http
from .pages import Page, page_of
from .protocol.endpoints import (
    OVERLAP_S,
    Endpoint,
    EndpointCreate,
    EndpointDelivery,
    EndpointReplay,
    EndpointReplayMissed,
    EndpointRotate,
    EndpointUpdate,
    MadeEndpoint,
    Replayed,
)
from .protocol.model import WireModel

FILTERS: Final = ("enabled", "page_size", "cursor")
OF_DELIVERIES: Final = ("status", "page_size", "cursor")


class Endpoints:
    """Calls of ``/v1/endpoints``. Making and changing takes a key that may define: a developer's, or above, without restrictions."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(
        self, url: str, *topics: str, idempotency_key: str | None = None, **fields: Any
    ) -> MadeEndpoint:
        """Have events posted to an address, signed as Standard Webhooks says. Its ``secret`` is shown this once.

        ApiError ``invalid`` or ``bad_filter``, ``blocked_address`` for an address that may not be reached.

        - ``topics``: topics or patterns such as ``job:*``
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: ``filter`` (such as ``{"status": "failed"}``), ``name``, ``description``, ``enabled``, ``secret`` (``whsec_...``, where
          it is not to be a random one)
        """
        check_names("create", fields, names_of(EndpointCreate, "url", "topics"))
        made = body(EndpointCreate, {**fields, "url": url, "topics": list(topics)})
        sent = made.model_dump_json(exclude_none=True, exclude_unset=True).encode()
        return await self._http.record(
            MadeEndpoint, "POST", "/v1/endpoints", sent, idempotency_key=idempotency_key
        )

    async def list(self, **filters: Any) -> Page[Endpoint]:
        """One page of the endpoints, in the order of their making.

        - ``filters``: ``enabled``, ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Endpoint, await self._http.get("/v1/endpoints", filters))

    async def get(self, endpoint_id: str) -> Endpoint:
        """One endpoint, and how many deliveries wait for it."""
        return await self._http.record(Endpoint, "GET", _path(endpoint_id))

    async def update(self, endpoint_id: str, **changes: Any) -> Endpoint:
        """Change an endpoint; what is not named stays, None takes a filter, name or description away."""
        sent = changes_text(EndpointUpdate, changes)
        return await self._http.record(Endpoint, "PATCH", _path(endpoint_id), sent)

    async def enable(self, endpoint_id: str) -> Endpoint:
        """Switch it on: events from here on are posted."""
        return await self.update(endpoint_id, enabled=True)

    async def disable(self, endpoint_id: str) -> Endpoint:
        """Switch it off; what waits for it is not delivered, unless it is replayed."""
        return await self.update(endpoint_id, enabled=False)

    async def rotate(
        self,
        endpoint_id: str,
        overlap_s: float = OVERLAP_S,
        *,
        secret: str | None = None,
        idempotency_key: str | None = None,
    ) -> MadeEndpoint:
        """Give it a new secret, shown this once. The old one signs beside it for ``overlap_s`` more."""
        sent = body_text(EndpointRotate, {"overlap_s": overlap_s, "secret": secret})
        path = f"{_path(endpoint_id)}/rotate"
        return await self._http.record(MadeEndpoint, "POST", path, sent, idempotency_key=idempotency_key)

    async def delete(self, endpoint_id: str) -> None:
        """Remove an endpoint; what waits for it is not delivered."""
        await self._http.call("DELETE", _path(endpoint_id))

    async def test(self, endpoint_id: str) -> EndpointDelivery:
        """Post a test now, once, also where it is disabled; the delivery says how it went."""
        return await self._http.record(EndpointDelivery, "POST", f"{_path(endpoint_id)}/test", b"{}")

    async def deliveries(self, endpoint_id: str, **filters: Any) -> Page[EndpointDelivery]:
        """One page of the deliveries to an endpoint, the newest first.

        - ``filters``: ``status`` (``pending``, ``delivered``, ``failed`` or ``disabled``), ``page_size`` (50; at most 1,000), ``cursor``
        """
        check_names("deliveries", filters, OF_DELIVERIES)
        return page_of(EndpointDelivery, await self._http.get(f"{_path(endpoint_id)}/deliveries", filters))

    async def delivery(self, delivery_id: str) -> EndpointDelivery:
        """One delivery with what is posted, and all its attempts."""
        return await self._http.record(EndpointDelivery, "GET", _delivery(delivery_id))

    async def replay(self, delivery_id: str) -> EndpointDelivery:
        """Make a delivery once more, under the same id."""
        return await self._http.record(EndpointDelivery, "POST", f"{_delivery(delivery_id)}/replay", b"{}")

    async def replay_many(
        self,
        endpoint_id: str,
        since: datetime,
        until: datetime | None = None,
        *,
        status: tuple[str, ...] = ("failed", "disabled"),
    ) -> int:
        """Make the deliveries once more that were made in a span and ended so; how many go out again."""
        facts = {"since": since, "until": until, "status": list(status)}
        path = f"{_path(endpoint_id)}/replay"
        return sum([count async for count in self._pages(path, EndpointReplay, facts)])

    async def replay_missed(self, endpoint_id: str, since: datetime, until: datetime | None = None) -> int:
        """Deliver the events of a span that it hears now and that never became deliveries, since it was disabled or too many waited: how
        many go out.
        """
        facts = {"since": since, "until": until}
        path = f"{_path(endpoint_id)}/replay-missed"
        return sum([count async for count in self._pages(path, EndpointReplayMissed, facts)])

    async def _pages(self, path: str, model: type[WireModel], facts: dict[str, Any]) -> AsyncIterator[int]:
        while True:
            done = await self._http.record(Replayed, "POST", path, body_text(model, facts))
            yield done.replayed
            if done.cursor is None:
                return
            facts["cursor"] = done.cursor


def _path(endpoint_id: str) -> str:
    return f"/v1/endpoints/{quote(endpoint_id, safe='')}"


def _delivery(delivery_id: str) -> str:
    return f"/v1/endpoint-deliveries/{quote(delivery_id, safe='')}"
