"""Hooks and what came to them, over REST. A secret is shown once, in the answer to its making or rotation."""

from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import STATUSES, HookCreate, HookRotate, HookTry, HookUpdate
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.times import to_wire

from ..commands import hook_deliveries, hooks
from ..commands.hook_deliveries import KIND as DELIVERY
from ..commands.hook_deliveries import REPLAY, Receipt, delivery_wire
from ..commands.hook_starts import trial
from ..commands.hooks import (
    CREATE_HOOK,
    DELETE_HOOK,
    ROTATE_HOOK,
    UPDATE_HOOK,
    CreateHook,
    DeleteHook,
    RotateHook,
    UpdateHook,
)
from ..core.hook_calls import Came, came, hook_of, read_call
from ..core.hooks import KIND, HookRow, changed_hook, hook_wire
from ..core.refusals import missing
from ..core.roles import may
from ..security.hook_secrets import new_door, new_secrets
from ..store import hook_deliveries as deliveries_sql
from ..store import hooks as sql
from ..store import signing_secrets
from ..store.command import Replayed
from ..store.database import Reader
from ..store.pages import Window
from .answers import data, success
from .bodies import M, body_hash, parse
from .call import Call, NoBody
from .hook_calls import receipt_wire
from .idempotency import HEADER, once
from .links import base_url
from .paging import cursor, cursor_after, dated, listed, page_of, page_size

PAGE_SIZE: Final = 100
WHAT: Final = "hook"


async def index(call: Call) -> web.Response:
    """Hooks of the space, in the order of their making."""
    call.check_space()
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, KIND) or 0)

    def read(reader: Reader) -> tuple[list[dict[str, Any]], str | None]:
        rows, following = page_of(sql.page(reader, call.actor.space.id, window), window.size, KIND)
        return _shown(call, reader, hooks.within(reader, call.actor, rows)), following

    (shown, following), as_of = await dated(call, read)
    return listed(shown, as_of, following)


def _shown(call: Call, reader: Reader, rows: list[HookRow]) -> list[dict[str, Any]]:
    """An address may be all that a caller of a hook must know: who may not define hooks does not see it."""
    address = base_url(call.node, call.request) if may(call.actor.role, "define") else None
    until = signing_secrets.endings(reader, call.actor.space.id, call.node.clock())
    return [hook_wire(row, address, until.get(row.public_id)) for row in rows]


async def show(call: Call) -> web.Response:
    """One hook."""
    return data(await _one(call, call.number(KIND, WHAT)))


async def _one(call: Call, number: int) -> dict[str, Any]:
    def read(reader: Reader) -> list[dict[str, Any]]:
        return _shown(call, reader, [hooks.find(reader, call.actor, number)])

    [shown] = await call.node.read(read)
    return shown


async def create(call: Call) -> web.Response:
    """Make a hook. A repetition under an Idempotency-Key is refused: its secret is shown once."""
    made, door = new_secrets(), new_door()
    body, promise = await _secret_body(call, HookCreate)
    secret = body.secret or made.get(body.verification.kind)
    result = await call.node.submit(
        CREATE_HOOK, CreateHook(call.actor, body, door, secret, call.node.sealer), promise
    )
    if isinstance(result, Replayed) or result.door != door:
        raise _before(result, "made")
    return data(await _one(call, result.id) | ({} if secret is None else {"secret": secret}))


async def _secret_body(call: Call, model: type[M]) -> tuple[M, Any]:
    """A body that may hold a secret: nothing of it is repeated, nor kept so that anybody could try values on it."""
    raw = await call.raw()
    promise = once(
        call.request, call.actor, call.node.sealer.mark(raw or b"{}"), lambda row: str(row.public_id)
    )
    try:
        return parse(model, raw, call.node.settings), promise
    except Refusal as refusal:
        if refusal.code == "bad_json":
            raise Refusal(
                "bad_json",
                "The body is not JSON that can be kept; nothing of it is shown, since it may hold a secret.",
            ) from None
        raise


def _before(result: Replayed | HookRow, done: str) -> Refusal:
    name = result.answer if isinstance(result, Replayed) else result.public_id
    return Refusal(
        "conflict",
        f"This Idempotency-Key has {done} the hook {name}, whose secret was shown that once: rotate it under another key for a new one.",
        key=HEADER,
        id=name,
    )


