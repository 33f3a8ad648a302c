"""API keys over REST, for administrators. A secret is shown once, in the answer to its making or rotation."""

from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.keys import KeyCreate, KeyRotate, KeyUpdate
from listener_sdk.protocol.times import from_datetime

from ..commands.keys import (
    CREATE_KEY,
    LIMITS,
    REVOKE_KEY,
    ROTATE_KEY,
    UPDATE_KEY,
    CreateKey,
    RevokeKey,
    RotateKey,
    UpdateKey,
    shows,
)
from ..core.keys import KeyRow, key_wire
from ..security.keys import digest, key_text, new_secret
from ..store import keys as sql
from ..store.command import Replayed
from .answers import data, success
from .auth import keyring
from .call import Call
from .idempotency import HEADER
from .key_watch import close_invalid
from .paging import cursor, dated, listed, page_size

PAGE_SIZE: Final = 100


async def index(call: Call) -> web.Response:
    """Keys of the space, revoked ones included."""
    size = page_size(call.query, PAGE_SIZE)
    number, actor = cursor(call.query, "key"), call.actor
    after = "" if number is None else encode("key", number)
    found, as_of = await dated(
        call, lambda reader: sql.page(reader, actor.space.id, after, size + 1, every_space=actor.every_space)
    )
    rows = found[:size]
    following = rows[-1].id if len(found) > size else None
    return listed([_shown(call, row) for row in rows], as_of, following)


def _shown(call: Call, row: KeyRow) -> dict[str, Any]:
    return key_wire(row, keyring(call.node).used_at(row.id))


async def show(call: Call) -> web.Response:
    """One key."""
    number = call.number("key", "key")
    row = await call.node.read(lambda reader: sql.load(reader, encode("key", number)))
    if row is None or not shows(call.actor, row):
        raise call.missing("key")
    return data(_shown(call, row))


async def create(call: Call) -> web.Response:
    """Make a key. A repetition under an Idempotency-Key is refused: the secret is stored nowhere, so none can be shown."""
    secret = new_secret()
    secret_hash = digest(secret)

    def item(body: KeyCreate) -> CreateKey:
        expires_at = from_datetime(body.expires_at) if body.expires_at else None
        return CreateKey(
            call.actor,
            body.name,
            body.role,
            secret_hash,
            expires_at,
            every_space=body.every_space,
            jobs=_globs(body.jobs),
            topics=_globs(body.topics),
        )

    result = await call.submit(KeyCreate, CREATE_KEY, item, lambda row: str(row.id))
    if isinstance(result, Replayed):
        raise _made_before(result.answer)
    if result.secret_hash != secret_hash:
        raise _made_before(result.id)
    return data(key_wire(result) | {"key": key_text(result.id, secret)})


def _globs(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(dict.fromkeys(given))


async def update(call: Call) -> web.Response:
    """Change a key. Connections under other restrictions are ended, so that they come back under these."""
    key_id = call.request.match_info["id"]
    body = await call.body(KeyUpdate)
    row = await call.node.submit(UPDATE_KEY, UpdateKey(call.actor, key_id, _changes(body)))
    assert isinstance(row, KeyRow)
    await _look_again(call, key_id)
    return data(_shown(call, row))


def _changes(body: KeyUpdate) -> dict[str, Any]:
    """Fields of the row with their new values."""
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    if sent.get("name", "") is None:
        del sent["name"]
    if sent.get("expires_at") is not None:
        sent["expires_at"] = from_datetime(sent["expires_at"])
    return sent | {name: _globs(sent[name]) for name in LIMITS if name in sent}


async def rotate(call: Call) -> web.Response:
    """Give a key a new secret, which is shown this once; a repetition under an Idempotency-Key is refused, as for a new key."""
    key_id, secret = call.request.match_info["id"], new_secret()
    secret_hash = digest(secret)

    def item(body: KeyRotate) -> RotateKey:
        return RotateKey(call.actor, key_id, secret_hash, int(body.overlap_s * 1000))

    result = await call.submit(KeyRotate, ROTATE_KEY, item, lambda row: str(row.id))
    if isinstance(result, Replayed) or result.secret_hash != secret_hash:
        raise Refusal(
            "conflict",
            "This Idempotency-Key has rotated the key, whose new secret was shown that once: rotate it again under another.",
            key=HEADER,
        )
    await _look_again(call, key_id)
    return data(_shown(call, result) | {"key": key_text(result.id, secret)})


async def _look_again(call: Call, key_id: str) -> None:
    """A key has changed: what is remembered of it, and connections that it no longer opens so, end."""
    keyring(call.node).forget(key_id)
    await close_invalid(call.node)


def _made_before(key_id: str) -> Refusal:
    return Refusal(
        "conflict",
        f"This Idempotency-Key has made the key {key_id}, whose secret was shown that once: "
        "revoke it, and make another under a new Idempotency-Key.",
        key=HEADER,
        id=key_id,
    )


async def revoke(call: Call) -> web.Response:
    """A key opens nothing any more, and its sockets are closed."""
    key_id = call.request.match_info["id"]
    await call.node.submit(REVOKE_KEY, RevokeKey(call.actor, key_id))
    keyring(call.node).forget(key_id)
    call.node.sockets.close_key(key_id, CLOSES["unauthorized"].code)
    return success()
