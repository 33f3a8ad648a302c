"""Who gets which job, in which order, within which credit; no job is forgotten while somebody waits for it."""

import asyncio

import pytest
from backlogs import backlog, granted, lease
from situations import act
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, sessions

# ---- the ways to a listener


async def test_a_job_that_is_awaited_is_inserted_leased(stage, monkeypatch):
    listener = await stage.listener()
    connection = stage.node.writer._connection
    updated = []
    monkeypatch.setattr(connection, "update_many", lambda table, *_: updated.append(table))
    job = await stage.create(input={"rows": 3}, label="Export")
    assert updated == [], "its row was written once"
    row = await stage.row(job)
    assert (row.status, row.holder, row.fence, row.attempt) == ("ready", f"{ADMIN.key_id}/session-one", 1, 1)
    assert (row.granted_at, row.lease_expires_at) == (stage.clock(), stage.clock() + 30_000)
    grant = await listener.grant()
    assert (grant["fence"], grant["attempt"]) == (1, 1)
    assert (grant["job"]["input"], grant["job"]["label"]) == ({"rows": 3}, "Export")
    assert grant["job"]["leaseExpiresAt"] == to_wire(row.lease_expires_at)
    assert await stage.topics(job.id) == ["job:created", "job:ready"]


async def test_waiting_jobs_are_taken_by_priority_then_by_age(stage):
    for priority in (0, 5, -3, 5, 0):
        await stage.create(priority=priority)
    listener = await stage.listener()
    assert await granted(stage, listener) == [2, 4, 1, 5, 3]


async def test_jobs_of_one_commit_come_in_one_frame_by_priority(stage):
    listener = await stage.listener()
    await asyncio.gather(*(stage.create(priority=priority) for priority in (0, 9, 4)))
    (frame,) = listener.seen("grants")
    assert [decode("jb", grant["job"]["id"]) for grant in frame["jobs"]] == [2, 3, 1]


async def test_a_new_job_does_not_overtake_those_that_wait(stage):
    listener = await stage.listener(credit=1)
    first, second = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    complete = listener.ask(type="complete", **lease(first))
    await asyncio.gather(complete, stage.create(), stage.create(priority=-1))
    assert await granted(stage, listener) == [second]


async def test_a_new_job_of_higher_priority_goes_first(stage):
    listener = await stage.listener(credit=1)
    first, _ = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    _, urgent = await asyncio.gather(listener.ask(type="complete", **lease(first)), stage.create(priority=9))
    assert await granted(stage, listener) == [urgent.id]


async def test_what_becomes_ready_later_is_taken_too(stage):
    listener = await stage.listener()
    manual = await stage.create(trigger="manual")
    scheduled = await stage.create(scheduledAt=to_wire(stage.clock() + 5_000))
    assert await granted(stage, listener) == []
    await stage.do(*act("execute", manual))
    assert await granted(stage, listener) == [manual.id]
    stage.clock.forward(5)
    await stage.look()
    assert await granted(stage, listener) == [scheduled.id]


async def test_a_large_backlog_is_granted_up_to_the_credit(stage):
    ids = await backlog(stage, 1300)
    listener = await stage.listener(credit=1000)
    other = await stage.listener(credit=250, session="session-two")
    assert await granted(stage, listener) == ids[:1000]
    assert await granted(stage, other) == ids[1000:1250]


# ---- credit


async def test_credit_is_never_exceeded(stage):
    listener = await stage.listener(credit=2)
    ids = await backlog(stage, 5)
    assert await granted(stage, listener) == ids[:2]
    for done, following in zip(ids, [*ids[2:], None, None], strict=True):
        await listener.ask(type="ack", **lease(done))
        assert await granted(stage, listener) == [], "to begin is no reason for more"
        await listener.ask(type="complete", **lease(done))
        assert await granted(stage, listener) == ([following] if following else [])


async def completed(stage, listener, job):
    await listener.ask(type="complete", **lease(job))


async def failed(stage, listener, job):
    await listener.ask(type="fail", message="x", **lease(job))


async def failed_for_good(stage, listener, job):
    await listener.ask(type="fail", message="x", retry=False, **lease(job))


async def canceled(stage, listener, job):
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job))


async def deleted(stage, listener, job):
    await stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job))


async def canceled_after_the_grace(stage, listener, job):
    await listener.ask(type="ack", **lease(job))
    await canceled(stage, listener, job)
    listener.say(type="renew", leases=[lease(job)])
    stage.clock.forward(30)
    await stage.look()


async def lost(stage, listener, job):
    stage.clock.forward(10)
    await stage.look()
    listener.say(type="renew", leases=[lease(job)])


@pytest.mark.parametrize(
    "end", [completed, failed, failed_for_good, canceled, deleted, canceled_after_the_grace, lost]
)
async def test_every_end_of_a_lease_restores_its_credit(stage, end):
    listener = await stage.listener(credit=1)
    first, second = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    await end(stage, listener, first)
    assert await granted(stage, listener) == [second]


async def test_a_release_restores_credit_and_the_job_is_the_first_to_be_taken_again(stage):
    listener = await stage.listener(credit=1)
    first, second = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    await listener.ask(type="release", leases=[lease(first)])
    assert await granted(stage, listener) == [first]
    await listener.ask(type="complete", **lease(first, 2))
    assert await granted(stage, listener) == [second]


