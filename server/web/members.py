"""Members over REST, for administrators."""

from typing import Final

from aiohttp import web

from listener_sdk.protocol.codes import CLOSES
from listener_sdk.protocol.members import MemberCreate, MemberUpdate

from ..commands.members import (
    CREATE_MEMBER,
    DELETE_MEMBER,
    END_SESSIONS,
    UPDATE_MEMBER,
    CreateMember,
    DeleteMember,
    EndSessions,
    UpdateMember,
)
from ..core.members import KIND, MemberRow, email_key, member_wire
from ..core.roles import ROLES
from ..store import members as sql
from ..store import schedules
from ..store.command import Replayed
from .answers import data, success
from .auth import keyring
from .call import Call
from .paging import cursor, dated, listed, page_of, page_size

PAGE_SIZE: Final = 100


async def index(call: Call) -> web.Response:
    """Members of the space, without those that were deleted."""
    query, space_id = call.query, call.actor.space.id
    size, after = page_size(query, PAGE_SIZE), cursor(query, KIND) or 0
    role = query.choice("role", ROLES, "viewer") if query.text("role") else None
    active = int(query.truth("active")) if query.text("active") else None
    email = query.text("email")
    key = None if email is None else email_key(email)
    found, as_of = await dated(
        call,
        lambda reader: sql.page(reader, space_id, after, size + 1, role=role, active=active, email_key=key),
    )
    rows, following = page_of(found, size, KIND)
    return listed([member_wire(row) for row in rows], as_of, following)


async def create(call: Call) -> web.Response:
    """Add a member, who logs in by a link first."""
    result = await call.submit(
        MemberCreate, CREATE_MEMBER, lambda body: CreateMember(call.actor, body), lambda row: str(row.id)
    )
    row = await _load(call, int(result.answer)) if isinstance(result, Replayed) else result
    return data(member_wire(row))


async def show(call: Call) -> web.Response:
    """One member; one that was deleted too, since history names it."""
    return await _shown(call, await _load(call, call.number(KIND, "member")))


async def update(call: Call) -> web.Response:
    """Change a member. A new role holds from the next call and connection on; who is set aside is logged out."""
    number = call.number(KIND, "member")
    body = await call.body(MemberUpdate)
    changed = await call.node.submit(UPDATE_MEMBER, UpdateMember(call.actor, number, body))
    assert isinstance(changed, MemberRow)
    keyring(call.node).forget(changed.public_id)
    if not changed.open:
        _close(call, changed.public_id, "unauthorized")
    elif body.role is not None:
        _close(call, changed.public_id, "changed")
    return await _shown(call, changed)


async def _shown(call: Call, row: MemberRow) -> web.Response:
    """The member, and how many schedules run in the member's name, or would."""
    count = await call.node.read(lambda reader: schedules.count_owned(reader, row.space_id, row.public_id))
    return data({**member_wire(row), "schedules": count})


async def delete(call: Call) -> web.Response:
    """Remove a member, who is logged out everywhere."""
    gone = await call.node.submit(DELETE_MEMBER, DeleteMember(call.actor, call.number(KIND, "member")))
    assert isinstance(gone, MemberRow)
    log_out(call, gone.public_id)
    return success()


async def end_sessions(call: Call) -> web.Response:
    """Log a member out everywhere."""
    number = call.number(KIND, "member")
    await call.node.submit(END_SESSIONS, EndSessions(call.actor, number))
    log_out(call, call.request.match_info["id"])
    return success()


def log_out(call: Call, member_id: str) -> None:
    """This server forgets the member's sessions, whose rows are gone, and closes their connections."""
    keyring(call.node).forget(member_id)
    _close(call, member_id, "unauthorized")


def _close(call: Call, member_id: str, why: str) -> None:
    call.node.sockets.close_key(member_id, CLOSES[why].code)


async def _load(call: Call, number: int) -> MemberRow:
    space_id = call.actor.space.id
    row = await call.node.read(lambda reader: sql.load(reader, space_id, number))
    if row is None:
        raise call.missing("member")
    return row
