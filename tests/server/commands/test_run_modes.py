"""Run modes on a stage: settled with each lease, moved with each success, for the job, its parts and its reruns."""

import pytest
from defined import change, declare, define, start
from modes import ack, begun, complete, defined, goes_by, mark
from splits import children, end, split
from stage import ADMIN, OTHER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobEnd
from server.commands import definition_starts, jobs, outcomes, rest
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.jobs import CancelJob, JobAct
from server.commands.leases import Held
from server.commands.watermarks import RESET_WATERMARK, ResetWatermark
from server.core.views import job_wire
from server.store.command import Command

PARTIAL = {"message": "some", "result": "partial"}
TOPIC = "definition:watermark-moved"


async def run(stage, row, to=None, mode=None, **body):
    """A whole run; what it went by."""
    job = await begun(stage, row, mode)
    await complete(stage, job, to, **body)
    return goes_by(job)


async def ended(stage):
    """What the last end of a job told of the watermark."""
    return (await stage.events("job:completed"))[-1]["payload"].get("watermark")


async def warnings(stage, job):
    return [row[0] for row in await stage.rows("SELECT message FROM job_log WHERE job_id = :id", id=job.id)]


# ---- the mode of a run


async def test_the_first_run_is_full_and_later_ones_go_on_where_the_last_ended(stage):
    row = await defined(stage, delta={"startDate": "2026-01-01T00:00:00Z"})
    assert await run(stage, row, "a") == ("full", "2026-01-01T00:00:00.000Z")
    assert await run(stage, row, "b") == ("delta", "a")
    assert await run(stage, row, "c", mode="full") == ("full", None)
    assert await run(stage, row) == ("delta", "c")
    found = await mark(stage, row)
    assert (found.value, found.version) == ("c", 3)


async def test_what_is_asked_counts_from_the_second_run_on(stage):
    row = await defined(stage, default="full")
    assert await run(stage, row, "a", mode="delta") == ("full", None)
    assert await run(stage, row) == ("full", None)
    assert await run(stage, row, mode="delta") == ("delta", "a")


async def test_nothing_is_settled_before_a_listener_has_the_job(stage):
    row = await defined(stage)
    early = await start(stage, row)
    assert early.described()["modes"] == {"asked": "delta", "onPartial": "keep"}
    assert "runMode" not in early.described()
    await run(stage, row, "a")
    assert goes_by(await ack(stage, early)) == ("delta", "a")


async def test_jobs_go_by_the_modes_that_their_definition_had_when_they_were_made(stage):
    row = await defined(stage)
    await run(stage, row, "a")
    early = await start(stage, row)
    later = await change(stage, modes={"default": "full"})
    assert goes_by(await ack(stage, early)) == ("delta", "a")
    assert goes_by(await begun(stage, later)) == ("full", None)


async def test_a_listener_is_told_with_the_grant_whether_the_job_was_born_leased_or_had_waited(stage):
    row = await defined(stage)
    await run(stage, row, "a")
    await start(stage, row)
    listener = await stage.listener(credit=1)
    waited = await listener.grant()
    done = listener.about("complete", waited, watermark="b", outcome={"message": "m"})
    assert await listener.ask(**done) is None
    born = await start(stage, row)
    granted = (await listener.grant())["job"]
    assert granted["id"] == encode("jb", born.id)
    seen = [(job["runMode"], job["watermark"]) for job in (waited["job"], granted)]
    assert seen == [("delta", {"since": "a", "version": 1}), ("delta", {"since": "b", "version": 2})]
    assert await listener.ask(**done) is None
    assert (await listener.ask(**{**done, "watermark": "z"}))["code"] == "stale_lease"


async def test_a_batch_asks_once_for_all_of_its_leases_and_other_jobs_pay_nothing(stage, monkeypatch):
    rows = [await defined(stage)]
    rows += [
        await define(stage, jobDefinitionCode=code, modes={"default": "delta"}) for code in ("b", "c", "d")
    ]
    await declare(stage, code="plain", modes=["full"])
    plain = await define(stage, jobDefinitionCode="plain", jobType="plain")
    asked = []
    connection = stage.node.writer._connection
    query = connection.rows

    def counted(sql, /, **params):
        if "watermark" in sql:
            asked.append(params)
        return query(sql, **params)

    monkeypatch.setattr(type(connection), "rows", lambda _, sql, /, **params: counted(sql, **params))
    listener = await stage.listener()
    await stage.create()
    await start(stage, plain)
    for _ in range(2):
        granted = await listener.grant()
        assert "watermark" not in granted["job"]
        await listener.ask(**listener.about("complete", granted))
    assert asked == []
    made = Command("all", lambda tx, item: [definition_starts.start(tx, row, item) for row in rows])
    await stage.do(made, definition_starts.Start(ADMIN, {"kind": "api"}))
    frame = await listener.of_type("grants")
    assert [job["job"]["runMode"] for job in frame["jobs"]] == ["full"] * 4
    assert [sorted(one["ids"]) for one in asked] == [[row.id for row in rows]]


# ---- its end


