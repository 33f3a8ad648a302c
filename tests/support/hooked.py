"""Hooks on a stage: made, and called as the door would."""

from collections.abc import Mapping
from typing import Any

from stage import ADMIN, SPACE, Stage

from listener_sdk.protocol.hooks import HookCreate
from server.commands.hook_deliveries import DELIVER, Deliver
from server.commands.hook_starts import prepare
from server.commands.hooks import CREATE_HOOK, CreateHook
from server.core.hook_calls import came, hook_of, read_call
from server.core.hooks import HookRow
from server.security.hook_secrets import new_door

SECRET = "a-secret-of-the-stage"


async def hook(
    stage: Stage, kind: str = "github", *, actor: Any = ADMIN, door: str = "", **fields: Any
) -> HookRow:
    """A hook that publishes ``shop:called`` unless it is told to start something else."""
    target = {} if {"definition", "job_type"} & fields.keys() else {"event": "shop:called"}
    body = HookCreate.model_validate({"name": "Shop", "verification": {"kind": kind}, **target, **fields})
    secret = None if kind == "none" else SECRET
    item = CreateHook(actor, body, door or new_door(), secret, stage.node.sealer)
    made: HookRow = await stage.do(CREATE_HOOK, item)
    return made


async def prepared(
    stage: Stage,
    row: HookRow,
    raw: bytes = b"{}",
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Deliver:
    """A call that was checked, ready for the writer."""
    call = came(row, "application/json", (headers or {}).items(), (), raw)
    seen = hook_of(row, call, read_call(row.said, call), "2026-01-01T00:00:00.000Z")
    result, definition = await stage.node.read(lambda reader: prepare(reader, SPACE, row, call, seen))
    return Deliver(row, call, result, definition, key)


async def call(stage: Stage, row: HookRow, raw: bytes = b"{}", key: str | None = None) -> Any:
    """What became of a call."""
    return await stage.do(DELIVER, await prepared(stage, row, raw, key))
