"""Creating jobs, and what people do with them: cancel, retry, acknowledge the outcome, delete."""

import asyncio
import json

import pytest
from situations import act, reach
from stage import ADMIN, OTHER, START_MS, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.times import to_wire
from server.commands import jobs
from server.core.queue_bound import QueueBound
from server.core.views import job_wire

TERMINAL = {"job:completed", "job:failed", "job:canceled"}


async def refused(stage, **fields):
    before = await stage.events()
    with pytest.raises(Refusal) as found:
        await stage.create(**fields)
    assert await stage.events() == before
    return found.value


# ---- create


@pytest.mark.parametrize(
    ("fields", "status", "topics"),
    [
        ({"trigger": "manual"}, "created", ["job:created"]),
        ({"trigger": "immediate"}, "ready", ["job:created", "job:ready"]),
        ({"scheduledAt": to_wire(START_MS + 90_000)}, "scheduled", ["job:created", "job:scheduled"]),
        ({"scheduledAt": to_wire(START_MS)}, "ready", ["job:created", "job:ready"]),
        (
            {"trigger": "manual", "scheduledAt": to_wire(START_MS + 90_000)},
            "scheduled",
            ["job:created", "job:scheduled"],
        ),
        ({"trigger": "manual", "scheduledAt": to_wire(START_MS)}, "created", ["job:created"]),
    ],
)
async def test_where_a_new_job_stands(stage, fields, status, topics):
    job = await stage.create(**fields)
    assert (await stage.row(job)).status == status
    assert await stage.topics(job.id) == topics


async def test_a_scheduled_job_is_ready_at_its_time_and_not_before(stage):
    job = await stage.create(scheduledAt=to_wire(stage.clock() + 60_000))
    stage.clock.forward(59.999)
    await stage.look()
    assert (await stage.row(job)).status == "scheduled"
    stage.clock.forward(0.001)
    await stage.look()
    row = await stage.row(job)
    assert (row.status, row.ready_at) == ("ready", stage.clock())
    assert (await stage.events("job:scheduled"))[0]["payload"]["scheduledAt"] == to_wire(row.scheduled_at)


async def test_what_is_left_out_has_its_default(stage):
    job = job_wire(await stage.create(), ADMIN.space)
    assert job == {
        "id": "us_jb_0000000001",
        "type": "workbook",
        "operation": "export",
        "job": "workbook:export",
        "status": "ready",
        "source": "us_sp_default",
        "trigger": "immediate",
        "createdAt": to_wire(stage.clock()),
        "updatedAt": to_wire(stage.clock()),
        "readyAt": to_wire(stage.clock()),
        "createdBy": ADMIN.key_id,
        "environmentId": "us_env_default",
        "spaceId": "us_sp_default",
        "priority": 0,
        "attempt": 0,
        "maxAttempts": 5,
        "fence": 0,
        "runTimeoutS": 3600.0,
        "totalTimeoutS": 86400.0,
    }


async def test_the_trigger_named_in_the_body_counts_more_than_the_place_of_creation(stage):
    kept = JobCreate.model_validate({"type": "file", "operation": "map", "trigger": "manual"})
    job = await stage.do(jobs.CREATE, jobs.CreateJob(ADMIN, kept, "immediate"))
    assert (job.status, job.described()["trigger"]) == ("created", "manual")


async def test_what_was_given_is_kept_and_the_events_carry_the_input(stage):
    given = {
        "input": {"rows": 3},
        "metadata": {"team": "a"},
        "subject": {"type": "resource", "id": "us_sh_1"},
        "mode": "background",
        "label": "Export",
        "config": {"deep": {"list": [1, None]}},
        "destination": "us_wb_2",
        "source": "us_wb_1",
        "fileId": "us_fl_1",
        "info": "soon",
        "priority": 7,
    }
    job = await stage.create(**given)
    wire = job_wire(await stage.row(job), ADMIN.space)
    assert {name: wire[name] for name in given} == given
    created, ready = await stage.events("job:created", "job:ready")
    for event in (created, ready):
        assert event["payload"]["input"] == {"rows": 3}
        assert event["payload"]["isPart"] is False
        assert event["context"] == {
            "accountId": stage.meta.account_id,
            "environmentId": "us_env_default",
            "spaceId": "us_sp_default",
            "jobId": wire["id"],
            "actorId": ADMIN.key_id,
            "workbookId": "us_wb_1",
            "fileId": "us_fl_1",
        }


async def test_a_large_input_stays_out_of_the_log_and_in_the_job(stage):
    job = await stage.create(input={"text": "x" * 40_000})
    assert "input" not in (await stage.events("job:ready"))[0]["payload"]
    assert (await stage.row(job)).described()["input"]["text"] == "x" * 40_000


