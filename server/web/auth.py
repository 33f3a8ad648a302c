"""Who calls: keys and sessions are checked against the store, remembered for a few seconds, and guessed at slowly."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn
from weakref import WeakKeyDictionary

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import space_code, space_id

from ..commands.keys import USED_KEY, UsedKey
from ..commands.logins import SEEN, USE_PASS, UsePass
from ..commands.standing import ENDED
from ..core.actors import Actor, Shown, Space
from ..core.keys import ADMINISTRATOR, KeyRow, patterns
from ..core.logins import SEEN_EVERY_MS, Visitor
from ..core.rates import Rates
from ..core.reach import Reach, reach_of
from ..core.spaces import FIRST
from ..core.tokens import ROLE, Claims
from ..engine.hub import unanswered
from ..engine.node import Node
from ..security.equal import equal
from ..security.keys import digest, matches, parse_key, stamp
from ..security.passes import TICKET
from ..security.tokens import PREFIX, Tokens
from ..store import keys, spaces
from ..store.database import Reader
from .guesses import Guesses, limit
from .runner import Connection
from .visits import Visit, by_cookie, by_logins, by_pass

REMEMBERED_MS: Final = 5_000
"""A key that was revoked on another node opens doors at most this long."""
MOST_REMEMBERED: Final = 10_000
LONGEST_KEY: Final = 512
USED_EVERY_MS: Final = 60_000
"""How often the use of one key is written down."""
CALLER: Final = "us_tk_{}"
"""The id of who calls with a token, made of its hash: no key has it, so no session of a key is taken over."""
MOST_ACTORS: Final = 32
ENDED_MS: Final = 60_000
"""A page that was left open asks with the cookie of a session that has ended: that is no new guess each time."""
SPACE_HEADER: Final = "X-Customer-Code"
"""By it a key of the whole store names the space in which a call acts."""

_ALTERED: Final = "This token is not valid here: ask who gave it for another one."
_HOW: Final = "Send a valid key as 'Authorization: Bearer <key>'; the first one stands in admin.key."
_ENDED: Final = "This session has ended: log in again."


def no_space(code: str) -> str:
    """What is said of a space that is not there, or is another's."""
    return f"This key opens no space {code[:64]!a}."


class ClosedSpace(Refusal):
    """The key is valid and opens no space of the code that the call gives; ``actor`` is it in its own space."""

    def __init__(self, actor: Actor, code: str) -> None:
        super().__init__("not_found", no_space(code), key=SPACE_HEADER, named=space_id(code))
        self.actor = actor


@dataclass(frozen=True, slots=True)
class _Checked:
    """A key, token or session that was valid: where it acts by itself, whether also elsewhere, and the actors that it was lately."""

    key_id: str
    role: str
    space_id: int
    every_space: bool
    until: int
    shown: Shown
    reach: Reach | None = None
    actors: dict[tuple[str | None, str], Actor] = field(default_factory=dict)


_Found = tuple[KeyRow | None, Space | None]
_Seen = tuple[dict[tuple[str, int | None], _Found], dict[int, Visit], dict[int, Space | None]]
"""Keys with their spaces, sessions, and the spaces in which keys of the whole store act."""


