"""Execution plans: whose they are, when they may be set, and what waits for them."""

import pytest
from situations import reach
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobUpdate
from listener_sdk.protocol.plans import PlanPatch, PlanPut
from server.commands import jobs, plans, rest
from server.commands.jobs import JobAct, UpdateJob
from server.store import plans as sql

LISTS = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}
FIELD = {"type": "string", "key": "email"}
EDGE = {"sourceField": FIELD, "destinationField": FIELD}


def body(job, model=PlanPut, **fields):
    given = {"jobId": encode("jb", job.id), "fileId": job.file_id or "us_fl_1", **fields}
    return model.model_validate((LISTS | given) if model is PlanPut else given)


async def put(stage, job, actor=ADMIN, **fields):
    return await stage.do(plans.SET_PLAN, plans.SetPlan(actor, job.id, body(job, **fields)))


async def patch(stage, job, **fields):
    return await stage.do(plans.SET_PLAN, plans.SetPlan(ADMIN, job.id, body(job, PlanPatch, **fields)))


async def stored(stage, job):
    return await stage.node.read(lambda reader: sql.load(reader, job.id))


async def refused(stage, call):
    before = await stage.events()
    with pytest.raises(Refusal) as caught:
        await call
    assert await stage.events() == before
    return caught.value


async def test_a_plan_takes_a_created_job_into_planning(stage):
    job = await stage.create(trigger="manual", fileId="us_fl_7")
    row, plan = await put(stage, job, actor=OTHER, fieldMapping=[EDGE], programId="us_pg_1")
    assert (row.status, plan) == ("planning", LISTS | {"fieldMapping": [EDGE], "programId": "us_pg_1"})
    assert (await stage.row(job)).status == "planning"
    assert await stage.topics(job.id) == ["job:created", "job:updated"]
    event = (await stage.events("job:updated"))[0]
    assert (event["payload"]["status"], event["context"]["actorId"]) == ("planning", OTHER.key_id)
    assert await stored(stage, job) == plan


async def test_a_put_replaces_the_plan_and_a_patch_the_parts_that_were_sent(stage):
    job = await stage.create(trigger="manual")
    await put(stage, job, fieldMapping=[EDGE], programId="us_pg_1")
    _, plan = await patch(stage, job, unmappedSourceFields=[{"sourceField": FIELD}])
    assert plan == LISTS | {
        "fieldMapping": [EDGE],
        "unmappedSourceFields": [{"sourceField": FIELD}],
        "programId": "us_pg_1",
    }
    _, plan = await put(stage, job)
    assert plan == LISTS
    assert await stored(stage, job) == LISTS


async def test_a_job_in_planning_is_executed_once_its_plan_is_whole(stage):
    job = await stage.create(trigger="manual")
    _, plan = await patch(stage, job, fieldMapping=[EDGE])
    assert plan == LISTS | {"fieldMapping": [EDGE]}
    for act in (
        stage.do(jobs.EXECUTE, JobAct(ADMIN, job.id)),
        stage.do(rest.UPDATE, UpdateJob(ADMIN, job.id, JobUpdate(status="ready"))),
    ):
        error = await refused(stage, act)
        assert (error.code, error.details["status"]) == ("no_plan", "planning")
        assert f"PUT /v1/jobs/{encode('jb', job.id)}/plan" in error.message
        assert "lacks unmappedSourceFields, unmappedDestinationFields" in error.message
    await patch(stage, job, unmappedSourceFields=[], unmappedDestinationFields=[])
    assert (await stage.row(job)).status == "planning", "it waits for execute"
    await stage.do(jobs.EXECUTE, JobAct(ADMIN, job.id))
    assert (await stage.row(job)).status == "ready"


