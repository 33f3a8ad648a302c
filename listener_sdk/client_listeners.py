"""``client.listeners``: the sessions that take jobs, looked at, drained and resumed."""

from typing import Final
from urllib.parse import quote

from ._http import Http
from .pages import Page, page_of
from .protocol.listeners import ListenerSession

PATH: Final = "/v1/listeners"


class Listeners:
    """Calls of ``/v1/listeners``. A restricted key sees its own sessions alone."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, page_size: int | None = None, cursor: str | None = None) -> Page[ListenerSession]:
        """One page of those that are connected or hold jobs, in the order of their coming."""
        answer = await self._http.get(PATH, {"page_size": page_size, "cursor": cursor})
        return page_of(ListenerSession, answer)

    async def drain(self, listener_id: str) -> ListenerSession:
        """Let one finish what it has: it gets no new jobs, also when it comes again. ApiError ``not_found`` when there is none."""
        return await self._turn(listener_id, "drain")

    async def resume(self, listener_id: str) -> ListenerSession:
        """Let a drained one get jobs again."""
        return await self._turn(listener_id, "resume")

    async def _turn(self, listener_id: str, how: str) -> ListenerSession:
        path = f"{PATH}/{quote(listener_id, safe='')}/{how}"
        return await self._http.record(ListenerSession, "POST", path, b"{}")
