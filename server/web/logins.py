"""Logging in and out: links that log in once, sessions with their cookie, and tickets for the stream."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.ids import decode, space_code, space_id
from listener_sdk.protocol.members import LogIn, LoginLinkCreate
from listener_sdk.protocol.times import to_wire

from ..commands.logins import BEGIN_SESSION, END_SESSION, MAKE_PASS, BeginSession, EndSession, MakePass
from ..core.actors import Actor
from ..core.logins import LoginRow, Owner, PassRow, Visitor
from ..core.members import KIND, email_key, member_wire
from ..core.roles import check
from ..core.spaces import FIRST
from ..security.keys import digest, new_secret
from ..security.passes import LINK, SESSION, TICKET, csrf_token, parse_pass, pass_text
from ..store import logins, members, spaces
from ..store.command import Replayed
from ..store.database import Reader
from .answers import data, success
from .auth import address_of, keyring
from .call import Call, M, NoBody, unknown
from .cookies import check_page, clear_cookie, cookie_of, set_cookie
from .idempotency import HEADER
from .links import base_url
from .runner import know
from .state import PASSWORDS
from .visits import Visit, by_cookie


async def create_link(call: Call) -> web.Response:
    """A link that logs in once: of a member, for administrators; or of the key that asks."""
    token, made = await _pass(call, LoginLinkCreate, LINK, lambda body: _linked(call, body.member))
    url = login_address(base_url(call.node, call.request), token)
    return data({"url": url, "expiresAt": to_wire(made.expires_at)})


async def create_ticket(call: Call) -> web.Response:
    """A ticket that opens one stream within a minute, for a page whose upgrade carries no cookie."""
    login = call.actor.login
    if login is None:
        owner = key_owner(call.actor)
    else:
        row = await call.node.read(lambda reader: logins.load(reader, login))
        if row is None:
            raise Refusal("unauthorized", "This session has ended: log in again.")
        owner = row.owner
    token, made = await _pass(call, NoBody, TICKET, lambda _: owner, login)
    return data({"ticket": token, "expiresAt": to_wire(made.expires_at)})


async def begin(call: Call) -> web.Response:
    """Log in by a link or by e-mail and password: a new session each time, whatever cookie the browser had."""
    request, node = call.request, call.node
    check_page(node, request, needed=False)
    body = await call.body(LogIn)
    if (body.link is None) == (body.email is None or body.password is None):
        raise Refusal("invalid", "Send either link, or email and password.", key="link")
    visit, stored = await (_by_link(call, body.link) if body.link is not None else _by_password(call, body))
    older = await _older(call)
    secret = new_secret()
    item = BeginSession(
        visit.visitor,
        visit.role,
        digest(secret),
        int(node.settings.session_s * 1000),
        address_of(request),
        link=visit.used.id if visit.used is not None else None,
        password_hash=stored,
        replaces=older,
    )
    row = await node.submit(BEGIN_SESSION, item)
    assert isinstance(row, LoginRow)
    _ended(call, older)
    know(request)
    cookie = pass_text(SESSION, row.id, secret)
    keyring(node).welcome(cookie, Visit(visit.visitor, visit.role, row))
    response = data(_shown(row, visit.visitor, visit.role, secret))
    set_cookie(node, request, response, cookie, int(node.settings.session_s))
    return response


async def show(call: Call) -> web.Response:
    """The session that calls, and the token that its page sends with what it changes."""
    login, cookie = call.actor.login, cookie_of(call.request)
    parsed = parse_pass(SESSION, cookie or "")

    def look(reader: Reader) -> tuple[LoginRow, Visitor] | None:
        row = logins.load(reader, login or 0)
        return None if row is None else (row, logins.visitor(reader, row.owner))

    found = await call.node.read(look)
    if login is None or parsed is None or found is None:
        raise _no_session()
    return data(_shown(*found, call.actor.role, parsed[1]))


async def end(call: Call) -> web.Response:
    """Log out."""
    login = call.actor.login
    if login is None:
        raise _no_session()
    await call.node.submit(END_SESSION, EndSession(call.actor, login))
    _ended(call, login)
    response = success()
    clear_cookie(response)
    return response


def _linked(call: Call, member: str | None) -> Owner:
    if member is None:
        if call.actor.role == "listener":
            raise Refusal(
                "forbidden",
                "A key of role listener is for programs alone: nobody logs in by it. Make a link of a member, or use a key of another role.",
                role="listener",
            )
        return key_owner(call.actor)
    check(call.actor, "administer")
    number = decode(KIND, member)
    if number is None:
        raise unknown("member", member, "member")
    return Owner(call.actor.space.id, member_id=number)


def key_owner(actor: Actor) -> Owner:
    """The key that was sent with the call; a session lets no other one begin, which would outlive it."""
    shown = actor.shown
    if shown is None or actor.in_browser:
        raise Refusal("invalid", "member takes a member's id: only a key may leave it out.", key="member")
    return Owner(FIRST if actor.every_space else actor.space.id, key_id=shown.key_id, stamp=shown.stamp)


def login_address(server: str, token: str) -> str:
    """Where a link logs in. The token stands behind #, which browsers do not send along."""
    return f"{server}/console/login#{token}"


