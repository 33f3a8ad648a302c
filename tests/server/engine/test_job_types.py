"""What is served, here and by other servers."""

import asyncio
from dataclasses import replace

import pytest
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from server.core.job_types import SEEN_MS, JobTypeHead
from server.core.reach import Reach
from server.engine.job_types import FRESH_MS, JobTypes, Served
from server.store import job_types as sql

HEAD = JobTypeHead(1, "export", "workbook:export", None, seen_at=0)


def test_names_and_globs_are_taken_until_the_last_session_goes():
    served = Served()
    served.begins(1, 1, ["workbook:export", "import:*"])
    served.begins(2, 1, ["workbook:export"])
    assert served.takes(1, "workbook:export")
    assert served.takes(1, "import:csv")
    assert not served.takes(2, "workbook:export")
    assert not served.takes(1, "workbook:other")
    served.ends(1)
    assert served.takes(1, "workbook:export")
    assert not served.takes(1, "import:csv")
    served.ends(2)
    served.ends(2)
    assert served.spaces == []


def test_what_a_session_takes_is_replaced():
    served = Served()
    served.begins(1, 1, ["a:b", "a:b", "c:*"])
    served.begins(1, 1, ["a:b"])
    assert (served.takes(1, "a:b"), served.takes(1, "c:d")) == (True, False)
    served.begins(1, 1, [])
    assert not served.takes(1, "a:b")


def test_only_what_is_new_is_a_change():
    served = Served()
    served.begins(1, 1, ["a:b"])
    assert served.changed.is_set()
    served.changed.clear()
    served.begins(2, 1, ["a:b"])
    served.begins(2, 1, ["a:b"])
    served.ends(1)
    assert not served.changed.is_set()
    served.begins(3, 2, ["a:b"])
    assert served.changed.is_set()


def types(served, *, shared, now=100_000):
    async def nothing(*_args): ...

    return JobTypes(served, nothing, nothing, lambda: now, shared=shared)


def test_a_type_is_online_while_it_is_served_here():
    served = Served()
    found = types(served, shared=False)
    assert not found.online(1, replace(HEAD, seen_at=100_000)), "no other server could have seen it"
    served.begins(1, 1, ["workbook:*"])
    assert found.online(1, HEAD)
    assert not found.online(2, HEAD)


def test_a_type_is_online_while_another_server_sees_it():
    found = types(Served(), shared=True, now=100_000)
    assert found.online(1, replace(HEAD, seen_at=100_000 - SEEN_MS))
    assert not found.online(1, replace(HEAD, seen_at=100_000 - SEEN_MS - 1))


def test_a_built_in_type_is_always_online():
    assert types(Served(), shared=False).online(1, replace(HEAD, id=None))


async def listen(stage, name="workbook:export", **fields):
    listener = stage.connect()
    await listener.hello()
    taken = [{"job": name}, {"job": "b:*"}]
    answer = await listener.ask(type="listen", credit=1, jobs=taken, types=[{"name": name, **fields}])
    assert answer is None, answer
    return listener


async def seen_at(stage, code="workbook:export"):
    return (await stage.node.read(lambda reader: sql.by_code(reader, 1, code))).seen_at


async def test_what_is_served_is_seen_again_when_it_was_not_for_a_while(stage):
    await listen(stage)
    assert await stage.node.job_types.look() == 0, "it was declared just now"
    stage.clock.forward(FRESH_MS / 1000 + 1)
    assert await stage.node.job_types.look() == 1
    assert await seen_at(stage) == stage.clock()
    stage.clock.forward(1)
    assert await stage.node.job_types.look() == 0


async def test_what_nobody_serves_any_more_is_not_seen(stage):
    listener = await listen(stage)
    declared_at = await seen_at(stage)
    listener.peer.gone()
    stage.clock.forward(60)
    assert await stage.node.job_types.look() == 0
    assert await seen_at(stage) == declared_at


