"""The history on every database: found by each filter, paged without loss, and the health that runs leave."""

import itertools
import threading
from contextlib import closing

import pytest
from defined import change, declare, define, start
from history import fail, failed, listed, missed, slot, succeeded
from modes import ack, complete
from scheduled import schedule
from stage import ADMIN, SPACE, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from server.commands import due_runs, jobs
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.jobs import CancelJob, JobAct
from server.core.health import Health
from server.core.reach import Reach
from server.core.runs import NEWEST, Facets, Place, place_of_job, place_of_missed
from server.store import clearing, health, run_pages, runs, schedules
from server.store.command import Command
from server.store.database import AgainError
from server.store.run_pages import RunFilter

PERSON = {"kind": "person", "memberId": "us_mem_0000000001"}
SCHEDULED = {"kind": "schedule", "scheduleId": "us_sch_0000000007", "dueTime": "2026-01-01T00:00:00.000Z"}


@pytest.fixture
async def rich(stage):
    """Runs of two definitions, oldest first: each a second after the one before it."""
    await declare(stage)
    row = await define(stage, target="shop")
    other = await define(stage, jobDefinitionCode="other")
    made = {}
    for name, act in {
        "success": lambda: succeeded(stage, row),
        "partial": lambda: succeeded(stage, row, "partial", by=PERSON),
        "failed": lambda: failed(stage, row, by=SCHEDULED),
        "delta": lambda: succeeded(stage, row, mode="delta"),
        "other": lambda: failed(stage, other),
        "canceled": lambda: start(stage, row, mode="delta"),
        "running": lambda: start(stage, row),
    }.items():
        stage.clock.forward(1)
        made[name] = await act()
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, made["canceled"].id))
    made["again"] = await stage.do(jobs.RETRY, JobAct(ADMIN, made["failed"].id))
    at = made["delta"].created_at
    await missed(
        stage,
        slot(7, at + 1, row.id),
        slot(7, at + 2, row.id, result="failed", reason="owner_inactive", times=3),
        slot(8, at + 2, other.id),
        slot(7, at + 3, row.id, result=None, reason=None, job_id=made["failed"].id),
        slot(9, at + 1, 99, space_id=2),
        slot(10, at + 1, None),
    )
    return row, other, made


async def page(stage, wanted, size=100, before=NEWEST, space_id=1):
    return await stage.node.read(lambda reader: run_pages.page(reader, space_id, wanted, size, before))


def words(rows):
    return [
        run.job.status if run.job is not None else f"{run.missed.result} of {run.missed.schedule_id}"
        for run in rows
    ]


async def test_a_page_has_jobs_and_missed_due_times_newest_first(stage, rich):
    rows, more = await page(stage, RunFilter())
    assert words(rows) == [
        "ready", "ready", "canceled", "failed", "skipped of 8", "failed of 7", "skipped of 7", "complete", "failed",
        "complete", "complete",
    ]  # fmt: skip
    assert not more
    assert [run.code for run in rows if run.missed] == ["other", "nightly", "nightly"]
    assert words((await page(stage, RunFilter(), space_id=2))[0]) == ["skipped of 9"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"results": {"failed"}}, ["failed", "failed of 7", "failed"]),
        ({"results": {"skipped"}}, ["skipped of 8", "skipped of 7"]),
        ({"results": {"running", "canceled"}}, ["ready", "ready", "canceled"]),
        ({"results": {"partial"}}, ["complete"]),
        ({"modes": {"delta"}}, ["complete"]),
        ({"triggers": {"person"}}, ["complete"]),
        ({"triggers": {"retry"}}, ["ready"]),
        ({"triggers": {"schedule"}}, ["skipped of 8", "failed of 7", "skipped of 7", "failed"]),
        ({"schedule": 7}, ["ready", "failed of 7", "skipped of 7", "failed"]),
        ({"schedule": 7, "results": {"failed"}, "modes": {"full"}}, ["failed"]),
        ({"schedule": 9}, []),
        ({"results": {"failed"}, "triggers": {"person"}}, []),
        ({"missed": False, "results": {"failed"}}, ["failed", "failed"]),
        ({"within": Reach(jobs=("other:*",)), "missed": False}, []),
        ({"within": Reach(definition="other"), "missed": False}, ["failed"]),
    ],
)
async def test_each_filter_leaves_what_it_says(stage, rich, wanted, expected):
    fields = {name: frozenset(value) if isinstance(value, set) else value for name, value in wanted.items()}
    assert words((await page(stage, RunFilter(**fields)))[0]) == expected


