"""Who calls: keys are checked against the store, remembered for a few seconds, and guessed at slowly."""

import hmac
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from aiohttp import web

from listener_sdk.protocol.codes import Refusal

from ..core.actors import Actor
from ..core.keys import ADMINISTRATOR, KeyRow
from ..core.rates import Rates
from ..engine.node import Node
from ..security.keys import digest, matches, parse_key
from ..store import keys

REMEMBERED_MS: Final = 5_000
"""A key that was revoked on another node opens doors at most this long."""
MOST_REMEMBERED: Final = 10_000
LONGEST_KEY: Final = 512

_HOW: Final = "Send a valid key as 'Authorization: Bearer <key>'; the first one stands in admin.key."


@dataclass(frozen=True, slots=True)
class _Checked:
    actor: Actor
    until: int


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

    async def check(self, token: str | None, address: str) -> Actor:
        """The actor of a key.

        Refusal ``unauthorized`` for a missing, wrong, expired or revoked key; ``rate_limited`` once an address has sent
        too many wrong ones, then for every key that was not valid here before.
        """
        if not token or len(token) > LONGEST_KEY:
            raise Refusal("unauthorized", f"There is no key. {_HOW}")
        now = self._node.clock()
        fingerprint = digest(token)
        known = self._checked.get(fingerprint)
        if known is not None and now < known.until:
            return known.actor
        if known is None:
            _limit(self._failures.take(address, now), "This address has sent too many wrong keys")
        found = await self._look_up(token, fingerprint, now)
        if found is None:
            self._checked.pop(fingerprint, None)
            raise Refusal("unauthorized", f"This key is not valid here. {_HOW}")
        if known is None:
            self._failures.give_back(address, now)
        self._remember(fingerprint, found)
        return found.actor

    def call(self, actor: Actor) -> None:
        """Count one call of a key; Refusal ``rate_limited`` when there were too many."""
        _limit(self._calls.take(actor.key_id, self._node.clock()), "This key has made too many calls")

    def forget(self, key_id: str) -> None:
        """Check this key again before its next call."""
        self._checked = {print_: one for print_, one in self._checked.items() if one.actor.key_id != key_id}

    async def _look_up(self, token: str, fingerprint: str, now: int) -> _Checked | None:
        if self._own_admin is not None and hmac.compare_digest(fingerprint, self._own_admin):
            space = min(self._node.facts.spaces.values(), key=lambda space: space.id)
            return _Checked(Actor(ADMINISTRATOR, "admin", space), now + REMEMBERED_MS)
        parsed = parse_key(token)
        if parsed is None or (self._own_admin is not None and parsed[0] == ADMINISTRATOR):
            return None
        key_id, secret = parsed
        row = await self._node.read(lambda reader: keys.load(reader, key_id))
        return self._checked_row(row, secret, now) if row is not None else None

    def _checked_row(self, row: KeyRow, secret: str, now: int) -> _Checked | None:
        if not matches(secret, row.secret_hash) or not row.is_valid(now):
            return None
        until = now + REMEMBERED_MS
        actor = Actor(row.id, row.role, self._node.facts.spaces[row.space_id])
        return _Checked(actor, until if row.expires_at is None else min(until, row.expires_at))

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


async def authenticate(node: Node, token: str | None, address: str) -> Actor:
    """As ``Keyring.check`` of the node's keyring."""
    return await keyring(node).check(token, address)


def bearer(request: web.Request) -> str | None:
    """The key in the Authorization header; None when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def address_of(request: web.Request) -> str:
    """Where the connection comes from; a proxy's own address behind one, since its headers can be forged."""
    return request.remote or "unknown"


def _limit(wait_ms: int, what: str) -> None:
    if wait_ms:
        seconds = -(-wait_ms // 1000)
        raise Refusal("rate_limited", f"{what}: wait {seconds} s.", retryAfterS=seconds)