async def test_a_move_is_told_by_the_job_and_as_an_event_of_the_definition(stage):
    row = await defined(stage)
    await run(stage, row, "a")
    job = await begun(stage, row)
    await complete(stage, job, "b")
    assert await ended(stage) == {"from": "a", "to": "b", "moved": True}
    shown = job_wire(await stage.row(job), ADMIN.space)
    assert shown["watermark"] == {"since": "a", "version": 1, "to": "b", "moved": True}
    event = (await stage.events(TOPIC))[-1]
    assert event["payload"] == {
        "definition": "nightly", "jobType": "export", "from": "a", "to": "b", "version": 2,
        "jobId": encode("jb", job.id),
    }  # fmt: skip
    found = await mark(stage, row)
    assert (found.value, found.job_id, found.moved_at) == ("b", job.id, stage.clock())


async def test_a_success_that_says_nothing_is_one_and_moves_nothing(stage):
    row = await defined(stage)
    assert await run(stage, row) == ("full", None)
    assert await ended(stage) is None
    found = await mark(stage, row)
    assert (found.value, found.version, found.succeeded_at) == (None, 0, stage.clock())
    assert await run(stage, row, "a") == ("delta", None)
    await run(stage, row, "a")
    assert await ended(stage) == {"from": "a", "to": "a", "moved": True}
    assert len(await stage.events(TOPIC)) == 1


async def test_failed_and_canceled_runs_leave_it(stage):
    row = await defined(stage)
    failed = await begun(stage, row)
    body = JobEnd.model_validate({"watermark": "z"})
    await stage.do(rest.FAIL, rest.EndJob(ADMIN, failed.id, body))
    canceled = await begun(stage, row)
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, canceled.id))
    assert await mark(stage, row) is None
    assert await run(stage, row, "a") == ("full", None)


@pytest.mark.parametrize(
    ("rule", "after"), [("keep", (None, ("full", None))), ("advance", ("a", ("delta", "a")))]
)
async def test_a_run_that_was_complete_in_part_counts_as_the_definition_says(stage, rule, after):
    row = await defined(stage, onPartial=rule)
    job = await begun(stage, row)
    await complete(stage, job, "a", outcome=PARTIAL)
    found = await mark(stage, row)
    assert ((found and found.value), await run(stage, row)) == after
    told = {"from": None, "to": "a", "moved": rule == "advance"}
    first = (await stage.events("job:completed"))[0]["payload"]["watermark"]
    if rule == "keep":
        assert first == {**told, "reason": "partial"}
        assert "onPartial" in (await warnings(stage, job))[0]
    else:
        assert first == told


async def test_of_two_runs_at_once_the_second_moves_nothing_and_says_so(stage):
    row = await defined(stage)
    await run(stage, row, "a")
    one, two = await begun(stage, row), await begun(stage, row)
    assert goes_by(one) == goes_by(two) == ("delta", "a")
    await complete(stage, two, "c")
    await complete(stage, one, "b")
    assert await ended(stage) == {"from": "c", "to": "b", "moved": False, "reason": "changed"}
    (line,) = await warnings(stage, one)
    assert "not moved to b" in line
    assert "reads from c" in line
    assert (await mark(stage, row)).value == "c"
    assert len(await stage.events(TOPIC)) == 2


async def test_a_reset_while_a_run_goes_on_is_not_undone_by_it(stage):
    row = await defined(stage)
    job = await begun(stage, row)
    await stage.do(RESET_WATERMARK, ResetWatermark(ADMIN, "nightly"))
    await complete(stage, job, "a")
    assert (await mark(stage, row)).is_first
    assert await run(stage, row, "b") == ("full", None)


async def test_an_attempt_that_lost_its_lease_moves_nothing_and_the_next_is_settled_anew(stage):
    row = await defined(stage)
    slow = await start(stage, row)
    listener = await stage.listener(credit=1)
    first = await listener.grant()
    assert (first["job"]["runMode"], first["job"]["watermark"]["version"]) == ("full", 0)
    await listener.listen(credit=0)
    quick = await begun(stage, row)
    await complete(stage, quick, "a")
    await listener.ask(**listener.leases("release", first))
    again = await ack(stage, slow, OTHER)
    assert goes_by(again) == ("delta", "a")
    held = Held(f"{ADMIN.key_id}/session-one", 1, slow.id, first["fence"])
    with pytest.raises(Refusal) as caught:
        await stage.do(outcomes.COMPLETE, outcomes.CompleteLease(held, watermark="z"))
    assert caught.value.code == "stale_lease"
    assert (await mark(stage, row)).value == "a"


async def test_the_same_end_again_is_answered_alike(stage):
    row = await defined(stage)
    job = await begun(stage, row)
    done = await complete(stage, job, "a")
    assert await complete(stage, job, "a") == done
    with pytest.raises(Refusal) as caught:
        await complete(stage, job, "b")
    assert caught.value.code == "illegal_move"
    assert (await mark(stage, row)).version == 1


