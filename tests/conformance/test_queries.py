"""The queries that the engine lives by: claims in order, what is due, the log in commit order."""

import random
from dataclasses import astuple, replace

import pytest

from listener_sdk.protocol.ids import encode
from server.core.jobs import COLUMNS
from server.core.pace import PastRun
from server.core.parts import Split
from server.core.waiting import place_of, waits
from server.store import curves, job_pages, jobs, log, pace, parts, predecessors
from server.store.job_pages import JobFilter
from server.store.pages import Window

KEY = (1, "workbook:export")


def insert(connection, *rows):
    connection.insert_many("job", COLUMNS, [astuple(row) for row in rows])


# ---- jobs


def test_a_row_comes_back_as_it_was(tx, job):
    full = replace(
        job, id=2**49, status="executing", parent_id=3, rerun_of=4, file_id="us_fl_0000000001", priority=-1000,
        unique_key="k'1", spec='{"label":"Ω"}', info="half\nway", progress=12.5, done=1.5, total=12.0, eta_at=9, eta_given=1,
        outcome="{}", result="[]", attempt=2, fence=3, holder="us_key_1/s", lease_expires_at=8, queue_timeout_ms=7, due_at=6,
    )  # fmt: skip
    insert(tx, job := replace(job, id=1), full)
    assert jobs.load(tx, 1, 1) == job
    assert jobs.load(tx, 1, 2**49) == full
    assert jobs.load(tx, 2, 1) is None
    assert sorted(jobs.load_many(tx, [1, 2**49, 77]), key=lambda row: row.id) == [job, full]
    assert jobs.load_many(tx, []) == []


def test_every_mutable_column_can_be_changed_and_no_fixed_one_is(tx, job):
    insert(tx, replace(job, id=1))
    changed = replace(
        job,
        id=1,
        status="ready",
        priority=4,
        spec="[]",
        updated_at=9,
        progress=1.0,
        fence=2,
        holder="h",
        due_at=3,
    )
    tx.update_many("job", jobs.MUTABLE, [(*(getattr(changed, name) for name in jobs.MUTABLE), 1)])
    assert jobs.load(tx, 1, 1) == changed
    assert set(jobs.MUTABLE) | jobs.FIXED == set(COLUMNS)
    assert not set(jobs.MUTABLE) & jobs.FIXED


def waiting(job, count):
    """Ready jobs of mixed priorities, and others that no claim may take."""
    luck = random.Random(7)
    ready = [
        replace(job, id=n, status="ready", priority=luck.choice((-5, 0, 0, 10))) for n in range(1, count + 1)
    ]
    others = [
        replace(job, id=1001, status="ready", priority=99, holder="us_key_1/s"),
        replace(job, id=1002, status="executing", priority=99),
        replace(job, id=1003, status="ready", priority=99, name="workbook:import"),
        replace(job, id=1004, status="ready", priority=99, space_id=2),
        replace(job, id=1005, priority=99),
    ]
    return ready, others


def in_order(rows):
    return sorted(rows, key=place_of)


START = (-(10**9), 0)


def test_claims_take_the_highest_priority_first_then_the_oldest(tx, job):
    ready, others = waiting(job, 60)
    insert(tx, *random.Random(3).sample(ready + others, len(ready) + len(others)))
    wanted = in_order(ready)
    assert jobs.first_places(tx, KEY, 1_000) == [place_of(row) for row in wanted]
    assert jobs.first_places(tx, KEY, 7) == [place_of(row) for row in wanted[:7]]
    assert jobs.claimable_after(tx, KEY, START, 1_000) == wanted
    assert jobs.claimable_after(tx, KEY, START, 7) == wanted[:7]


@pytest.mark.parametrize("size", [1, 7, 59, 60])
def test_pages_of_claims_follow_each_other_without_gap(tx, job, size):
    ready, others = waiting(job, 60)
    insert(tx, *ready, *others)
    found = page = jobs.claimable_after(tx, KEY, START, size)
    while page:
        page = jobs.claimable_after(tx, KEY, place_of(page[-1]), size)
        found = found + page
    assert found == in_order(ready)


def test_queues_and_counts_name_only_what_waits(tx, job):
    ready, others = waiting(job, 5)
    insert(tx, *ready, *others)
    found = dict(jobs.queues(tx))
    assert set(found) == {(1, "workbook:export"), (1, "workbook:import"), (2, "workbook:export")}
    assert found[1, "workbook:import"] == (-99, 1003)
    assert found[KEY] == place_of(in_order(ready)[0])
    assert jobs.count_ready(tx, 1) == 6
    assert jobs.count_ready(tx, 2) == 1
    assert jobs.count_ready(tx, 3) == 0


