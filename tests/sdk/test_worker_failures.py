"""Attempts that fail: what the server hears of it, what is told here, and when another one follows."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from served_listener import JOB, Export, served

from listener_sdk import Fatal, Job, Listener, Retry, SyncJob
from tests.sdk.fake_server import AT, error, wire_job


@pytest.mark.parametrize(
    ("raised", "message", "retry"),
    [
        (Fatal("The file is empty."), "The file is empty.", False),
        (ValueError("no such column"), "ValueError: no such column", True),
        (SystemExit(3), "SystemExit: 3", True),
    ],
)
async def test_what_a_handler_raises_fails_the_attempt(server, raised, message, retry):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        raise raised

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert (fail["message"], fail["retry"]) == (message, retry)


async def test_a_traceback_goes_along_from_the_handlers_own_frames_on(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        _deeper()

    def _deeper() -> None:
        raise KeyError("sheet")

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert "_deeper" in fail["detail"]
    assert "KeyError: 'sheet'" in fail["detail"]
    assert "listener_sdk/worker.py" not in fail["detail"]


async def test_a_handler_that_cancels_itself_fails_its_attempt(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        raise asyncio.CancelledError

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["message"] == "The handler cancelled itself."


def told(caplog):
    """What was logged of failed attempts, as (level, text)."""
    return [(line.levelname, line.getMessage()) for line in caplog.records if " failed" in line.getMessage()]


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_crash_is_told_where_it_happens_once_with_the_traceback(server, caplog, in_thread):
    listener = Listener()

    async def crash(job: Job) -> None:
        _deeper()

    def crash_in_thread(job: SyncJob) -> None:
        _deeper()

    def _deeper() -> None:
        raise KeyError("sheet")

    listener.job("workbook:export")(crash_in_thread if in_thread else crash)
    async with served(listener, server):
        await server.grant(wire_job(attempt=2, maxAttempts=3))
        (fail,) = await server.until_said("fail")
    ((level, text),) = told(caplog)
    assert level == "ERROR"
    assert text == f"workbook:export ({JOB}), attempt 2 of 3, failed:\n{fail['detail'].rstrip()}"
    assert "_deeper" in text
    assert text.endswith("KeyError: 'sheet'")
    assert "listener_sdk/worker.py" not in text


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (Fatal("The file\nis empty."), "attempt 1 of 5, failed for good: The file is empty."),
        (Retry("busy", after=1), "attempt 1 of 5, failed: busy"),
        (asyncio.CancelledError(), "attempt 1 of 5, failed: The handler cancelled itself."),
    ],
)
async def test_a_verdict_is_told_in_one_line_without_a_traceback(server, caplog, raised, text):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        raise raised

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("fail")
    assert told(caplog) == [("WARNING", f"workbook:export ({JOB}), {text}")]


async def test_an_invalid_input_is_told_in_one_line(server, caplog):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job[Export]) -> None:
        raise AssertionError("not reached")

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("fail")
    ((level, text),) = told(caplog)
    assert level == "WARNING"
    assert text.endswith("failed for good: The input is invalid: sheet: Field required")


async def test_what_ends_well_is_not_told(server, caplog):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await job.tick(50)

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("complete")
    assert told(caplog) == []


@pytest.mark.parametrize("verb", ["tick", "attach", "fetch", "start"])
async def test_a_verb_that_is_not_awaited_fails_the_job_for_good(server, verb):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        await job.tick(10)
        getattr(job, verb)("sheet:check")
        return "done"

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["message"] == f"job.{verb}(...) was not awaited: write await job.{verb}(...)"
    assert fail["retry"] is False
    assert not server.said("complete")
    assert not server.said("create")


async def test_a_crash_keeps_its_own_message_beside_a_missing_await(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        return job.attach(b"x", "x.csv").id

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["message"].startswith("AttributeError")
    assert fail["detail"].endswith("Note: job.attach(...) was not awaited: write await job.attach(...)\n")
    assert fail["retry"] is True


async def test_a_returned_verb_is_one_that_was_not_awaited(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> object:
        return job.start("sheet:check")

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["message"].startswith("job.start(...) was not awaited")


async def test_retry_takes_seconds(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        raise Retry("busy", after=1)

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert (fail["message"], fail["retry"]) == ("busy", True)
    assert fail["retryAt"] > AT


async def test_retry_says_when_the_next_attempt_starts(server):
    listener = Listener()
    at = datetime(2030, 5, 1, 12, tzinfo=UTC)

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        raise Retry("The API is asleep.", at=at)

    @listener.job("workbook:import")
    async def later(job: Job) -> None:
        raise Retry("The API is asleep.", after=timedelta(hours=1))

    async with served(listener, server):
        await server.grant(wire_job(), wire_job(2, "workbook:import"))
        fails = await server.until_said("fail", 2)
    by_job = {fail["job"]: fail for fail in fails}
    assert by_job[JOB]["retryAt"] == "2030-05-01T12:00:00.000Z"
    assert by_job["us_jb_0000000002"]["retryAt"] > AT


async def test_an_invalid_input_fails_for_good_and_names_every_field(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job[Export]) -> None:
        raise AssertionError("not reached")

    async with served(listener, server):
        await server.grant(wire_job(input={"rows": "many"}))
        (fail,) = await server.until_said("fail")
    assert fail["retry"] is False
    assert "sheet: Field required" in fail["message"]
    assert "rows: Input should be a valid integer" in fail["message"]
    assert "detail" not in fail


async def test_an_outcome_that_the_server_cannot_take_fails_the_job_instead(server):
    listener = Listener()
    server.answers["complete"] = lambda frame: [
        error(frame, "too_large", "The result has 300 KiB; 256 KiB are taken.")
    ]

    @listener.job("workbook:export")
    async def export(job: Job) -> dict:
        return {"rows": [1, 2, 3]}

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["retry"] is False
    assert "256 KiB are taken" in fail["message"]


async def test_an_outcome_refused_as_stale_is_let_go(server, caplog):
    listener = Listener()
    server.answers["complete"] = lambda frame: [error(frame, "stale_lease", "The lease was lost.")]

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        return None

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("complete")
    assert "was refused: The lease was lost." in caplog.text
    assert not server.said("fail")


async def test_an_unfit_return_value_fails_for_good(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> list:
        return [1]

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert "returned list" in fail["message"]
    assert fail["retry"] is False
