"""Which jobs an act on many may be done to, and whose unique keys are taken."""

import pytest
from situations import EVERYWHERE, reach
from stage import ADMIN, STRANGER, opened

from server.commands import jobs
from server.store import bulk
from server.store.job_pages import JobFilter

EVERY = JobFilter()
ENDED = ("complete", "failed", "canceled")


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def everywhere(stage):
    """A job in every status; the one that executes is held by a key."""
    return {
        place: (await reach(stage, place)).job.id
        for place in EVERYWHERE
        if place not in {"granted", "executing"}
    }


async def ask(stage, query, *args):
    return await stage.node.read(lambda reader: query(reader, *args))


async def test_an_act_is_done_to_jobs_that_allow_it(stage):
    ids = await everywhere(stage)
    unfinished = [number for place, number in ids.items() if place not in ENDED]
    assert await ask(stage, bulk.candidates, 1, EVERY, "cancel", 100) == sorted(unfinished)
    assert await ask(stage, bulk.candidates, 1, EVERY, "retry", 100) == [ids[place] for place in ENDED]
    assert await ask(stage, bulk.count, 1, EVERY, "cancel") == len(unfinished)
    assert await ask(stage, bulk.still, 1, EVERY, "retry", [*ids.values(), 999]) == [
        ids[place] for place in ENDED
    ]


async def test_the_oldest_come_first_and_no_more_than_asked_for(stage):
    made = [(await stage.create()).id for _ in range(3)]
    await stage.create(actor=STRANGER)
    assert await ask(stage, bulk.candidates, 1, EVERY, "cancel", 2) == made[:2]
    assert await ask(stage, bulk.still, 1, EVERY, "cancel", made[::-1]) == made
    assert await ask(stage, bulk.still, 2, EVERY, "cancel", made) == []


async def test_filters_narrow_it_down(stage):
    await stage.create("workbook:import")
    job = await stage.create(fileId="us_fl_1")
    wanted = JobFilter(statuses=("ready",), name="workbook:*", file_id="us_fl_1")
    assert await ask(stage, bulk.candidates, 1, wanted, "cancel", 10) == [job.id]
    assert await ask(stage, bulk.count, 1, wanted, "cancel") == 1
    assert await ask(stage, bulk.count, 1, JobFilter(statuses=("complete",)), "cancel") == 0


async def test_a_job_with_a_rerun_is_stood_for_by_it(stage):
    old = (await reach(stage, "failed")).job
    again = await stage.do(jobs.RETRY, jobs.JobAct(ADMIN, old.id))
    assert await ask(stage, bulk.count, 1, EVERY, "retry") == 0
    assert await ask(stage, bulk.running_again, [old.id, again.id]) == {old.id: again.id}
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, again.id))
    assert await ask(stage, bulk.candidates, 1, EVERY, "retry", 10) == [again.id]
    assert await ask(stage, bulk.still, 1, EVERY, "retry named", [old.id]) == [old.id]
    assert await ask(stage, bulk.running_again, [old.id]) == {}


async def test_a_job_whose_unique_key_is_taken_cannot_run_again(stage):
    old = await stage.create(uniqueKey="k")
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, old.id))
    assert await ask(stage, bulk.count, 1, EVERY, "retry") == 1
    await stage.create(uniqueKey="k")
    for act in ("retry", "retry named"):
        assert await ask(stage, bulk.still, 1, EVERY, act, [old.id]) == []


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 205])
async def test_keys_are_found_however_many_are_asked_for(stage, count):
    held = {f"k{n}": (await stage.create(uniqueKey=f"k{n}")).id for n in range(0, count, 50)}
    await stage.create(uniqueKey="k1", actor=STRANGER)
    assert await ask(stage, bulk.unfinished_with_keys, 1, [f"k{n}" for n in range(count)]) == held


async def test_searches_use_the_indexes_that_stand_for_them(stage):
    """None of what the writer asks reads through the table of jobs."""

    def plans(reader):
        asked = []

        class Spy:
            def rows(self, sql, /, **params):
                asked.append([row[3] for row in reader.rows(f"EXPLAIN QUERY PLAN {sql}", **params)])
                return []

        for act in bulk.MAY:
            bulk.still(Spy(), 1, JobFilter(name="workbook:*", statuses=ENDED), act, [1, 2])
        bulk.running_again(Spy(), [1, 2])
        bulk.unfinished_with_keys(Spy(), 1, ["a", "b"])
        return asked

    for plan in await stage.node.read(plans):
        assert not [
            step
            for step in plan
            if step.startswith("SCAN") and not ("json_each" in step or step == "SCAN above")
        ], plan