@pytest.mark.parametrize(
    ("name", "limit"), [("input", 256), ("config", 64), ("metadata", 64), ("subject", 64)]
)
async def test_each_part_has_its_size(stage, name, limit):
    def sized(size):
        if name != "subject":
            return {"x": "a" * (size - len('{"x":""}'))}
        empty = {"type": "collection", "resource": "r", "params": {"x": ""}}
        return {**empty, "params": {"x": "a" * (size - len(json.dumps(empty, separators=(",", ":"))))}}

    await stage.create(**{name: sized(limit * 1024)})
    error = await refused(stage, **{name: sized(limit * 1024 + 1)})
    assert (error.code, error.key) == ("too_large", name)
    assert f"{limit} KiB" in error.message


async def test_a_unique_key_is_free_again_when_its_job_has_ended(stage):
    first = await stage.create(uniqueKey="daily")
    error = await refused(stage, uniqueKey="daily")
    assert (error.code, error.key, error.details["job"]) == (
        "duplicate_job",
        "uniqueKey",
        encode("jb", first.id),
    )
    await stage.create(uniqueKey="daily", actor=STRANGER)
    await stage.do(*act("cancel", first))
    assert (await stage.create(uniqueKey="daily")).id > first.id


async def test_of_equal_unique_keys_in_one_batch_one_is_taken(stage):
    found = await asyncio.gather(*(stage.create(uniqueKey="once") for _ in range(5)), return_exceptions=True)
    codes = [error.code for error in found if isinstance(error, Refusal)]
    assert codes == ["duplicate_job"] * 4
    assert len(await stage.events("job:created")) == 1


async def test_a_key_freed_in_the_same_batch_may_be_taken_in_it(stage):
    first = await stage.create(uniqueKey="once")
    _, second = await asyncio.gather(stage.do(*act("cancel", first)), stage.create(uniqueKey="once"))
    assert second.id != first.id


async def test_a_child_names_its_parent_in_its_own_space(stage):
    parent = await stage.create()
    child = await stage.create(parentId=encode("jb", parent.id))
    assert (await stage.row(child)).parent_id == parent.id
    created = (await stage.events("job:created"))[1]["payload"]
    assert (created["isPart"], created["parentId"]) == (False, encode("jb", parent.id))
    strange = await stage.create(actor=STRANGER)
    for missing in (encode("jb", strange.id), encode("jb", 999), "us_wb_1", "x"):
        error = await refused(stage, parentId=missing)
        assert (error.code, error.key) == ("not_found", "parentId")


@pytest.mark.parametrize("name", ["spaceId", "environmentId"])
async def test_a_job_goes_into_the_space_of_its_key_and_no_other(stage, name):
    kind = "us_sp_" if name == "spaceId" else "us_env_"
    for own in (f"{kind}default", "default"):
        assert (await stage.create(**{name: own})).space_id == ADMIN.space.id
    for strange in (f"{kind}elsewhere", "elsewhere", f"{kind}nowhere"):
        error = await refused(stage, **{name: strange})
        assert (error.code, error.key) == ("not_found", name)
        assert "us_sp_default" in error.message


async def test_a_full_queue_takes_no_more_until_there_is_room(stage):
    stage.facts.bound = QueueBound(3)
    waiting = [await stage.create() for _ in range(3)]
    stage.clock.forward(1)
    error = await refused(stage)
    assert error.code == "queue_full"
    await stage.create(actor=STRANGER)
    await stage.do(*act("cancel", waiting[0]))
    stage.clock.forward(1)
    await stage.create()
    with pytest.raises(Refusal) as full:
        await stage.do(*act("retry", waiting[0]))
    assert full.value.code == "queue_full"


async def test_ids_rise_in_order_of_creation(stage):
    found = await asyncio.gather(*(stage.create() for _ in range(20)))
    assert [job.id for job in found] == list(range(1, 21))


# ---- execute


async def test_a_person_may_start_a_scheduled_job_early(stage):
    found = await reach(stage, "scheduled")
    await stage.do(*act("execute", found.job))
    assert (await stage.row(found.job)).status == "ready"
    stage.clock.forward(60)
    await stage.look()
    assert (await stage.topics(found.job.id)).count("job:ready") == 1


# ---- cancel


@pytest.mark.parametrize(
    "place", ["created", "planning", "scheduled", "ready", "waiting", "granted", "held by a key"]
)
async def test_a_job_that_no_handler_works_on_is_canceled_at_once(stage, place):
    found = await reach(stage, place)
    await stage.do(jobs.CANCEL, jobs.CancelJob(OTHER, found.job.id, "not needed"))
    row = await stage.row(found.job)
    assert (row.status, row.info, row.finished_at) == ("canceled", "not needed", stage.clock())
    assert row.holder is None
    assert (await stage.topics(row.id))[-2:] == ["job:updated", "job:canceled"]
    last = (await stage.events("job:canceled"))[-1]
    assert (last["context"]["actorId"], last["payload"]["info"]) == (OTHER.key_id, "not needed")


