"""``client.spaces`` and ``client.environments``: the spaces that the key opens."""

from typing import Any, Final
from urllib.parse import quote

from ._given import body_text, changes_text, check_names, names_of
from ._http import Http
from .pages import Page, page_of
from .protocol.jobs import Environment
from .protocol.spaces import Space, SpaceCreate, SpaceUpdate

PAGING: Final = ("page_size", "page_number", "cursor")


class Spaces:
    """Calls of ``/v1/spaces``. Making and deleting takes an administrator's key of the whole store."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(self, name: str, code: str | None = None, **settings: Any) -> Space:
        """Make a space; its job ``space:configure`` waits for a listener with a key of the space.

        - ``name``: for people
        - ``code``: small letters, digits and dashes, for ids and headers; never changes; else made of the name
        - ``settings``: ``time_zone``, ``link_template``, ``retention`` (``{"job_days": 30, "file_days": 7}``)
        """
        check_names("create", settings, names_of(SpaceCreate, "name", "code"))
        sent = body_text(SpaceCreate, {"name": name, "code": code, **settings})
        return await self._http.record(Space, "POST", "/v1/spaces", sent)

    async def list(self, **filters: Any) -> Page[Space]:
        """One page of the spaces that the key opens.

        - ``filters``: ``page_size`` (100; at most 1,000), ``page_number`` or ``cursor``
        """
        check_names("list", filters, PAGING)
        return page_of(Space, await self._http.get("/v1/spaces", filters))

    async def get(self, space: str) -> Space:
        """One space, by code or id; ApiError ``not_found`` when the key does not open it."""
        return await self._http.record(Space, "GET", _path(space))

    async def update(self, space: str, **changes: Any) -> Space:
        """Change a space; what is not named stays.

        - ``changes``: ``name``, ``time_zone``, ``link_template``, ``retention``, ``archived``
        """
        sent = changes_text(SpaceUpdate, changes)
        return await self._http.record(Space, "PATCH", _path(space), sent)

    async def archive(self, space: str) -> Space:
        """Set a space aside: its jobs go on to their end, and nothing new begins. ``update(space, archived=False)`` takes it back."""
        return await self.update(space, archived=True)

    async def delete(self, space: str) -> None:
        """Remove a space with its jobs, events, files and keys, for ever."""
        await self._http.call("DELETE", _path(space))


class Environments:
    """Calls of ``/v1/environments``: Flatfile's name for spaces."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[Environment]:
        """One page of the environments that the key opens."""
        check_names("list", filters, PAGING)
        return page_of(Environment, await self._http.get("/v1/environments", filters))

    async def get(self, environment_id: str) -> Environment:
        """One environment; ApiError ``not_found`` when the key does not open it."""
        return await self._http.record(
            Environment, "GET", f"/v1/environments/{quote(environment_id, safe='')}"
        )


def _path(space: str) -> str:
    return f"/v1/spaces/{quote(space, safe='')}"