async def test_the_loop_looks_soon_after_somebody_has_begun(stage, monkeypatch):
    monkeypatch.setattr("server.engine.job_types.SOON_S", 0)
    loop = asyncio.create_task(stage.node.job_types.run())
    stage.clock.forward(60)
    try:
        await listen(stage)
        stage.clock.forward(60)
        stage.node.hub.served.changed.set()
        async with asyncio.timeout(20):
            while await seen_at(stage) != stage.clock():  # noqa: ASYNC110 - the loop tells nobody
                await asyncio.sleep(0)
    finally:
        loop.cancel()


async def test_a_session_that_drains_or_is_gone_serves_nothing(stage):
    served = stage.node.hub.served
    listener = await listen(stage)
    assert served.takes(1, "workbook:export")
    await listener.ask(type="listen", credit=0, jobs=[{"job": "workbook:export"}])
    assert not served.takes(1, "workbook:export")
    await listener.ask(type="listen", credit=1, jobs=[{"job": "workbook:export"}])
    newer = stage.connect()
    await newer.hello()
    assert not served.takes(1, "workbook:export"), "its session has another connection"
    await newer.listen("c:d")
    assert served.takes(1, "c:d")
    newer.peer.gone()
    assert served.spaces == []


@pytest.mark.parametrize("actor", [ADMIN])
async def test_many_listeners_that_come_again_write_nothing(stage, actor):
    described = [
        {"name": f"a:b{number}", "inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
        for number in range(5)
    ]
    before = None
    for number in range(200):
        listener = stage.connect(actor)
        await listener.hello(f"session-{number:04}")
        listener.say(type="listen", credit=1, jobs=[{"job": "a:*"}], types=described, id=7)
        assert await listener.ok(7) is None
        log = [one["seq"] for one in await stage.events()] if number in {0, 199} else None
        before = before or log
    assert len(before) == 5
    assert log == before


class Asked:
    """Counts how often the store is asked."""

    def __init__(self, stage, monkeypatch):
        self.times = 0
        self._read = stage.node.job_types._read
        monkeypatch.setattr(stage.node.job_types, "_read", self)

    async def __call__(self, query):
        self.times += 1
        return await self._read(query)


async def test_a_type_that_was_asked_for_is_known_until_types_change(stage, monkeypatch):
    asked, types = Asked(stage, monkeypatch), stage.node.job_types
    await listen(stage, label="Old")
    for _ in range(3):
        assert (await types.find(ADMIN, "workbook:export")).job_type.label == "Old"
    assert asked.times == 1
    await listen(stage, label="New")
    assert (await types.find(ADMIN, "workbook:export")).job_type.label == "New"
    types.changed()
    await types.find(ADMIN, "workbook:export")
    assert asked.times == 3


async def test_a_change_while_the_store_is_asked_is_not_missed(stage, monkeypatch):
    types = stage.node.job_types
    await listen(stage, label="Old")
    read = types._read

    async def slow(query):
        found = await read(query)
        types.changed()
        return found

    monkeypatch.setattr(types, "_read", slow)
    await types.find(ADMIN, "workbook:export")
    assert types._known == {}


async def test_what_is_known_is_for_those_who_reach_it_in_their_space(stage):
    types = stage.node.job_types
    await listen(stage)
    await types.find(ADMIN, "workbook:export")
    for actor in (replace(ADMIN, reach=Reach(jobs=("import:*",))), STRANGER):
        with pytest.raises(Refusal) as caught:
            await types.find(actor, "workbook:export")
        assert caught.value.code == "not_found"


async def test_so_many_are_known(stage, monkeypatch):
    monkeypatch.setattr("server.engine.job_types.MOST_KNOWN", 2)
    for number in range(4):
        await listen(stage, f"a:b{number}")
    for number in range(4):
        await stage.node.job_types.find(ADMIN, f"a:b{number}")
        assert len(stage.node.job_types._known) <= 2
