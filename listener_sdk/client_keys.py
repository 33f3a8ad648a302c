"""``client.keys``, and who one is."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import Field

from ._given import body, check_names
from ._http import Http
from .client_jobs import Page
from .protocol.model import WireModel
from .protocol.times import Time


class Key(WireModel):
    """An API key, without its secret."""

    id: str
    name: str
    role: str
    every_space: bool = False
    created_at: Time
    created_by: str | None = None
    expires_at: Time | None = None
    revoked_at: Time | None = None


class CreatedKey(Key):
    """A new key: ``key`` is shown this once."""

    key: str


class WhoAmI(WireModel):
    """The key that is used, and the server that answers."""

    key_id: str
    role: str
    permissions: list[str] = Field(default_factory=list)
    every_space: bool = False
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

    async def create(
        self, name: str, role: str, expires_at: datetime | None = None, *, every_space: bool = False
    ) -> CreatedKey:
        """Make a key; its text is in ``key`` of what comes back, this once.

        - ``name``: for people
        - ``role``: ``viewer``, ``operator``, ``developer``, ``admin`` or ``listener``
        - ``expires_at``: when it ends by itself, if ever: a time with a zone
        - ``every_space``: opens all spaces of the store; it takes such a key to make one
        """
        given = {"name": name, "role": role, "expires_at": expires_at, "every_space": every_space}
        sent = body(_NewKey, given).model_dump_json(exclude_none=True).encode()
        return CreatedKey.model_validate((await self._http.call("POST", "/v1/keys", sent))["data"])

    async def list(self, **filters: Any) -> Page[Key]:
        """One page, revoked keys included.

        - ``filters``: ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, ("page_size", "cursor"))
        answer = await self._http.get("/v1/keys", filters)
        return Page([Key.model_validate(one) for one in answer["data"]], cursor=answer.get("cursor"))

    async def revoke(self, key_id: str) -> None:
        """End a key; its streams are closed within seconds."""
        await self._http.call("DELETE", f"/v1/keys/{quote(key_id, safe='')}")


class _NewKey(WireModel):
    name: str
    role: str
    every_space: bool = False
    expires_at: Time | None = None
