"""What parts report to their job, what becomes of them when it ends, and the credit of who waits for them."""

import pytest
from situations import act, reach
from splits import children, completed, end, split, statuses, tick
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobEnd
from server.commands import rest
from server.core.views import job_wire
from server.engine import ticks
from server.store import curves
from server.store import jobs as jobs_sql
from server.store import parts as parts_sql

# ---- what they report


async def test_the_progress_of_a_job_is_the_mean_of_its_parts(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 4, parallel=True)
    made = await children(stage, job)
    await tick(stage, made[0], 40)
    await tick(stage, made[1], 20)
    row = await stage.row(job)
    assert (row.progress, row.done, row.total) == (15, 0, 4)
    await end(stage, made[2], "fail")
    row = await stage.row(job)
    assert (row.progress, row.done, row.total) == (40, 1, 4)


async def test_progress_never_goes_back_when_a_part_begins_again(stage):
    job = (await reach(stage, "held by a key")).job
    listener = await stage.listener("workbook:export")
    await split(stage, job, 2)
    first = await listener.grant()
    await listener.ask(**listener.about("ack", first))
    listener.say(**listener.about("tick", first, percent=80))
    await listener.ask(**listener.about("fail", first, message="broken"))
    assert (await stage.row(job)).progress == 40
    stage.clock.forward(60)
    await stage.look()
    again = await listener.grant()
    assert again["attempt"] == 2
    assert (await stage.row(job)).progress == 40
    listener.say(**listener.about("tick", again, percent=10))
    await listener.ask(**listener.about("complete", again))
    assert (await stage.row(job)).progress == 50


async def test_a_job_tells_of_its_parts_once_a_second(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2, parallel=True)
    first, second = await children(stage, job)
    stage.clock.forward(1)
    said = len(await stage.topics(job.id))
    for percent in (10, 20, 30):
        await tick(stage, first, percent)
        await tick(stage, second, percent)
    assert len(await stage.topics(job.id)) == said + 1
    assert (await stage.row(job)).progress == 30
    stage.clock.forward(1)
    await tick(stage, first, 40)
    told = [
        e["payload"]
        for e in await stage.events("job:updated")
        if e["context"]["jobId"] == encode("jb", job.id)
    ]
    assert told[-1]["partCounts"] == {"total": 2, "completed": 0, "failed": 0, "canceled": 0}
    assert [(e["progress"], e["done"], e["total"]) for e in told[-2:]] == [(5, 0, 2), (35, 0, 2)]


async def test_a_split_job_estimates_its_end_from_its_own_curve(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2, parallel=True)
    first, second = await children(stage, job)
    for percent in (20, 40, 60):
        stage.clock.forward(10)
        await tick(stage, first, percent)
        await tick(stage, second, percent)
    row = await stage.row(job)
    assert row.eta_at is not None
    assert abs(row.eta_at - (stage.clock() + 20_000)) < 8_000
    points = await stage.node.read(lambda reader: curves.load(reader, job.id))
    assert [percent for _, percent in points] == [0, 10, 30, 50]


async def test_its_own_percent_does_not_count_but_its_text_does(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2)
    await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck(progress=90, info="On the way")))
    row = await stage.row(job)
    assert (row.progress, row.info) == (0, "On the way")


async def test_nor_does_the_percent_of_its_listener_on_the_stream(stage):
    found = await reach(stage, "executing")
    await split(stage, found.job, 2)
    found.listener.say(**found.frame("tick", percent=90, text="On the way"))
    stage.node.hub.ticks.stop()
    await stage.idle()
    row = await stage.row(found.job)
    assert (row.progress, row.info) == (0, "On the way")


async def test_live_ticks_of_a_split_job_say_its_text_alone(stage, monkeypatch):
    monkeypatch.setattr(ticks, "PULSE_S", 3600)
    eye = stage.connect()
    await eye.hello("session-of-eye")
    eye.say(type="subscribe", sub="s", topics=["**"], progress=True)
    await eye.of_type("subscribed")
    found = await reach(stage, "executing")
    found.listener.say(**found.frame("tick", percent=10))
    await split(stage, found.job, 2)
    found.listener.say(**found.frame("tick", percent=90, text="On the way"))
    eye.seen()
    stage.node.hub.ticks._beat()
    (live,) = eye.seen("progress")
    assert live["jobs"] == [{"id": encode("jb", found.job.id), "job": found.job.name, "info": "On the way"}]


