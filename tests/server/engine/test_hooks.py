"""The doors of hooks: what is remembered, how often one may be wrong, what is told, and who waits."""

import asyncio
from dataclasses import replace

import pytest
from hooked import SECRET, hook
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import HookUpdate
from listener_sdk.protocol.signatures import sign
from server.commands.hooks import DELETE_HOOK, UPDATE_HOOK, DeleteHook, UpdateHook
from server.commands.jobs import CANCEL, CancelJob
from server.engine import hooks as module

RAW = b"{}"


@pytest.fixture
def doors(stage):
    return stage.node.doors


def headers(row, secret=SECRET):
    return sign(row.said.way, secret, RAW, at_s=0, id_="")


async def refused(act):
    with pytest.raises(Refusal) as caught:
        await act
    return caught.value


async def rejections(stage):
    await stage.idle()
    return [one["payload"] for one in await stage.events("hook:rejected")]


async def test_a_change_is_known_at_once(stage, doors):
    row = await hook(stage, door="abc")
    assert (await doors.open("abc", "a")).row == row
    await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(enabled=False)))
    assert (await doors.open("abc", "a")).row.enabled == 0
    await stage.do(DELETE_HOOK, DeleteHook(ADMIN, row.id))
    assert (await refused(doors.open("abc", "a"))).code == "not_found"


@pytest.mark.parametrize("name", ["", "abd", "a" * 65, "../x", "\udcff", "é", "abc\0"])
async def test_other_names_are_no_hooks(stage, doors, name):
    await hook(stage, door="abc")
    assert (await refused(doors.open(name, "a"))).code == "not_found"


async def test_who_looks_for_many_that_are_not_there_waits(stage, doors):
    await hook(stage, door="abc")
    codes = [(await refused(doors.open(f"x{number}", "a"))).code for number in range(module.MOST_LOOKS + 1)]
    assert codes[-2:] == ["not_found", "rate_limited"]
    assert (await doors.open("abc", "b")).row.door == "abc"


async def test_a_hook_may_be_called_so_often(stage, doors):
    doors._calls.burst = 2
    await hook(stage, door="abc")
    for _ in range(2):
        await doors.open("abc", "a")
    refusal = await refused(doors.open("abc", "b"))
    assert (refusal.code, refusal.details["retryAfterS"]) == ("rate_limited", 1)


async def test_wrong_calls_are_told_one_in_a_while(stage, doors):
    row = await hook(stage, door="abc")
    door = await doors.open("abc", "a")
    for _ in range(3):
        assert (await refused(doors.check(door, headers(row, "another"), RAW, "a"))).code == "bad_signature"
    about = {"hookId": row.public_id, "name": "Shop"}
    assert await rejections(stage) == [{**about, "reason": "wrong", "count": 1}]
    stage.clock.forward(10)
    assert (await refused(doors.check(door, {}, RAW, "a"))).details["reason"] == "missing"
    assert (await rejections(stage))[1:] == [{**about, "reason": "missing", "count": 3}]
    assert (await doors.check(door, headers(row), RAW, "a")).id is None


async def test_a_flood_is_remembered_within_bounds(stage, doors, monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 5)
    doors._wrong.largest = 5
    row = await hook(stage, door="abc")
    door = await doors.open("abc", "a")
    for number in range(50):
        await refused(doors.check(door, {}, RAW, f"203.0.113.{number}"))
        doors.rejected(replace(row, id=1_000 + number), "wrong")
    assert (len(doors._wrong), len(doors._untold)) == (5, 5)
    told = await rejections(stage)
    assert len({one["hookId"] for one in told}) == len(told) == 5
    stage.clock.forward(10)
    doors.rejected(replace(row, id=2_000), "wrong")
    assert len(await rejections(stage)) == 6
    assert len(doors._untold) == 1


async def test_who_was_wrong_too_often_is_refused_at_the_door(stage, doors):
    doors._wrong.burst = 2
    await hook(stage, door="abc")
    door = await doors.open("abc", "a")
    for _ in range(2):
        doors.wrong(door, "a", "bad_body")
    assert (await refused(doors.open("abc", "a"))).code == "rate_limited"
    assert (await refused(doors.check(door, {}, RAW, "a"))).code == "rate_limited"
    assert (await doors.open("abc", "b")).row == door.row


async def test_large_bodies_are_checked_too(stage, doors):
    row = await hook(stage, door="abc")
    door = await doors.open("abc", "a")
    raw = b"x" * (module.ASIDE_BYTES + 1)
    await doors.check(door, sign(row.said.way, SECRET, raw, at_s=0, id_=""), raw, "a")
    assert (await refused(doors.check(door, headers(row), raw, "a"))).code == "bad_signature"


async def test_a_locked_secret_lets_senders_try_again(stage, doors, monkeypatch):
    await hook(stage, door="abc")
    monkeypatch.setattr(doors._sealer, "_by_prefix", {})
    assert (await refused(doors.open("abc", "a"))).code == "unavailable"


async def never():
    return False


async def test_who_waits_hears_of_the_end(stage, doors):
    job = await stage.create()
    waiting = asyncio.create_task(doors.ended(job.id, never, 20))
    await asyncio.sleep(0)
    await stage.do(CANCEL, CancelJob(ADMIN, job.id))
    assert await waiting is True
    assert doors._waiting == {}


async def test_a_wait_ends_in_time_or_with_the_server(stage, doors):
    assert await doors.ended(7, never, 0.01) is False
    waiting = asyncio.create_task(doors.ended(7, never, 20))
    await asyncio.sleep(0)
    doors.stop()
    await waiting
    assert (doors._waiting, doors._waits) == ({}, 0)


async def test_only_so_many_wait(stage, doors, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    assert await doors.ended(7, never, 20) is False
