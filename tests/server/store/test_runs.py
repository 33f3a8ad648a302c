"""What is written of the runs of one batch; tests/conformance/test_runs.py follows them on every database."""

import pytest
from stage import ADMIN, START_MS

from listener_sdk.protocol.jobs import JobCreate
from server.commands.jobs import CreateJob, check, store
from server.store.runs import Ended

SAID = {"jobType": "export", "definition": "nightly", "startedBy": {"kind": "person"}}


@pytest.fixture
def made(begin):
    """A transaction with a new job of a definition."""
    tx = begin()
    body = JobCreate(type="workbook", operation="export")
    birth = check(tx, CreateJob(ADMIN, body, said=SAID, definition_id=3))
    store(tx, birth)
    return tx, birth.row


def kept(tx):
    return tx.rows("SELECT id, space_id, definition_id, schedule_id, at, facets, reason FROM job_run")


def test_a_run_that_begins_and_ends_in_one_batch_is_written_once(made):
    tx, row = made
    tx.runs.change(row, "failed", "queue time-out")
    assert kept(tx) == []
    tx.flush()
    assert kept(tx) == [(row.id, 1, 3, None, START_MS, "failed full person", "queue time-out")]
    tx.runs.change(row, "success")
    tx.flush()
    assert [one[-2:] for one in kept(tx)] == [("success full person", None)]


def test_a_job_that_is_deleted_in_its_batch_leaves_nothing(made):
    tx, row = made
    tx.forget(row)
    tx.runs.change(row, "canceled")
    tx.runs.forget(row.id)
    tx.run("DELETE FROM job_run")
    tx.flush()
    assert kept(tx) == []


def test_ends_are_told_in_order_and_once(made):
    tx, row = made
    ends = [Ended(3, 1, one, row) for one in (True, False)]
    assert [tx.runs.end(end) for end in ends] == [True, False]
    assert tx.runs.taken() == ends
    assert tx.runs.taken() == []
