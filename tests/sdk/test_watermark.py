"""What handlers read and say of watermarks: on the stream, in threads, in parts, and without a server."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from served_listener import served

from listener_sdk import Job, Listener, Outcome, SyncJob
from listener_sdk._context import Context
from listener_sdk.protocol.jobs import Job as RawJob
from listener_sdk.testing import JobFailed, run_job
from listener_sdk.watermark import Watermark
from tests.sdk.fake_server import ok, wire_job

DELTA = {"runMode": "delta", "watermark": {"since": "a", "version": 3}}
EAST = timezone(timedelta(hours=2))


def kept():
    return Watermark({"since": "a", "version": 3})


# ---- the value


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("row-7", "row-7"),
        (7, "7"),
        (datetime(2026, 1, 1, 2, tzinfo=EAST), "2026-01-01T00:00:00.000000Z"),
        (datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC), "2026-01-01T00:00:00.123456Z"),
    ],
)
def test_texts_integers_and_times_are_kept_as_texts(to, text):
    mark = kept()
    mark.advance(to)
    assert mark.to == text


def test_the_last_call_counts():
    mark = kept()
    assert (mark.since, mark.to) == ("a", None)
    mark.advance(1)
    mark.advance(2)
    assert mark.to == "2"


@pytest.mark.parametrize(
    ("to", "error", "message"),
    [
        (True, TypeError, "not True"),
        (1.5, TypeError, "a text, a time or an integer"),
        (None, TypeError, "not None"),
        ("", ValueError, "printable"),
        ("a\nb", ValueError, "printable"),
        ("x" * 257, ValueError, "at most 256"),
        (datetime(2026, 1, 1), ValueError, "with a zone"),
    ],
)
def test_others_are_refused_where_they_are_said(to, error, message):
    mark = kept()
    with pytest.raises(error, match=message):
        mark.advance(to)
    assert mark.to is None


def test_a_part_reads_and_says_nothing():
    mark = Watermark({"since": "a", "version": 3}, is_part=True)
    assert mark.since == "a"
    with pytest.raises(RuntimeError, match="the job that was split"):
        mark.advance("b")


def test_a_job_without_one_runs_alike():
    job = Context(RawJob.model_validate(wire_job()), {}, None)
    assert (job.run_mode, job.watermark.since) == ("full", None)
    job.watermark.advance("b")
    assert job.advanced_to is None
    with pytest.raises(TypeError):
        job.watermark.advance(1.5)


# ---- on the stream


@pytest.mark.parametrize("in_thread", [False, True])
async def test_it_goes_with_the_outcome(server, in_thread):
    listener, seen = Listener(), []

    def work(job):
        seen.append((job.run_mode, job.watermark.since, job.watermark is job.watermark))
        job.watermark.advance("b")
        return "done"

    async def handler(job: Job) -> str:
        return work(job)

    def plain(job: SyncJob) -> str:
        return work(job)

    listener.job("workbook:export")(plain if in_thread else handler)
    async with served(listener, server):
        await server.grant(wire_job(**DELTA))
        (end,) = await server.until_said("complete")
    assert seen == [("delta", "a", True)]
    assert end["watermark"] == "b"


async def test_a_job_without_one_sends_none(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        job.watermark.advance("b")

    async with served(listener, server):
        await server.grant(wire_job())
        (end,) = await server.until_said("complete")
    assert "watermark" not in end


async def test_a_run_that_fails_sends_none(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        job.watermark.advance("b")
        raise LookupError("no source")

    async with served(listener, server):
        await server.grant(wire_job(**DELTA))
        (end,) = await server.until_said("fail")
    assert "watermark" not in end


async def test_a_secret_does_not_become_one(server):
    server.answers["secrets"] = lambda frame: [ok(frame, {"values": {"token": "open sesame"}})]
    listener = Listener()

    @listener.job("workbook:export", secrets=["token"])
    async def export(job: Job) -> None:
        job.watermark.advance(job.secrets["token"])

    async with served(listener, server):
        await server.grant(wire_job(**DELTA))
        (end,) = await server.until_said("fail")
    assert "a secret stands in the watermark" in end["message"]
    assert end["retry"] is False


# ---- without a server


def _listener():
    listener = Listener()

    @listener.job("crm:import")
    async def run(job: Job) -> Outcome:
        if job.is_part:
            return Outcome(f"{job.run_mode} from {job.watermark.since}")
        if job.input.get("split"):
            parts = await (await job.split(2)).wait()
            assert parts.completed == 2
        job.watermark.advance(9)
        if job.input.get("fail"):
            raise LookupError("no source")
        return Outcome(f"{job.run_mode} from {job.watermark.since}")

    return listener


async def test_handlers_are_tried_in_either_mode():
    run = await run_job(_listener(), "crm:import", {"split": True}, run_mode="delta", since="4")
    assert (run.outcome.message, run.watermark) == ("delta from 4", "9")
    assert [part.outcome.message for part in run.parts] == ["delta from 4"] * 2
    run = await run_job(_listener(), "crm:import", {})
    assert (run.outcome.message, run.watermark) == ("full from None", "9")


async def test_a_run_that_failed_moves_none():
    with pytest.raises(JobFailed) as caught:
        await run_job(_listener(), "crm:import", {"fail": True})
    assert caught.value.run.watermark is None
