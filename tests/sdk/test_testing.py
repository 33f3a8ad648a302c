import pytest
from pydantic import BaseModel

from listener_sdk import Canceled, Fatal, Job, Listener, Outcome, SyncJob, next_
from listener_sdk.testing import JobFailed, run_job

listener = Listener()


class Export(BaseModel):
    rows: int = 3


@listener.job("workbook:export")
async def export(job: Job[Export]) -> Outcome:
    async for row in job.track(range(job.input.rows), "Rows"):
        job.log.info("row", number=row)
    file = await job.attach(b"a,b\n", "rows.csv")
    await job.start("workbook:check", {"file": file.id})
    await job.publish("book:exported", {"file": file.id})
    return Outcome("Done", next=next_.download(file), data={"attempt": job.attempt})


@listener.job("sheet:read")
def read(job: SyncJob) -> str:
    job.tick(50, "half")
    path = job.fetch(job.raw.file_id, job.input["folder"])
    job.attach(path, "copy.txt")
    return path.read_text()


@listener.job("sheet:fail")
async def fail(job: Job) -> None:
    await job.tick(10)
    raise Fatal("No rows.")


@listener.job("sheet:loop")
async def loop(job: Job) -> None:
    while True:
        await job.tick(1)


async def test_it_shows_outcome_ticks_lines_attachments_and_children():
    run = await run_job(listener, "workbook:export", Export(rows=2), attempt=4)
    assert run.outcome.message == "Done"
    assert run.result == {"attempt": 4}
    assert (run.ticks[-1].done, run.ticks[-1].total, run.ticks[-1].text) == (2, 2, "Rows")
    assert [line.fields["number"] for line in run.log] == [0, 1]
    assert run.attachment("rows.csv") == b"a,b\n"
    assert run.outcome.next.file_id == run.attachments[0].file.id
    assert [child.name for child in run.started] == ["workbook:check"]
    assert [(event.topic, event.context.job_id) for event in run.published] == [
        ("book:exported", "us_jb_0000000001")
    ]
    with pytest.raises(KeyError, match=r"rows\.csv"):
        run.attachment("other.csv")


@pytest.mark.parametrize("as_path", [True, False])
async def test_sync_handlers_run_in_a_thread_and_fetch_the_given_files(tmp_path, as_path):
    source = tmp_path / "in.txt"
    source.write_text("hello")
    given = source if as_path else b"hello"
    (tmp_path / "work").mkdir()
    run = await run_job(
        listener,
        "sheet:read",
        {"folder": str(tmp_path / "work")},
        file_id="us_fl_9",
        files={"us_fl_9": given},
    )
    assert run.outcome.message == "hello"
    assert run.attachment("copy.txt") == b"hello"
    assert (run.ticks[-1].percent, run.ticks[-1].text) == (50, "half")


async def test_a_failure_is_raised_with_what_was_done_until_then():
    with pytest.raises(JobFailed, match=r"No rows\.") as caught:
        await run_job(listener, "sheet:fail")
    assert caught.value.retry is False
    assert caught.value.run.ticks[0].percent == 10
    with pytest.raises(JobFailed, match="rows: Input should be a valid integer"):
        await run_job(listener, "workbook:export", {"rows": "x"})
    with pytest.raises(JobFailed, match="run_job was given no file"):
        await run_job(listener, "sheet:read", {"folder": "/tmp"}, file_id="us_fl_9")


async def test_a_missing_await_is_a_failure_and_no_warning():
    forgetful = Listener()

    @forgetful.job("sheet:forget")
    async def forget(job: Job) -> str:
        job.attach(b"x", "x.csv")
        return "done"

    with pytest.raises(JobFailed, match=r"job\.attach\(\.\.\.\) was not awaited") as caught:
        await run_job(forgetful, "sheet:forget")
    assert caught.value.retry is False
    assert caught.value.run.attachments == []


async def test_a_stop_can_be_asked_for():
    with pytest.raises(Canceled):
        await run_job(listener, "sheet:loop", stop_after_ticks=3)


async def test_an_unknown_job_lists_the_known_ones():
    with pytest.raises(LookupError, match="sheet:fail, sheet:loop, sheet:read, workbook:export"):
        await run_job(listener, "workbook:import")
