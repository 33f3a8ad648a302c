"""What comes to hooks: kept with what it starts, once, or not at all."""

import asyncio
from dataclasses import replace

import pytest
from defined import declare, define, made_type
from hooked import call, hook, prepared
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import HookDelivery, HookUpdate
from server.commands.hook_deliveries import (
    DELIVER,
    Stale,
    delivery_wire,
    find,
    prepare_replay,
)
from server.commands.hooks import UPDATE_HOOK, UpdateHook
from server.core.queue_bound import QueueBound
from server.store import job_types
from server.store.command import Command
from server.store.hook_deliveries import REPLAY_MS


def _again(tx, made):
    row = job_types.by_code(tx.connection, 1, made.code)
    job_types.update(tx.connection, replace(row, body=made.stored()))


AGAIN = Command("again", _again)
"""A listener declares its type anew."""


async def count(stage, table):
    return (await stage.rows(f"SELECT COUNT(*) FROM {table}"))[0][0]


async def test_key_delivery_and_job_are_one(stage):
    row = await hook(stage, job_type="noop")
    first = await call(stage, row, b'{"seconds":0}', "one")
    again = await call(stage, row, b'{"seconds":5}', "one")
    assert (first.status, first.is_repeated) == ("started", False)
    assert (again.delivery_id, again.job_id, again.is_repeated) == (first.delivery_id, first.job_id, True)
    assert [await count(stage, table) for table in ("job", "hook_delivery", "hook_replay")] == [1, 1, 1]
    shown = delivery_wire((await stage.node.read(lambda reader: find(reader, ADMIN, first.delivery_id)))[0])
    HookDelivery.model_validate(shown)
    assert (shown["status"], shown["body"], shown["size"]) == ("started", '{"seconds":0}', 13)


async def test_equal_calls_of_one_batch_are_one(stage):
    row = await hook(stage, job_type="noop")
    items = [await prepared(stage, row, b"{}", "one") for _ in range(10)]
    done = await asyncio.gather(*(stage.do(DELIVER, item) for item in items))
    assert sorted(one.is_repeated for one in done) == [False] + [True] * 9
    assert await count(stage, "job") == 1


async def test_the_key_of_another_hook_is_another(stage):
    rows = [await hook(stage, job_type="noop") for _ in range(2)]
    assert [(await call(stage, row, key="one")).is_repeated for row in rows] == [False, False]


async def test_a_call_is_known_for_three_days(stage):
    row = await hook(stage)
    await call(stage, row, key="one")
    stage.clock.forward(REPLAY_MS / 1000 - 1)
    assert (await call(stage, row, key="one")).is_repeated
    stage.clock.forward(1)
    assert not (await call(stage, row, key="one")).is_repeated
    assert await count(stage, "hook_replay") == 1


async def test_a_hook_that_has_changed_meanwhile_is_looked_at_again(stage):
    row = await hook(stage)
    item = await prepared(stage, row)
    await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(wait_s=None, name="Other")))
    with pytest.raises(Stale):
        await stage.do(DELIVER, item)
    assert await count(stage, "hook_delivery") == 0


async def test_what_a_hook_starts_is_checked_by_the_schema_of_now(stage):
    await declare(stage, inputSchema={"type": "object"})
    await define(stage)
    row = await hook(stage, definition="nightly")
    item = await prepared(stage, row)
    stricter = made_type(inputSchema={"type": "object", "required": ["number"]})
    await stage.do(AGAIN, stricter)
    with pytest.raises(Stale):
        await stage.do(DELIVER, item)
    again = await call(stage, row)
    assert (again.status, await count(stage, "job"), await count(stage, "hook_delivery")) == ("failed", 0, 1)


async def test_without_room_for_jobs_nothing_is_kept(stage):
    row = await hook(stage, job_type="noop")
    stage.facts.bound = QueueBound(0)
    with pytest.raises(Refusal) as caught:
        await call(stage, row, key="one")
    assert (caught.value.code, caught.value.details["retryAfterS"]) == ("unavailable", 5)
    assert [await count(stage, table) for table in ("job", "hook_delivery", "hook_replay")] == [0, 0, 0]


async def test_a_replay_is_a_delivery_of_its_own_and_stands_in_the_audit(stage):
    row = await hook(stage)
    first = await call(stage, row, b'{"a":1}', "one")
    item = await stage.node.read(
        lambda reader: prepare_replay(reader, ADMIN, first.delivery_id, stage.clock())
    )
    again = await stage.do(DELIVER, item)
    assert not again.is_repeated
    assert again.delivery_id != first.delivery_id
    assert [one["payload"] for one in await stage.events("shop:called")] == [{"a": 1}] * 2
    assert (await stage.rows("SELECT COUNT(*) FROM audit WHERE action = 'hook:replayed'"))[0][0] == 1
    await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(enabled=False)))
    with pytest.raises(Refusal) as caught:
        await stage.node.read(lambda reader: prepare_replay(reader, ADMIN, first.delivery_id, stage.clock()))
    assert caught.value.code == "disabled"
