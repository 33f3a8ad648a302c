"""``client.subscriptions``: durable subscriptions, looked at and removed. `Client.subscribe` with a name makes them."""

from urllib.parse import quote

from ._http import Http
from .pages import Page, page_of
from .protocol.subscriptions import DurableSubscription


class Subscriptions:
    """Calls of ``/v1/subscriptions``. A restricted key sees its own alone."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(
        self, page_size: int | None = None, cursor: str | None = None
    ) -> Page[DurableSubscription]:
        """One page, in the order of their making; ``behind`` says how many events of the log come after each."""
        answer = await self._http.get("/v1/subscriptions", {"page_size": page_size, "cursor": cursor})
        return page_of(DurableSubscription, answer)

    async def get(self, name: str) -> DurableSubscription:
        """One of them; ApiError ``not_found`` when there is none."""
        return await self._http.record(
            DurableSubscription, "GET", f"/v1/subscriptions/{quote(name, safe='')}"
        )

    async def delete(self, name: str) -> None:
        """Remove one. Who follows it gets ApiError ``not_found``; who subscribes by its name later begins anew."""
        await self._http.call("DELETE", f"/v1/subscriptions/{quote(name, safe='')}")
