"""Handlers that split their job, wait for others or list what failed, run without a server."""

import asyncio
import csv
import io

import pytest

from listener_sdk import Canceled, Fatal, Job, Listener, Outcome, SyncJob
from listener_sdk.testing import JobFailed, run_job

listener = Listener()


@listener.job("sheet:import")
async def import_rows(job: Job) -> Outcome | dict:
    if job.is_part:
        await job.tick(50, f"part {job.part}")
        if job.part_data.get("bad"):
            raise Fatal("no such column")
        await job.attach(b"x", f"{job.part}.txt")
        return {"rows": job.part_data["rows"] * job.input["times"]}
    parts = await job.split([{"rows": 1}, {"rows": 2, "bad": True}, {"rows": 4}])
    result = await parts.wait()
    assert [part.status for part in await parts.list()] == ["complete", "failed", "complete"]
    errors = [{"part": part.part, "why": part.info} for part in result.jobs if part.status == "failed"]
    file = await job.attach_errors(errors)
    rows = sum(part.result["rows"] for part in result.jobs if part.result)
    return Outcome.partial(
        "Done", ok=result.completed, failed=result.failed, errors=file, data={"rows": rows}
    )


@listener.job("sheet:count")
def count(job: SyncJob) -> dict | None:
    if job.is_part:
        if job.part == 1:
            raise Canceled
        return {"part": job.part, "data": job.part_data}
    result = job.split(2, parallel=False).wait()
    return {"canceled": result.canceled, "first": result.jobs[0].result, "how": result.jobs[0].part_execution}


@listener.job("sheet:chain")
async def chain(job: Job) -> str:
    ended = await job.wait_for_end(await job.start("sheet:count"))
    assert await job.wait_for_end(ended.id) == ended
    return f"{ended.status} {ended.result['canceled']}"


async def test_the_parts_run_with_the_same_handler_and_their_results_come_back():
    run = await run_job(listener, "sheet:import", {"times": 10})
    assert (run.outcome.result, run.outcome.counts.ok, run.outcome.counts.failed) == ("partial", 2, 1)
    assert run.result == {"rows": 50}
    assert [part.result for part in run.parts] == [{"rows": 10}, None, {"rows": 40}]
    assert [part.failure for part in run.parts] == [None, "no such column", None]
    assert [part.ticks[0].text for part in run.parts] == ["part 0", "part 1", "part 2"]
    assert [one.file.name for part in run.parts for one in part.attachments] == ["0.txt", "2.txt"]


async def test_the_errors_are_a_file_of_the_outcome():
    run = await run_job(listener, "sheet:import", {"times": 1})
    (link,) = run.outcome.error_files
    assert (link.file_id, link.label) == (run.attachments[0].file.id, "errors.csv")
    text = run.attachment("errors.csv").decode("utf-8-sig")
    assert [*csv.DictReader(io.StringIO(text))] == [{"part": "1", "why": "no such column"}]
    assert run.attachments[0].file.content_type.startswith("text/csv")


async def test_parts_of_a_plain_handler_run_one_after_the_other():
    run = await run_job(listener, "sheet:count")
    assert run.result == {"canceled": 1, "first": {"part": 0, "data": {"part": 0}}, "how": "sequential"}


async def test_one_part_can_be_run_by_itself():
    run = await run_job(listener, "sheet:import", {"times": 3}, part=2, part_data={"rows": 4})
    assert run.result == {"rows": 12}


async def test_a_job_that_was_started_runs_when_its_end_is_waited_for():
    run = await run_job(listener, "sheet:chain")
    assert run.outcome.message == "complete 1"
    assert [child.name for child in run.started] == ["sheet:count"]


async def test_the_end_of_another_job_is_not_known():
    stranger = Listener()

    @stranger.job("sheet:wait")
    async def wait(job: Job) -> None:
        await job.wait_for_end("us_jb_0000000009")

    with pytest.raises(JobFailed, match="run_job knows no job 'us_jb_0000000009'"):
        await run_job(stranger, "sheet:wait")


async def test_a_job_is_split_once():
    splitting = Listener()
    ways = iter([(2, True), (2, True), (3, True)])

    @splitting.job("sheet:split")
    async def split(job: Job) -> None:
        for parts, parallel in ways:
            assert (await job.split(parts, parallel=parallel)).total == 2

    with pytest.raises(JobFailed, match="split already, in another way"):
        await run_job(splitting, "sheet:split")


async def test_parts_that_nobody_waits_for_do_not_run():
    careless = Listener()
    ran = []

    @careless.job("sheet:split")
    async def split(job: Job) -> None:
        ran.append(job.part)
        await job.split(2)

    run = await run_job(careless, "sheet:split")
    assert (ran, run.parts) == ([None], [])


@pytest.mark.parametrize("name", ["sheet:wait", "sheet:sync"])
async def test_a_stop_is_noticed_by_the_wait(name):
    stopping = Listener()

    @stopping.job("sheet:wait")
    async def wait(job: Job) -> None:
        parts = await job.split(2)
        job.ask_to_stop()
        await parts.wait()

    @stopping.job("sheet:sync")
    def wait_sync(job: SyncJob) -> None:
        parts = job.split(2)
        job.ask_to_stop()
        parts.wait()

    with pytest.raises(Canceled):
        await run_job(stopping, name)


async def test_parts_run_at_once_where_they_may():
    meeting = Listener()
    both = asyncio.Barrier(2)

    @meeting.job("sheet:meet")
    async def meet(job: Job) -> None:
        if job.is_part:
            async with asyncio.timeout(10):
                await both.wait()
            return
        assert (await (await job.split(2)).wait()).completed == 2

    await run_job(meeting, "sheet:meet")