async def test_the_last_end_tells_how_all_parts_ended(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 4, parallel=True)
    first, second, third, fourth = await children(stage, job)
    await end(stage, first)
    await end(stage, second, "fail")
    await stage.do(*act("cancel", third))
    assert await completed(stage, job) == []
    await stage.do(*act("delete", fourth))
    assert await completed(stage, job) == [{"total": 4, "completed": 1, "failed": 1, "canceled": 2}]
    assert (await stage.topics(job.id))[-2:] == ["job:updated", "job:parts-completed"]
    row = await stage.row(job)
    assert (row.status, row.progress, row.done) == ("executing", 100, 4)
    last = (await stage.events("job:parts-completed"))[0]["payload"]
    assert (last["job"], last["status"], last["isPart"]) == (job.name, "executing", False)


async def test_progress_is_carried_up_through_all_levels(stage):
    top = (await reach(stage, "held by a key")).job
    await split(stage, top, 2)
    middle = (await children(stage, top))[0]
    await split(stage, middle, 2)
    low, other = await children(stage, middle)
    await tick(stage, low, 80)
    assert (await stage.row(middle)).progress == 40
    assert (await stage.row(top)).progress == 20
    await end(stage, low)
    await end(stage, other)
    assert await completed(stage, middle) == [{"total": 2, "completed": 2, "failed": 0, "canceled": 0}]
    assert await completed(stage, top) == []
    assert (await stage.row(top)).progress == 50
    await end(stage, middle)
    assert (await stage.row(top)).done == 1


# ---- the job ends first


@pytest.mark.parametrize("how", ["complete", "fail", "cancel", "delete"])
async def test_a_job_that_ends_first_takes_its_parts_along(stage, how):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 3)
    made = await children(stage, job)
    await end(stage, made[0])
    await stage.do(*act(how, job))
    assert await statuses(stage, job) == ["complete", "canceled", "canceled"]
    assert await completed(stage, job) == [{"total": 3, "completed": 1, "failed": 0, "canceled": 2}]
    topics = [e["topic"] for e in await stage.events()]
    last = topics.index("job:parts-completed")
    assert topics[last - 1] == "job:updated"
    terminal = {"complete": "job:completed", "fail": "job:failed"}.get(how, "job:canceled")
    assert terminal in topics[last + 1 :]
    assert topics.count("job:ready") == 3, (
        "of the job and two parts: none begins when its job is about to end"
    )


@pytest.mark.parametrize(("how", "percent"), [("complete", 100), ("fail", 33), ("cancel", 33)])
async def test_what_is_canceled_with_its_job_was_not_done(stage, how, percent):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 3)
    await end(stage, (await children(stage, job))[0])
    await stage.do(*act(how, job))
    row = await stage.row(job)
    assert (int(row.progress), row.done, row.total) == (percent, 1, 3)


async def test_a_job_that_completes_before_its_parts_says_so_in_its_log(stage):
    found = await reach(stage, "executing")
    await split(stage, found.job, 3)
    part = (await children(stage, found.job))[0]
    await stage.do(*act("cancel", part))
    await found.ask("complete")
    ((level, message),) = await stage.rows(
        "SELECT level, message FROM job_log WHERE job_id = :id", id=found.job.id
    )
    assert (level, message) == (
        "warning",
        (
            "The job completed while 2 of its 3 parts had not ended: they were canceled. A handler that needs them waits for them first "
            "(parts.wait())."
        ),
    )


@pytest.mark.parametrize("how", ["fail", "cancel"])
async def test_one_that_ends_otherwise_or_has_waited_says_nothing(stage, how):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 1)
    await stage.do(*act(how, job))
    other = (await reach(stage, "held by a key")).job
    await split(stage, other, 1)
    await end(stage, (await children(stage, other))[0])
    await stage.do(*act("complete", other))
    assert await stage.rows("SELECT message FROM job_log") == []


