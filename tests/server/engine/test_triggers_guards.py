"""What keeps triggers from running away, and what becomes of starts that cannot be made now."""

import asyncio

import pytest
from defined import change
from stage import ADMIN
from triggered import made, publish, triggered

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from server.commands import jobs, launches
from server.commands import triggers as commands
from server.commands.jobs import CancelJob, JobAct
from server.commands.trigger_decisions import Batch
from server.core.trigger_states import DEEPEST, read_state
from server.engine import triggers as module
from server.engine.triggers import CHUNK, TriggerLoop
from server.store.database import StoreError


async def look(stage):
    return await stage.node.triggers.look()


async def end(stage, job_id):
    """The job is over: its event may start others."""
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))


async def state(stage):
    [(body,)] = await stage.rows("SELECT body FROM trigger_state")
    return read_state(body)


def other(stage):
    """The loop of another server on the same store."""
    node = stage.node
    return TriggerLoop(node.log, node.facts, node.submit, node.read, node._read_page, stage.clock)


# ---- depth


async def test_a_circle_of_definitions_is_stopped(stage):
    await triggered(stage, "a", topic="job:canceled", filter={"job": "b:run"})
    await triggered(stage, "b", topic="job:canceled", filter={"job": ["a:run", "start:it"]})
    await end(stage, (await stage.create("start:it")).id)
    depths = []
    while await look(stage):
        [(job_id,)] = await stage.rows("SELECT MAX(id) FROM job")
        depths.append((await stage.row(job_id)).described()["depth"])
        await end(stage, job_id)
    assert depths == list(range(1, DEEPEST + 1))
    [told] = await stage.events("definition:trigger-stopped")
    assert (told["payload"]["definition"], told["payload"]["reason"], told["payload"]["count"]) == (
        "b" if DEEPEST % 2 == 0 else "a", "depth", 1,
    )  # fmt: skip
    assert told["context"]["precedingEventId"] == told["payload"]["eventId"]
    assert await look(stage) == 0


async def test_children_and_reruns_are_as_deep_as_what_they_come_from(stage):
    await triggered(stage, topic="job:canceled", filter={"job": "child:run"})
    await triggered(stage, "first")
    await publish(stage)
    await look(stage)
    [(parent,)] = await stage.rows("SELECT id FROM job")
    await end(stage, parent)
    again = await stage.do(jobs.RETRY, JobAct(ADMIN, parent))
    child = await stage.create("child:run", parentId=encode("jb", again.id))
    grandchild = await stage.create("child:run", parentId=encode("jb", child.id))
    await end(stage, grandchild.id)
    await look(stage)
    assert (await made(stage, "nightly"))[-1]["depth"] == 2


async def test_an_event_that_names_its_job_is_as_deep(stage):
    await triggered(stage)
    await publish(stage)
    await look(stage)
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    await publish(stage, context={"jobId": encode("jb", job_id)})
    await publish(stage, context={"jobId": "us_jb_nobody"})
    await look(stage)
    assert [job["depth"] for job in await made(stage)] == [1, 2, 1]


# ---- rate


async def test_a_storm_is_stopped_and_told_once_a_minute(stage):
    await triggered(stage, maxPerMinute=5)
    for _ in range(12):
        await publish(stage)
    assert await look(stage) == 5
    [told] = await stage.events("definition:trigger-stopped")
    assert (told["payload"]["reason"], told["payload"]["count"]) == ("rate", 1)
    assert (await state(stage)).stops == 7
    stage.clock.forward(62)
    for _ in range(7):
        await publish(stage)
    assert await look(stage) == 5
    told = await stage.events("definition:trigger-stopped")
    assert [event["payload"]["count"] for event in told] == [1, 7]
    found = await state(stage)
    assert (found.stops, found.guards[0].untold, found.problem["kind"]) == (9, 1, "stopped")