def test_holders_and_their_jobs(tx, job):
    insert(tx, *(replace(job, id=n, status="executing", holder=holder) for n, holder in enumerate("abba", 1)))
    insert(tx, replace(job, id=9))
    assert sorted(jobs.held(tx)) == [("a", 2), ("b", 2)]
    assert jobs.held_by(tx, "a") == [1, 4]
    assert jobs.held_by(tx, "nobody") == []


def test_due_jobs_come_with_the_oldest_deadline_first(tx, job):
    insert(tx, *(replace(job, id=n, due_at=at) for n, at in enumerate((50, 10, None, 30, 31), 1)))
    assert jobs.due(tx, 30, 10) == [2, 4]
    assert jobs.due(tx, 9, 10) == []
    assert jobs.due(tx, 100, 2) == [2, 4]


def test_a_deleted_job_takes_along_what_is_its_alone(tx, job):
    insert(tx, replace(job, id=1), replace(job, id=2))
    for job_id in (1, 2):
        tx.insert_many(
            "attempt", ("job_id", "fence", "attempt", "reason", "ended_at"), [(job_id, 1, 1, "failed", 5)]
        )
        tx.insert_many(
            "job_log",
            ("id", "job_id", "attempt", "at", "level", "message"),
            [(job_id, job_id, 1, 1, "info", "m")],
        )
        curves.save(tx, job_id, [(1, 1.0)])
    tx.append_log([(1, "job:created", 1, 0, 0, "{}")])
    jobs.delete(tx, 1)
    for table, column in (
        ("job", "id"),
        ("attempt", "job_id"),
        ("job_log", "job_id"),
        ("job_curve", "job_id"),
    ):
        assert tx.rows(f"SELECT {column} FROM {table}") == [(2,)], table
    assert len(log.page(tx, 0, 9, 9)) == 1


def test_a_job_that_waits_for_its_parts_is_held_by_nobody_s_credit(tx, job):
    for number, ended in enumerate((0, 1, 2), 1):
        insert(tx, replace(job, id=number, status="executing", holder="a", parts=2))
        parts.insert(tx, Split(number, "d", 0, 2, failed=ended))
    insert(tx, replace(job, id=8, status="executing", holder="b", parts=1))
    assert sorted(jobs.held(tx)) == [("a", 1), ("b", 1)]
    assert jobs.held_by(tx, "a") == [1, 2, 3]


# ---- parts and predecessors


def test_a_split_comes_back_as_it_was_saved(tx):
    split = Split(7, "digest", 1, 3)
    parts.insert(tx, split)
    assert parts.load_many(tx, [7, 8]) == [split]
    split.completed, split.failed, split.canceled, split.percent = 1, 0, 1, 33.3
    parts.save(tx, split)
    assert parts.load_many(tx, [7]) == [split]
    assert parts.load_many(tx, []) == []


def test_unfinished_parts_come_in_the_order_of_their_numbers(tx, job):
    insert(
        tx,
        replace(job, id=2, parent_id=1, part=1),
        replace(job, id=3, parent_id=1, part=0),
        replace(job, id=4, parent_id=1, part=2, status="failed", finished_at=5),
        replace(job, id=5, parent_id=1),
        replace(job, id=6, parent_id=9, part=0),
    )
    assert parts.unfinished(tx, 1, 10) == [3, 2]
    assert parts.unfinished(tx, 1, 1) == [3]
    assert parts.unfinished(tx, 7, 1) == []


def test_another_part_that_has_begun_is_found_and_one_that_waits_its_turn_is_not(tx, job):
    insert(
        tx,
        replace(job, id=2, parent_id=1, part=0, status="waiting"),
        replace(job, id=3, parent_id=1, part=1, status="executing"),
        replace(job, id=4, parent_id=1, part=2, status="complete", finished_at=5),
        replace(job, id=5, parent_id=1, status="ready"),
    )
    assert parts.begun(tx, 1, 2) == [3]
    assert parts.begun(tx, 1, 3) == []
    assert parts.begun(tx, 7, 2) == []