async def test_a_listener_may_claim_the_planning(stage):
    job = await stage.create(trigger="manual")
    row = await stage.do(rest.UPDATE, UpdateJob(ADMIN, job.id, JobUpdate(status="planning", info="mapping")))
    assert (row.status, row.info) == ("planning", "mapping")
    assert await stage.topics(job.id) == ["job:created", "job:updated"]
    assert (await refused(stage, stage.do(jobs.EXECUTE, JobAct(ADMIN, job.id)))).code == "no_plan"
    await put(stage, job)
    await stage.do(rest.UPDATE, UpdateJob(ADMIN, job.id, JobUpdate(status="ready")))
    assert (await stage.row(job)).status == "ready"


@pytest.mark.parametrize("place", ["scheduled", "ready", "granted", "executing", "complete", "canceled"])
async def test_only_a_created_job_goes_into_planning(stage, place):
    job = (await reach(stage, place)).job
    error = await refused(
        stage, stage.do(rest.UPDATE, UpdateJob(ADMIN, job.id, JobUpdate(status="planning")))
    )
    assert (error.code, error.details["status"]) == ("illegal_move", job.status)


@pytest.mark.parametrize("place", ["planning", "scheduled", "ready", "granted", "waiting"])
async def test_a_job_that_has_not_begun_may_be_given_a_plan_and_stays_where_it_is(stage, place):
    job = (await reach(stage, place)).job
    await put(stage, job)
    assert (await stage.row(job)).status == job.status
    assert await stored(stage, job) == LISTS


@pytest.mark.parametrize("place", ["executing", "held by a key", "complete", "failed", "canceled"])
async def test_a_plan_that_comes_too_late_is_refused(stage, place):
    job = (await reach(stage, place)).job
    for call in (put(stage, job), patch(stage, job)):
        error = await refused(stage, call)
        assert (error.code, error.details["status"]) == ("illegal_move", job.status)
    assert await stored(stage, job) is None


async def test_a_plan_for_another_job_or_file_is_refused(stage):
    job, other = [await stage.create(trigger="manual", fileId=f"us_fl_{n}") for n in (1, 2)]
    wrong = plans.SetPlan(ADMIN, job.id, body(other))
    error = await refused(stage, stage.do(plans.SET_PLAN, wrong))
    assert (error.code, error.key) == ("wrong_plan", "jobId")
    for strange in ("us_fl_2", "us_fl_"):
        error = await refused(stage, put(stage, job, fileId=strange))
        assert (error.code, error.key) == ("wrong_plan", "fileId")
    for strange in ("x", "", "us_jb_9999999999"):
        with pytest.raises(ValueError if not strange else Refusal):
            await put(stage, job, jobId=strange)
    assert (await stage.row(job)).status == "created"


async def test_a_job_without_a_file_takes_the_plan_of_any(stage):
    job = await stage.create(trigger="manual")
    await put(stage, job, fileId="us_fl_9")
    assert await stored(stage, job) == LISTS


async def test_jobs_that_are_unknown_here_have_no_plans(stage):
    job = await stage.create(trigger="manual", actor=STRANGER)
    assert (await refused(stage, put(stage, job))).code == "not_found"


async def test_a_plan_that_is_too_large_is_refused(stage):
    job = await stage.create(trigger="manual")
    error = await refused(stage, put(stage, job, fieldMapping=[{**EDGE, "preview": ["x" * 1000] * 300}]))
    assert (error.code, error.key) == ("too_large", "plan")
    await patch(stage, job, fieldMapping=[{**EDGE, "preview": ["x" * 1000] * 200}])
    error = await refused(
        stage, patch(stage, job, unmappedSourceFields=[{"sourceField": FIELD, "x": "y" * 100_000}])
    )
    assert error.code == "too_large", "the parts count together"
    assert list(await stored(stage, job)) == ["fieldMapping"]


async def test_a_deleted_job_takes_its_plan_along(stage):
    job = await stage.create(trigger="manual")
    await put(stage, job)
    await stage.do(jobs.DELETE, JobAct(ADMIN, job.id))
    assert await stored(stage, job) is None