async def test_a_granted_job_that_is_canceled_is_taken_from_its_session(stage):
    found = await reach(stage, "granted")
    await stage.do(*act("cancel", found.job))
    lost = await found.listener.of_type("stale")
    assert lost["leases"] == [{"job": encode("jb", found.job.id), "fence": 1}]
    assert (await stage.row(found.job)).fence == 2
    assert (await found.ask("ack"))["code"] == "stale_lease"


async def test_a_handler_on_the_stream_is_asked_to_stop(stage):
    found = await reach(stage, "executing")
    await stage.do(jobs.CANCEL, jobs.CancelJob(OTHER, found.job.id, "too slow"))
    asked = await found.listener.of_type("cancel")
    assert asked == {
        "type": "cancel",
        "job": encode("jb", found.job.id),
        "fence": 1,
        "reason": "too slow",
        "graceS": 30.0,
    }
    row = await stage.row(found.job)
    assert (row.status, row.cancel_requested_at, row.fence) == ("executing", stage.clock(), 1)
    updated = (await stage.events("job:updated"))[-1]
    assert updated["payload"]["cancelRequestedAt"] == to_wire(stage.clock())
    assert updated["payload"]["status"] == "executing"


async def test_asking_again_neither_tells_twice_nor_prolongs_the_grace(stage):
    found = await reach(stage, "executing")
    await stage.do(*act("cancel", found.job))
    await found.listener.of_type("cancel")
    before = await stage.events()
    stage.clock.forward(20)
    row = await stage.do(*act("cancel", found.job))
    assert row.cancel_requested_at == stage.clock() - 20_000
    assert await stage.events() == before
    assert not found.listener.seen("cancel")
    stage.clock.forward(10)
    await stage.look()
    assert (await stage.row(found.job)).status == "canceled"


async def test_an_outcome_within_the_grace_wins(stage):
    found = await reach(stage, "executing")
    await stage.do(*act("cancel", found.job))
    stage.clock.forward(29)
    await found.listener.of_type("cancel")
    await found.ask("complete")
    stage.clock.forward(5)
    await stage.look()
    assert (await stage.row(found.job)).status == "complete"
    assert [topic for topic in await stage.topics(found.job.id) if topic in TERMINAL] == ["job:completed"]


@pytest.mark.parametrize("kind", ["fail", "release"])
async def test_a_handler_that_gives_up_after_the_request_leaves_a_canceled_job(stage, kind):
    found = await reach(stage, "executing")
    await stage.do(*act("cancel", found.job))
    if kind == "fail":
        await found.ask("fail", message="stopped")
    else:
        await found.listener.ask(**found.listener.leases("release", found.grant))
    row = await stage.row(found.job)
    assert (row.status, row.holder) == ("canceled", None)
    assert [topic for topic in await stage.topics(row.id) if topic in TERMINAL] == ["job:canceled"]
    assert not found.listener.seen("stale"), "the handler has ended by itself"


async def test_after_the_grace_the_job_is_canceled_and_late_results_are_refused(stage):
    found = await reach(stage, "executing")
    await stage.do(*act("cancel", found.job))
    found.listener.say(**found.listener.leases("renew", found.grant))
    stage.clock.forward(29.999)
    await stage.look()
    assert (await stage.row(found.job)).status == "executing"
    stage.clock.forward(0.001)
    await stage.look()
    row = await stage.row(found.job)
    assert (row.status, row.fence, row.holder) == ("canceled", 2, None)
    assert (await found.listener.of_type("stale"))["leases"][0]["fence"] == 1
    for kind, more in (("complete", {}), ("fail", {"message": "late"})):
        answer = await found.ask(kind, **more)
        assert (answer["code"], answer["status"]) == ("stale_lease", "canceled")
    assert [topic for topic in await stage.topics(row.id) if topic in TERMINAL] == ["job:canceled"]


@pytest.mark.parametrize("limit", [{"maxAttempts": 1}, {"totalTimeoutS": 30}, {"runTimeoutS": 30}])
async def test_a_job_whose_cancel_was_asked_for_ends_canceled_whatever_time_runs_out(stage, limit):
    found = await reach(stage, "executing", **limit)
    stage.clock.forward(10)
    await stage.do(*act("cancel", found.job))
    stage.clock.forward(20)
    await stage.look()
    assert (await stage.row(found.job)).status == "canceled"


# ---- retry


