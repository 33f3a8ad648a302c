"""``client.keys``: calls about API keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ._given import body_text, changes_text, check_names
from ._http import Http
from .pages import Page, page_of
from .protocol.keys import CreatedKey, Key, KeyCreate, KeyRotate, KeyUpdate


class Keys:
    """Calls of ``/v1/keys``, for administrators."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(
        self,
        name: str,
        role: str,
        expires_at: datetime | None = None,
        *,
        every_space: bool = False,
        jobs: Sequence[str] | None = None,
        topics: Sequence[str] | None = None,
    ) -> CreatedKey:
        """Make a key; its text is in ``key`` of what comes back, this once.

        - ``name``: for people
        - ``role``: ``viewer``, ``operator``, ``developer``, ``admin`` or ``listener``
        - ``expires_at``: when it ends by itself, if ever: a time with a zone
        - ``every_space``: opens all spaces of the store; it takes such a key to make one
        - ``jobs``: names of jobs, or globs such as ``import:*``, beyond which it sees, takes and makes none
        - ``topics``: topics, or globs such as ``invoice:*``, beyond which it hears and publishes nothing
        """
        given = {
            "name": name,
            "role": role,
            "expires_at": expires_at,
            "every_space": every_space,
            "jobs": _globs(jobs),
            "topics": _globs(topics),
        }
        sent = body_text(KeyCreate, given)
        return await self._http.record(CreatedKey, "POST", "/v1/keys", sent)

    async def list(self, **filters: Any) -> Page[Key]:
        """One page, revoked keys included.

        - ``filters``: ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, ("page_size", "cursor"))
        return page_of(Key, await self._http.get("/v1/keys", filters))

    async def get(self, key_id: str) -> Key:
        """One key; ApiError ``not_found`` when the space has none of that id."""
        return await self._http.record(Key, "GET", _path(key_id))

    async def update(self, key_id: str, **changes: Any) -> Key:
        """Change a key; what is not named stays, and None lifts an end or a restriction.

        - ``changes``: ``name``, ``expires_at``, ``jobs``, ``topics``
        """
        sent = changes_text(KeyUpdate, changes)
        return await self._http.record(Key, "PATCH", _path(key_id), sent)

    async def rotate(self, key_id: str, overlap_s: float = 3_600) -> CreatedKey:
        """Give a key a new secret; its text is in ``key`` of what comes back, this once.

        - ``overlap_s``: for how long the old one is valid too, 30 days at most; 0 ends it at once, and its streams
        """
        sent = body_text(KeyRotate, {"overlap_s": overlap_s})
        return await self._http.record(CreatedKey, "POST", f"{_path(key_id)}/rotate", sent)

    async def revoke(self, key_id: str) -> None:
        """End a key; its streams are closed within seconds, and those of the tokens that it made."""
        await self._http.call("DELETE", _path(key_id))


def _globs(given: Sequence[str] | None) -> list[str] | None:
    return [given] if isinstance(given, str) else None if given is None else list(given)


def _path(key_id: str) -> str:
    return f"/v1/keys/{quote(key_id, safe='')}"
