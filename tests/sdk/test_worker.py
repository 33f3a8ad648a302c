"""Workers against a fake server: what handlers do becomes frames."""

import asyncio
import json
import threading

from served_listener import JOB, Export, served

from listener_sdk import Job, Listener, Outcome, SyncJob, next_
from listener_sdk.protocol.jobs import File
from tests.sdk.fake_server import AT, DEADLINE_S, error, ok, wire_event, wire_job


async def test_a_job_is_acked_run_and_completed_with_its_outcome(server):
    listener = Listener()
    acked = asyncio.Event()

    @listener.job("workbook:export", label="Export")
    async def export(job: Job[Export]) -> Outcome:
        assert isinstance(job.input, Export)
        await acked.wait()
        return Outcome(
            "Ready", heading=job.input.sheet, next=next_.url("https://x.test"), data={"rows": job.input.rows}
        )

    async with served(listener, server, concurrency=3):
        await server.grant(wire_job(input={"sheet": "S1"}))
        assert await server.until_said("ack") == [{"type": "ack", "job": JOB, "fence": 1}]
        acked.set()
        (end,) = await server.until_said("complete")

    (listen,) = server.said("listen")[:1]
    assert listen["credit"] == 3
    (taking,) = listen["jobs"]
    assert taking == {"job": "workbook:export"}
    (declared,) = listen["types"]
    assert (declared["name"], declared["label"]) == ("workbook:export", "Export")
    assert declared["inputSchema"]["required"] == ["sheet"]
    assert [(one["credit"], one["types"]) for one in server.said("listen")[1:]] == [(0, [])]
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


async def test_an_event_is_published_as_the_jobs_own_once_for_each_call(server):
    listener = Listener()
    seen = []

    def events(request, raw):
        seen.append((request.headers["Idempotency-Key"], json.loads(raw)["context"]))
        return {"data": wire_event(3)}

    server.routes["POST", "/v1/events"] = events

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        await job.publish("invoice:paid")
        return (await job.publish("invoice:paid")).id

    async with served(listener, server):
        await server.grant(wire_job())
        (end,) = await server.until_said("complete")
    assert end["outcome"]["message"] == "us_ev_0000000003"
    assert [context for _, context in seen] == [{"jobId": JOB}] * 2
    assert len({key for key, _ in seen}) == 2


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
