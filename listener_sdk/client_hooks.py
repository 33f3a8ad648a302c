"""``client.hooks``: addresses at which other programs start jobs or publish events."""

from typing import Any, Final
from urllib.parse import quote

from ._given import body_text, changes_text, check_names, names_of
from ._http import Http
from .pages import Page, page_of
from .protocol.hooks import (
    CreatedHook,
    Hook,
    HookCreate,
    HookDelivery,
    HookReceipt,
    HookRotate,
    HookTrial,
    HookTry,
    HookUpdate,
)
from .protocol.jobs import JsonObject

FILTERS: Final = ("page_size", "cursor")
OF_DELIVERIES: Final = ("status", "page_size", "cursor")


class Hooks:
    """Calls of ``/v1/hooks``. Making and changing takes a developer's or administrator's key."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(self, name: str, verification: str | JsonObject, **fields: Any) -> CreatedHook:
        """Make a hook; its ``secret`` is shown this once.

        - ``verification``: a kind (``standard``, ``github``, ``stripe``, ``slack``, ``bearer``, ``none``), or an object with what else is
          to be said of it, such as ``{"kind": "hmac", "header": "X-Signature"}``
        - ``fields``: what it starts (``definition``, ``job_type`` or ``event``), and ``params``, ``mode``, ``filter``, ``secret``, ``accepts``,
          ``replay_by``, ``replay_header``, ``wait_s``, ``enabled``
        """
        check_names("create", fields, names_of(HookCreate, "name", "verification"))
        told = {"kind": verification} if isinstance(verification, str) else verification
        sent = body_text(HookCreate, {"name": name, "verification": told, **fields})
        return CreatedHook.model_validate((await self._http.call("POST", "/v1/hooks", sent))["data"])

    async def list(self, **filters: Any) -> Page[Hook]:
        """One page of the hooks, in the order of their making.

        - ``filters``: ``page_size``, ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Hook, await self._http.get("/v1/hooks", filters))

    async def get(self, hook_id: str) -> Hook:
        """A hook, without its secret; ApiError ``not_found``."""
        return Hook.model_validate((await self._http.get(_path(hook_id)))["data"])

    async def update(self, hook_id: str, **fields: Any) -> Hook:
        """Change fields; None takes one away that may be left out."""
        check_names("update", fields, names_of(HookUpdate))
        answer = await self._http.call("PATCH", _path(hook_id), changes_text(HookUpdate, fields))
        return Hook.model_validate(answer["data"])

    async def rotate(
        self, hook_id: str, *, secret: str | None = None, overlap_s: int = 86_400, address: bool = False
    ) -> CreatedHook:
        """Give a hook a new secret, which is shown this once.

        - ``secret``: the one that the sender has given; else one is made
        - ``overlap_s``: how long the one before it is valid still
        - ``address``: give it a new address too, at once
        """
        sent = body_text(HookRotate, {"secret": secret, "overlap_s": overlap_s, "address": address})
        answer = await self._http.call("POST", f"{_path(hook_id)}/rotate", sent)
        return CreatedHook.model_validate(answer["data"])

    async def delete(self, hook_id: str) -> None:
        """Remove a hook: its address takes no calls any more."""
        await self._http.call("DELETE", _path(hook_id))

    async def try_(
        self,
        hook_id: str,
        body: Any = None,
        *,
        text: str | None = None,
        content_type: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> HookTrial:
        """What would become of a call; nothing is kept.

        - ``body``: as JSON; or ``text``, of this ``content_type``
        - ``headers``, ``query``: that templates and the filter may read
        """
        told = {
            "body": body,
            "text": text,
            "content_type": content_type,
            "headers": headers or {},
            "query": query or {},
        }
        answer = await self._http.call("POST", f"{_path(hook_id)}/try", body_text(HookTry, told))
        return HookTrial.model_validate(answer["data"])

    async def deliveries(self, hook_id: str, **filters: Any) -> Page[HookDelivery]:
        """One page of what came to a hook, the newest first, without bodies.

        - ``filters``: ``status`` (``started``, ``published``, ``ignored``, ``failed``), ``page_size``, ``cursor``
        """
        check_names("deliveries", filters, OF_DELIVERIES)
        return page_of(HookDelivery, await self._http.get(f"{_path(hook_id)}/deliveries", filters))

    async def delivery(self, delivery_id: str) -> HookDelivery:
        """What came to a hook, with its body; ApiError ``not_found``."""
        return HookDelivery.model_validate((await self._http.get(_delivery(delivery_id)))["data"])

    async def replay(self, delivery_id: str) -> HookReceipt:
        """Let the same call come once more, as the hook is now."""
        answer = await self._http.call("POST", f"{_delivery(delivery_id)}/replay", b"{}")
        return HookReceipt.model_validate(answer["data"])


def _path(hook_id: str) -> str:
    return f"/v1/hooks/{quote(hook_id, safe='')}"


def _delivery(delivery_id: str) -> str:
    return f"/v1/hook-deliveries/{quote(delivery_id, safe='')}"
