"""``client.notifications``: inboxes of members, and whether mails can be sent."""

from collections.abc import AsyncGenerator
from typing import Any, Final
from urllib.parse import quote

from ._given import body_text, check_names
from ._http import Http
from .pages import Page, each, page_of
from .protocol.notifications import MailStatus, Notification, NotificationsRead, NotificationTest

FILTERS: Final = ("member", "unread", "page_size", "cursor")
PATH: Final = "/v1/notifications"


class Notifications:
    """Calls of ``/v1/notifications``. A member has one inbox; a key has none, and one of an administrator names a ``member`` by id."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[Notification]:
        """One page of an inbox, newest first.

        - ``filters``: ``member`` (id), ``unread=True`` (without those that were read), ``page_size`` (50; at most 1,000), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Notification, await self._http.get(PATH, filters))

    def iterate(self, **filters: Any) -> AsyncGenerator[Notification, None]:
        """The whole inbox, newest first, a page at a time."""
        return each(self.list, **filters)

    async def unread(self, member: str | None = None) -> int:
        """How many are unread; beyond a thousand they are not counted."""
        named = {} if member is None else {"member": member}
        answer = await self._http.get(PATH, {"page_size": 1, **named})
        return int(answer["unread"])

    async def read(self, notification_id: str) -> Notification:
        """Note that one was read."""
        path = f"{PATH}/{quote(notification_id, safe='')}/read"
        return await self._http.record(Notification, "POST", path, b"{}")

    async def read_all(self, member: str | None = None, *, up_to: str | None = None) -> int:
        """Note that all were read that are there by now, or those up to and with one; how many were unread."""
        sent = body_text(NotificationsRead, {"member": member, "up_to": up_to})
        answer = await self._http.call("POST", f"{PATH}/read", sent)
        return int(answer["data"]["read"])

    async def test(self, address: str) -> None:
        """Send a test mail now. ApiError ``unreachable`` or ``bad_answer`` with what the mail server said."""
        await self._http.call("POST", f"{PATH}/test", body_text(NotificationTest, {"address": address}))

    async def channels(self, *, check: bool = False) -> MailStatus:
        """Whether the server sends mails, and as whom.

        - ``check``: also whether the mail server answers and takes the password, which administrators may ask
        """
        answer = await self._http.get(f"{PATH}/channels", {"check": True} if check else None)
        return MailStatus.model_validate(answer["data"])