@pytest.mark.parametrize("place", ["complete", "failed", "canceled"])
async def test_an_ended_job_runs_again_as_a_new_one(stage, place):
    given = {"input": {"rows": 3}, "label": "Export", "priority": 4, "maxAttempts": 2, "source": "us_wb_1"}
    found = await reach(stage, place, info="first", **given)
    stage.clock.forward(5)
    new = await stage.do(jobs.RETRY, jobs.JobAct(OTHER, found.job.id))
    assert await stage.row(found.job) == found.job
    wire = job_wire(await stage.row(new), ADMIN.space)
    assert wire == {
        **given,
        "id": encode("jb", new.id),
        "rerunOf": encode("jb", found.job.id),
        "type": "workbook",
        "operation": "export",
        "job": "workbook:export",
        "status": "ready",
        "trigger": "immediate",
        "createdAt": to_wire(stage.clock()),
        "updatedAt": to_wire(stage.clock()),
        "readyAt": to_wire(stage.clock()),
        "createdBy": OTHER.key_id,
        "environmentId": "us_env_default",
        "spaceId": "us_sp_default",
        "attempt": 0,
        "fence": 0,
        "runTimeoutS": 3600.0,
        "totalTimeoutS": 86400.0,
    }
    assert await stage.topics(new.id) == ["job:created", "job:ready"]


async def test_a_unique_key_holds_for_the_repetition_too(stage):
    found = await reach(stage, "failed", uniqueKey="daily")
    again = await stage.do(*act("retry", found.job))
    with pytest.raises(Refusal) as refusal:
        await stage.do(*act("retry", found.job))
    assert (refusal.value.code, refusal.value.details["job"]) == ("duplicate_job", encode("jb", again.id))


# ---- outcome, delete


@pytest.mark.parametrize("place", ["complete", "failed", "canceled"])
async def test_an_outcome_is_acknowledged_once(stage, place):
    found = await reach(stage, place)
    stage.clock.forward(1)
    first = await stage.do(*act("ack outcome", found.job))
    stage.clock.forward(1)
    second = await stage.do(*act("ack outcome", found.job))
    assert first.acknowledged_at == second.acknowledged_at == stage.clock() - 1000
    told = await stage.events("job:outcome-acknowledged")
    assert [event["payload"]["status"] for event in told] == [place]


@pytest.mark.parametrize("place", ["created", "scheduled", "ready", "granted", "executing", "held by a key"])
async def test_deleting_an_unfinished_job_cancels_it_first_in_the_same_transaction(stage, place):
    found = await reach(stage, place)
    before = len(await stage.events())
    await stage.do(*act("delete", found.job))
    new = (await stage.events())[before:]
    assert [event["topic"] for event in new] == ["job:updated", "job:canceled", "job:deleted"]
    assert len({event["createdAt"] for event in new}) == 1
    assert not await stage.rows("SELECT id FROM job")
    if found.listener:
        assert (await found.listener.of_type("stale"))["leases"][0]["fence"] == 1
        assert (await found.ask("complete"))["code"] == "not_found"


async def test_deleting_takes_attempts_log_and_curve_along_and_leaves_the_events(stage):
    found = await reach(stage, "executing")
    found.listener.say(**found.frame("log", lines=[{"message": "hello"}]))
    found.listener.say(**found.frame("tick", percent=30))
    await found.ask("fail", message="once more", detail="Traceback")
    await stage.do(*act("delete", found.job))
    for table in ("job", "attempt", "job_log", "job_curve"):
        assert await stage.rows(f"SELECT COUNT(*) FROM {table}") == [(0,)]
    assert (await stage.topics(found.job.id))[-1] == "job:deleted"


async def test_deleting_an_ended_job_says_only_that(stage):
    found = await reach(stage, "complete")
    await stage.do(*act("delete", found.job))
    assert [topic for topic in await stage.topics(found.job.id) if topic in TERMINAL] == ["job:completed"]
    with pytest.raises(Refusal) as gone:
        await stage.do(*act("delete", found.job))
    assert gone.value.code == "not_found"


async def test_a_job_made_and_deleted_in_one_batch_leaves_only_events(stage):
    job_id = 1
    made, _ = await asyncio.gather(
        stage.create(), stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job_id)), return_exceptions=True
    )
    assert made.id == job_id
    assert not await stage.rows("SELECT id FROM job")
    listener = await stage.listener()
    await stage.idle()
    assert not listener.seen("grants")


async def test_a_job_is_run_again_once_at_a_time(stage):
    old = await stage.create()
    await stage.do(*act("cancel", old))
    again = await stage.do(*act("retry", old))
    with pytest.raises(Refusal) as refused:
        await stage.do(*act("retry", old))
    assert (refused.value.code, refused.value.details["job"]) == ("already_retried", encode("jb", again.id))
    await stage.do(*act("cancel", again))
    assert (await stage.do(*act("retry", old))).rerun_of == old.id


async def test_a_child_may_say_which_part_of_a_whole_it_does(stage):
    fields = {"partData": {"page": 3}, "partExecution": "parallel"}
    job = await stage.create(**fields)
    assert {name: (await stage.row(job)).described()[name] for name in fields} == fields
