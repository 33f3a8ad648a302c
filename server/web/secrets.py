"""Secrets over REST, as Flatfile's clients know them: set by people, and read by the programs that may have them."""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode, space_code, space_id
from listener_sdk.protocol.secrets import MOST_SECRETS, SecretWrite

from ..commands.secrets import DELETE_SECRET, SET_SECRET, DeleteSecret, SetSecret, opened, place_of
from ..core.actors import Actor
from ..core.roles import may
from ..core.secrets import KIND, NOBODY, SecretRow, secret_wire
from ..security.sealing import Sealer
from ..store import secrets as sql
from ..store.database import Reader
from .answers import data
from .auth import no_space
from .bodies import parse
from .call import Call
from .idempotency import once
from .paging import cursor, dated, listed, page_of, page_size

LONGEST_ACTOR: Final = 128


class _Shown:
    """What one caller sees of secrets. Those that are for some jobs alone are read by who holds such a job now."""

    def __init__(self, reader: Reader, actor: Actor, sealer: Sealer) -> None:
        self._reader = reader
        self._actor = actor
        self._sealer = sealer
        self._held: set[str] | None = None

    def wire(self, row: SecretRow, *, strict: bool = False) -> dict[str, Any]:
        """The secret; with ``strict`` one that is locked is refused where its value would be read."""
        locked = not self._sealer.opens(place_of(self._sealer, row), row.wrapped)
        readable = self._readable(row) and (strict or not locked)
        value = opened(self._sealer, row) if readable else None
        return secret_wire(row, self._actor.space, value, locked=locked)

    def _readable(self, row: SecretRow) -> bool:
        if not may(self._actor.role, "read_secrets"):
            return False
        return row.jobs is None or any(row.is_for(job) for job in self._jobs())

    def _jobs(self) -> set[str]:
        if self._held is None:
            self._held = sql.held_jobs(self._reader, self._actor.space.id, self._actor.key_id)
        return self._held


async def index(call: Call) -> web.Response:
    """Secrets of the space, by cursor; with ``actorId`` that actor's own, and those of nobody beside them."""
    owner = call.query.text("actorId", LONGEST_ACTOR)
    size = page_size(call.query, MOST_SECRETS)
    after = cursor(call.query, KIND) or 0
    (shown, following), as_of = await dated(call, lambda reader: _page(call, reader, owner, after, size))
    return listed(shown, as_of, following)


def _page(
    call: Call, reader: Reader, owner: str | None, after: int, size: int
) -> tuple[list[dict[str, Any]], str | None]:
    found = sql.page(reader, call.actor.space.id, after, size + 1)
    rows, following = page_of(found, size, KIND)
    shown = _Shown(reader, call.actor, call.node.sealer)
    return [shown.wire(row) for row in _of(rows, owner)], following


def _of(rows: Sequence[SecretRow], owner: str | None) -> list[SecretRow]:
    """Nobody's come first, so that who looks for a name finds that one first; an actor's own stand in their place."""
    if owner is None:
        return sorted(rows, key=lambda row: row.owner != NOBODY)
    own = {row.name for row in rows if row.owner == owner}
    return [row for row in rows if row.owner == owner or (row.owner == NOBODY and row.name not in own)]


async def show(call: Call) -> web.Response:
    """One secret."""
    number = call.number(KIND, "secret")

    def read(reader: Reader) -> dict[str, Any] | None:
        row = sql.load(reader, call.actor.space.id, number)
        shown = _Shown(reader, call.actor, call.node.sealer)
        return None if row is None else shown.wire(row, strict=True)

    found = await call.node.read(read)
    if found is None:
        raise call.missing("secret")
    return data(found)


async def upsert(call: Call) -> web.Response:
    """Set a secret; all of the space are answered, as Flatfile's clients expect."""
    sealer = call.node.sealer
    raw = await call.raw()
    # What is kept of a body must not let anybody try values on it.
    promise = once(call.request, call.actor, sealer.mark(raw), lambda row: encode(KIND, row.id))
    body = _parsed(call, raw)
    _own_space(call, body.environment_id, "environmentId")
    _own_space(call, body.space_id, "spaceId")
    await call.node.submit(SET_SECRET, SetSecret(call.actor, body, sealer), promise)
    return await _all(call)


def _parsed(call: Call, raw: bytes) -> SecretWrite:
    """The body; refusals of other routes' bodies may quote them."""
    try:
        return parse(SecretWrite, raw, call.node.settings)
    except Refusal as refusal:
        if refusal.code == "bad_json":
            raise Refusal(
                "bad_json",
                "The body is not JSON that can be kept; nothing of it is shown, since it may hold a secret.",
            ) from None
        raise


async def delete(call: Call) -> web.Response:
    """Remove a secret; those that are left are answered, as Flatfile's clients expect."""
    number = call.number(KIND, "secret")
    await call.node.submit(DELETE_SECRET, DeleteSecret(call.actor, number))
    return await _all(call)


async def _all(call: Call) -> web.Response:
    shown, _ = await call.node.read(lambda reader: _page(call, reader, None, 0, MOST_SECRETS))
    return data(shown)


def _own_space(call: Call, named: str | None, key: str) -> None:
    if named is not None and space_code(named) != call.actor.space.code:
        raise Refusal("not_found", no_space(space_code(named)), key=key, named=space_id(space_code(named)))
