"""API keys over REST, for administrators. A secret is shown once, in the answer to its making."""

from typing import Final, Literal

from aiohttp import web
from pydantic import Field, field_validator

from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.times import Time, from_datetime

from ..commands.keys import CREATE_KEY, REVOKE_KEY, CreateKey, RevokeKey
from ..core.keys import key_wire
from ..security.keys import digest, key_text, new_secret
from ..store import keys as sql
from ..store.command import Replayed
from .answers import data, success
from .auth import keyring
from .call import Call
from .idempotency import HEADER
from .paging import page_size

PAGE_SIZE: Final = 100


class KeyCreate(WireModel):
    """``POST /v1/keys``."""

    name: str = Field(min_length=1, max_length=128)
    role: Literal["viewer", "operator", "developer", "admin", "listener"]
    every_space: bool = False
    expires_at: Time | None = None

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("only printable characters are allowed")
        return name


async def index(call: Call) -> web.Response:
    """Keys of the space, revoked ones included."""
    size = page_size(call.query, PAGE_SIZE)
    after = _cursor(call)
    actor = call.actor
    found = await call.node.read(
        lambda reader: sql.page(reader, actor.space.id, after, size + 1, every_space=actor.every_space)
    )
    rows = found[:size]
    following = rows[-1].id if len(found) > size else None
    return data([key_wire(row) for row in rows], cursor=following)


def _cursor(call: Call) -> str:
    text = call.query.text("cursor")
    if text is not None and decode("key", text) is None:
        raise Refusal("bad_cursor", "cursor takes what an earlier page gave as cursor.", key="cursor")
    return text or ""


async def create(call: Call) -> web.Response:
    """Make a key. A repetition under an Idempotency-Key is refused: the secret is stored nowhere, so none can be shown."""
    secret = new_secret()
    secret_hash = digest(secret)

    def item(body: KeyCreate) -> CreateKey:
        expires_at = from_datetime(body.expires_at) if body.expires_at else None
        return CreateKey(
            call.actor, body.name, body.role, secret_hash, expires_at, every_space=body.every_space
        )

    result = await call.submit(KeyCreate, CREATE_KEY, item, lambda row: str(row.id))
    if isinstance(result, Replayed):
        raise _made_before(result.answer)
    if result.secret_hash != secret_hash:
        raise _made_before(result.id)
    return data(key_wire(result) | {"key": key_text(result.id, secret)})


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