class Keyring:
    """The keys and sessions that one node has seen lately, by their hash, and the addresses that sent wrong ones."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._checked: dict[str, _Checked] = {}
        own = node.settings.admin_key
        self._own_admin = None if own is None else digest(own)
        self.tokens = Tokens(node.meta.link_secret)
        self._doubts = 0
        """How often something was forgotten: what was read before may be wrong."""
        self._used: dict[str, int] = {}
        """When keys were used last, as far as it was written down."""
        self._ended: dict[str, int] = {}
        self.guesses = Guesses(node.settings.auth_failures_per_minute)
        self._calls = Rates(rate_per_s=node.settings.rate_per_key, burst=node.settings.rate_per_key)
        of_token = node.settings.rate_per_token
        self._browser_calls = Rates(rate_per_s=of_token, burst=2 * of_token)

    async def check(self, token: str | None, address: str, space: str | None = None) -> Actor:
        """The actor of a key, in the space that it names (by code or id) or else its own.

        Refusal ``unauthorized`` for a missing, wrong, expired or revoked key; ``rate_limited`` for a wrong one once
        an address has sent too many; ``not_found`` for a space that the key does not open.
        """
        if not token or len(token) > LONGEST_KEY:
            raise Refusal("unauthorized", f"There is no key. {_HOW}")
        now = self._node.clock()
        fingerprint = digest(token)
        known = self._checked.get(fingerprint)
        if known is not None and now < known.until:
            return known.actors.get((space, address)) or await self._actor(known, address, space)
        if known is None:
            self.guesses.look(address, now)
        doubts = self._doubts
        found = await self._look_up(token, fingerprint, now)
        if found is None:
            self._checked.pop(fingerprint, None)
            self._refuse(token, address, now, is_guess=known is None)
        if known is None:
            self.guesses.right(address, now)
        self._remember(fingerprint, found, doubts)
        return await self._actor(found, address, space)

    def _refuse(self, token: str, address: str, now: int, *, is_guess: bool) -> NoReturn:
        """A token that has run out is no guess: the browsers of one address go on."""
        claims = self.tokens.read(token)
        if claims is None or claims.expires_at > now:
            if is_guess:
                self.guesses.wrong(address, now)
            raise Refusal(
                "unauthorized",
                _ALTERED if token.startswith(PREFIX) else f"This key is not valid here. {_HOW}",
            )
        if is_guess:
            self.guesses.right(address, now)
        raise Refusal("unauthorized", "This token is past its time: ask who gave it for a new one.")

    async def visit(self, cookie: str, address: str, space: str | None = None) -> Actor:
        """As ``check``, of the cookie of a session."""
        now, fingerprint = self._node.clock(), _cookie_print(cookie)
        known = self._checked.get(fingerprint)
        if known is not None and now < known.until:
            return known.actors.get((space, address)) or await self._actor(known, address, space)
        if len(cookie) > LONGEST_KEY or now < self._ended.get(fingerprint, 0):
            raise Refusal("unauthorized", _ENDED)
        if known is None:
            self.guesses.look(address, now)
        doubts = self._doubts
        visit = await by_cookie(self._node, self.role_of, cookie)
        if visit is None:
            self._checked.pop(fingerprint, None)
            self._end_of(fingerprint, now)
            if known is None:
                self.guesses.wrong(address, now)
            raise Refusal("unauthorized", _ENDED)
        if known is None:
            self.guesses.right(address, now)
        found = self._visiting(visit, now)
        self._remember(fingerprint, found, doubts)
        return await self._actor(found, address, space)

    def _end_of(self, fingerprint: str, now: int) -> None:
        if len(self._ended) >= MOST_REMEMBERED:
            self._ended.clear()
        self._ended[fingerprint] = now + ENDED_MS

    async def ticket(self, text: str, address: str, space: str | None = None) -> Actor:
        """As ``check``, of a ticket, which has served by this."""
        visit = await self.once(TICKET, text, address)
        if visit is None or visit.used is None:
            raise Refusal("unauthorized", "This ticket was altered, has served, or is past its time.")
        await self._node.submit(USE_PASS, UsePass(visit.used.id))
        return await self._actor(self._visiting(visit, self._node.clock()), address, space)

    async def once(self, kind: str, text: str, address: str) -> Visit | None:
        """Whom a link or ticket lets in; one that lets nobody in counts as a wrong key of its address."""
        now = self._node.clock()
        self.guesses.look(address, now)
        visit = await by_pass(self._node, self.role_of, kind, text)
        if visit is None:
            self.guesses.wrong(address, now)
        else:
            self.guesses.right(address, now)
        return visit

    def welcome(self, cookie: str, visit: Visit) -> None:
        """A session that began just now is known here, whatever else its address has sent; its first call looks whose it is."""
        known = self._visiting(visit, self._node.clock())
        self._remember(_cookie_print(cookie), replace(known, until=0), self._doubts)

    def role_of(self, visitor: Visitor, now: int) -> str | None:
        """The role in which a member or key that has a session acts now; None when it opens nothing any more."""
        owner, key = visitor.owner, visitor.key
        if owner.key_id is None:
            return visitor.member_role
        shown = Shown(owner.key_id, owner.stamp or "", (None, None) if key is None else key.limits)
        if self._end(shown, (key, visitor.space), now) is not None:
            return None
        return "admin" if key is None else key.role

    def _visiting(self, visit: Visit, now: int) -> _Checked:
        visitor, key, login = visit.visitor, visit.visitor.key, visit.login
        assert visitor.space is not None
        self._node.facts.learn([visitor.space])
        if login is not None and now - login.seen_at >= SEEN_EVERY_MS:
            self._node.writer.post(SEEN, login.id, unanswered)
        if key is not None:
            self.use(key.id)
        shown = _shown_of(visit)
        jobs, topics = shown.limits
        return _Checked(
            shown.key_id,
            visit.role,
            visitor.space.id,
            visitor.every_space,
            visit.until(now, REMEMBERED_MS),
            shown,
            reach_of(patterns(jobs), patterns(topics)),
        )

    async def _actor(self, key: _Checked, address: str, wanted: str | None) -> Actor:
        own = self._node.facts.spaces.get(key.space_id)
        if own is None:
            raise Refusal("unauthorized", f"This key is not valid here. {_HOW}")
        actor = Actor(key.key_id, key.role, own, key.every_space, address, key.reach, key.shown)
        if wanted is not None:
            acting = await self._space(actor, space_code(wanted))
            if acting is not own:
                actor = replace(actor, space=acting, shown=replace(key.shown, space_id=acting.id))
        if len(key.actors) >= MOST_ACTORS:
            key.actors.clear()
        key.actors[wanted, address] = actor
        return actor

    async def _space(self, actor: Actor, code: str) -> Space:
        """Another space is there for keys of the whole store alone."""
        if code == actor.space.code:
            return actor.space
        found = (
            await self._node.read(lambda reader: spaces.by_code(reader, code)) if actor.every_space else None
        )
        if found is None or not found.open:
            raise ClosedSpace(actor, code)
        return found

    async def check_again(self, actor: Actor) -> None:
        """Refusal ``unauthorized`` or ``conflict`` when what the actor has shown opens nothing any more, or other things."""
        end = None if actor.shown is None else (await self.ended([actor.shown])).get(actor.shown)
        if end == "unauthorized":
            raise Refusal("unauthorized", ENDED)
        if end is not None:
            raise Refusal(
                "conflict", "What this key or session may do has changed meanwhile: send the call again."
            )

    def call(self, actor: Actor) -> None:
        """Count one call of a key, token or session; Refusal ``rate_limited`` when there were too many."""
        if not actor.in_browser:
            limit(self._calls.take(actor.key_id, self._node.clock()), "This key has made too many calls")
            return
        name, what = (actor.key_id, "token") if actor.login is None else (f"/{actor.login}", "session")
        wait_ms = self._browser_calls.take(name, self._node.clock())
        limit(wait_ms, f"This {what} has made too many calls")

    def forget(self, key_id: str) -> None:
        """Check this key or member, with its tokens and sessions, again before their next call."""
        self._doubt(lambda one: one.shown.key_id == key_id)

    def forget_login(self, number: int) -> None:
        """Check this session again before its next call."""
        self._doubt(lambda one: one.shown.login == number)

    def forget_all(self) -> None:
        """Check every key again before its next call: a space has changed."""
        self._doubt(lambda _: True)

    def _doubt(self, concerns: Callable[[_Checked], bool]) -> None:
        """These were valid here, so the next call with one is no guess; but the store is asked."""
        self._doubts += 1
        for print_, one in self._checked.items():
            if concerns(one):
                self._checked[print_] = replace(one, until=0, actors={})

    def used_at(self, key_id: str) -> int | None:
        """When this server saw a key last, to within a minute."""
        return self._used.get(key_id)

    def use(self, key_id: str) -> None:
        """A key is used now: written down once a minute, with what is written anyway."""
        now = self._node.clock()
        if now - self._used.get(key_id, -USED_EVERY_MS) >= USED_EVERY_MS:
            if len(self._used) >= MOST_REMEMBERED and key_id not in self._used:
                del self._used[next(iter(self._used))]
            self._used[key_id] = now
            self._node.writer.post(USED_KEY, UsedKey(key_id, now), unanswered)

    async def ended(self, shown: Iterable[Shown]) -> dict[Shown, str]:
        """Those that open nothing any more (``unauthorized``), or not the same as before (``changed``)."""
        now, every = self._node.clock(), list(shown)
        named = {(one.key_id, one.space_id) for one in every if one.login is None}
        logins = [one.login for one in every if one.login is not None]

        def look(reader: Reader) -> _Seen:
            found = {pair: keys.load_with_space(reader, *pair) for pair in named}
            acting = {one.space_id: spaces.load(reader, one.space_id) for one in every if one.space_id}
            return found, by_logins(reader, logins, self._node, self.role_of), acting

        seen: _Seen = await self._node.read(look) if every else ({}, {}, {})
        ends = {one: self._end_now(one, seen, now) for one in every}
        return {one: end for one, end in ends.items() if end is not None}

    def _end_now(self, shown: Shown, seen: _Seen, now: int) -> str | None:
        found, visits, acting = seen
        space = None if shown.space_id is None else acting[shown.space_id]
        if shown.space_id is not None and (space is None or not space.open):
            return "unauthorized"
        if shown.login is not None:
            return _end_of_visit(shown, visits.get(shown.login))
        return self._end(shown, found[shown.key_id, shown.space_id], now)

    def _end(self, shown: Shown, found: _Found, now: int) -> str | None:
        row, space = found
        if shown.token_until is not None and now >= shown.token_until:
            return "unauthorized"
        if space is not None and not space.open:
            return "unauthorized"
        if self._is_own_admin(shown.key_id):
            return None if equal(shown.stamp, self._own_stamp) else "unauthorized"
        if row is None or space is None or not row.is_valid(now):
            return "unauthorized"
        if not any(equal(stamp(hash_), shown.stamp) for hash_, _ in row.hashes(now)):
            return "unauthorized"
        return "changed" if row.limits != shown.limits else None

    async def _look_up(self, token: str, fingerprint: str, now: int) -> _Checked | None:
        if token.startswith(PREFIX):
            return await self._token(token, fingerprint, now)
        if self._own_admin is not None and equal(fingerprint, self._own_admin):
            return _Checked(
                ADMINISTRATOR,
                "admin",
                FIRST,
                every_space=True,
                until=now + REMEMBERED_MS,
                shown=Shown(ADMINISTRATOR, self._own_stamp),
            )
        parsed = parse_key(token)
        if parsed is None or self._is_own_admin(parsed[0]):
            return None
        key_id, secret = parsed
        row, space = await self._node.read(lambda reader: keys.load_with_space(reader, key_id))
        return self._checked_row(row, space, secret, now) if row is not None and space is not None else None

    def _checked_row(self, row: KeyRow, space: Space, secret: str, now: int) -> _Checked | None:
        fitting = [one for one in row.hashes(now) if matches(secret, one[0])]
        if not fitting or not row.is_valid(now) or not space.open:
            return None
        self._node.facts.learn([space])
        hash_, ends = fitting[0]
        self.use(row.id)
        return _Checked(
            row.id,
            row.role,
            row.space_id,
            bool(row.every_space),
            _until(now, ends),
            Shown(row.id, stamp(hash_), row.limits),
            reach_of(patterns(row.jobs), patterns(row.topics)),
        )

    async def _token(self, token: str, fingerprint: str, now: int) -> _Checked | None:
        """A token opens what it says, for as long as the key that made it, and within what that is restricted to."""
        claims = self.tokens.read(token)
        if claims is None or claims.expires_at <= now:
            return None
        row, space = await self._node.read(
            lambda reader: (keys.load(reader, claims.key_id), spaces.load(reader, claims.space_id))
        )
        if space is None or (row is not None and row.space_id != space.id and not row.every_space):
            return None
        limits = (None, None) if row is None else row.limits
        shown = Shown(claims.key_id, claims.stamp, limits, space.id, claims.expires_at)
        if await self.ended([shown]):
            return None
        self._node.facts.learn([space])
        return self._checked_token(claims, shown, CALLER.format(fingerprint[:16]), now)

    def _checked_token(self, claims: Claims, shown: Shown, token_id: str, now: int) -> _Checked:
        jobs, topics = shown.limits
        reach = reach_of(patterns(jobs), patterns(topics), claims.job_id, claims.tag, claims.definition)
        until = _until(now, claims.expires_at)
        return _Checked(
            token_id, ROLE, claims.space_id, every_space=False, until=until, shown=shown, reach=reach
        )

    def _is_own_admin(self, key_id: str) -> bool:
        """Whether this is the operator's own administrator's key, which has no row."""
        return self._own_admin is not None and key_id == ADMINISTRATOR

    @property
    def _own_stamp(self) -> str:
        return stamp(self._own_admin or "")

    def _remember(self, fingerprint: str, found: _Checked, doubts: int) -> None:
        """For a while, unless something was forgotten since ``doubts``, when the store was asked."""
        if doubts != self._doubts:
            found = replace(found, until=0)
        if len(self._checked) >= MOST_REMEMBERED and fingerprint not in self._checked:
            del self._checked[next(iter(self._checked))]
        self._checked[fingerprint] = found


_keyrings: WeakKeyDictionary[Node, Keyring] = WeakKeyDictionary()


def keyring(node: Node) -> Keyring:
    """The one keyring of a node."""
    found = _keyrings.get(node)
    if found is None:
        found = _keyrings[node] = Keyring(node)
    return found


async def authenticate(node: Node, token: str | None, address: str, space: str | None = None) -> Actor:
    """As ``Keyring.check`` of the node's keyring."""
    return await keyring(node).check(token, address, space)


def _cookie_print(cookie: str) -> str:
    """Under which a session is remembered: no key's."""
    return digest(f"cookie {cookie}")


def _shown_of(visit: Visit) -> Shown:
    visitor, key = visit.visitor, visit.visitor.key
    owner, login = visitor.owner, None if visit.login is None else visit.login.id
    limits = (None, None) if key is None else key.limits
    return Shown(visitor.actor_id, owner.stamp or visit.role, limits, login=login)


def _end_of_visit(shown: Shown, visit: Visit | None) -> str | None:
    if visit is None:
        return "unauthorized"
    return None if _shown_of(visit) == replace(shown, space_id=None) else "changed"


def bearer(request: web.Request) -> str | None:
    """The key in the Authorization header; None when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def address_of(request: web.BaseRequest) -> str:
    """Where a call comes from: the other end of its connection, or whom a trusted proxy names. All else can be forged."""
    connection = request.protocol
    return connection.caller if isinstance(connection, Connection) else request.remote or "unknown"


def _until(now: int, ends: int | None) -> int:
    return now + REMEMBERED_MS if ends is None else min(now + REMEMBERED_MS, ends)
