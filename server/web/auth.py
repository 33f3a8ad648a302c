"""Who calls: keys are checked against the store, remembered for a few seconds, and guessed at slowly."""

import hmac
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import space_code

from ..core.actors import Actor, Space
from ..core.keys import ADMINISTRATOR, KeyRow
from ..core.rates import Rates
from ..core.spaces import FIRST
from ..engine.node import Node
from ..security.keys import digest, matches, parse_key
from ..store import keys, spaces

REMEMBERED_MS: Final = 5_000
"""A key that was revoked on another node opens doors at most this long."""
MOST_REMEMBERED: Final = 10_000
LONGEST_KEY: Final = 512
MOST_ACTORS: Final = 32
SPACE_HEADER: Final = "X-Customer-Code"
"""By it a key of the whole store names the space in which a call acts."""

_HOW: Final = "Send a valid key as 'Authorization: Bearer <key>'; the first one stands in admin.key."


@dataclass(frozen=True, slots=True)
class _Checked:
    """A key that was valid: where it acts by itself, whether also elsewhere, and the actors that it was lately."""

    key_id: str
    role: str
    space_id: int
    every_space: bool
    until: int
    actors: dict[tuple[str | None, str], Actor] = field(default_factory=dict)


class Keyring:
    """The keys that one node has seen lately, by their hash, and the addresses that sent wrong ones."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._checked: dict[str, _Checked] = {}
        own = node.settings.admin_key
        self._own_admin = None if own is None else digest(own)
        per_minute = node.settings.auth_failures_per_minute
        self._failures = Rates(rate_per_s=per_minute / 60, burst=per_minute)
        self._calls = Rates(rate_per_s=node.settings.rate_per_key, burst=node.settings.rate_per_key)

    async def check(self, token: str | None, address: str, space: str | None = None) -> Actor:
        """The actor of a key, in the space that it names (by code or id) or else its own.

        Refusal ``unauthorized`` for a missing, wrong, expired or revoked key; ``rate_limited`` once an address has sent
        too many wrong ones, then for every key that was not valid here before; ``not_found`` for a space that the key
        does not open.
        """
        if not token or len(token) > LONGEST_KEY:
            raise Refusal("unauthorized", f"There is no key. {_HOW}")
        now = self._node.clock()
        fingerprint = digest(token)
        known = self._checked.get(fingerprint)
        if known is not None and now < known.until:
            return known.actors.get((space, address)) or await self._actor(known, address, space)
        if known is None:
            _limit(self._failures.take(address, now), "This address has sent too many wrong keys")
        found = await self._look_up(token, fingerprint, now)
        if found is None:
            self._checked.pop(fingerprint, None)
            raise Refusal("unauthorized", f"This key is not valid here. {_HOW}")
        if known is None:
            self._failures.give_back(address, now)
        self._remember(fingerprint, found)
        return await self._actor(found, address, space)

    async def _actor(self, key: _Checked, address: str, wanted: str | None) -> Actor:
        own = self._node.facts.spaces[key.space_id]
        space = own if wanted is None else await self._space(key, own, space_code(wanted))
        actor = Actor(key.key_id, key.role, space, key.every_space, address)
        if len(key.actors) >= MOST_ACTORS:
            key.actors.clear()
        key.actors[wanted, address] = actor
        return actor

    async def _space(self, key: _Checked, own: Space, code: str) -> Space:
        """Another space is there for keys of the whole store alone."""
        if code == own.code:
            return own
        found = (
            await self._node.read(lambda reader: spaces.by_code(reader, code)) if key.every_space else None
        )
        if found is None or not found.open:
            raise Refusal("not_found", "This key opens no space of that name.", key=SPACE_HEADER)
        return found

    def call(self, actor: Actor) -> None:
        """Count one call of a key; Refusal ``rate_limited`` when there were too many."""
        _limit(self._calls.take(actor.key_id, self._node.clock()), "This key has made too many calls")

    def forget(self, key_id: str) -> None:
        """Check this key again before its next call."""
        self._checked = {print_: one for print_, one in self._checked.items() if one.key_id != key_id}

    def forget_all(self) -> None:
        """Check every key again before its next call: a space has changed."""
        self._checked.clear()

    async def _look_up(self, token: str, fingerprint: str, now: int) -> _Checked | None:
        if self._own_admin is not None and hmac.compare_digest(fingerprint, self._own_admin):
            return _Checked(
                ADMINISTRATOR,
                "admin",
                FIRST,
                every_space=True,
                until=now + REMEMBERED_MS,
            )
        parsed = parse_key(token)
        if parsed is None or (self._own_admin is not None and parsed[0] == ADMINISTRATOR):
            return None
        key_id, secret = parsed
        row, space = await self._node.read(lambda reader: keys.load_with_space(reader, key_id))
        return self._checked_row(row, space, secret, now) if row is not None and space is not None else None

    def _checked_row(self, row: KeyRow, space: Space, secret: str, now: int) -> _Checked | None:
        if not matches(secret, row.secret_hash) or not row.is_valid(now) or not space.open:
            return None
        self._node.facts.learn([space])
        until = now + REMEMBERED_MS
        until = until if row.expires_at is None else min(until, row.expires_at)
        return _Checked(row.id, row.role, row.space_id, bool(row.every_space), until)

    def _remember(self, fingerprint: str, found: _Checked) -> None:
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


def bearer(request: web.Request) -> str | None:
    """The key in the Authorization header; None when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def address_of(request: web.BaseRequest) -> str:
    """Where the connection comes from; a proxy's own address behind one, since its headers can be forged."""
    return request.remote or "unknown"


def _limit(wait_ms: int, what: str) -> None:
    if wait_ms:
        seconds = -(-wait_ms // 1000)
        raise Refusal("rate_limited", f"{what}: wait {seconds} s.", retryAfterS=seconds)