async def test_a_job_may_begin_and_end_in_one_batch(stage):
    row = await defined(stage)
    job = await start(stage, row)

    def both(tx, _):
        rest.ack(tx, rest.AckJob(ADMIN, job.id, JobAck()))
        rest.complete(tx, rest.EndJob(ADMIN, job.id, JobEnd.model_validate({"watermark": "a"})))

    await stage.do(Command("both", both), None)
    assert (await mark(stage, row)).value == "a"
    assert goes_by(await stage.row(job)) == ("full", None)


async def test_a_job_that_is_deleted_in_the_batch_of_its_lease_is_forgotten(stage):
    row = await defined(stage)
    job = await start(stage, row)

    def both(tx, _):
        rest.ack(tx, rest.AckJob(ADMIN, job.id, JobAck()))
        jobs.delete(tx, JobAct(ADMIN, job.id))

    await stage.do(Command("both", both), None)
    assert await stage.rows("SELECT id FROM job") == []


async def test_jobs_without_a_watermark_may_not_say_one(stage):
    await declare(stage, code="plain", modes=["full"])
    plain = await start(stage, await define(stage, jobType="plain"))
    for job in (plain, await stage.create()):
        await ack(stage, job)
        with pytest.raises(Refusal, match="has the mode delta") as caught:
            await complete(stage, job, "a")
        assert (caught.value.code, caught.value.key) == ("invalid", "watermark")
        assert (await complete(stage, job)).status == "complete"
    listener = await stage.listener()
    await stage.create()
    answer = await listener.ask(**listener.about("complete", await listener.grant(), watermark="a"))
    assert (answer["code"], answer["key"]) == ("invalid", "watermark")


# ---- parts and reruns


async def test_parts_see_what_their_job_goes_by_and_only_the_job_moves_it(stage):
    row = await defined(stage)
    await run(stage, row, "a")
    job = await begun(stage, row)
    await split(stage, job, 2, parallel=True)
    parts = await children(stage, job)
    assert [goes_by(part) for part in parts] == [("delta", "a")] * 2
    assert [part.run_modes for part in parts] == [None, None]
    await ack(stage, parts[0])
    with pytest.raises(Refusal, match="it is a part"):
        await complete(stage, parts[0], "z")
    await complete(stage, parts[0])
    await end(stage, parts[1])
    await complete(stage, await stage.row(job), "b")
    assert (await mark(stage, row)).value == "b"


async def test_parts_that_were_made_before_their_job_began_are_told_when_they_begin(stage):
    row = await defined(stage)
    job = await start(stage, row, given={"trigger": "manual"})
    await split(stage, job, 1, parallel=True)
    (part,) = await children(stage, job)
    await split(stage, part, 1, parallel=True)
    (below,) = await children(stage, part)
    assert "runMode" not in below.described()
    await run(stage, row, "a")
    await stage.do(jobs.EXECUTE, JobAct(ADMIN, job.id))
    assert goes_by(await ack(stage, below)) == ("delta", "a")
    assert goes_by(await stage.row(job)) == goes_by(await stage.row(part)) == ("delta", "a")
    assert (await stage.row(below)).run_modes is None


async def test_another_attempt_of_a_job_that_was_split_goes_by_what_its_parts_went_by(stage):
    row = await defined(stage)
    await run(stage, row, "a")
    job = await start(stage, row)
    listener = await stage.listener(credit=1)
    granted = await listener.grant()
    await split(stage, job, 1, parallel=True)
    await listener.listen(credit=0)
    await run(stage, row, "b")
    await listener.ask(**listener.leases("release", granted))
    again = await ack(stage, job)
    assert goes_by(again) == ("delta", "a")
    await complete(stage, again, "c")
    assert (await ended(stage))["moved"] is False


async def test_a_rerun_is_settled_anew(stage):
    row = await defined(stage)
    failed = await begun(stage, row)
    await stage.do(rest.FAIL, rest.EndJob(ADMIN, failed.id, JobEnd()))
    await run(stage, row, "a")
    again = await stage.do(jobs.RETRY, JobAct(ADMIN, failed.id))
    assert "runMode" not in again.described()
    assert goes_by(await ack(stage, again)) == ("delta", "a")


async def test_a_rerun_of_a_definition_that_is_gone_moves_nothing(stage):
    row = await defined(stage)
    job = await begun(stage, row)
    await complete(stage, job, "a")
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await mark(stage, row) is None
    again = await ack(stage, await stage.do(jobs.RETRY, JobAct(ADMIN, job.id)))
    assert goes_by(again) == ("full", None)
    await complete(stage, again, "b")
    assert await ended(stage) == {"from": None, "to": "b", "moved": False, "reason": "changed"}
    assert await mark(stage, row) is None


async def test_tags_and_notes_that_change_leave_the_modes(stage):
    row = await defined(stage)
    job = await start(stage, row, given={"tags": ["x"]})
    for body in ({"tags": ["y", "z"]}, {"metadata": {"a": 1}}, {"tags": []}):
        changed = await stage.do(rest.UPDATE, jobs.UpdateJob(ADMIN, job.id, jobs.JobUpdate(**body)))
        assert changed.run_modes == {"asked": "delta", "onPartial": "keep"}
    assert goes_by(await ack(stage, job)) == ("full", None)
