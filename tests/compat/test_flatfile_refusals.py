"""What Flatfile's client may not do is an ApiError with a status and a body that programs can read."""

import pytest
from flatfile.jobs import JobAckDetails, JobCompleteDetails, JobOutcome

pytestmark = pytest.mark.must_run

ACTS = ("execute", "ack", "complete", "fail", "cancel", "retry", "ack_outcome")
MAY = {
    "created": {"execute", "cancel"},
    "planning": {"cancel"},
    "scheduled": {"execute", "cancel"},
    "waiting": {"execute", "cancel"},
    "ready": {"ack", "cancel"},
    "executing": {"ack", "complete", "fail", "cancel"},
    # The same end once more is answered as the first.
    "complete": {"complete", "retry", "ack_outcome"},
    "failed": {"fail", "retry", "ack_outcome"},
    "canceled": {"retry", "ack_outcome"},
}


@pytest.fixture(scope="module")
def standing(flatfile, create, begin):
    """A new job of a status."""

    def make(status):
        if status in {"created", "ready"}:
            return create("manual" if status == "created" else "immediate")
        if status == "planning":
            return flatfile.jobs.update(create("manual").id, status="planning").data
        if status == "scheduled":
            later = {"additional_body_parameters": {"scheduledAt": "2031-01-01T00:00:00Z"}}
            job = {"type": "workbook", "operation": "export", "source": "us_wb_1"}
            return flatfile.jobs.create(**job, request_options=later).data
        if status == "waiting":
            return create(predecessor_ids=[create("manual").id])
        end = {"complete": "complete", "failed": "fail", "canceled": "cancel"}.get(status)
        job = begin()
        return getattr(flatfile.jobs, end)(job.id).data if end else job

    return make


@pytest.mark.parametrize("status", MAY)
def test_what_a_status_does_not_allow_is_refused_and_leaves_the_job_alone(
    flatfile, standing, refused, status
):
    job = standing(status)
    assert job.status == status
    for act in ACTS:
        if act not in MAY[status]:
            code = "no_plan" if (status, act) == ("planning", "execute") else "illegal_move"
            with refused(409, code, status=status):
                getattr(flatfile.jobs, act)(job.id)
    assert flatfile.jobs.get(job.id).data == job


@pytest.mark.parametrize(
    ("status", "act"), [(status, act) for status, acts in MAY.items() for act in sorted(acts)]
)
def test_what_a_status_allows_is_done(flatfile, standing, status, act):
    assert getattr(flatfile.jobs, act)(standing(status).id).data is not None


@pytest.mark.parametrize("status", MAY)
def test_a_job_of_any_status_may_be_deleted(flatfile, standing, status):
    assert flatfile.jobs.delete(standing(status).id).data.success is True


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("created", "complete"),
        ("created", "scheduled"),
        ("ready", "created"),
        ("ready", "failed"),
        ("executing", "waiting"),
        ("complete", "ready"),
        ("failed", "executing"),
        ("canceled", "complete"),
    ],
)
def test_a_status_that_no_move_leads_to_is_refused(flatfile, standing, refused, status, wanted):
    job = standing(status)
    with refused(409, "illegal_move", key="status", status=status):
        flatfile.jobs.update(job.id, status=wanted, info="Lost")
    assert flatfile.jobs.get(job.id).data == job


def test_an_ended_job_is_ended_otherwise_by_nobody(flatfile, begin, refused, topics):
    job = begin()
    end = JobCompleteDetails(outcome=JobOutcome(message="Done"))
    flatfile.jobs.complete(job.id, request=end)
    for other in (None, JobCompleteDetails(outcome=JobOutcome(message="Otherwise"))):
        with refused(409, "illegal_move", status="complete"):
            flatfile.jobs.complete(job.id, request=other)
    assert flatfile.jobs.complete(job.id, request=end).data.outcome == {"message": "Done"}
    assert topics(job).count("job:completed") == 1


def test_a_job_belongs_to_the_key_that_acked_it(flatfile, connected, another_key, create, refused):
    other = connected(another_key)
    job = create()
    assert other.jobs.ack(job.id).data.status == "executing"
    for act in ("ack", "complete", "fail"):
        with refused(409, "lease_held", status="executing"):
            getattr(flatfile.jobs, act)(job.id)
    with refused(409, "lease_held", status="executing"):
        flatfile.jobs.update(job.id, progress=50)
    assert flatfile.jobs.update(job.id, info="Seen by all").data.info == "Seen by all"
    assert other.jobs.complete(job.id).data.status == "complete"


def test_progress_needs_an_ack_first(flatfile, create, refused):
    with refused(409, "no_lease", status="ready"):
        flatfile.jobs.update(create().id, progress=50)
    with refused(409, "illegal_move", status="created"):
        flatfile.jobs.update(create("manual").id, progress=50)


def test_an_outcome_is_not_seen_before_there_is_one(flatfile, begin, refused):
    with refused(409, "illegal_move", status="executing"):
        flatfile.jobs.update(begin().id, outcome_acknowledged_at="2026-01-01T00:00:00Z")


def test_a_circle_of_jobs_is_refused(flatfile, create, refused):
    parent = create("manual")
    job = {"type": "workbook", "operation": "export", "source": "us_wb_1"}
    with refused(409, "cycle", key="predecessorIds"):
        flatfile.jobs.create(**job, parent_id=parent.id, predecessor_ids=[parent.id])


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"progress": 101}, "progress"),
        ({"progress": -1}, "progress"),
        ({"info": "x" * 5000}, "info"),
        ({"status": "done"}, "status"),
        ({"config": "all"}, "config"),
        ({"metadata": [1]}, "metadata"),
        ({"outcome_acknowledged_at": "yesterday"}, "outcomeAcknowledgedAt"),
    ],
)
def test_a_bad_change_is_named(flatfile, begin, refused, given, key):
    with refused(400, "invalid", key=key):
        flatfile.jobs.update(begin().id, **given)


@pytest.mark.parametrize(
    ("details", "key"),
    [
        (JobAckDetails(progress=101), "progress"),
        (JobAckDetails(info="x" * 5000), "info"),
        (JobAckDetails(estimatedCompletionAt="soon"), "estimatedCompletionAt"),
    ],
)
def test_a_bad_tick_is_named(flatfile, begin, refused, details, key):
    with refused(400, "invalid", key=key):
        flatfile.jobs.ack(begin().id, request=details)


def test_text_that_no_store_keeps_is_refused(flatfile, create, refused):
    job = create("manual")
    with refused(400, "bad_json"):
        flatfile.jobs.update(job.id, info="nothing\x00")
    with refused(400, "bad_json"):
        flatfile.jobs.update(job.id, metadata={"number": 2**70})
    with refused(413, "too_large", key="metadata"):
        flatfile.jobs.update(job.id, metadata={"text": "x" * 70_000})
    assert flatfile.jobs.get(job.id).data == job


@pytest.mark.parametrize("name", ["", "a/b", "x?y", "ü", "us_jb_none", "x" * 300])
def test_what_is_no_id_is_not_found(flatfile, refused, name):
    # The client sends an id as it is, so that some make another address.
    with refused(404, "no_route" if name in {"", "a/b"} else "not_found"):
        flatfile.jobs.get(name)
