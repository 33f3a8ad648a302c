"""The server's own runner: it comes where built-in jobs wait, runs a bounded number of them, and goes."""

import asyncio
from dataclasses import replace

import pytest
from own_jobs import Gate, allow_loopback, ended, having, outcome, ran, result, until
from stage import ADMIN, OTHER, STRANGER, opened

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobAck
from server.commands import rest
from server.core.actors import SYSTEM
from server.engine import built_in, runner
from server.store.database import StoreError


@pytest.fixture
def gate(monkeypatch):
    found = Gate()
    monkeypatch.setitem(built_in.WORKS, "noop", found)
    return found


@pytest.fixture
async def runs(stage):
    return stage.node.runner


async def noops(stage, count, actor=ADMIN):
    return [await stage.create("system:noop", actor=actor) for _ in range(count)]


async def seen_by(stage, *sessions):
    async def all_there():
        return set(stage.node.runner.sessions) == set(sessions)

    await until(all_there, f"sessions in {sessions}")


async def none_runs(runs):
    async def none():
        return not runs._runs()

    await until(none, "nothing runs")


# ---- coming and going


async def test_a_job_is_run_where_it_becomes_ready_and_the_session_leaves_when_nothing_is_left(
    stage, runs, monkeypatch
):
    assert runs.sessions == {}
    job = await stage.create("system:noop", input={"echo": [1, {"a": "b"}]})
    row = await ended(stage, job)
    assert result(row) == {"echo": [1, {"a": "b"}]}
    assert (row.attempt, row.fence) == (1, 1)
    runs.beat()
    assert list(runs.sessions) == [1]
    monkeypatch.setattr(runner, "IDLE_S", -1)
    await none_runs(runs)
    runs.beat()
    assert runs.sessions == {}
    await stage.idle()
    assert stage.node.hub.peers == {}
    assert stage.node.dispatch.takers == {}
    assert result(await ran(stage, "noop")) == {"echo": None}


async def test_each_space_has_a_session_of_its_own(stage, runs):
    rows = [await ended(stage, await stage.create("system:noop", actor=actor)) for actor in (ADMIN, STRANGER)]
    assert [(row.space_id, row.status) for row in rows] == [(1, "complete"), (2, "complete")]
    assert sorted(runs.sessions) == [1, 2]


async def test_the_server_itself_is_named_as_who_did_it(stage):
    row = await ran(stage, "noop")
    events = [e for e in await stage.events() if e["context"].get("actorId") == SYSTEM]
    assert [e["topic"] for e in events] == ["job:updated", "job:completed"]
    assert row.created_by == ADMIN.key_id


async def test_what_waited_before_the_start_is_found_in_the_store(tmp_path):
    async with opened(tmp_path) as stage:
        stage.node.runner._limit = 0
        jobs = [await stage.create("system:noop", actor=actor) for actor in (ADMIN, STRANGER)]
        await stage.create("workbook:export")
        await stage.restart()
        assert stage.node.runner.sessions == {}
        await stage.node.runner.look()
        assert {(await ended(stage, job)).status for job in jobs} == {"complete"}
        assert sorted(stage.node.runner.sessions) == [1, 2]


async def test_a_space_that_another_server_has_made_is_learnt(stage, runs):
    space = stage.facts.spaces.pop(2)
    job = await stage.create("system:noop", actor=STRANGER)
    stage.facts.spaces.pop(2, None)
    runs.sessions.clear()
    runs._join(2)
    await seen_by(stage, 2)
    assert stage.facts.spaces[2].code == space.code
    assert (await ended(stage, job)).status == "complete"


async def test_with_room_for_none_they_are_left_to_other_servers(stage, runs):
    runs._limit = 0
    job = await stage.create("system:noop")
    await runs.look()
    await stage.idle()
    assert (await stage.row(job)).status == "ready"
    assert runs.sessions == {}


