"""The public door of hooks: who calls proves it by the call itself, and is answered once it is kept."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..commands.hook_deliveries import DELIVER, KIND, Deliver, Receipt, Stale, disabled
from ..commands.hook_starts import prepare
from ..core.hook_calls import came, hook_of, read_call, replay_key, says_hello
from ..core.runs import result_of
from ..core.spaces import check_active
from ..engine.hooks import Door
from ..security.signatures import Proof
from ..store import jobs as jobs_sql
from ..store.database import Reader
from .answers import json_answer
from .auth import address_of
from .call import Call
from .runner import know
from .state import HOOK_BODIES

TRIES: Final = 3
_BAD_BODY: Final = frozenset({"unsupported_media_type", "bad_json", "bad_request"})


class _Greeting(Exception):  # noqa: N818 - says what the call is
    """The sender only tries the address, and expects this text."""


async def receive(call: Call) -> web.Response:
    """A call of a hook: 202 with what became of it, 200 where it came before, was waited for, or only greets."""
    address = address_of(call.request)
    name = call.request.match_info["id"]
    door = await call.node.doors.open(name, address)
    async with _turn(call):
        raw = await _body(call, door, address)
        try:
            receipt = await _kept(call, door, name, address, raw)
        except _Greeting as greeting:
            return web.Response(text=str(greeting), headers={"X-Content-Type-Options": "nosniff"})
    return await _answer(call, door, receipt)


@contextlib.asynccontextmanager
async def _turn(call: Call) -> AsyncIterator[None]:
    """A few large bodies are there at a time; the others wait."""
    settings, size = call.node.settings, call.request.content_length
    if size is not None and size <= settings.max_body_bytes:
        yield
        return
    largest = settings.max_hook_bytes
    async with call.request.app[HOOK_BODIES].taking(min(size or largest, largest)):
        yield


async def _body(call: Call, door: Door, address: str) -> bytes:
    """The bytes, which must come in time. Who sends what is not read is nobody who has proved anything."""
    settings = call.node.settings
    try:
        return await call.raw(settings.max_hook_bytes, settings.hook_body_timeout_s)
    except Refusal:
        call.node.doors.wrong(door, address, "bad_body")
        raise


async def _kept(call: Call, door: Door, name: str, address: str, raw: bytes) -> Receipt:
    """The call is checked, prepared and kept; once more where the hook has changed meanwhile."""
    node, headers = (
        call.node,
        {key.lower(): value for key, value in reversed([*call.request.headers.items()])},
    )
    for left in reversed(range(TRIES)):
        proof = await node.doors.check(door, headers, raw, address)
        know(call.request)
        if not door.row.enabled:
            raise disabled(door.row)
        check_active(door.space)
        item = await _prepared(call, door, headers, raw, proof)
        try:
            done = await node.submit(DELIVER, item)
        except Stale:
            node.doors.forget(name)
            if not left:
                raise
            door = await node.doors.open(name, address)
        else:
            assert isinstance(done, Receipt)
            return done
    raise AssertionError("the last try ends otherwise")


async def _prepared(call: Call, door: Door, headers: dict[str, str], raw: bytes, proof: Proof) -> Deliver:
    row, request, at = door.row, call.request, to_wire(call.node.clock())

    def look(reader: Reader) -> Deliver:
        kept = came(row, request.headers.get("Content-Type", ""), request.headers.items(), request.query.items(), raw)  # fmt: skip
        body = read_call(row.said, kept)
        hook = hook_of(row, kept, body, at)
        greeting = says_hello(row.said, hook)
        if greeting is not None:
            raise _Greeting(greeting)
        result, definition = prepare(reader, door.space, row, kept, hook, door.definition)
        return Deliver(row, kept, result, definition, replay_key(row.said, proof.id, headers, raw, body))

    try:
        return await call.node.read(look)
    except Refusal as refusal:
        if refusal.code in _BAD_BODY:
            call.node.doors.rejected(row, "bad_body")
        raise


async def _answer(call: Call, door: Door, receipt: Receipt) -> web.Response:
    shown = receipt_wire(receipt)
    wait_s = door.row.said.facts.get("waitS", 0)
    outcome = None
    if wait_s and receipt.job_id is not None:
        outcome = await _outcome(call, door, receipt.job_id, wait_s)
    status = 200 if receipt.is_repeated or (outcome is not None and outcome["jobEnded"]) else 202
    if outcome is not None:
        del outcome["jobEnded"]
    return json_answer(orjson.dumps({"data": {**shown, **(outcome or {})}}), status)


def receipt_wire(receipt: Receipt) -> dict[str, Any]:
    """What the sender is told."""
    shown = {
        "deliveryId": encode(KIND, receipt.delivery_id),
        "status": receipt.status or "forgotten",
        "duplicate": receipt.is_repeated,
        "jobId": None if receipt.job_id is None else encode("jb", receipt.job_id),
    }
    return {name: value for name, value in shown.items() if value is not None}


async def _outcome(call: Call, door: Door, job_id: int, wait_s: float) -> dict[str, Any] | None:
    """What became of the job, once it has ended or the time is over."""

    async def job() -> Any:
        return await call.node.read(lambda reader: jobs_sql.load(reader, door.space.id, job_id))

    async def is_over() -> bool:
        row = await job()
        return row is None or row.ended

    await call.node.doors.ended(job_id, is_over, wait_s)
    row = await job()
    if row is None:
        return None
    outcome = orjson.loads(row.outcome) if row.outcome else {}
    told = {name: outcome[name] for name in ("heading", "message", "counts") if outcome.get(name) is not None}
    shown = {
        "jobEnded": row.ended,
        "jobStatus": row.status,
        "result": result_of(row),
        "outcome": told or None,
    }
    return {name: value for name, value in shown.items() if value is not None}
