"""What a deleted space has is found, and nothing of another."""

from dataclasses import replace

from server.core.files import FileRow
from server.core.keys import KeyRow
from server.store import clearing, files, jobs, keys
from server.store.clearing import Walked


def test_a_job_or_a_file_is_more(tx, job):
    row = replace(job, id=1, space_id=2)
    tx.insert_many("job", jobs.COLUMNS, [[getattr(row, name) for name in jobs.COLUMNS]])
    files.insert(tx, FileRow(1, 3, None, "a.csv", 1, "text/csv", 1, "us_key_1", "blob"))
    assert [clearing.has_more(tx, space) for space in (1, 2, 3)] == [False, True, True]
    assert clearing.jobs(tx, 2, 0, 5) == clearing.files(tx, 3, 0, 5) == Walked([1], 1)
    assert clearing.jobs(tx, 2, 1, 5) == clearing.files(tx, 2, 0, 5) == Walked([], None)


def test_an_event_that_tells_nothing_any_more_is_passed_over(tx):
    first = tx.append_log([(space, "a:b", None, 0, 1, "{}") for space in (2, 1, 2)])
    assert clearing.events(tx, 2, 0, 5) == Walked([first, first + 2], first + 2)
    clearing.erase_events(tx, [first])
    assert clearing.events(tx, 2, 0, 1) == Walked([], first)
    assert clearing.events(tx, 2, first, 5) == Walked([first + 2], first + 2)
    assert clearing.events(tx, 2, first + 2, 5) == Walked([], None)


def test_what_was_answered_to_keys_of_the_whole_store_in_the_space_is_forgotten(tx):
    keys.insert(tx, KeyRow("us_key_7", 1, "n", "admin", "h", 1, every_space=1))
    columns = ("scope", "idem_key", "body_hash", "answer", "created_at")
    kept = ["us_key_7@1 POST /v1/jobs", "us_key_7@20 POST /v1/jobs", "us_key_0000000000@20 POST /v1/jobs"]
    gone = ["us_key_7@2 POST /v1/jobs", "us_key_0000000000@2 POST /v1/jobs"]
    tx.insert_many("idempotency", columns, [(scope, "k", "h", "a", 1) for scope in kept + gone])
    clearing.forget(tx, 2)
    assert sorted(row[0] for row in tx.rows("SELECT scope FROM idempotency")) == sorted(kept)