async def update(call: Call) -> web.Response:
    """Change a hook."""
    number = call.number(KIND, WHAT)
    body = await call.body(HookUpdate)
    await call.node.submit(UPDATE_HOOK, UpdateHook(call.actor, number, body))
    return data(await _one(call, number))


async def rotate(call: Call) -> web.Response:
    """Give a hook a new secret, which is shown this once, and a new address where that is asked for."""
    number, made, door = call.number(KIND, WHAT), new_secrets(), new_door()
    body, promise = await _secret_body(call, HookRotate)
    item = RotateHook(
        call.actor,
        number,
        body.secret,
        made,
        body.overlap_s * 1000,
        door if body.address else None,
        call.node.sealer,
    )
    result = await call.node.submit(ROTATE_HOOK, item, promise)
    if isinstance(result, Replayed):
        raise _before(result, "rotated")
    secret = body.secret or made.get(result.said.kind)
    return data(await _one(call, number) | ({} if secret is None else {"secret": secret}))


async def delete(call: Call) -> web.Response:
    """Remove a hook: its address takes no calls any more."""
    await call.node.submit(DELETE_HOOK, DeleteHook(call.actor, call.number(KIND, WHAT)))
    call.node.clearing.wake()
    return success()


async def try_(call: Call) -> web.Response:
    """What would become of a call; nothing is kept."""
    number = call.number(KIND, WHAT)
    body = await call.body(HookTry)
    now = call.node.clock()

    def read(reader: Reader) -> dict[str, Any]:
        row = hooks.find(reader, call.actor, number)
        if body.changes is not None:
            sent = body.changes.model_dump(mode="json", by_alias=True, exclude_unset=True)
            row = changed_hook(row, sent, now, call.actor.key_id)
        kept = _call_of(body, row) if body.delivery_id is None else _kept_call(call, reader, row, body)
        return trial(reader, call.actor, row, hook_of(row, kept, read_call(row.said, kept), to_wire(now)))

    return data(await call.node.read(read))


def _call_of(body: HookTry, row: HookRow) -> Came:
    text, kind = body.text, body.content_type or "text/plain"
    if text is None:
        text, kind = orjson.dumps(body.body).decode(), body.content_type or "application/json"
    return came(row, kind, body.headers.items(), body.query.items(), text.encode())


def _kept_call(call: Call, reader: Reader, row: HookRow, body: HookTry) -> Came:
    number = decode(DELIVERY, body.delivery_id or "")
    kept = None if number is None else deliveries_sql.load(reader, call.actor.space.id, number)
    if kept is None or kept.hook_id != row.id:
        raise missing("delivery", body.delivery_id or "", key="deliveryId")
    return Came.of(kept.head, kept.body)


# ---- deliveries


async def deliveries(call: Call) -> web.Response:
    """What came to a hook, the newest first, without bodies."""
    number = call.number(KIND, WHAT)
    status = call.query.choice("status", STATUSES, "") if call.query.text("status") is not None else None
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, DELIVERY))

    def read(reader: Reader) -> tuple[list[deliveries_sql.DeliveryRow], bool]:
        row = hooks.find(reader, call.actor, number)
        return deliveries_sql.page(reader, row.id, status, window)

    (rows, more), as_of = await dated(call, read)
    following = cursor_after(DELIVERY, rows[-1].id) if more else None
    return listed([delivery_wire(row, whole=False) for row in rows], as_of, following)


async def delivery(call: Call) -> web.Response:
    """One delivery, with its body."""
    number = call.number(DELIVERY, "delivery")
    row, _ = await call.node.read(lambda reader: hook_deliveries.find(reader, call.actor, number))
    return data(delivery_wire(row))


async def replay(call: Call) -> web.Response:
    """The same call once more, as the hook is now: what became of it."""
    number = call.number(DELIVERY, "delivery")
    raw = await call.raw()
    parse(NoBody, raw, call.node.settings)
    now = call.node.clock()
    item = await call.node.read(
        lambda reader: hook_deliveries.prepare_replay(reader, call.actor, number, now)
    )
    promise = once(
        call.request,
        call.actor,
        body_hash(raw or b"{}"),
        lambda receipt: orjson.dumps(receipt_wire(receipt)).decode(),
    )
    done = await call.node.submit(REPLAY, item, promise)
    if isinstance(done, Replayed):
        return data(orjson.Fragment(done.answer))
    assert isinstance(done, Receipt)
    return data(receipt_wire(done))