async def test_parts_of_parts_go_along_too_and_their_listener_loses_them(stage):
    job = (await reach(stage, "held by a key", name="a:top")).job
    await split(stage, job, 2)
    middle = (await children(stage, job))[0]
    await split(stage, middle, 1)
    (low,) = await children(stage, middle)
    listener = await stage.listener("a:top")
    grants = (await listener.of_type("grants"))["jobs"]
    assert {g["job"]["id"] for g in grants} == {encode("jb", middle.id), encode("jb", low.id)}
    await stage.do(*act("cancel", job))
    assert {(await stage.row(part)).status for part in (middle, low)} == {"canceled"}
    lost = [lease["job"] for frame in listener.seen("stale") for lease in frame["leases"]]
    assert set(lost) == {encode("jb", middle.id), encode("jb", low.id)}
    assert (
        await stage.row(low)
    ).info == f"Job {encode('jb', middle.id)}, of which this is a part, has ended."


# ---- again


async def test_a_part_that_is_run_again_takes_its_place(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2, parallel=True)
    first, second = await children(stage, job)
    await end(stage, first, "fail")
    await end(stage, second)
    again = await stage.do(*act("retry", first))
    assert (again.part, again.parent_id, again.status, again.rerun_of) == (0, job.id, "ready", first.id)
    assert job_wire(again, ADMIN.space)["partData"] == {"part": 0}
    assert (await stage.row(first)).part is None
    row = await stage.row(job)
    assert (row.done, row.total) == (1, 2)
    await end(stage, again)
    assert await completed(stage, job) == [
        {"total": 2, "completed": 1, "failed": 1, "canceled": 0},
        {"total": 2, "completed": 2, "failed": 0, "canceled": 0},
    ]


async def test_the_first_run_of_a_part_gives_the_place_of_its_newest_to_another(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2, parallel=True)
    first, _ = await children(stage, job)
    await end(stage, first, "fail")
    again = await stage.do(*act("retry", first))
    with pytest.raises(Refusal) as caught:
        await stage.do(*act("retry", first))
    assert (caught.value.code, caught.value.details["job"]) == ("already_retried", encode("jb", again.id))
    await end(stage, again, "fail")
    third = await stage.do(*act("retry", first))
    assert (third.part, third.parent_id, third.rerun_of) == (0, job.id, first.id)
    assert [(await stage.row(one)).part for one in (first, again)] == [None, None]
    assert job_wire(await stage.row(first), ADMIN.space)["part"] == 0
    with pytest.raises(Refusal):
        await stage.do(*act("retry", again))
    (found,) = await stage.node.read(lambda reader: parts_sql.load_many(reader, [job.id]))
    assert (found.completed, found.failed, found.canceled) == (0, 0, 0)


async def test_a_part_whose_newest_run_was_deleted_is_run_again_by_itself(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 1)
    (first,) = await children(stage, job)
    await end(stage, first, "fail")
    again = await stage.do(*act("retry", first))
    await end(stage, again)
    await stage.do(*act("delete", again))
    third = await stage.do(*act("retry", first))
    assert (third.part, job_wire(third, ADMIN.space)["part"]) == (None, 0)
    assert len(await completed(stage, job)) == 2
    await end(stage, third)
    assert len(await completed(stage, job)) == 2


async def test_after_the_end_of_its_job_a_part_is_run_again_as_a_part_that_counts_for_nobody(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 3)
    first, second, _ = await children(stage, job)
    await end(stage, first, "fail")
    await stage.do(*act("fail", job))
    ended, told = await stage.row(job), await completed(stage, job)
    (before,) = await stage.node.read(lambda reader: parts_sql.load_many(reader, [job.id]))
    listener = await stage.listener(job.name)
    again = await stage.do(*act("retry", second))
    assert again.status == "ready", "it waits for no turn"
    grant = await listener.grant()
    assert {name: grant["job"][name] for name in ("part", "partData", "parentId", "rerunOf")} == {
        "part": 1,
        "partData": {"part": 1},
        "parentId": encode("jb", job.id),
        "rerunOf": encode("jb", second.id),
    }
    ready = [e["payload"] for e in await stage.events("job:ready")][-1]
    assert (ready["isPart"], ready["parentId"]) == (True, encode("jb", job.id))
    await listener.ask(**listener.about("ack", grant))
    listener.say(**listener.about("tick", grant, percent=50))
    await listener.ask(**listener.about("fail", grant, message="again", retry=False))
    assert await stage.row(job) == ended
    assert await completed(stage, job) == told
    assert await stage.node.read(lambda reader: parts_sql.load_many(reader, [job.id])) == [before]
    third = await stage.do(*act("retry", again))
    assert job_wire(third, ADMIN.space)["part"] == 1


