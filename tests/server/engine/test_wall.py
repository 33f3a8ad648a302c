"""The watch at the wall: what is noted, how often, and that nobody waits for it."""

import asyncio

import pytest
from stage import ADMIN, DEADLINE_S, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from server.engine import wall as module
from server.store import audit
from server.store.database import StoreError

HOW = {"frame": "ack"}


async def lines(stage, space_id=2):
    """The audit once all that is under way has been looked at and written."""
    async with asyncio.timeout(DEADLINE_S):
        while stage.node.wall._looking:
            await asyncio.gather(*stage.node.wall._looking)
    await stage.idle()
    found = await stage.node.read(lambda reader: audit.page(reader, space_id, 10**9, 10_000))
    return [(line.action, line.target) for line in found]


def missing(name):
    return Refusal("not_found", "no", named=name)


async def test_what_is_another_space_s_is_noted_and_what_is_nowhere_is_not(stage):
    job = encode("jb", (await stage.create()).id)
    stage.node.wall.refused(STRANGER, missing(job), HOW)
    stage.node.wall.refused(STRANGER, missing(encode("jb", 77)), HOW)
    stage.node.wall.refused(STRANGER, Refusal("not_found", "no"), HOW, ["us_sp_default", "us_sp_nowhere"])
    stage.node.wall.refused(ADMIN, missing(job), HOW)
    assert sorted(await lines(stage)) == [("access:refused", job), ("access:refused", "us_sp_default")]
    assert len(await lines(stage, 1)) == 2


async def test_other_refusals_are_no_attempts_unless_they_name_something(stage):
    job = encode("jb", (await stage.create()).id)
    stage.node.wall.refused(STRANGER, Refusal("illegal_move", "no"), HOW, [job])
    stage.node.wall.named(STRANGER, [], HOW)
    assert await lines(stage) == []
    stage.node.wall.refused(STRANGER, Refusal("wrong_plan", "no", named=job), HOW)
    assert await lines(stage) == [("access:refused", job)]


async def test_what_the_role_forbids_is_noted_without_a_look(stage):
    forbidden = Refusal("forbidden", "no", role="viewer", permission="run")
    stage.node.wall.refused(STRANGER, forbidden, HOW)
    stage.node.wall.refused(STRANGER, forbidden, HOW, ["us_jb_1", "us_jb_2"])
    assert not stage.node.wall._looking
    assert await lines(stage) == [("access:forbidden", "us_jb_1"), ("access:forbidden", "us_sp_elsewhere")]


async def test_the_same_attempt_is_noted_once_in_a_while(stage):
    job = encode("jb", (await stage.create()).id)
    for _ in range(3):
        stage.node.wall.refused(STRANGER, missing(job), HOW)
        assert len(await lines(stage)) == 1
    stage.node.wall.refused(STRANGER, missing(job), {"frame": "log"})
    assert len(await lines(stage)) == 2
    stage.clock.forward(module.AGAIN_S)
    stage.node.wall.refused(STRANGER, missing(job), HOW)
    assert len(await lines(stage)) == 3


async def test_one_key_fills_no_audit(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_LINES", 5)
    stage.node.wall.__init__(stage.node.read, stage.node.writer.post, stage.clock)
    jobs = [encode("jb", (await stage.create()).id) for _ in range(20)]
    stage.node.wall.named(STRANGER, jobs, HOW)
    assert len(await lines(stage)) == 5
    assert len(await lines(stage, 1)) == 5
    stage.clock.forward(2)
    stage.node.wall.named(STRANGER, jobs, HOW)
    assert len(await lines(stage)) == 7


async def test_one_key_makes_no_more_looks_than_it_may(stage, monkeypatch):
    reads = 0

    async def read(query):
        nonlocal reads
        reads += 1
        return []

    stage.node.wall._read = read
    for n in range(module.MOST_LOOKS + 50):
        stage.node.wall.refused(OTHER, missing(encode("jb", n)), HOW)
    stage.node.wall.refused(STRANGER, missing(encode("jb", 1)), HOW)
    await lines(stage)
    assert reads == 2


async def test_looks_that_follow_each_other_quickly_wait(stage, monkeypatch):
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    for n in range(module.MOST_LOOKS + 1):
        stage.node.wall.named(OTHER, [encode("jb", n)], HOW)
        await asyncio.gather(*stage.node.wall._looking)
    assert [second for second in waited if second] == [1 / module.LOOKS_PER_S]


async def test_an_attempt_is_seen_among_many_names_that_are_nowhere(stage, monkeypatch):
    job = encode("jb", (await stage.create()).id)
    for n in range(module.MOST_NAMES + 50):
        stage.node.wall.refused(STRANGER, missing(encode("jb", 1_000 + n)), HOW)
    stage.node.wall.refused(STRANGER, missing(job), HOW)
    assert await lines(stage) == [("access:refused", job)]
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    stage.node.wall.named(STRANGER, [encode("jb", 1_000 + n) for n in range(50)], HOW)
    assert [len(waiting) for waiting in stage.node.wall._waiting.values()] == [3]


@pytest.mark.parametrize("error", [StoreError("gone")])
async def test_a_store_that_is_away_stops_nobody(stage, error):
    async def read(query):
        raise error

    stage.node.wall._read = read
    stage.node.wall.named(STRANGER, ["us_sp_default"], HOW)
    await asyncio.gather(*stage.node.wall._looking)
    assert not stage.node.wall._looking


async def test_looks_end_with_the_server(stage):
    begun = asyncio.Event()

    async def read(query):
        begun.set()
        await asyncio.Event().wait()

    stage.node.wall._read = read
    stage.node.wall.named(STRANGER, ["us_sp_default"], HOW)
    await begun.wait()
    await stage.node.wall.stop()
    await asyncio.sleep(0)
    assert not stage.node.wall._looking
