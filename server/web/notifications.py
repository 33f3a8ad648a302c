"""Inboxes over REST, and whether mails can be sent. A member reads the own inbox; an administrator names whose."""

from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import LARGEST, decode
from listener_sdk.protocol.notifications import NotificationsRead, NotificationTest

from ..channels.undelivered import Undelivered
from ..commands.notifications import READ_NOTIFICATION, READ_NOTIFICATIONS, ReadMany, ReadOne
from ..core import roles
from ..core.members import KIND as MEMBER
from ..core.notifications import KIND, NotificationRow, notification_wire
from ..settings import Settings
from ..store import members
from ..store import notifications as sql
from ..store.database import Reader
from ..store.pages import Window
from .answers import data
from .call import Call, NoBody, unknown
from .paging import cursor, cursor_after, dated, listed, page_size

PAGE_SIZE: Final = 50


async def index(call: Call) -> web.Response:
    """The inbox, the newest first, and how many in it are unread."""
    call.check_space()
    query, space_id = call.query, call.actor.space.id
    member_id = await _whose(call, query.text("member"))
    unread = query.truth("unread")
    window = Window(page_size(query, PAGE_SIZE), after=cursor(query, KIND) or LARGEST)

    def read(reader: Reader) -> tuple[list[NotificationRow], bool, int]:
        rows, more = sql.page(reader, space_id, member_id, window, unread=unread)
        return rows, more, sql.unread(reader, member_id)

    (rows, more, count), as_of = await dated(call, read)
    following = cursor_after(KIND, rows[-1].id) if more else None
    return listed([notification_wire(row) for row in rows], as_of, following, unread=count)


async def read_one(call: Call) -> web.Response:
    """Note that one was read."""
    await call.body(NoBody)
    number = call.number(KIND, "notification")
    found = await call.node.read(lambda reader: sql.load(reader, call.actor.space.id, number))
    if found is None:
        raise call.missing("notification")
    if found.member_id != decode(MEMBER, call.actor.key_id):
        roles.check(call.actor, "administer")
    row = await call.node.submit(READ_NOTIFICATION, ReadOne(call.actor, number))
    assert isinstance(row, NotificationRow)
    return data(notification_wire(row))


async def read_many(call: Call) -> web.Response:
    """Note that all were read that are there by now, or up to one."""
    body = await call.body(NotificationsRead)
    member_id = await _whose(call, body.member)
    upto = LARGEST if body.up_to is None else await _number(call, member_id, body.up_to)
    return data({"read": await call.node.submit(READ_NOTIFICATIONS, ReadMany(call.actor, member_id, upto))})


async def _number(call: Call, member_id: int, named: str) -> int:
    number, space_id = decode(KIND, named), call.actor.space.id
    row = await call.node.read(lambda reader: sql.load(reader, space_id, number or 0))
    if row is None or row.member_id != member_id:
        raise unknown("notification", named, "upTo", named=named)
    return row.id


async def _whose(call: Call, named: str | None) -> int:
    """The number of the member whose inbox it is."""
    own = decode(MEMBER, call.actor.key_id)
    if named is None:
        if own is None:
            raise Refusal(
                "invalid",
                "A key has no inbox: log in as a member, or name one, which administrators may: ?member=us_mem_….",
                key="member",
            )
        return own
    number = decode(MEMBER, named)
    if number != own:
        roles.check(call.actor, "administer")
    found = await call.node.read(lambda reader: members.load(reader, call.actor.space.id, number or 0))
    if number is None or found is None:
        raise unknown("member", named, "member", named=named)
    return number


async def channels(call: Call) -> web.Response:
    """Whether the server sends mails, and as whom; to administrators who ask, whether the mail server can be reached."""
    is_asked = call.query.truth("check")
    if is_asked:
        roles.check(call.actor, "administer")
    mail, settings = call.node.deliveries.mail, call.node.settings
    found: dict[str, Any] = {"configured": mail is not None, "publicUrl": settings.public_url}
    if mail is None:
        found["problem"] = _half(settings)
    else:
        found |= {"sender": mail.sender.address, "server": mail.server.shown}
        found |= await _reached(call) if is_asked else {}
    return data({name: value for name, value in found.items() if value is not None})


def _half(settings: Settings) -> str | None:
    """What is missing where mail is set up by half."""
    if settings.smtp_url is not None:
        return "TICKWIRE_SMTP_FROM is not set."
    return None if settings.smtp_from is None else "TICKWIRE_SMTP_URL is not set."


async def _reached(call: Call) -> dict[str, Any]:
    try:
        await call.node.deliveries.reach_mail()
    except Undelivered as error:
        return {"reachable": False, "problem": error.message}
    return {"reachable": True}


async def test(call: Call) -> web.Response:
    """Send a mail now, and say how it went."""
    body = await call.body(NotificationTest)
    try:
        await call.node.deliveries.send_trial(body.address, call.actor.space.name)
    except Undelivered as error:
        raise Refusal("unreachable" if error.retry else "bad_answer", error.message, key="address") from None
    return data({"address": body.address, "delivered": True})