async def test_definitions_and_times_leave_what_they_say(stage, rich):
    row, other, made = rich
    assert words((await page(stage, RunFilter(definitions=(other.id,))))[0]) == ["failed", "skipped of 8"]
    assert words((await page(stage, RunFilter(definitions=(other.id,), schedule=7)))[0]) == []
    assert words((await page(stage, RunFilter(definitions=())))[0]) == []
    both = (await page(stage, RunFilter(definitions=(row.id, other.id))))[0]
    assert both == (await page(stage, RunFilter()))[0]
    at = made["delta"].created_at
    within = RunFilter(since=at + 1, until=at + 2)
    assert words((await page(stage, within))[0]) == ["skipped of 8", "failed of 7", "skipped of 7"]
    until = RunFilter(until=at, definitions=(row.id,))
    assert words((await page(stage, until))[0]) == ["complete", "failed", "complete", "complete"]


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_lose_and_double_nothing_while_runs_end_and_begin(stage, rich, size):
    row, _, made = rich
    # Of one instant there are several.
    at = made["other"].created_at
    await missed(stage, slot(7, at, row.id), slot(8, at, row.id), slot(8, at + 9, row.id, at=at))
    whole = [run.place for run in (await page(stage, RunFilter()))[0]]
    assert whole == sorted(whole, reverse=True)
    found, before, more = [], NEWEST, True
    for turn in itertools.count():
        if not more:
            break
        rows, more = await page(stage, RunFilter(), size, before)
        found += [run.place for run in rows]
        before = Place.read(rows[-1].place.text)
        assert before == rows[-1].place
        if turn == 0:
            await complete(stage, await ack(stage, made["running"]))
            stage.clock.forward(1)
            await start(stage, row)
    assert found == whole


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_runs_of_many_definitions_are_merged_in_their_order(stage, size):
    """Of those whose first run comes later than the page nothing more is read."""
    await declare(stage)
    rows = [await define(stage, jobDefinitionCode=f"d{n}") for n in range(6)]
    places = []
    for turn in range(3):
        for number, row in enumerate(rows):
            if number % 2 or turn:
                stage.clock.forward(number % 3)
                job = await start(stage, row, by=SCHEDULED if number < 3 else PERSON)
                places.append(place_of_job(stage.clock.ms, job.id))
            left_out = slot(
                number + 1, turn, row.id, at=stage.clock.ms, result=("failed", "skipped")[turn % 2]
            )
            await missed(stage, left_out)
            places.append(place_of_missed(left_out))
    for wanted in (RunFilter(definitions=tuple(row.id for row in rows)), RunFilter()):
        found, before, more = [], NEWEST, True
        while more:
            page_of, more = await page(stage, wanted, size, before)
            found += [run.place for run in page_of]
            before = found[-1]
        assert found == sorted(places, reverse=True)


async def test_a_run_is_found_by_its_facets_through_all_its_life(stage):
    await declare(stage)
    row = await define(stage)

    async def facets(job):
        [[text]] = await stage.rows("SELECT facets FROM job_run WHERE id = :id", id=job.id)
        return Facets.read(text)

    first = await start(stage, row)
    assert await facets(first) == ("running", None, "api")
    await ack(stage, first)
    assert await facets(first) == ("running", "full", "api")
    await complete(stage, first)
    assert await facets(first) == ("success", "full", "api")
    again = await stage.do(jobs.RETRY, JobAct(ADMIN, first.id))
    assert await facets(again) == ("running", None, "retry")
    await stage.do(jobs.DELETE, JobAct(ADMIN, again.id))
    assert await stage.rows("SELECT id FROM job_run") == [(first.id,)]
    plain = await stage.create()
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, plain.id))
    assert await stage.rows("SELECT COUNT(*) FROM job_run") == [(1,)]


async def test_one_run_is_read_with_its_reason(stage, rich):
    row, _, made = rich

    def read(space_id, act, *key):
        return stage.node.read(lambda reader: act(reader, space_id, *key))

    assert (await read(1, run_pages.load_job, made["failed"].id)).job.info == "No."
    assert await read(2, run_pages.load_job, made["failed"].id) is None
    at = made["delta"].created_at
    assert (await read(1, run_pages.load_missed, 7, at + 2)).missed.times == 3
    assert await read(1, run_pages.load_missed, 7, at + 3) is None
    assert await read(2, run_pages.load_missed, 7, at + 2) is None
    plain = await stage.create()
    assert await read(1, run_pages.load_job, plain.id) is None
    held = await ack(stage, await start(stage, row))
    stage.clock.forward(90_000)
    # The first look after a start spares all leases.
    await stage.look()
    stage.clock.forward(60)
    await stage.look()
    assert (await read(1, run_pages.load_job, held.id)).reason == "total time-out"


async def test_health_turns_with_the_first_failure_and_the_next_success(stage):
    await declare(stage)
    row = await define(stage)

    async def told():
        return [
            (one["topic"], one["payload"].get("jobId"))
            for one in await stage.events("definition:failing", "definition:recovered")
        ]

    async def known():
        return (await stage.node.read(lambda reader: health.load_many(reader, [row.id]))).get(row.id)

    await succeeded(stage, row)
    assert await known() is None
    first = await failed(stage, row)
    since = stage.clock.ms
    stage.clock.forward(1)
    second = await failed(stage, row)
    assert await known() == Health(row.id, 1, since, 2, stage.clock.ms, second.id)
    await succeeded(stage, row, "partial")
    canceled = await start(stage, row)
    await stage.do(jobs.CANCEL, CancelJob(ADMIN, canceled.id))
    assert (await known()).failures == 2
    again = await stage.do(jobs.RETRY, JobAct(ADMIN, second.id))
    await complete(stage, await ack(stage, again))
    assert await known() is None
    names = [encode("jb", job.id) for job in (first, again)]
    assert await told() == [("definition:failing", names[0]), ("definition:recovered", names[1])]
    [failing, recovered] = await stage.events("definition:failing", "definition:recovered")
    assert failing["payload"]["message"] == "No."
    assert (failing["payload"]["definition"], failing["payload"]["jobType"]) == ("nightly", "export")
    assert recovered["payload"]["failures"] == 2
    assert failing["payload"]["since"] == recovered["payload"]["since"]


