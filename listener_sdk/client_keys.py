"""``client.keys``, ``client.environments``, ``client.spaces`` and who one is."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from ._http import Http
from .client_jobs import Page
from .protocol.jobs import Environment
from .protocol.model import WireModel
from .protocol.times import Time


class Key(WireModel):
    """An API key, without its secret."""

    id: str
    name: str
    role: str
    created_at: Time
    created_by: str | None = None
    expires_at: Time | None = None
    revoked_at: Time | None = None


class CreatedKey(Key):
    """A new key: ``key`` is shown this once."""

    key: str


class Space(WireModel):
    """A space, as Flatfile shows it."""

    id: str
    name: str | None = None
    environment_id: str | None = None


class WhoAmI(WireModel):
    """The key that is used, and the server that answers."""

    key_id: str
    role: str
    space: str
    space_id: str
    environment_id: str
    account_id: str
    version: str
    position: str


class Keys:
    """Calls of ``/v1/keys``, for administrators."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(self, name: str, role: str, expires_at: datetime | None = None) -> CreatedKey:
        """Make a key; its text is in ``key`` of what comes back, this once.

        - ``name``: for people
        - ``role``: ``admin`` may do all, ``listener`` all but manage keys
        - ``expires_at``: when it ends by itself, if ever
        """
        body = _NewKey(name=name, role=role, expires_at=expires_at)
        sent = body.model_dump_json(exclude_none=True).encode()
        return CreatedKey.model_validate((await self._http.call("POST", "/v1/keys", sent))["data"])

    async def list(self, **filters: Any) -> Page[Key]:
        """One page, revoked keys included.

        - ``filters``: ``page_size`` (100; at most 1,000), ``cursor``
        """
        answer = await self._http.get("/v1/keys", filters)
        return Page([Key.model_validate(one) for one in answer["data"]], cursor=answer.get("cursor"))

    async def revoke(self, key_id: str) -> None:
        """End a key; its streams are closed within seconds."""
        await self._http.call("DELETE", f"/v1/keys/{quote(key_id, safe='')}")


class Environments:
    """Calls of ``/v1/environments``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[Environment]:
        """The environment of the key."""
        answer = await self._http.get("/v1/environments", filters)
        found = [Environment.model_validate(one) for one in answer["data"]]
        return Page(found, answer.get("pagination"), answer.get("asOf"), answer.get("cursor"))

    async def get(self, environment_id: str) -> Environment:
        """One environment; ApiError ``not_found`` when it is not the key's."""
        answer = await self._http.get(f"/v1/environments/{quote(environment_id, safe='')}")
        return Environment.model_validate(answer["data"])


class Spaces:
    """Calls of ``/v1/spaces``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[Space]:
        """The space of the key."""
        answer = await self._http.get("/v1/spaces", filters)
        found = [Space.model_validate(one) for one in answer["data"]]
        return Page(found, answer.get("pagination"), answer.get("asOf"), answer.get("cursor"))

    async def get(self, space_id: str) -> Space:
        """One space; ApiError ``not_found`` when it is not the key's."""
        answer = await self._http.get(f"/v1/spaces/{quote(space_id, safe='')}")
        return Space.model_validate(answer["data"])


class _NewKey(WireModel):
    name: str
    role: str
    expires_at: Time | None = None