async def test_credit_zero_drains(stage):
    listener = await stage.listener(credit=3)
    ids = await backlog(stage, 4)
    assert await granted(stage, listener) == ids[:3]
    await listener.listen("**", credit=0)
    await listener.ask(type="complete", **lease(ids[0]))
    await stage.create()
    assert await granted(stage, listener) == []
    await listener.listen("**", credit=3)
    assert await granted(stage, listener) == [ids[3]]


async def test_less_credit_than_leases_waits_until_there_is_room(stage):
    listener = await stage.listener(credit=3)
    ids = await backlog(stage, 5)
    assert await granted(stage, listener) == ids[:3]
    await listener.listen("**", credit=2)
    await listener.ask(type="complete", **lease(ids[0]))
    assert await granted(stage, listener) == []
    await listener.ask(type="complete", **lease(ids[1]))
    assert await granted(stage, listener) == [ids[3]]


async def test_leases_of_before_a_restart_count(stage):
    await stage.listener(credit=2)
    ids = await backlog(stage, 4)
    await stage.restart()
    listener = stage.connect()
    await listener.hello("session-one", [lease(ids[0]), lease(ids[1])])
    await listener.listen("**", credit=3)
    assert await granted(stage, listener) == [ids[2]]


# ---- who


async def test_sessions_take_turns(stage):
    listeners = [await stage.listener(session=f"session-{n}") for n in range(3)]
    for _ in range(6):
        await stage.create()
    for listener in listeners:
        assert len(await granted(stage, listener)) == 2


async def test_one_without_room_is_passed_over(stage):
    full = await stage.listener(session="session-one", credit=1)
    free = await stage.listener(session="session-two", credit=5)
    ids = await backlog(stage, 4)
    assert len(await granted(stage, full)) == 1
    assert len(await granted(stage, free)) == 3
    assert ids[-1] == 4


async def test_names_are_globs_and_others_jobs_wait(stage):
    books = await stage.listener("workbook:*")
    maps = await stage.listener("file:map", "space:*", session="session-two")
    for name in ("workbook:export", "file:map", "file:extract", "space:configure", "workbook:a:b"):
        await stage.create(name)
    assert await granted(stage, books) == [1]
    assert await granted(stage, maps) == [2, 4]
    last = await stage.listener("**", session="session-three")
    assert await granted(stage, last) == [3, 5]


async def test_priority_and_age_count_over_all_names(stage):
    given = [("a:x", 0), ("b:y", 5), ("c:z", 0), ("a:x", 5), ("b:y", 0), ("c:z", 9)]
    for name, priority in given:
        await stage.create(name, priority=priority)
    listener = await stage.listener(credit=1)
    order = []
    for _ in given:
        (job,) = await granted(stage, listener)
        order.append(job)
        await listener.ask(type="complete", **lease(job))
    assert order == [6, 2, 4, 1, 3, 5]


async def test_listening_anew_replaces_what_was_taken(stage):
    listener = await stage.listener("workbook:*")
    await listener.listen("file:*")
    await stage.create("workbook:export")
    await stage.create("file:map")
    assert await granted(stage, listener) == [2]
    await listener.listen()
    await stage.create("file:map")
    assert await granted(stage, listener) == []


async def test_jobs_of_another_space_are_never_seen(stage):
    await stage.create(actor=STRANGER)
    listener = await stage.listener()
    strange = await stage.listener(actor=STRANGER)
    await stage.create(actor=STRANGER)
    assert await granted(stage, listener) == []
    assert await granted(stage, strange) == [1, 2]


async def test_sessions_of_all_keys_of_a_space_take_turns(stage):
    first = await stage.listener(actor=ADMIN)
    second = await stage.listener(actor=OTHER)
    await backlog(stage, 4)
    assert len(await granted(stage, first)) == len(await granted(stage, second)) == 2


async def test_a_job_that_a_key_acknowledged_is_not_granted(stage):
    job = await stage.create()
    await stage.do(*act("ack", job))
    listener = await stage.listener()
    assert await granted(stage, listener) == []


async def test_a_listener_that_let_a_lease_run_out_gets_the_next_job_when_it_has_spoken(stage):
    listener = await stage.listener()
    first = await stage.create()
    assert await granted(stage, listener) == [first.id]
    stage.clock.forward(10)
    await stage.look()
    second = await stage.create()
    assert await granted(stage, listener) == []
    listener.say(type="renew", leases=[])
    assert await granted(stage, listener) == [second.id]


async def test_a_draining_server_grants_nothing(stage):
    listener = await stage.listener()
    await stage.node.drain()
    job = await stage.create()
    assert await granted(stage, listener) == []
    await stage.restart()
    assert await granted(stage, await stage.listener()) == [job.id]


async def test_a_grant_whose_session_has_left_is_given_back_with_its_attempt(stage):
    listener = await stage.listener()
    made = asyncio.create_task(stage.create())
    stage.node.hub.peers.pop(listener.peer.holder)
    job = await made
    taker = await stage.listener(session="session-two")
    await stage.do(sessions.LEAVE, sessions.Leave(listener.peer.holder, listener.peer.number))
    await stage.idle()
    grant = await taker.grant()
    assert (decode("jb", grant["job"]["id"]), grant["attempt"]) == (job.id, 1)
    assert grant["fence"] >= 2
    assert not await stage.events("job:attempt-failed")
