"""What members do with their own account. A key has none."""

from aiohttp import web

from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.members import PasswordChange

from ..commands.members import END_SESSIONS, SET_PASSWORD, EndSessions, SetPassword
from ..core.members import KIND, MemberRow, member_wire
from ..store import logins, members
from .answers import data, success
from .auth import address_of, keyring
from .call import Call
from .cookies import clear_cookie
from .members import log_out
from .state import PASSWORDS


async def show(call: Call) -> web.Response:
    """The member who calls."""
    return data(member_wire(await _own(call)))


async def log_out_everywhere(call: Call) -> web.Response:
    """End all sessions of the member who calls, this one among them."""
    row = await _own(call)
    await call.node.submit(END_SESSIONS, EndSessions(call.actor, row.id))
    log_out(call, row.public_id)
    response = success()
    clear_cookie(response)
    return response


async def set_password(call: Call) -> web.Response:
    """Set one's password; one's other sessions end."""
    body = await call.body(PasswordChange)
    row, login = await _own(call), call.actor.login
    assert login is not None
    if not await _is_fresh(call, login):
        await _compare(call, row, body.old)
    hashed = await call.request.app[PASSWORDS].make(body.new)
    item = SetPassword(call.actor, row.id, row.password_hash, hashed, login)
    changed = await call.node.submit(SET_PASSWORD, item)
    assert isinstance(changed, MemberRow)
    keyring(call.node).forget(changed.public_id)
    call.node.sockets.close_key(changed.public_id, CLOSES["unauthorized"].code, but_login=login)
    return data(member_wire(changed))


async def _own(call: Call) -> MemberRow:
    number, space_id = decode(KIND, call.actor.key_id), call.actor.space.id
    row = await call.node.read(lambda reader: members.load(reader, space_id, number or 0))
    if number is None or row is None:
        raise Refusal("not_found", "This call was made by a key, which is no member.", key="id")
    return row


async def _is_fresh(call: Call, login: int) -> bool:
    row = await call.node.read(lambda reader: logins.load(reader, login))
    return row is not None and row.is_fresh(call.node.clock())


async def _compare(call: Call, row: MemberRow, old: str | None) -> None:
    """Refusal ``invalid`` unless this is the present password. A session that was left open must not let one guess it."""
    keys, now = keyring(call.node), call.node.clock()
    who = (address_of(call.request), call.actor.space.code, row.email or "", now)
    keys.guesses.password(*who)
    if not await call.request.app[PASSWORDS].matches(old or "", row.password_hash):
        raise Refusal(
            "invalid",
            "old is not the present password. Without it, a new one can be set for 15 minutes after logging in by a link.",
            key="old",
        )
    keys.guesses.right_password(*who)
