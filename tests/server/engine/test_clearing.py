"""What a deleted space had is removed, and nothing of another."""

import asyncio

import pytest
from hooked import call, hook
from stage import ADMIN, SPACE

from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.spaces import SpaceCreate
from server.commands import clearing as commands
from server.commands.events import PUBLISH, PublishEvent
from server.commands.files import CREATE_FILE, CreateFile
from server.commands.hook_deliveries import DELIVER, Deliver
from server.commands.hooks import DELETE_HOOK, DeleteHook
from server.commands.keys import CREATE_KEY, CreateKey
from server.commands.spaces import CREATE_SPACE, DELETE_SPACE, CreateSpace, DeleteSpace
from server.core.actors import Actor
from server.core.hook_calls import came
from server.engine import clearing as module
from server.engine.clearing import ClearingLoop
from server.engine.node import LINGER_S
from server.store.command import Once


@pytest.fixture
def removed():
    return []


@pytest.fixture
def loop(stage, removed):
    async def remove(blob):
        removed.append(blob)

    async def rest(seconds):
        assert seconds >= 0

    return ClearingLoop(stage.node.submit, stage.node.read, remove, rest)


async def furnished(stage):
    """A space with something of every kind; its administrator."""
    space = await stage.do(CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate(name="Acme")))
    key = await stage.do(
        CREATE_KEY, CreateKey(Actor("us_key_0000000009", "admin", space), "k", "admin", "h" * 64)
    )
    actor = Actor(key.id, "admin", space)
    listener = await stage.listener("**", actor=actor)
    await listener.grant()
    jobs = [await stage.create(actor=actor) for _ in range(3)]
    grant = (await listener.of_type("grants"))["jobs"][0]
    await listener.ask(**listener.about("log", grant, lines=[{"message": "secret line"}]))
    await listener.ask(**listener.about("complete", grant))
    await stage.do(CREATE_FILE, CreateFile(actor, "a.txt", 1, "text/plain", "blob-of-acme", jobs[0].id))
    once = Once(f"{key.id} POST /v1/events", "again", "hash", lambda _: "told")
    await stage.do(
        PUBLISH, PublishEvent(actor, EventCreate(topic="invoice:paid", payload={"secret": "of acme"})), once
    )
    return actor, listener


async def rows(stage, table):
    return await stage.rows(f"SELECT * FROM {table}")