async def test_a_backlog_is_judged_by_when_it_happened(stage):
    await triggered(stage, maxPerMinute=1)
    for _ in range(4):
        await publish(stage)
        stage.clock.forward(61)
    assert await look(stage) == 4


async def test_what_cannot_be_mapped_counts(stage):
    await triggered(stage, maxPerMinute=3, mapping={"n": "{{ event.payload.n }}"})
    for _ in range(9):
        await publish(stage)
    assert await look(stage) == 0
    assert len(await stage.events("definition:trigger-failed")) == 3
    assert len(await stage.events("definition:trigger-stopped")) == 1


async def test_triggers_that_are_changed_begin_with_clean_guards(stage):
    await triggered(stage, maxPerMinute=1)
    await publish(stage)
    await publish(stage)
    await look(stage)
    await change(stage, triggers=[{"topic": "invoice:paid", "maxPerMinute": 2}])
    await publish(stage)
    assert await look(stage) == 1
    found = await state(stage)
    assert (found.stops, found.problem) == (0, None)


async def test_what_is_told_of_triggers_starts_none(stage):
    await triggered(stage, topic="definition:**, invoice:paid", mapping={"n": "{{ event.payload.n }}"})
    await publish(stage)
    assert await look(stage) == 0
    assert len(await stage.events("definition:trigger-failed")) == 1
    assert await look(stage) == 0
    assert len(await stage.events("definition:trigger-failed")) == 1


# ---- a full queue


async def test_a_start_waits_for_room(stage):
    stage.facts.bound.largest = 1
    await triggered(stage)
    for _ in range(3):
        await publish(stage)
    assert await look(stage) == 1
    assert await stage.events("definition:trigger-failed") == []
    assert len(await stage.rows("SELECT id FROM trigger_wait")) == 2
    stage.clock.forward(1)
    assert await look(stage) == 0
    assert await stage.rows("SELECT tries, due_at - created_at FROM trigger_wait") == [(2, 3000)] * 2
    stage.facts.bound.largest = 10
    stage.clock.forward(1)
    assert await look(stage) == 0, "not yet"
    await stage.restart()
    stage.facts.bound.largest = 10
    stage.clock.forward(1)
    assert await look(stage) == 2
    assert len({job["startedBy"]["eventId"] for job in await made(stage)}) == 3
    assert await stage.rows("SELECT id FROM trigger_wait") == []


async def test_a_start_does_not_wait_for_ever(stage):
    stage.facts.bound.largest = 0
    await triggered(stage)
    await publish(stage)
    await look(stage)
    stage.clock.forward(commands.LONGEST_WAIT_MS / 1000)
    await look(stage)
    [told] = await stage.events("definition:trigger-failed")
    assert told["payload"]["reason"] == "queue_full"
    assert await stage.rows("SELECT id FROM trigger_wait") == []
    assert (await state(stage)).problem["reason"] == "queue_full"


async def test_no_more_starts_wait_than_a_space_may_have(stage, monkeypatch):
    monkeypatch.setattr(commands, "MOST_WAITING", 2)
    stage.facts.bound.largest = 0
    await triggered(stage)
    for _ in range(4):
        await publish(stage)
    await look(stage)
    assert len(await stage.rows("SELECT id FROM trigger_wait")) == 2
    assert len(await stage.events("definition:trigger-failed")) == 2


async def test_a_start_that_waits_is_dropped_with_its_definition(stage):
    stage.facts.bound.largest = 0
    await triggered(stage)
    await publish(stage)
    await look(stage)
    stage.facts.bound.largest = 10
    stage.clock.forward(10)
    await change(stage, enabled=False)
    await change(stage, enabled=True)
    assert await look(stage) == 0
    assert await stage.rows("SELECT id FROM trigger_wait") == []


async def test_a_start_whose_event_is_removed_meanwhile_is_told(stage):
    stage.facts.bound.largest = 0
    await triggered(stage)
    await publish(stage)
    await look(stage)
    stage.clock.forward(10)
    await _remove_events(stage, stage.node.log.seq + 1)
    await look(stage)
    [told] = await stage.events("definition:trigger-failed")
    assert told["payload"]["reason"] == "cursor_too_old"


