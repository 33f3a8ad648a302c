"""What calls about many jobs and execution plans ask of the store."""

from dataclasses import astuple, replace

from server.core.jobs import COLUMNS
from server.store import bulk, plans
from server.store.job_pages import JobFilter

EVERY = JobFilter()


def insert(connection, *rows):
    connection.insert_many("job", COLUMNS, [astuple(row) for row in rows])


STATUSES = (
    "created",
    "planning",
    "scheduled",
    "ready",
    "executing",
    "waiting",
    "complete",
    "failed",
    "canceled",
)


def test_an_act_is_done_to_jobs_that_allow_it(tx, job):
    insert(tx, *(replace(job, id=number, status=status) for number, status in enumerate(STATUSES, 1)))
    insert(
        tx, replace(job, id=10, status="executing", cancel_requested_at=5), replace(job, id=11, space_id=2)
    )
    assert bulk.candidates(tx, 1, EVERY, "cancel", 100) == [1, 2, 3, 4, 5, 6]
    assert bulk.candidates(tx, 1, EVERY, "cancel", 2) == [1, 2]
    assert bulk.candidates(tx, 1, EVERY, "retry", 100) == [7, 8, 9]
    assert bulk.candidates(tx, 1, EVERY, "acknowledge", 100) == [7, 8, 9]
    assert bulk.still(tx, 1, EVERY, "cancel", [12, 10, 9, 5, 1]) == [1, 5]
    assert bulk.still(tx, 1, EVERY, "retry named", []) == []
    assert [bulk.count(tx, space, EVERY, "cancel") for space in (1, 2, 3)] == [6, 1, 0]


def test_every_part_of_a_filter_narrows_it_down(tx, job):
    insert(
        tx,
        replace(job, id=1, status="ready", source="s", file_id="f", parent_id=9, created_at=50),
        replace(job, id=2, status="ready", name="sheet:import", created_at=60),
    )
    only_first = (
        JobFilter(statuses=("ready", "failed"), name="work*:export"),
        JobFilter(type="workbook", operation="export"),
        JobFilter(source="s"),
        JobFilter(file_id="f", parent_id=9),
        JobFilter(name="workbook:**"),
        JobFilter(name="**:export"),
        JobFilter(created_after=50, created_before=59),
    )
    for wanted in only_first:
        assert bulk.candidates(tx, 1, wanted, "cancel", 10) == [1], wanted
        assert bulk.still(tx, 1, wanted, "cancel", [1, 2]) == [1], wanted
        assert bulk.count(tx, 1, wanted, "cancel") == 1, wanted
    assert bulk.candidates(tx, 1, JobFilter(top_level=True), "cancel", 10) == [2]


def test_reruns_stand_for_what_they_run_again(tx, job):
    insert(
        tx,
        replace(job, id=1, status="failed", finished_at=5),
        replace(job, id=2, status="failed", finished_at=6, rerun_of=1),
        replace(job, id=3, status="failed", finished_at=7),
        replace(job, id=4, status="ready", rerun_of=3),
    )
    assert bulk.candidates(tx, 1, EVERY, "retry", 10) == [2]
    assert bulk.still(tx, 1, EVERY, "retry named", [1, 2, 3, 4]) == [1, 2]
    assert bulk.running_again(tx, [1, 2, 3]) == {3: 4}


def test_the_newest_run_of_a_job_is_found_however_often_it_was_run_again(tx, job):
    insert(
        tx,
        *(
            replace(job, id=number, rerun_of=old)
            for number, old in ((1, None), (2, 1), (4, 2), (3, 1), (5, None))
        ),
    )
    assert bulk.newest_runs(tx, [1, 2, 5, 9]) == {1: 4, 2: 4, 5: 5}
    assert bulk.newest_runs(tx, []) == {}


def test_parts_of_what_was_run_again_are_not_meant(tx, job):
    ended = replace(job, status="failed", finished_at=5)
    by_itself = '{"partData":{},"part":1}'
    insert(
        tx,
        replace(ended, id=1),
        replace(ended, id=2, parent_id=1, part=0),
        replace(ended, id=3, parent_id=2, part=0),
        replace(ended, id=4, parent_id=1, rerun_of=99, spec=by_itself),
        replace(ended, id=5, parent_id=1),
        replace(ended, id=6, parent_id=4, part=0),
        replace(ended, id=7, parent_id=5, part=0),
    )
    assert bulk.candidates(tx, 1, EVERY, "retry", 10) == [1, 2, 3, 4, 5, 6, 7]
    insert(tx, replace(ended, id=8, rerun_of=1))
    assert bulk.candidates(tx, 1, EVERY, "retry", 10) == [5, 7, 8]
    assert bulk.still(tx, 1, EVERY, "retry named", [1, 2, 4]) == [1, 2, 4]


def test_unique_keys_that_are_taken(tx, job):
    insert(
        tx,
        replace(job, id=1, status="failed", finished_at=5, unique_key="k0"),
        replace(job, id=2, status="ready", unique_key="k0"),
        replace(job, id=3, status="failed", finished_at=5, unique_key="k1"),
        replace(job, id=4, status="ready", unique_key="k'150"),
        replace(job, id=5, space_id=2, status="ready", unique_key="k1"),
    )
    assert bulk.candidates(tx, 1, EVERY, "retry", 10) == [3]
    asked = [*(f"k{n}" for n in range(150)), "k'150"]
    assert bulk.unfinished_with_keys(tx, 1, asked) == {"k0": 2, "k'150": 4}
    assert bulk.unfinished_with_keys(tx, 2, asked) == {"k1": 5}


def test_a_plan_is_kept_and_replaced(tx):
    assert plans.load(tx, 7) is None
    plans.save(tx, 7, {"fieldMapping": [{"a": "Ω'"}]})
    plans.save(tx, 7, {"fieldMapping": []})
    assert plans.load(tx, 7) == {"fieldMapping": []}