async def test_a_store_that_did_not_answer_hello_is_asked_again(stage, runs, monkeypatch):
    runs._limit = 0
    job = await stage.create("system:noop")
    runs._limit = 5
    monkeypatch.setattr(stage.node.database, "broken", "for a moment")
    runs._join(1)
    await seen_by(stage)
    monkeypatch.setattr(stage.node.database, "broken", None)
    await runs.look()
    assert (await ended(stage, job)).status == "complete"


# ---- nobody else


async def test_a_listener_for_everything_gets_none_of_them(stage, runs):
    runs._limit = 0
    listener = await stage.listener("**", "*:*", "sys*:*")
    await stage.create("system:noop")
    other = await stage.create("workbook:export")
    assert (await listener.grant())["job"]["job"] == other.name
    await stage.idle()
    assert listener.seen("grants") == []


async def test_the_runner_takes_no_other_jobs(stage, runs):
    await ran(stage, "noop")
    job = await stage.create("workbook:export")
    await stage.idle()
    assert (await stage.row(job)).status == "ready"


@pytest.mark.parametrize("pattern", ["system:noop", "system:*", "system:anything"])
async def test_listening_for_them_is_refused(stage, pattern):
    listener = stage.connect()
    await listener.hello()
    answer = await listener.ask(type="listen", jobs=[{"job": "workbook:*"}, {"job": pattern}], credit=1)
    assert (answer["code"], answer["key"]) == ("forbidden", "jobs")
    assert "The server itself runs the jobs of the domain 'system'" in answer["message"]


async def test_taking_one_over_rest_is_refused(stage, runs):
    runs._limit = 0
    job = await stage.create("system:noop")
    with pytest.raises(Refusal, match="The server itself runs") as caught:
        await stage.do(rest.ACK, rest.AckJob(OTHER, job.id, JobAck()))
    assert caught.value.code == "forbidden"


async def test_one_that_there_is_not_is_refused_when_it_is_created(stage):
    with pytest.raises(Refusal, match=r"Did you mean system:publishEvent\?"):
        await stage.create("system:publishEvents")


# ---- how many


async def test_no_more_run_than_the_setting_says(stage, runs, gate):
    runs._limit = 3
    jobs = await noops(stage, 8)
    await gate.holds(3)
    for job in jobs[:3]:
        await having(stage, job, "executing")
    assert [(await stage.row(job)).status for job in jobs].count("executing") == 3
    gate.open()
    assert {(await ended(stage, job)).status for job in jobs} == {"complete"}
    assert gate.most <= 3


async def test_a_space_with_many_jobs_does_not_keep_another_waiting(stage, runs, gate):
    runs._limit = 4
    await noops(stage, 20)
    await gate.holds(4)
    (late,) = await noops(stage, 1, STRANGER)
    await stage.idle()
    assert (await stage.row(late)).status == "ready"
    gate.open()
    await ended(stage, late)
    done = await stage.rows("SELECT COUNT(*) FROM job WHERE status = 'complete' AND space_id = 1")
    assert done[0][0] < 20


async def test_two_busy_spaces_get_alike(stage, runs, gate):
    runs._limit = 4
    await noops(stage, 1)
    await noops(stage, 1, STRANGER)
    await gate.holds(2)
    await noops(stage, 9)
    await noops(stage, 9, STRANGER)
    inside = await gate.holds(4)
    assert sorted(work.actor.space.id for work in inside) == [1, 1, 2, 2]
    gate.open()


# ---- leases


async def test_leases_are_renewed(stage, runs, gate):
    job = await stage.create("system:noop")
    await having(stage, job, "executing")
    for _ in range(4):
        stage.clock.forward(20)
        runs.renew()
        await stage.idle()
        await stage.look()
    row = await stage.row(job)
    assert (row.status, row.attempt, row.holder.split("/")[0]) == ("executing", 1, SYSTEM)
    gate.open()
    assert (await ended(stage, job)).status == "complete"