async def _pass(
    call: Call, model: type[M], kind: str, owner_of: Callable[[M], Owner], login: int | None = None
) -> tuple[str, PassRow]:
    """A new link or ticket. A repetition under an Idempotency-Key is refused: no secret is stored that could be shown again."""
    secret = new_secret()
    secret_hash = digest(secret)

    def item(body: M) -> MakePass:
        return MakePass(call.actor, owner_of(body), kind, secret_hash, login)

    made = await call.submit(model, MAKE_PASS, item, lambda row: str(row.id))
    if isinstance(made, Replayed) or made.secret_hash != secret_hash:
        raise Refusal("conflict", f"This {HEADER} was used, and its answer shown that once.", key=HEADER)
    return pass_text(kind, made.id, secret), made


async def _by_link(call: Call, link: str) -> tuple[Visit, str | None]:
    visit = await keyring(call.node).once(LINK, link, address_of(call.request))
    if visit is None:
        raise Refusal(
            "unauthorized",
            "This link was altered, has served, or is past its 15 minutes: ask for another (tickwire login-link).",
        )
    return visit, None


async def _by_password(call: Call, body: LogIn) -> tuple[Visit, str | None]:
    """Who has this e-mail and password. Whether there is such a space, member or password is not told, nor how near one was."""
    email, password = body.email or "", body.password or ""
    keys, now = keyring(call.node), call.node.clock()
    who = (address_of(call.request), space_code(body.space), email, now)
    keys.guesses.password(*who)

    def look(reader: Reader) -> Visitor | None:
        space = spaces.by_code(reader, space_code(body.space))
        row = members.by_email(reader, space.id, email_key(email)) if space is not None else None
        return None if row is None else Visitor(Owner(row.space_id, member_id=row.id), space, row)

    visitor = await call.node.read(look)
    member = visitor.member if visitor is not None else None
    stored = member.password_hash if member is not None else None
    right = await call.request.app[PASSWORDS].matches(password, stored)
    role = visitor.member_role if visitor is not None and right else None
    if visitor is None or role is None:
        raise Refusal("unauthorized", "E-mail, password and space do not belong together.")
    keys.guesses.right_password(*who)
    return Visit(visitor, role), stored


async def _older(call: Call) -> int | None:
    """The session that the browser has until now: it ends, as a new one begins."""
    cookie = cookie_of(call.request)
    visit = await by_cookie(call.node, keyring(call.node).role_of, cookie) if cookie else None
    return visit.login.id if visit is not None and visit.login is not None else None


def _ended(call: Call, login: int | None) -> None:
    """This server forgets a session whose row is gone, and closes its connections."""
    if login is not None:
        keyring(call.node).forget_login(login)
        call.node.sockets.close_login(login, CLOSES["unauthorized"].code)


def _shown(row: LoginRow, visitor: Visitor, role: str, secret: str) -> dict[str, Any]:
    assert visitor.space is not None
    return {
        "csrfToken": csrf_token(secret),
        "member": None if visitor.member is None else member_wire(visitor.member),
        "keyId": row.key_id,
        "role": role,
        "space": visitor.space.code,
        "spaceId": space_id(visitor.space.code),
        "createdAt": to_wire(row.created_at),
        "expiresAt": to_wire(row.expires_at),
    }


def _no_session() -> Refusal:
    return Refusal("not_found", "This call was made by a key, not by a session.", key="session")
