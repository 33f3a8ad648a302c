"""How attempts end on the stream: complete and fail, repeated, refused, with and without another attempt."""

import pytest
from situations import reach
from stage import ADMIN

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire
from server.commands.ends import default_outcome
from server.commands.files import CREATE_FILE, CreateFile
from server.core.views import job_wire


async def wire(stage, found):
    return job_wire(await stage.row(found.job), ADMIN.space)


async def stored(stage):
    """The id of a file of no job."""
    return encode("fl", (await stage.do(CREATE_FILE, CreateFile(ADMIN, "a.csv", 1, "text/csv", "blob"))).id)


# ---- complete


async def test_a_job_may_be_completed_without_an_acknowledgement(stage):
    found = await reach(stage, "granted")
    assert await found.ask("complete") is None
    job = await wire(stage, found)
    assert (job["status"], job["startedAt"], job["progress"]) == ("complete", to_wire(stage.clock()), 100)
    assert await stage.topics(found.job.id) == ["job:created", "job:ready", "job:updated", "job:completed"]


async def test_completing_tells_the_outcome_the_result_and_the_counts(stage):
    found = await reach(stage, "executing")
    file = await stored(stage)
    outcome = {
        "message": "3 of 4 rows",
        "result": "partial",
        "counts": {"total": 4, "ok": 3, "failed": 1},
        "next": {"type": "download", "fileId": file},
    }
    await found.ask("complete", outcome=outcome, info="done", result={"skipped": [7]})
    job = await wire(stage, found)
    assert (job["status"], job["outcome"], job["result"]) == ("complete", outcome, {"skipped": [7]})
    told = (await stage.events("job:completed"))[0]["payload"]
    assert (told["result"], told["counts"], told["outcome"]) == ("partial", outcome["counts"], outcome)
    assert told["info"] == "done"


async def test_the_last_tick_is_logged_before_the_end(stage):
    found = await reach(stage, "executing")
    found.listener.say(**found.frame("tick", done=70, total=80, text="nearly"))
    await found.ask("complete")
    tick, end = (await stage.events())[-2:]
    assert (tick["topic"], end["topic"]) == ("job:updated", "job:completed")
    assert (tick["payload"]["done"], tick["payload"]["progress"], tick["payload"]["info"]) == (
        70,
        87,
        "nearly",
    )
    job = await wire(stage, found)
    assert (job["progress"], job["done"], job["total"]) == (100, 80, 80)


@pytest.mark.parametrize("body", [{}, {"outcome": {"message": "a"}}, {"result": {"a": 1}}])
async def test_the_same_end_again_is_answered_alike(stage, body):
    found = await reach(stage, "executing")
    await found.ask("complete", **body)
    events = await stage.events()
    assert await found.ask("complete", **body) is None
    assert await stage.events() == events


async def test_another_end_is_refused(stage):
    found = await reach(stage, "executing")
    await found.ask("complete", outcome={"message": "a"})
    events = await stage.events()
    for kind, more in (
        ("complete", {"outcome": {"message": "b"}}),
        ("complete", {}),
        ("complete", {"outcome": {"message": "a"}, "result": {"a": 1}}),
        ("fail", {"message": "a"}),
    ):
        refused = await found.ask(kind, **more)
        assert (refused["code"], refused["status"]) == ("stale_lease", "complete")
    assert await stage.events() == events


@pytest.mark.parametrize(("name", "size"), [("outcome", 64), ("result", 256)])
async def test_an_end_that_is_too_large_leaves_the_lease(stage, name, size):
    found = await reach(stage, "executing")
    refused = await found.ask("complete", **{name: {"own": "x" * size * 1024}})
    assert (refused["code"], refused["key"], refused["job"]) == ("too_large", name, found.grant["job"]["id"])
    assert await found.ask("complete") is None


# ---- fail


async def test_a_failed_attempt_is_followed_by_another_after_a_back_off(stage):
    found = await reach(stage, "executing", maxAttempts=2)
    await found.ask("fail", message="The door is shut", detail="Traceback: shut")
    row = await stage.row(found.job)
    assert (row.status, row.attempt, row.holder, row.info) == ("scheduled", 1, None, "The door is shut")
    assert stage.clock() <= row.scheduled_at <= stage.clock() + 10_000
    assert row.outcome is None
    told = (await stage.events("job:attempt-failed"))[0]["payload"]
    assert (told["attempt"], told["reason"], told["message"]) == (1, "failed", "The door is shut")
    assert await stage.rows("SELECT level, message FROM job_log") == [("error", "Traceback: shut")]
    assert "Traceback" not in str(await stage.events())
    stage.clock.forward(10)
    await stage.look()
    second = await found.listener.grant()
    assert (second["attempt"], second["fence"]) == (2, 2)
    await found.listener.ask(**found.listener.about("fail", second, message="Still shut"))
    job = await wire(stage, found)
    assert (job["status"], job["outcome"]) == ("failed", default_outcome("Still shut"))
    assert await stage.topics(found.job.id) == [
        "job:created", "job:ready", "job:updated", "job:attempt-failed", "job:scheduled", "job:ready", "job:updated",
        "job:attempt-failed", "job:failed",
    ]  # fmt: skip


async def test_the_last_failure_may_bring_its_own_outcome(stage):
    found = await reach(stage, "executing")
    outcome = {"heading": "No rows", "message": "The sheet is empty", "next": {"type": "id", "id": "us_sh_1"}}
    await found.ask("fail", message="empty", outcome=outcome, retry=False)
    job = await wire(stage, found)
    assert (job["status"], job["attempt"], job["outcome"], job["info"]) == ("failed", 1, outcome, "empty")
    assert (await stage.events("job:failed"))[0]["payload"]["outcome"] == outcome


@pytest.mark.parametrize(("ahead_s", "later_s"), [(3600, 3600), (-3600, 0)])
async def test_a_handler_may_say_when_to_try_again(stage, ahead_s, later_s):
    found = await reach(stage, "executing")
    await found.ask("fail", message="busy", retryAt=to_wire(stage.clock() + ahead_s * 1000))
    row = await stage.row(found.job)
    assert (row.status, row.scheduled_at) == ("scheduled", stage.clock() + later_s * 1000)


@pytest.mark.parametrize("retry", [True, False])
async def test_the_same_failure_again_is_answered_alike_and_counts_once(stage, retry):
    found = await reach(stage, "executing")
    await found.ask("fail", message="shut", retry=retry)
    events = await stage.events()
    assert await found.ask("fail", message="shut", retry=retry) is None
    other = await found.ask("fail", message="other", retry=retry)
    assert other["code"] == "stale_lease"
    assert await stage.events() == events
    assert await stage.rows("SELECT COUNT(*) FROM attempt") == [(1,)]


async def test_a_failure_repeated_when_another_attempt_runs_does_not_touch_it(stage):
    found = await reach(stage, "executing")
    await found.ask("fail", message="shut", retryAt=to_wire(stage.clock()))
    await stage.look()
    await found.listener.grant()
    row = await stage.row(found.job)
    assert await found.ask("fail", message="shut") is None
    assert await stage.row(found.job) == row


async def test_an_attempt_may_fail_without_an_acknowledgement(stage):
    found = await reach(stage, "granted")
    assert await found.ask("fail", message="no such handler") is None
    assert (await stage.row(found.job)).status == "scheduled"


async def test_a_failure_on_the_stream_tells_of_no_success_either(stage):
    found = await reach(stage, "executing")
    await found.ask(
        "fail", message="It broke.", retry=False, outcome={"message": "No rows", "result": "success"}
    )
    assert (await wire(stage, found))["outcome"] == {"message": "No rows"}