async def test_such_a_rerun_may_be_split_and_its_parts_are_counted_from_0(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 2)
    await stage.do(*act("cancel", job))
    second = (await children(stage, job))[1]
    again = await stage.do(*act("retry", second))
    await split(stage, again, [{"half": 0}])
    (low,) = await children(stage, again)
    assert {name: job_wire(low, ADMIN.space)[name] for name in ("part", "partData")} == {
        "part": 0,
        "partData": {"half": 0},
    }


# ---- credit


async def test_a_listener_with_one_slot_runs_the_parts_of_the_job_that_it_holds(stage):
    listener = await stage.listener("workbook:export", credit=1)
    job = await stage.create()
    mine = await listener.grant()
    await listener.ask(**listener.about("ack", mine))
    await split(stage, job, 3)
    for number in range(3):
        part = await listener.grant()
        assert part["job"]["part"] == number
        assert listener.seen("grants") == []
        await listener.ask(**listener.about("ack", part))
        await listener.ask(**listener.about("complete", part))
    assert stage.node.dispatch.held == {listener.peer.holder: 1}
    other = await stage.create()
    await listener.ask(**listener.about("complete", mine))
    assert (await listener.grant())["job"]["id"] == encode("jb", other.id)


async def test_what_is_held_is_counted_alike_after_a_reload(stage):
    listener = await stage.listener("workbook:export", credit=1)
    job = await stage.create()
    mine = await listener.grant()
    await listener.ask(**listener.about("ack", mine))
    await split(stage, job, 2)
    await listener.grant()
    held = await stage.node.read(jobs_sql.held)
    assert stage.node.dispatch.held == dict(held) == {listener.peer.holder: 1}


async def test_credit_goes_with_the_lease_when_it_is_lost(stage):
    first = await stage.listener("workbook:export", credit=1, session="session-one")
    job = await stage.create(name="workbook:export")
    await first.grant()
    await split(stage, job, 1)
    part = await first.grant()
    await first.ask(**first.about("ack", part))
    first.peer.gone()
    second = await stage.listener("workbook:export", credit=1, session="session-two")
    for _ in range(10):
        stage.clock.forward(31)
        await stage.look()
    await stage.idle()
    assert stage.node.dispatch.held == dict(await stage.node.read(jobs_sql.held))
    taken = {g["job"]["id"] for frame in second.seen("grants") for g in frame["jobs"]}
    assert taken == {encode("jb", job.id), part["job"]["id"]}, (
        "the job takes no credit of the next holder either"
    )


async def test_a_job_that_waits_for_parts_is_ended_by_its_run_time_out(stage):
    job = (await reach(stage, "held by a key", runTimeoutS=60, maxAttempts=1)).job
    await split(stage, job, 2)
    stage.clock.forward(61)
    await stage.look()
    assert (await stage.row(job)).status == "failed"
    assert await statuses(stage, job) == ["canceled", "canceled"]


# ---- another server


async def test_counts_go_on_after_a_restart(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 3)
    first, *_ = await children(stage, job)
    await tick(stage, first, 50)
    await stage.restart()
    await tick(stage, first, 60)
    assert (await stage.row(job)).progress == 20
    await end(stage, first)
    await stage.restart()
    for part in (await children(stage, job))[1:]:
        await end(stage, part)
    assert await completed(stage, job) == [{"total": 3, "completed": 3, "failed": 0, "canceled": 0}]
    (found,) = await stage.node.read(lambda reader: parts_sql.load_many(reader, [job.id]))
    assert (found.ended, found.percent) == (3, 0.0)


async def test_a_part_that_is_run_again_waits_for_the_one_that_has_begun(stage):
    job = (await reach(stage, "held by a key")).job
    await split(stage, job, 3)
    first, second, _ = await children(stage, job)
    await end(stage, first, "fail")
    await stage.do(rest.ACK, rest.AckJob(ADMIN, second.id, JobAck()))
    again = await stage.do(*act("retry", first))
    assert await statuses(stage, job) == ["waiting", "executing", "waiting"]
    await stage.do(rest.COMPLETE, rest.EndJob(ADMIN, second.id, JobEnd()))
    assert (await stage.row(again)).status == "ready"
    assert await statuses(stage, job) == ["ready", "complete", "waiting"]