def test_the_run_that_counts_as_a_part_is_found(tx, job):
    ended = replace(job, parent_id=1, status="failed", finished_at=5)
    insert(tx, replace(ended, id=2), replace(ended, id=3, part=0), replace(job, id=4, parent_id=1, part=1))
    assert [parts.of_number(tx, 1, number) for number in (0, 1, 2)] == [[3], [4], []]
    assert parts.of_number(tx, 7, 0) == []


def test_parts_are_counted_on_all_levels_and_no_further_than_asked(tx, job):
    insert(
        tx,
        replace(job, id=2, parent_id=1, part=0),
        replace(job, id=3, parent_id=1, part=1, status="complete", finished_at=5),
        replace(job, id=4, parent_id=2, part=0),
        replace(job, id=5, parent_id=4, part=0),
        replace(job, id=6, parent_id=1),
        replace(job, id=7, parent_id=6, part=0),
    )
    assert parts.count_below(tx, 1, 10) == 4
    assert parts.count_below(tx, 1, 3) == 3
    assert parts.count_below(tx, 5, 10) == 0


def test_of_named_jobs_those_that_wait_have_a_place(tx, job):
    ready, others = waiting(job, 3)
    insert(tx, *ready, *others)
    found = jobs.places(tx, [row.id for row in (*ready, *others)] + [10**6])
    assert sorted(found) == sorted((row.key, place_of(row)) for row in (*ready, *others) if waits(row))
    assert jobs.places(tx, []) == []


def test_the_leases_of_one_holder_are_counted_as_those_of_all(tx, job):
    insert(
        tx,
        replace(job, id=1, status="executing", holder="a"),
        replace(job, id=2, status="executing", holder="a", parts=2),
        replace(job, id=3, status="ready", holder="b"),
    )
    parts.insert(tx, Split(2, "d", 0, 2))
    assert {holder: jobs.count_held(tx, holder) for holder in "abc"} == {**dict(jobs.held(tx)), "c": 0}


def test_who_waits_for_whom(tx):
    predecessors.insert(tx, 5, [(1, True), (2, False), (3, True)])
    predecessors.insert(tx, 6, [(1, True)])
    assert predecessors.open_of(tx, 5) == [1, 3]
    assert predecessors.followers(tx, 1) == [5, 6]
    assert predecessors.followers(tx, 2) == []
    predecessors.close(tx, 1)
    assert predecessors.followers(tx, 1) == []
    assert predecessors.still_waiting(tx, [5, 6, 7]) == {5}
    predecessors.remove(tx, 5)
    assert predecessors.open_of(tx, 5) == []


def test_edges_are_followed_as_far_as_asked_also_round_a_circle(tx):
    for job_id, others in ((1, [2]), (2, [3, 4]), (3, [1]), (7, [8])):
        predecessors.insert(tx, job_id, [(other, True) for other in others])
    predecessors.insert(tx, 4, [(5, False)])
    assert sorted(predecessors.open_edges(tx, [1], 100)) == [(1, 2), (2, 3), (2, 4), (3, 1)]
    assert len(predecessors.open_edges(tx, [1, 7], 100)) == 5
    assert len(predecessors.open_edges(tx, [1, 7], 2)) == 2
    assert predecessors.open_edges(tx, [4, 9], 100) == []


def test_ancestors_are_those_above_and_the_job_itself(tx, job):
    insert(
        tx,
        *(replace(job, id=n, parent_id=n - 1 or None) for n in range(1, 6)),
        replace(job, id=9, parent_id=77),
    )
    assert sorted(predecessors.ancestors(tx, 4, 100)) == [1, 2, 3, 4]
    assert len(predecessors.ancestors(tx, 5, 2)) == 2
    assert predecessors.ancestors(tx, 9, 100) == [9]
    assert predecessors.ancestors(tx, 50, 100) == []


# ---- curves


def test_a_curve_is_kept_and_replaced(tx):
    assert curves.load(tx, 1) == []
    curves.save(tx, 1, [(1_767_225_600_000, 0.5), (1_767_225_601_000, 33.333333333333336)])
    assert curves.load(tx, 1) == [(1_767_225_600_000, 0.5), (1_767_225_601_000, 33.333333333333336)]
    curves.save(tx, 1, [(5, 100.0)])
    curves.save(tx, 2, [])
    assert (curves.load(tx, 1), curves.load(tx, 2)) == ([(5, 100.0)], [])


