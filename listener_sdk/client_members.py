"""``client.members``: the people of the space, and the links by which they log in."""

from typing import Any, Final
from urllib.parse import quote

from ._given import body_text, changes_text, check_names
from ._http import Http
from .pages import Page, page_of
from .protocol.members import LoginLink, LoginLinkCreate, Member, MemberCreate, MemberUpdate

FILTERS: Final = ("role", "active", "email", "page_size", "cursor")


class Members:
    """Calls of ``/v1/members`` and ``/v1/login-links``, for administrators of the space."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(self, name: str, email: str, role: str = "viewer") -> Member:
        """Add a member, who logs in by a link first (``login_link``).

        - ``email``: another one than every other member of the space has, whatever its case
        - ``role``: ``viewer``, ``operator``, ``developer`` or ``admin``
        """
        sent = body_text(MemberCreate, {"name": name, "email": email, "role": role})
        return await self._http.record(Member, "POST", "/v1/members", sent)

    async def list(self, **filters: Any) -> Page[Member]:
        """One page of the members.

        - ``filters``: ``role``, ``active``, ``email``, ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Member, await self._http.get("/v1/members", filters))

    async def get(self, member_id: str) -> Member:
        """One member, also one that was removed: history names it."""
        return await self._http.record(Member, "GET", _path(member_id))

    async def update(self, member_id: str, **changes: Any) -> Member:
        """Change a member; what is not named stays. A new role holds within 5 s.

        - ``changes``: ``name``, ``email``, ``role``, ``active``
        """
        sent = changes_text(MemberUpdate, changes)
        return await self._http.record(Member, "PATCH", _path(member_id), sent)

    async def deactivate(self, member_id: str) -> Member:
        """Set a member aside: all sessions end within 5 s, and none begins. ``update(id, active=True)`` takes it back."""
        return await self.update(member_id, active=False)

    async def delete(self, member_id: str) -> None:
        """Remove a member; what the member did still names it."""
        await self._http.call("DELETE", _path(member_id))

    async def log_out(self, member_id: str) -> None:
        """End all sessions of a member within 5 s."""
        await self._http.call("DELETE", f"{_path(member_id)}/sessions")

    async def login_link(self, member_id: str | None = None) -> LoginLink:
        """An address that logs a browser in once, within 15 minutes: as a member, or without one as the client's own key."""
        sent = body_text(LoginLinkCreate, {"member": member_id})
        return await self._http.record(LoginLink, "POST", "/v1/login-links", sent)


def _path(member_id: str) -> str:
    return f"/v1/members/{quote(member_id, safe='')}"
