"""Flatfile's official Python client, unmodified, drives jobs and events."""

from datetime import UTC, datetime

import httpx
import pytest
from flatfile import AsyncFlatfile
from flatfile.core.api_error import ApiError
from flatfile.events import Context
from flatfile.jobs import (
    JobAckDetails,
    JobCancelDetails,
    JobCompleteDetails,
    JobOutcome,
    JobOutcomeNext_Download,
    JobOutcomeNext_Files,
    JobOutcomeNext_Id,
    JobOutcomeNext_Retry,
    JobOutcomeNext_Snapshot,
    JobOutcomeNext_Url,
    JobOutcomeNext_View,
    JobOutcomeNext_Wait,
)
from flatfile.jobs.types.job_outcome_next_file_object import JobOutcomeNextFileObject

from server.app import running
from server.settings import Settings

pytestmark = pytest.mark.must_run

NEXT = {
    "id": JobOutcomeNext_Id(id="us_wb_1", label="Open", path="sheets", query="a=b"),
    "url": JobOutcomeNext_Url(url="https://example.com/report", label="Open"),
    "download": JobOutcomeNext_Download(url="https://example.com/a.csv", label="Get it", file_name="a.csv"),
    "files": JobOutcomeNext_Files(
        files=[JobOutcomeNextFileObject(file_id="us_fl_0000000001", label="One")], label="Files"
    ),
    "wait": JobOutcomeNext_Wait(fade=True, confetti=True),
    "snapshot": JobOutcomeNext_Snapshot(snapshot_id="us_ss_1", sheet_id="us_sh_1"),
    "retry": JobOutcomeNext_Retry(label="Again"),
    "view": JobOutcomeNext_View(sheet_id="us_sh_1", hidden_columns=["a", "b"], label="Fewer columns"),
}


@pytest.fixture
async def served(tmp_path):
    """The address and administrator's key of a server."""
    async with running(Settings(port=0, data_dir=tmp_path)) as (_, url):
        yield url, (tmp_path / "admin.key").read_text().strip()


@pytest.fixture
async def flatfile(served):
    url, key = served
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as http:
        yield AsyncFlatfile(base_url=f"{url}/v1", token=key, httpx_client=http)


async def create(flatfile, trigger="immediate", **fields):
    given = {"type": "workbook", "operation": "export", "source": "us_wb_1"} | fields
    return (await flatfile.jobs.create(trigger=trigger, **given)).data


async def begun(flatfile, **fields):
    job = await create(flatfile, **fields)
    await flatfile.jobs.ack(job.id)
    return job


async def topics(flatfile, job):
    found = (await flatfile.events.list(page_size=100)).data
    return [event.topic for event in found if event.context.job_id == job.id]


async def test_a_manual_job_waits_for_execute(flatfile):
    job = await create(
        flatfile, "manual", input={"rows": 5}, info="Made", mode="foreground", metadata={"a": 1}
    )
    assert (job.status, job.trigger, job.input, job.mode) == ("created", "manual", {"rows": 5}, "foreground")
    assert (await flatfile.jobs.execute(job.id)).data.success is True
    assert (await flatfile.jobs.get(job.id)).data.status == "ready"
    assert await topics(flatfile, job) == ["job:created", "job:ready"]