def test_past_runs_are_kept_and_replaced_for_each_space_and_name(tx):
    one = PastRun(7_000, tuple(round(n / 20, 4) for n in range(21)))
    assert pace.load(tx, 1, "a:b") == []
    pace.save(tx, 1, "a:b", [one])
    pace.save(tx, 1, "a:b\tpart", [])
    pace.save(tx, 1, "a:b", [one, one])
    assert pace.load(tx, 1, "a:b") == [one, one]
    assert pace.load(tx, 1, "a:b\tpart") == pace.load(tx, 2, "a:b") == []


# ---- the log


def append(connection, *topics):
    connection.begin()
    return connection.commit([(1, topic, None, 0, 5, f'{{"n":{n}}}') for n, topic in enumerate(topics)])


def test_numbers_are_dense_and_in_the_order_of_commits(database, connection):
    assert append(connection, "a:a", "a:b", "a:c") == 1
    connection.begin()
    connection.append_log([(1, "undone:a", None, 0, 5, "{}")] * 50)
    connection.rollback()
    assert append(connection, "b:a") == 4
    with database.reader() as reader:
        assert [stored.seq for stored in log.page(reader, 0, 100, 100)] == [1, 2, 3, 4]
        assert log.head(reader) == log.Head("e1", 4, 1)


def test_pages_hold_what_lies_between_two_numbers(connection):
    append(connection, *(f"a:{n}" for n in range(10)))
    assert [s.seq for s in log.page(connection, 3, 8, 100)] == [4, 5, 6, 7, 8]
    assert [s.seq for s in log.page(connection, 3, 8, 2)] == [4, 5]
    assert log.page(connection, 10, 100, 5) == []
    assert log.page(connection, 8, 3, 5) == []
    assert log.page(connection, 0, 1, 1) == [log.Stored(1, 1, "a:0", None, 5, '{"n":0}')]


def test_a_reader_never_sees_a_head_beyond_its_events(database, connection, in_thread):
    append(connection, "a:a")
    with database.reader() as reader:
        head = log.head(reader)
        in_thread(lambda: append(connection, "a:b", "a:c"))
        assert [s.seq for s in log.page(reader, 0, 100, 100)] == list(range(1, head.seq + 1)) == [1]


def test_beginning_the_log_again_keeps_it(connection):
    append(connection, "a:a")
    connection.begin()
    log.begin(connection, "e2")
    connection.commit()
    assert log.head(connection) == log.Head("e1", 1, 1)


def test_the_spaces_in_which_a_job_of_a_domain_waits(tx, job):
    ready = replace(job, status="ready")
    insert(
        tx,
        replace(ready, id=1, space_id=7, name="system:noop"),
        replace(ready, id=2, space_id=7, name="system:callWebserviceEndpoint"),
        replace(ready, id=3, space_id=2, name="system:a"),
        replace(ready, id=4, space_id=3, name="systems:noop"),
        replace(ready, id=5, space_id=4, name="syste:noop"),
        replace(ready, id=6, space_id=5, name="system:noop", holder="h"),
        replace(job, id=7, space_id=6, name="system:noop", status="scheduled"),
        replace(ready, id=8, space_id=8, name="system:é"),
    )
    assert jobs.spaces_waiting(tx, "system") == [2, 7, 8]
    assert jobs.spaces_waiting(tx, "other") == []


def test_jobs_are_found_by_a_text_and_a_few_at_a_time(tx, job):
    rows = [replace(job, id=number, info=f"Line {number} of 100 %_Ä", name="a:b") for number in range(1, 9)]
    insert(tx, *rows)

    def listed(window=Window(9), looked_at=None, **wanted):  # noqa: B008 - frozen
        page = job_pages.page(tx, job.space_id, JobFilter(**wanted), window, count=False, looked_at=looked_at)
        return [row.id for row in page.rows], page.last if page.more else None

    assert listed(text="line 3") == ([3], None)
    assert listed(text="%_Ä", ascending=True) == ([*range(1, 9)], None)
    assert listed(text="%x") == ([], None)
    assert listed(text=encode("jb", 5)) == ([5], None)
    assert listed(looked_at=2, name="a:c") == ([], 7)
    assert listed(Window(9, after=7), looked_at=3, name="a:b") == ([6, 5, 4], 4)
    assert listed(Window(9, after=4), looked_at=3, name="a:b") == ([3, 2, 1], None)
    assert listed(created_after=job.created_at, created_before=job.created_at)[0] == [*range(8, 0, -1)]