async def test_all_that_the_space_had_goes_and_the_rest_stays(stage, loop, removed):
    kept = await stage.create()
    await stage.do(CREATE_FILE, CreateFile(ADMIN, "b.txt", 1, "text/plain", "blob-of-default", kept.id))
    await stage.do(PUBLISH, PublishEvent(ADMIN, EventCreate(topic="invoice:paid", payload={"of": "default"})))
    actor, _ = await furnished(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    assert await loop.look() == 1
    assert [row[0] for row in await rows(stage, "job")] == [kept.id]
    assert (
        await rows(stage, "job_log") == await rows(stage, "idempotency") == await rows(stage, "api_key") == []
    )
    assert {row[1] for row in await rows(stage, "audit")} == {SPACE.id, actor.space.id}
    assert [row[-1] for row in await rows(stage, "file")] == ["blob-of-default"]
    assert removed == ["blob-of-acme"]
    assert await stage.rows("SELECT id FROM space WHERE id = :id", id=actor.space.id) == []
    bodies = await stage.rows("SELECT space_id, body FROM event ORDER BY seq")
    assert {body for space, body in bodies if space == actor.space.id} == {module.sql.ERASED}
    assert any('"of":"default"' in body for _, body in bodies)
    assert await loop.look() == 0


async def test_listeners_lose_what_they_held(stage, loop):
    actor, listener = await furnished(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    await loop.look()
    await stage.idle()
    assert len([lease for frame in listener.seen("stale") for lease in frame["leases"]]) == 3


async def test_many_rows_go_by_pages_with_a_rest_after_each(stage, removed, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(module, "WALK", 3)
    rests = []

    async def rest(seconds):
        rests.append(seconds)

    async def remove(blob):
        removed.append(blob)

    actor, _ = await furnished(stage)
    for _ in range(5):
        await stage.create(actor=actor)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    await ClearingLoop(stage.node.submit, stage.node.read, remove, rest).look()
    assert await rows(stage, "job") == []
    assert len(rests) > 10


async def test_what_came_to_a_hook_goes_with_it_by_pages(stage, loop, monkeypatch):
    monkeypatch.setattr(commands, "OF_A_HOOK", 2)
    kept, gone = await hook(stage), await hook(stage)
    for number in range(5):
        await call(stage, gone, key=f"key {number}")
    await call(stage, kept, key="kept")
    assert await loop.look() == 0
    assert len(await rows(stage, "hook_delivery")) == len(await rows(stage, "hook_replay")) == 6
    await stage.do(DELETE_HOOK, DeleteHook(ADMIN, gone.id))
    assert await loop.look() == 0
    assert await stage.rows("SELECT hook_id FROM hook_delivery") == [(kept.id,)]
    assert await stage.rows("SELECT hook_id FROM hook_replay") == [(kept.id,)]


async def test_what_came_to_the_hooks_of_a_space_goes_with_it(stage, loop):
    actor, _ = await furnished(stage)
    row = await hook(stage, actor=actor)
    await stage.do(DELIVER, Deliver(row, came(row, "text/plain", (), (), b"hello"), None, key="one"))
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    assert await loop.look() == 1
    for table in ("hook", "hook_delivery", "hook_replay", "signing_secret"):
        assert await rows(stage, table) == []


async def test_what_was_cut_short_is_gone_on_with(stage, loop):
    actor, _ = await furnished(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    await stage.restart()
    assert stage.facts.spaces.get(SPACE.id) is not None
    assert await ClearingLoop(stage.node.submit, stage.node.read, stage.node.blobs.remove).look() == 1


async def test_bytes_that_cannot_be_removed_stop_nothing(stage, caplog):
    async def fails(blob):
        raise OSError("busy")

    actor, _ = await furnished(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    assert await ClearingLoop(stage.node.submit, stage.node.read, fails).look() == 1
    assert await rows(stage, "file") == []


async def test_what_another_server_puts_into_it_meanwhile_goes_too(stage, removed):
    actor, _ = await furnished(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    lingered = []

    async def rest(seconds):
        if seconds == LINGER_S:
            lingered.append(seconds)
            await unaware(stage, actor)

    async def remove(blob):
        removed.append(blob)

    loop = ClearingLoop(stage.node.submit, stage.node.read, remove, rest, linger_s=LINGER_S)
    assert await loop.look() == 1
    assert lingered == [LINGER_S]
    assert await rows(stage, "job") == await rows(stage, "idempotency") == []
    left = {
        body for (body,) in await stage.rows("SELECT body FROM event WHERE space_id = :id", id=actor.space.id)
    }
    assert left == {module.sql.ERASED}
    assert await rows(stage, "space") == [row for row in await rows(stage, "space") if row[0] in {1, 2}]


async def unaware(stage, actor):
    """A server that has not heard of the end of the space makes a job in it."""
    known = stage.facts.spaces[actor.space.id]
    stage.facts.spaces[actor.space.id] = actor.space
    await stage.create(actor=actor)
    stage.facts.spaces[actor.space.id] = known


async def test_a_space_into_which_something_came_at_last_stays_until_the_next_look(stage, loop):
    actor, _ = await furnished(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, actor.space.id))
    submit = loop._submit

    async def late(command, item):
        if command is module.commands.REMOVE_SPACE:
            await unaware(stage, actor)
        return await submit(command, item)

    loop._submit = late
    assert await loop.look() == 0
    loop._submit = submit
    assert await loop.look() == 1
    assert await rows(stage, "job") == []


async def test_looks_that_follow_each_other_leave_no_task_behind(stage, loop, monkeypatch):
    looks = asyncio.Queue()

    async def look():
        looks.put_nowait(len(asyncio.all_tasks()))

    loop.every_s = 0.001
    monkeypatch.setattr(loop, "look", look)
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(10):
        seen = [await looks.get() for _ in range(20)]
    running.cancel()
    assert max(seen[5:]) <= max(seen[:5])