async def test_an_immediate_job_is_acked_ticked_completed_and_acknowledged(flatfile):
    job = await create(flatfile)
    assert job.status == "ready"
    first = (await flatfile.jobs.ack(job.id, request=JobAckDetails(info="Starting", progress=0))).data
    assert (first.status, first.info, first.progress) == ("executing", "Starting", 0)
    assert first.started_at is not None
    ends = datetime(2031, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    tick = (
        await flatfile.jobs.ack(
            job.id, request=JobAckDetails(info="Half", progress=50, estimated_completion_at=ends)
        )
    ).data
    assert (tick.progress, tick.info) == (50, "Half")
    assert tick.estimatedCompletionAt == "2031-01-02T03:04:05.678Z"
    done = (await flatfile.jobs.complete(job.id, request=JobCompleteDetails(info="Finished"))).data
    assert (done.status, done.progress, done.info) == ("complete", 100, "Finished")
    seen = (await flatfile.jobs.ack_outcome(job.id)).data
    assert seen.outcome_acknowledged_at is not None
    assert await topics(flatfile, job) == [
        "job:created",
        "job:ready",
        "job:updated",
        "job:updated",
        "job:completed",
        "job:outcome-acknowledged",
    ]


@pytest.mark.parametrize("kind", NEXT)
async def test_every_next_action_comes_back_as_it_was_sent(flatfile, kind):
    job = await begun(flatfile)
    outcome = JobOutcome(
        acknowledge=True,
        heading="Exported",
        message="5 rows",
        button_text="Fine",
        hide_default_button=True,
        trigger="manual",
        next=NEXT[kind],
    )
    done = (await flatfile.jobs.complete(job.id, request=JobCompleteDetails(outcome=outcome))).data
    sent = outcome.dict(by_alias=True, exclude_none=True)
    kept = done.outcome
    assert kept["next"]["type"] == kind
    if kind == "files":  # each hosted file gets a link at every reading
        assert kept["next"]["files"][0].pop("url").startswith("http")
    assert kept == sent
    assert (await flatfile.jobs.get(job.id)).data.status == "complete"


async def test_a_failed_job_is_run_again_as_a_new_one(flatfile):
    job = await begun(flatfile)
    failed = (
        await flatfile.jobs.fail(
            job.id,
            request=JobCompleteDetails(
                info="No luck", outcome=JobOutcome(message="Sorry", next=NEXT["retry"])
            ),
        )
    ).data
    assert (failed.status, failed.info) == ("failed", "No luck")
    assert failed.finished_at is not None
    again = (await flatfile.jobs.retry(job.id)).data
    assert again.id != job.id
    assert again.status == "ready"
    assert (await flatfile.jobs.get(job.id)).data.status == "failed"
    assert (await topics(flatfile, job)).count("job:failed") == 1


async def test_complete_and_fail_take_no_body_either(flatfile):
    first, second = await begun(flatfile), await begun(flatfile)
    assert (await flatfile.jobs.complete(first.id)).data.status == "complete"
    assert (await flatfile.jobs.fail(second.id)).data.status == "failed"


async def test_a_canceled_job_is_reported_by_topics_that_the_client_knows(flatfile):
    job = await create(flatfile)
    assert (
        await flatfile.jobs.cancel(job.id, request=JobCancelDetails(info="Stop"))
    ).data.status == "canceled"
    assert await topics(flatfile, job) == ["job:created", "job:ready", "job:updated"]


async def test_a_deleted_job_is_gone(flatfile):
    job = await create(flatfile)
    assert (await flatfile.jobs.delete(job.id)).data.success is True
    with pytest.raises(ApiError) as caught:
        await flatfile.jobs.get(job.id)
    assert caught.value.status_code == 404
    assert caught.value.body["errors"][0]["code"] == "not_found"
    assert "job:deleted" in await topics(flatfile, job)


async def test_fields_are_updated(flatfile):
    job = await create(flatfile, "manual")
    found = (await flatfile.jobs.update(job.id, info="Later", metadata={"b": 2})).data
    assert (found.info, found.metadata) == ("Later", {"b": 2})
    assert (await flatfile.jobs.update(job.id, status="ready")).data.status == "ready"


async def test_jobs_are_listed_in_pages(flatfile):
    made = [(await create(flatfile)).id for _ in range(5)]
    found = []
    for number in (1, 2, 3):
        page = await flatfile.jobs.list(page_size=2, page_number=number, sort_direction="asc")
        assert (page.pagination.current_page, page.pagination.page_count, page.pagination.total_count) == (
            number,
            3,
            5,
        )
        found += [job.id for job in page.data]
    assert found == made
    filtered = await flatfile.jobs.list(environment_id="us_env_default", workbook_id="us_wb_2")
    assert filtered.data == []


async def test_parts_of_a_job_are_told_from_the_whole(flatfile):
    parent = await create(flatfile)
    child = await create(flatfile, parent_id=parent.id)
    assert [job.id for job in (await flatfile.jobs.list(parent_id=parent.id)).data] == [child.id]
    assert [job.id for job in (await flatfile.jobs.list(exclude_child_jobs=True)).data] == [parent.id]


async def test_events_are_published_listed_and_acknowledged(flatfile):
    context = Context(account_id="us_acc_x", environment_id="us_env_default", workbook_id="us_wb_1")
    made = (
        await flatfile.events.create(
            topic="workbook:updated", domain="workbook", payload={"recordsAdded": 100}, context=context
        )
    ).data
    assert made.topic == "workbook:updated"
    assert made.payload == {"recordsAdded": 100}
    assert (await flatfile.events.get(made.id)).data.context.workbook_id == "us_wb_1"
    listed = (await flatfile.events.list(topic="workbook:updated", since=made.created_at)).data
    assert [event.id for event in listed] == [made.id]
    assert (await flatfile.events.ack(made.id)).data.success is True
    assert (await flatfile.events.list(topic="workbook:updated")).data == []
    assert len((await flatfile.events.list(topic="workbook:updated", include_acknowledged=True)).data) == 1


async def test_events_of_the_servers_own_are_left_out_of_the_default_list(flatfile):
    job = await create(flatfile)
    await flatfile.jobs.cancel(job.id)
    first = (await flatfile.events.list(page_size=2)).data
    rest = (await flatfile.events.list(page_size=2, page_number=2)).data
    assert [event.topic for event in [*first, *rest]] == ["job:created", "job:ready", "job:updated"]


async def test_a_wrong_key_and_an_illegal_move_are_errors_of_the_client(flatfile, served):
    job = await create(flatfile, "manual")
    with pytest.raises(ApiError) as caught:
        await flatfile.jobs.complete(job.id)
    assert (caught.value.status_code, caught.value.body["errors"][0]["status"]) == (409, "created")
    async with httpx.AsyncClient(trust_env=False) as http:
        stranger = AsyncFlatfile(base_url=f"{served[0]}/v1", token="wrong", httpx_client=http)
        with pytest.raises(ApiError) as caught:
            await stranger.jobs.list()
    assert caught.value.status_code == 401


async def test_environments_are_found_as_the_clients_command_line_does(flatfile):
    (environment,) = (await flatfile.environments.list(page_size=100)).data
    assert environment.id == "us_env_default"
    assert (await flatfile.environments.get(environment.id)).data.account_id == environment.account_id
    assert (await flatfile.spaces.get("us_sp_default")).data.environment_id == environment.id