# ---- retention


async def _remove_events(stage, upto):
    from server.commands.retention import OldEvents
    from server.engine.retention import OLD_EVENTS, Page

    await stage.do(OLD_EVENTS, Page(OldEvents(upto)))
    stage.node.log.forget(upto)


async def test_events_that_were_removed_before_they_were_looked_at_are_told(stage):
    await triggered(stage)
    first = await publish(stage)
    await publish(stage)
    last = await publish(stage)
    await stage.stop()
    stage._open()
    await stage.node.start(loops=False)
    await _remove_events(stage, last)
    assert await look(stage) == 1
    [told] = await stage.events("definition:triggers-missed")
    epoch = stage.node.epoch
    assert told["payload"]["after"] == f"{epoch}:{first - 1}"
    assert told["payload"]["before"] == f"{epoch}:{last}"
    assert await look(stage) == 0


# ---- several servers, and faults


async def test_two_servers_start_each_once(stage):
    await triggered(stage, maxPerMinute=6000)
    for _ in range(2 * CHUNK + 50):
        await publish(stage)
    found = await asyncio.gather(look(stage), other(stage).look())
    assert sum(found) == 2 * CHUNK + 50
    assert len({job["startedBy"]["eventId"] for job in await made(stage)}) == 2 * CHUNK + 50


async def test_an_event_of_many_triggers_may_be_dealt_with_in_several_steps(stage, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    for n in range(5):
        await triggered(stage, f"d{n}")
    await publish(stage)
    await publish(stage)
    loop, submit = stage.node.triggers, stage.node.submit
    count = 0

    async def dying(command, item, once=None):
        nonlocal count
        count += 1
        if count == 3:
            raise StoreError("gone")
        return await submit(command, item, once)

    loop._submit = dying
    with pytest.raises(StoreError):
        await loop.look()
    assert len(await made(stage)) == 4
    await stage.restart()
    assert await look(stage) == 6
    pairs = [(job["definition"], job["startedBy"]["eventId"]) for job in await made(stage)]
    assert len(set(pairs)) == len(pairs) == 10


async def test_what_changes_between_decision_and_deed_is_decided_again(stage):
    await triggered(stage)
    await publish(stage)
    loop, read = stage.node.triggers, stage.node.read
    changed = False

    async def meddling(query):
        nonlocal changed
        found = await read(query)
        if isinstance(found, Batch) and not changed:
            changed = True
            await change(stage, params={"a": 1})
        return found

    loop._read = meddling
    assert await loop.look() == 1
    assert [(job["input"], job["definitionVersion"]) for job in await made(stage)] == [({"a": 1}, 2)]


async def test_a_fault_hits_one_start_alone(stage, monkeypatch):
    await triggered(stage)
    await triggered(stage, "bad")
    real = launches.launch

    def launch(tx, item):
        if item.job_type.code == "bad":
            raise RuntimeError("a fault")
        return real(tx, item)

    monkeypatch.setattr("server.commands.triggers.launches.launch", launch)
    await publish(stage)
    await publish(stage)
    assert await look(stage) == 2
    told = [event["payload"] for event in await stage.events("definition:trigger-failed")]
    assert [(one["definition"], one["reason"]) for one in told] == [("bad", "internal")] * 2


async def test_a_refusal_is_told_with_its_code(stage, monkeypatch):
    await triggered(stage)

    def launch(tx, item):
        raise Refusal("too_large", "input takes at most 256 KiB.", key="input")

    monkeypatch.setattr("server.commands.triggers.launches.launch", launch)
    await publish(stage)
    await look(stage)
    [told] = await stage.events("definition:trigger-failed")
    assert told["payload"]["problems"] == [{"path": "input", "message": "input takes at most 256 KiB."}]
