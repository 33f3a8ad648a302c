"""Each promise is judged: a history that keeps it passes, and one that breaks it is told by its number."""

from dataclasses import replace

import orjson
import pytest

from server.store import jobs as jobs_sql
from server.store.log import Stored
from server.virtual.history import Ask, End, Followed, LostLease
from server.virtual.invariants import violations
from server.virtual.listeners import Failed
from server.virtual.world import run


@pytest.fixture
def lived():
    """A history of one job that needed two attempts, and its row: all promises kept."""

    async def scenario(world):
        async def work(job):
            if job.attempt == 1:
                raise Failed("Once more.")

        world.listener(work=work, name="listener-one")
        await world.create("report:make", key="mine")
        await world.settle()
        (row,) = world.rows(jobs_sql.SELECT)
        return world.history, jobs_sql.from_db(row)

    return run(scenario)


def broken(history, *rows):
    return {one.promise for one in violations(history, list(rows))}


def told(seq, topic, job_id=1, **payload):
    return Stored(seq, 1, topic, job_id, 0, orjson.dumps({"payload": payload}).decode())


def test_what_is_kept_is_no_violation(lived):
    assert broken(*lived) == set()


def test_a_job_that_was_promised_exists(lived):
    history, row = lived
    history.asks["other"] = Ask("report:make", "us_jb_0000000009")
    assert broken(history, row) == {"I1"}


def test_what_nobody_knows_breaks_no_promise(lived):
    history, row = lived
    history.asks["other"] = Ask("report:make")
    history.ends.append(End(0.0, "listener-two", 1, 1, 1, "complete"))
    assert broken(history, row) == set()


def test_jobs_do_not_stay_behind(lived):
    history, row = lived
    assert "I1" in broken(history, replace(row, status="ready"))


def test_a_job_has_been_created_once(lived):
    history, row = lived
    history.log[:] = [one for one in history.log if one.topic != "job:created"]
    assert "I2" in broken(history, row)


def test_two_keys_make_two_jobs(lived):
    history, row = lived
    history.asks["other"] = history.asks["mine"]
    assert broken(history, row) == {"I11"}


def test_a_job_ends_once(lived):
    history, row = lived
    history.log.append(told(history.log[-1].seq + 1, "job:completed", status="complete"))
    assert broken(history, row) == {"I3"}


def test_what_was_taken_stands_in_the_log(lived):
    history, row = lived
    history.log[:] = [one for one in history.log if one.topic != "job:attempt-failed"]
    assert "I3" in broken(history, row)


def test_fences_rise(lived):
    history, row = lived
    history.grants[1] = history.grants[1]._replace(fence=1)
    assert "I4" in broken(history, row)


def test_listeners_hear_of_what_they_were_given(lived):
    history, row = lived
    history.heard.add(("listener-two", 1, 2))
    assert broken(history, row) == {"I4"}


def test_nobody_ends_what_another_holds(lived):
    history, row = lived
    history.ends[-1].session = "listener-two"
    assert broken(history, row) == {"I4"}


def test_a_job_is_not_given_away_twice(lived):
    history, row = lived
    first = history.grants[0]
    history.grants.insert(1, first._replace(fence=2, session="listener-two"))
    assert "I5" in broken(history, row)


def test_a_job_is_not_given_away_after_its_end(lived):
    history, row = lived
    last = history.grants[-1]
    history.grants.append(last._replace(fence=last.fence + 1, log_seq=history.log[-1].seq))
    assert "I5" in broken(history, row)


@pytest.mark.parametrize(("renewed_s", "expected"), [(75.0, {"I5"}), (69.0, set()), (None, set())])
def test_a_lease_lasts(lived, renewed_s, expected):
    history, row = lived
    history.lost.append(LostLease(100.0, 1, 1, renewed_s))
    assert broken(history, row) == expected


def test_attempts_have_an_end(lived):
    history, row = lived
    assert broken(history, replace(row, attempt=6, max_attempts=5)) == {"I6"}


def test_an_attempt_follows_on_a_failure(lived):
    history, row = lived
    assert broken(history, replace(row, attempt=3)) == {"I6"}


def test_jobs_live_by_the_table(lived):
    history, row = lived
    history.log.insert(1, told(0, "job:updated", status="complete"))
    assert "I7" in broken(history, row)


def test_the_log_has_no_gaps(lived):
    history, row = lived
    history.log[:] = [one._replace(seq=one.seq + (one.seq > 3)) for one in history.log]
    assert "I8" in broken(history, row)


@pytest.mark.parametrize("heard", [[1, 2], [2, 1, *range(3, 99)], [1, 1, *range(2, 99)]])
def test_subscribers_hear_all_in_order_once(lived, heard):
    history, row = lived
    history.followed["one"] = Followed(0, ("job:*",), [seq for seq in heard if seq <= history.log[-1].seq])
    assert broken(history, row) == {"I9"}


def test_subscribers_are_told_of_what_they_missed(lived):
    history, row = lived
    everything = [one.seq for one in history.log]
    history.followed["one"] = Followed(0, ("**",), everything, ["a:3 after a:2"])
    assert broken(history, row) == {"I9"}


def test_the_log_tells_the_state(lived):
    history, row = lived
    assert broken(history, replace(row, status="canceled")) >= {"I14"}


def test_a_violation_shows_the_events_of_its_job(lived):
    history, row = lived
    found = str(violations(history, [replace(row, attempt=3)])[0])
    assert found.startswith("I6: us_jb_0000000001 is at attempt 3")
    assert "job:attempt-failed" in found