async def test_nothing_stays_of_a_definition_or_space_that_is_gone(stage):
    await declare(stage)
    row = await define(stage)
    await failed(stage, row)
    await missed(stage, slot(1, 5, row.id), slot(2, 5, 99, space_id=2))
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await stage.rows("SELECT * FROM definition_health") == []
    # What has run stays in the history.
    assert await listed(stage) == ["failed"]
    await missed(stage, slot(1, 5, row.id))
    connection = stage.database.connect()
    connection.begin()
    clearing.forget(connection, SPACE.id)
    connection.commit()
    connection.close()
    assert await stage.rows("SELECT space_id FROM slot") == [(STRANGER.space.id,)]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_failures_of_two_servers_are_counted_together(stage, backend, place):
    """Both see no row, and begin one: the second waits for the first, and goes on from what that has written."""
    await declare(stage)
    row = await define(stage)
    found = []

    def second():
        with closing(stage.database.connect()) as connection:
            while not found:
                connection.begin()
                try:
                    found.append(health.begin(connection, {row.id, 999}))
                    connection.commit()
                except AgainError:
                    connection.rollback()

    with closing(stage.database.connect()) as first:
        first.begin()
        [fresh] = health.begin(first, {row.id}).values()
        assert not fresh.failing
        thread = threading.Thread(target=second)
        thread.start()
        health.save(first, [fresh.failed(5, None)])
        first.commit()
    thread.join(30)
    assert found == [{row.id: Health(row.id, 1, 5, 1, 5, None)}]


async def test_a_definition_is_changed_while_it_fails(stage):
    await declare(stage)
    row = await define(stage)
    job = await start(stage, row)
    await change(stage, enabled=False)
    await fail(stage, job)
    assert (await stage.node.read(lambda reader: health.load_many(reader, [row.id])))[row.id].failing


async def test_a_due_time_is_made_up_for_and_found_by_its_schedule(stage):
    await declare(stage)
    row = await define(stage)
    made = await schedule(stage, params={"url": "{{ dueTime }}"})
    await missed(stage, slot(made.id, 5, row.id))
    asked = due_runs.Asked(ADMIN, made.id, 5, {"limit": 1}, None)
    item = await stage.node.read(lambda reader: due_runs.prepared(reader, asked))
    job = await stage.do(due_runs.RUN_DUE, item)
    assert job.described()["input"] == {"url": "1970-01-01T00:00:00.005Z", "limit": 1}
    assert await stage.rows("SELECT job_id, result FROM slot") == [(job.id, "skipped")]
    [run] = (await page(stage, RunFilter(schedule=made.id, triggers=frozenset({"retry"}))))[0]
    assert run.job.id == job.id
    with pytest.raises(Refusal, match="has not ended"):
        await stage.do(due_runs.RUN_DUE, item)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_two_servers_make_up_for_a_due_time_one_after_the_other(stage):
    """The second waits for the first, and sees what that has made."""
    await missed(stage, slot(7, 5, 1))
    found = []

    def second():
        with closing(stage.database.connect()) as connection:
            while not found:
                connection.begin()
                try:
                    found.append(schedules.keep_missed(connection, 1, 7, 5).job_id)
                    connection.commit()
                except AgainError:
                    connection.rollback()

    with closing(stage.database.connect()) as first:
        first.begin()
        kept = schedules.keep_missed(first, 1, 7, 5)
        thread = threading.Thread(target=second)
        thread.start()
        schedules.made_up_for(first, kept, 99)
        first.commit()
    thread.join(30)
    assert (kept.job_id, found) == (None, [99])


async def test_one_look_tells_what_ends_of_runs_have_to_do_with(stage):
    await declare(stage)
    well, ill, waits, off = [await define(stage, jobDefinitionCode=code) for code in ("a", "b", "c", "d")]
    await failed(stage, ill)
    statement = "UPDATE schedule SET queued_at = 1, enabled = :enabled WHERE id = :id"
    queue = Command("queue", lambda tx, one: tx.connection.run(statement, **one))
    for row, enabled in ((waits, 1), (off, 0)):
        made = await schedule(stage, definition=row.code)
        await stage.do(queue, {"enabled": enabled, "id": made.id})
    ids = {one.id for one in (well, ill, waits, off)}
    found = await stage.node.read(lambda reader: runs.marked(reader, ids))
    assert found == runs.Marked({ill.id}, {waits.id})