async def test_work_whose_lease_is_lost_is_broken_off_and_runs_again(stage, runs, gate):
    job = await stage.create("system:noop")
    (work,) = await gate.holds(1)
    stage.clock.forward(31)
    await stage.look()
    await gate.holds(0)
    assert gate.stopped == [work.job["id"]]
    assert (await having(stage, job, "scheduled")).fence == 2
    stage.clock.forward(3600)
    await stage.look()
    gate.open()
    row = await ended(stage, job)
    assert (row.status, row.attempt) == ("complete", 2)


# ---- the end of the server


async def test_a_server_that_stops_lets_what_runs_end(stage, gate):
    job = await stage.create("system:noop")
    await gate.holds(1)
    await stage.node.drain()
    (after,) = await noops(stage, 1)
    stopping = asyncio.create_task(stage.node.runner.stop())
    gate.open()
    await stopping
    assert (await stage.row(job)).status == "complete"
    assert (await stage.row(after)).status == "ready"


async def test_what_does_not_end_in_time_is_given_back_untouched(stage, gate, monkeypatch):
    monkeypatch.setattr(runner, "FINISH_S", 0)
    job = await stage.create("system:noop")
    await gate.holds(1)
    await stage.node.runner.stop()
    await stage.idle()
    row = await stage.row(job)
    assert (row.status, row.attempt, row.holder) == ("ready", 0, None)
    assert gate.stopped
    await stage.restart()
    gate.open()
    await stage.node.runner.look()
    assert (await ended(stage, job)).attempt == 1


async def test_a_store_that_does_not_answer_does_not_keep_the_server_from_stopping(stage, gate, monkeypatch):
    monkeypatch.setattr(runner, "FINISH_S", 0.05)
    monkeypatch.setattr(runner, "LET_GO_S", 0.05)
    job = await stage.create("system:noop")
    await gate.holds(1)
    await having(stage, job, "executing")
    monkeypatch.setattr(stage.node.database, "broken", "for good")
    gate.open()
    await stage.node.runner.stop()
    monkeypatch.setattr(stage.node.database, "broken", None)
    assert (await stage.row(job)).status == "executing"


async def test_its_connections_to_the_outside_end_with_it(stage):
    allow_loopback(stage)
    row = await ran(stage, "callWebserviceEndpoint", {"url": "http://127.0.0.1:1/"})
    assert outcome(row)["code"] == "unreachable"
    await stage.node.runner.stop()
    assert stage.node.runner.outbound._session.closed


# ---- loops


async def test_the_loops_find_what_waits_renew_and_outlive_a_fault(stage, runs, gate, monkeypatch, capsys):
    runs._limit = 0
    job = await stage.create("system:noop")
    runs._limit = 5
    monkeypatch.setattr(runner, "BEAT_S", 0.001)
    stage.facts.limits = replace(stage.facts.limits, lease_ms=30)
    faults = [ZeroDivisionError("once")]
    beat = runs.beat

    def failing():
        if faults:
            raise faults.pop()
        beat()

    monkeypatch.setattr(runs, "beat", failing)
    loops = [asyncio.create_task(loop) for loop in (runs.run(), runs.keep())]
    row = await having(stage, job, "executing")
    stage.clock.forward(5)

    async def renewed():
        return (await stage.row(job)).lease_expires_at > row.lease_expires_at

    await until(renewed, "the lease is renewed")
    assert "beat_failed" in capsys.readouterr().out
    gate.open()
    assert (await ended(stage, job)).status == "complete"
    for loop in loops:
        loop.cancel()
    await asyncio.wait(loops)


async def test_a_store_that_cannot_be_read_is_asked_again(stage, runs, monkeypatch, capsys):
    tries = []

    async def read(query):
        tries.append(query)
        raise StoreError("not now")

    monkeypatch.setattr(runs, "_read", read)
    monkeypatch.setattr(runner, "BEAT_S", 0.001)
    runs.look_every_s = 0
    loop = asyncio.create_task(runs.run())

    async def twice():
        return len(tries) > 1

    await until(twice, "the store is asked again")
    loop.cancel()
    await asyncio.wait([loop])
    assert "store_unreachable" in capsys.readouterr().out
