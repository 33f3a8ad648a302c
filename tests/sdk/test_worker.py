"""Workers against a fake server: what handlers do becomes frames, also when the connection breaks."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import BaseModel

from listener_sdk import Fatal, Job, Listener, Outcome, Retry, SyncJob, next_
from listener_sdk.errors import ApiError, ConnectionFailed
from listener_sdk.protocol.jobs import File
from listener_sdk.worker import patiently
from tests.sdk.fake_server import AT, DEADLINE_S, KEY, FakeServer, error, ok, wire_job

JOB = "us_jb_0000000001"
FILE = {"id": "us_fl_1", "name": "a.csv", "size": 1, "contentType": "text/csv", "createdAt": AT}


@asynccontextmanager
async def served(listener: Listener, server: FakeServer, **options) -> AsyncIterator[asyncio.Event]:
    """The listener, serving; leaving stops it gracefully."""
    stop = asyncio.Event()
    task = asyncio.create_task(listener.serve(server.url, KEY, stop=stop, **options))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE_S):
            await task


class Export(BaseModel):
    sheet: str
    rows: int = 10


async def test_a_job_is_acked_run_and_completed_with_its_outcome(server):
    listener = Listener()

    @listener.job("workbook:export", label="Export")
    async def export(job: Job[Export]) -> Outcome:
        assert isinstance(job.input, Export)
        return Outcome(
            "Ready", heading=job.input.sheet, next=next_.url("https://x.test"), data={"rows": job.input.rows}
        )

    async with served(listener, server, concurrency=3):
        await server.grant(wire_job(input={"sheet": "S1"}))
        (end,) = await server.until_said("complete")

    (listen,) = server.said("listen")[:1]
    assert listen["credit"] == 3
    (taking,) = listen["jobs"]
    assert (taking["job"], taking["label"]) == ("workbook:export", "Export")
    assert taking["inputSchema"]["required"] == ["sheet"]
    assert server.said("ack") == [{"type": "ack", "job": JOB, "fence": 1}]
    assert end["outcome"] == {
        "message": "Ready", "heading": "S1", "next": {"type": "url", "url": "https://x.test"}, "result": "success",
    }  # fmt: skip
    assert end["result"] == {"rows": 10}
    assert end["fence"] == 1


async def test_the_last_tick_and_all_log_lines_leave_before_the_outcome_in_one_message(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        for number in range(50):
            await job.tick(number, f"at {number}")
            job.log.info("row", number=number)

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("complete")

    last = next(message for message in server.messages if message[-1]["type"] == "complete")
    kinds = [frame["type"] for frame in last]
    assert kinds.index("log") < kinds.index("tick") < kinds.index("complete")
    assert server.said("tick")[-1]["percent"] == 49
    assert server.said("tick")[-1]["text"] == "at 49"
    lines = [line for frame in server.said("log") for line in frame["lines"]]
    assert [line["fields"]["number"] for line in lines] == [*range(50)]
    assert len(server.said("tick")) < 50


async def test_an_outcome_whose_answer_was_lost_is_sent_again_with_the_same_fence(server):
    listener = Listener()
    runs = []
    server.answers["complete"] = lambda _frame: []

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        runs.append(job.id)
        await job.tick(50)
        return "done"

    async with served(listener, server):
        await server.grant(wire_job(fence=7))
        await server.until_said("complete")
        server.answers["complete"] = lambda frame: [ok(frame)]
        # The server had stored the outcome: its lease is over.
        server.stale = [{"job": JOB, "fence": 7}]
        await server.drop()
        ends = await server.until_said("complete", 2)

    assert server.hellos[1]["session"] == server.hellos[0]["session"]
    assert server.hellos[1]["held"] == [{"job": JOB, "fence": 7}]
    assert [end["fence"] for end in ends] == [7, 7]
    assert ends[0]["id"] == ends[1]["id"]
    assert runs == [JOB]


async def test_after_a_reconnect_a_running_job_goes_on_and_its_last_tick_is_sent_again(server):
    listener = Listener()
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await job.tick(30, "third")
        await go_on.wait()

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("tick")
        await server.drop()
        ticks = await server.until_said("tick", 2)
        go_on.set()
        await server.until_said("complete")

    assert ticks[0] == ticks[1] == {"type": "tick", "job": JOB, "fence": 1, "percent": 30.0, "text": "third"}
    assert server.hellos[1]["held"] == [{"job": JOB, "fence": 1}]
    assert len(server.said("ack")) == 2


async def test_lines_whose_answers_were_lost_are_sent_again_in_their_place(server):
    listener = Listener()
    go_on = asyncio.Event()
    server.answers["log"] = lambda _frame: []

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        job.log.info("first")
        await go_on.wait()
        job.log.info("second")

    async with served(listener, server):
        await server.grant(wire_job())
        (lost,) = await server.until_said("log")
        server.answers["log"] = lambda frame: [ok(frame)]
        await server.drop()
        (_, again) = await server.until_said("log", 2)
        go_on.set()
        await server.until_said("complete")

    assert lost == again
    assert [(frame["first"], frame["lines"][0]["message"]) for frame in server.said("log")] == [
        (0, "first"),
        (0, "first"),
        (1, "second"),
    ]


async def test_refused_lines_are_told_here_and_in_the_jobs_log(server, caplog):
    listener = Listener()
    go_on = asyncio.Event()
    server.answers["log"] = lambda frame: [
        ok(frame) if "left out" in frame["lines"][0]["message"] else error(frame, "invalid", "too long")
    ]

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        job.log.info("much")
        await go_on.wait()

    async with served(listener, server):
        await server.grant(wire_job())
        (_, notice) = await server.until_said("log", 2)
        go_on.set()
        await server.until_said("complete")

    assert notice["lines"][0]["message"] == "1 line was left out here: too long"
    assert f"log lines of {JOB} were refused: too long (invalid)" in caplog.text


async def test_a_lease_granted_again_is_not_run_twice(server):
    listener = Listener()
    runs = []
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        runs.append(job.fence)
        await go_on.wait()

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("ack")
        await server.grant(wire_job(), again=True)
        await server.grant(wire_job(2))
        await server.until_said("ack", job="us_jb_0000000002")
        go_on.set()
        await server.until_said("complete", 2)
    assert runs == [1, 1]


async def test_a_stale_lease_cancels_its_handler_and_nothing_more_is_sent_for_it(server, caplog):
    listener = Listener()
    began, ended = asyncio.Event(), asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "never"

    async with served(listener, server):
        await server.grant(wire_job())
        await began.wait()
        await server.send({"type": "stale", "leases": [{"job": JOB, "fence": 1}]})
        async with asyncio.timeout(DEADLINE_S):
            await ended.wait()
        # Another job shows that the session has nothing left to say about the first.
        await server.grant(wire_job(2))
        began.clear()
        await server.until_said("ack", job="us_jb_0000000002")
        await server.send({"type": "stale", "leases": [{"job": "us_jb_0000000002", "fence": 1}]})
    assert not server.said("complete")
    assert not server.said("release")
    assert not server.said("fail")
    assert f"stopping the handler of {JOB}: its lease was lost" in caplog.text


async def test_a_cancel_stops_the_handler_and_gives_the_lease_back(server):
    listener = Listener()
    cancelled = []

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(job.cancelled)
            raise

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("ack")
        await server.send({"type": "cancel", "job": JOB, "fence": 1, "graceS": 30})
        (release,) = await server.until_said("release")
    assert release["leases"] == [{"job": JOB, "fence": 1}]
    assert cancelled == [True]


async def test_a_canceled_handler_may_still_finish_within_the_grace(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "just in time"
        return "never"

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("ack")
        await server.send({"type": "cancel", "job": JOB, "fence": 1, "graceS": 30})
        (end,) = await server.until_said("complete")
    assert end["outcome"]["message"] == "just in time"


async def test_a_job_whose_cancel_was_asked_before_its_grant_is_not_run(server):
    listener = Listener()
    runs = []

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        runs.append(job.id)

    async with served(listener, server):
        await server.grant(wire_job(), cancel=True)
        await server.until_said("release")
    assert runs == []
    assert not server.said("ack")


async def test_a_sync_handler_runs_in_a_thread_and_notices_a_cancel_at_its_next_verb(server):
    listener = Listener()
    seen = []

    @listener.job("workbook:export")
    def export(job: SyncJob) -> None:
        seen.append(threading.current_thread() is not threading.main_thread())
        for _ in job.track(iter(int, 1)):
            pass

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("tick", 2)
        await server.send({"type": "cancel", "job": JOB, "fence": 1, "graceS": 30})
        await server.until_said("release")
    assert seen == [True]
    assert server.said("tick")[-1]["done"] > 0


async def test_sync_verbs_reach_the_server_in_order(server):
    listener = Listener()
    server.routes["POST", "/v1/files"] = lambda request, raw: {
        "data": {"id": "us_fl_1", "name": request.query["name"], "size": len(raw), "contentType": request.content_type,
                 "createdAt": AT, "jobId": request.query["jobId"]}
    }  # fmt: skip

    @listener.job("workbook:export")
    def export(job: SyncJob[Export]) -> Outcome:
        rows = list(job.track(range(job.input.rows), "Rows"))
        job.log.warning("odd", rows=len(rows))
        file = job.attach(b"a,b\n", "rows.csv")
        child = job.start("workbook:check", {"file": file.id})
        job.tick(text=f"child {child.id}")
        return Outcome("Done", next=next_.download(file))

    async with served(listener, server):
        await server.grant(wire_job(input={"sheet": "x", "rows": 4}))
        (end,) = await server.until_said("complete")
    assert end["outcome"]["next"] == {"type": "download", "fileId": "us_fl_1", "fileName": "rows.csv"}
    (create,) = server.said("create")
    assert create["job"]["parentId"] == JOB
    assert create["job"]["input"] == {"file": "us_fl_1"}
    assert server.said("tick")[-1]["text"] == "child us_jb_0000000099"
    assert (server.said("tick")[-1]["done"], server.said("tick")[-1]["total"]) == (4, 4)
    method, path, body = server.requests[-1]
    assert (method, body) == ("POST", b"a,b\n")
    assert f"jobId={JOB}" in path


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


async def test_a_graceful_stop_lets_handlers_finish(server):
    listener = Listener()
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        await go_on.wait()
        return "finished"

    async with served(listener, server) as stop:
        await server.grant(wire_job())
        await server.until_said("ack")
        stop.set()
        await server.until_said("listen", credit=0)
        go_on.set()
    (end,) = server.said("complete")
    assert end["outcome"]["message"] == "finished"
    assert not server.said("release")


async def test_a_stop_gives_back_what_does_not_finish_in_time(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await asyncio.Event().wait()

    async with served(listener, server, grace_s=0):
        await server.grant(wire_job())
        await server.until_said("ack")
    (release,) = server.said("release")
    assert release["leases"] == [{"job": JOB, "fence": 1}]


async def test_a_handler_that_will_not_end_keeps_the_stop_waiting_for_a_while_only(server, monkeypatch):
    monkeypatch.setattr("listener_sdk.worker.UNWIND_S", 0.01)
    listener = Listener()
    go_on = threading.Event()

    @listener.job("workbook:export")
    def export(job: SyncJob) -> None:
        go_on.wait(DEADLINE_S)

    async with served(listener, server, grace_s=0):
        await server.grant(wire_job())
        await server.until_said("ack")
    assert len(server.said("release")) == 1
    go_on.set()


async def test_jobs_that_come_while_it_stops_are_given_back_unrun(server):
    listener = Listener()
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await go_on.wait()

    async with served(listener, server) as stop:
        await server.grant(wire_job())
        await server.until_said("ack")
        stop.set()
        await server.until_said("listen", credit=0)
        await server.grant(wire_job(2))
        (release,) = await server.until_said("release")
        go_on.set()
    assert release["leases"] == [{"job": "us_jb_0000000002", "fence": 1}]
    assert len(server.said("ack")) == len(server.said("complete")) == 1


async def test_a_cancelled_serve_gives_its_jobs_back_at_once(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(listener.serve(server.url, KEY))
    await server.grant(wire_job())
    await server.until_said("ack")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (release,) = server.said("release")
    assert release["leases"] == [{"job": JOB, "fence": 1}]


async def test_leases_are_renewed_while_a_handler_waits(server):
    listener = Listener()
    server.lease_s = 0.3
    go_on = asyncio.Event()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await go_on.wait()

    async with served(listener, server):
        await server.grant(wire_job())
        renewals = await server.until_said("renew", 3)
        go_on.set()
    assert renewals[-1]["leases"] == [{"job": JOB, "fence": 1}]


async def test_an_attachment_of_a_path_is_streamed_as_the_jobs_file(server, tmp_path):
    listener = Listener()
    path = tmp_path / "export.csv"
    path.write_bytes(b"x" * 600_000)
    server.routes["POST", "/v1/files"] = lambda _request, raw: {
        "data": {
            "id": "us_fl_1",
            "name": "export.csv",
            "size": len(raw),
            "contentType": "text/csv",
            "createdAt": AT,
        }
    }

    @listener.job("workbook:export")
    async def export(job: Job) -> Outcome:
        file = await job.attach(path)
        assert isinstance(file, File)
        return Outcome(data={"size": file.size})

    async with served(listener, server):
        await server.grant(wire_job())
        (end,) = await server.until_said("complete")
    assert end["result"] == {"size": 600_000}
    headers = server.headers[-1]
    assert headers["Content-Length"] == "600000"
    assert headers["Content-Type"] == "text/csv"


async def test_a_handler_that_cancels_itself_fails_its_attempt(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        raise asyncio.CancelledError

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert fail["message"] == "The handler cancelled itself."


async def test_a_restart_of_the_server_does_not_fail_an_upload(server):
    listener = Listener()
    answers = iter([web.Response(status=503, text="starting"), {"data": FILE}])
    server.routes["POST", "/v1/files"] = lambda _request, _raw: next(answers)

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        return (await job.attach(b"x", "a.csv")).id

    async with served(listener, server):
        await server.grant(wire_job())
        (end,) = await server.until_said("complete")
    assert end["outcome"]["message"] == "us_fl_1"
    assert [path for _, path, _ in server.requests] == [f"/v1/files?name=a.csv&jobId={JOB}"] * 2


async def test_only_what_can_be_repeated_is_and_only_for_a_while(monkeypatch):
    monkeypatch.setattr("listener_sdk.worker.LONGEST_PAUSE_S", 0)
    refused = ConnectionFailed("http://x", "refused", unreached=True)
    answers = iter([refused, ApiError(503, "unavailable", "starting"), "done"])

    async def call():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await patiently(call, repeatable=True) == "done"
    answers = iter([ApiError(503, "unavailable", "starting")])
    with pytest.raises(ApiError):
        await patiently(call, repeatable=False)
    answers = iter([ConnectionFailed("http://x", "broken midway")])
    with pytest.raises(ConnectionFailed):
        await patiently(call, repeatable=True)
    monkeypatch.setattr("listener_sdk.worker.PATIENCE_S", 0)
    answers = iter([refused])
    with pytest.raises(ConnectionFailed):
        await patiently(call, repeatable=True)


async def test_handlers_with_filters_share_a_name_and_the_facts_decide(server):
    listener = Listener()
    ran = []

    @listener.job("workbook:export", filter={"spaceId": "us_sp_a"})
    async def first(job: Job) -> None:
        ran.append("a")

    @listener.job("workbook:export", filter={"spaceId": "us_sp_b"})
    async def second(job: Job) -> None:
        ran.append("b")

    async with served(listener, server):
        await server.grant(wire_job(spaceId="us_sp_b"), wire_job(2, spaceId="us_sp_c"))
        await server.until_said("complete")
        (fail,) = await server.until_said("fail")
    assert ran == ["b"]
    assert fail["job"] == "us_jb_0000000002"
    assert [taking["filter"] for taking in server.said("listen")[0]["jobs"]] == [
        {"spaceId": "us_sp_a"},
        {"spaceId": "us_sp_b"},
    ]
