"""Commands that remove what is old: what goes together, what stays, and who is told."""

import asyncio

import pytest
from situations import reach
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobCreate
from server.commands import jobs
from server.commands import retention as commands
from server.commands.files import CREATE_FILE, CreateFile
from server.commands.retention import OldEvents, OldFiles, OldJobs, OldKeys
from server.store import retention as sql
from server.store.command import Command
from server.store.idempotency import KEPT_MS

EVENTS = Command("events", commands.remove_events)
FILES = Command("files", commands.remove_files)
JOBS = Command("jobs", commands.remove_jobs)
KEYS = Command("keys", commands.remove_keys)


async def ids(stage):
    return [row[0] for row in await stage.rows("SELECT id FROM job ORDER BY id")]


def part_of(parent, number):
    """A command that makes a part which does not end by itself."""

    def make(tx, _):
        body = JobCreate.model_validate({"type": "workbook", "operation": "export"})
        row = jobs.create(tx, jobs.CreateJob(ADMIN, body, "manual"))
        row.parent_id, row.part = parent, number
        return row.id

    return Command("part", make)


async def test_events_go_and_the_log_says_where_it_begins_in_the_same_commit(stage):
    for _ in range(3):
        await stage.create()
    assert await stage.do(EVENTS, OldEvents(4)) == 3
    assert await stage.rows("SELECT MIN(seq), MAX(seq) FROM event") == [(4, 6)]
    assert await stage.rows("SELECT seq, oldest FROM log_head") == [(6, 4)]


async def test_a_removal_beside_other_commands_of_its_batch_leaves_the_log_dense(stage):
    await stage.create()
    await asyncio.gather(stage.create(), stage.do(EVENTS, OldEvents(3)), stage.create())
    assert [row[0] for row in await stage.rows("SELECT seq FROM event ORDER BY seq")] == [3, 4, 5, 6]
    assert await stage.rows("SELECT seq, oldest FROM log_head") == [(6, 3)]


async def test_a_job_whose_last_event_has_gone_still_ends_once(stage):
    found = await reach(stage, "complete")
    await stage.do(EVENTS, OldEvents(stage.node.log.seq + 1))
    assert await stage.rows("SELECT COUNT(*) FROM event") == [(0,)]
    with pytest.raises(Refusal) as caught:
        await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, found.job.id))
    assert caught.value.code == "illegal_move"
    assert await stage.rows("SELECT COUNT(*) FROM event") == [(0,)]


async def test_of_a_file_that_goes_all_are_told_why_in_its_own_space(stage):
    job = await stage.create()
    row = await stage.do(CREATE_FILE, CreateFile(ADMIN, "a.csv", 3, "text/csv", "one", job.id))
    other = await stage.do(CREATE_FILE, CreateFile(STRANGER, "b.csv", 3, "text/csv", "two"))
    assert await stage.do(FILES, OldFiles((row.id, other.id, 99))) == ["one", "two"]
    first, second = await stage.events("file:deleted")
    assert first["payload"] == {"name": "a.csv", "size": 3, "contentType": "text/csv", "reason": "retention"}
    assert first["context"]["actorId"] == "system"
    assert (first["context"]["fileId"], first["context"]["jobId"]) == (
        encode("fl", row.id),
        encode("jb", job.id),
    )
    assert second["context"]["spaceId"] == "us_sp_elsewhere"
    assert await stage.do(FILES, OldFiles((row.id, other.id))) == []
    assert len(await stage.events("file:deleted")) == 2


async def test_ended_jobs_go_silently_and_unfinished_ones_stay(stage):
    ended = [(await reach(stage, place)).job.id for place in ("complete", "failed", "canceled")]
    others = [(await reach(stage, place)).job.id for place in ("created", "ready", "scheduled", "executing")]
    head = stage.node.log.seq
    assert await stage.do(JOBS, OldJobs((*ended, *others, 999))) == (3, False)
    assert await ids(stage) == others
    assert stage.node.log.seq == head


async def test_a_parent_stays_while_a_child_job_is_there_and_goes_after_it(stage):
    parent = (await reach(stage, "complete")).job.id
    child = (await reach(stage, "complete", parentId=encode("jb", parent))).job.id
    assert await stage.do(JOBS, OldJobs((parent,))) == (0, False)
    assert await stage.do(JOBS, OldJobs((parent, child))) == (1, False)
    assert await stage.do(JOBS, OldJobs((parent, child))) == (1, False)
    assert await ids(stage) == []


async def test_a_parent_stays_for_a_part_that_has_not_ended_and_parts_stay_with_it(stage):
    parent = (await reach(stage, "complete")).job.id
    parts = [await stage.do(part_of(parent, number), None) for number in range(2)]
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, parts[0]))
    assert await stage.do(JOBS, OldJobs((parent, parts[0]))) == (0, False)
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, parts[1]))
    assert await stage.do(JOBS, OldJobs((parts[0],))) == (0, False)
    assert await stage.do(JOBS, OldJobs((parent, parts[0]))) == (2, False)
    assert await stage.do(JOBS, OldJobs((parts[1],))) == (1, False)


async def test_a_child_that_is_made_in_the_same_batch_keeps_its_parent(stage):
    parent = (await reach(stage, "complete")).job
    made, went = await asyncio.gather(
        stage.create(parentId=encode("jb", parent.id)), stage.do(JOBS, OldJobs((parent.id,)))
    )
    assert went == (0, False)
    assert await ids(stage) == [parent.id, made.id]


async def test_what_comes_after_in_the_same_batch_finds_the_job_gone(stage):
    job = (await reach(stage, "complete")).job
    seen = stage.do(jobs.ACK_OUTCOME, jobs.JobAct(ADMIN, job.id))
    after = stage.do(jobs.ACK_OUTCOME, jobs.JobAct(ADMIN, job.id))
    results = await asyncio.gather(seen, stage.do(JOBS, OldJobs((job.id,))), after, return_exceptions=True)
    assert results[1] == (1, False)
    assert isinstance(results[2], Refusal)
    assert results[2].code == "not_found"
    assert len(await stage.events("job:outcome-acknowledged")) == 1


async def test_a_long_log_goes_before_its_job(stage, monkeypatch):
    monkeypatch.setattr(sql.remove_lines, "__defaults__", (3,))
    job = (await reach(stage, "complete")).job
    columns = ("id", "job_id", "attempt", "at", "level", "message")

    def write(tx, _):
        for number in range(7):
            tx.insert("job_log", columns, (number + 1, job.id, 1, 1, "info", "m"))

    await stage.do(Command("write", write), None)
    assert [await stage.do(JOBS, OldJobs((job.id,))) for _ in range(3)] == [(0, True), (0, True), (1, False)]
    assert await stage.rows("SELECT COUNT(*) FROM job_log") == [(0,)]


async def test_idempotency_keys_go_at_most_so_many(stage):
    columns = ("scope", "idem_key", "body_hash", "answer", "created_at")

    def write(tx, _):
        for number in range(4):
            tx.insert("idempotency", columns, ("s", str(number), "h", "{}", tx.now - KEPT_MS + (number == 3)))

    await stage.do(Command("write", write), None)
    assert [await stage.do(KEYS, OldKeys(2)) for _ in range(3)] == [2, 1, 0]
    assert await stage.rows("SELECT idem_key FROM idempotency") == [("3",)]
