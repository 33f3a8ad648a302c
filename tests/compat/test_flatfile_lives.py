"""Flatfile's client leads jobs through their lives, as Flatfile's documentation describes them."""

from datetime import UTC, datetime

import pytest
from flatfile.jobs import (
    EmptyObject,
    JobAckDetails,
    JobCancelDetails,
    JobCompleteDetails,
    JobOutcome,
    JobOutcomeNext_Retry,
)

pytestmark = pytest.mark.must_run

ENDS = datetime(2031, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
RUN = ["job:created", "job:ready", "job:updated"]


def test_a_manual_job_is_executed_acked_ticked_completed_and_its_outcome_seen(flatfile, create, topics):
    job = create("manual")
    assert (job.status, job.started_at) == ("created", None)
    assert flatfile.jobs.execute(job.id).data.success is True
    assert flatfile.jobs.get(job.id).data.status == "ready"
    begun = flatfile.jobs.ack(job.id, request=JobAckDetails(info="Starting", progress=0)).data
    assert (begun.status, begun.info, begun.progress) == ("executing", "Starting", 0)
    assert begun.started_at is not None
    for percent in (30, 60):
        tick = flatfile.jobs.ack(job.id, request=JobAckDetails(progress=percent)).data
        assert (tick.status, tick.progress, tick.info) == ("executing", percent, "Starting")
    done = flatfile.jobs.complete(job.id, request=JobCompleteDetails(info="Finished")).data
    assert (done.status, done.progress, done.info) == ("complete", 100, "Finished")
    assert done.finished_at >= done.started_at == begun.started_at
    assert done.outcome_acknowledged_at is None
    seen = flatfile.jobs.ack_outcome(job.id).data
    assert seen.status == "complete"
    assert seen.outcome_acknowledged_at >= seen.finished_at
    assert topics(job) == [*RUN, "job:updated", "job:updated", "job:completed", "job:outcome-acknowledged"]


def test_an_ack_tells_all_that_it_may(flatfile, create):
    job = create()
    details = JobAckDetails(info="Half", progress=50, estimated_completion_at=ENDS)
    assert set(JobAckDetails.model_fields) == details.model_fields_set
    tick = flatfile.jobs.ack(job.id, request=details).data
    assert (tick.info, tick.progress) == ("Half", 50)
    assert tick.estimatedCompletionAt == "2031-01-02T03:04:05.678Z"
    assert flatfile.jobs.get(job.id).data == tick


def test_an_ack_without_body_begins_the_job(flatfile, create):
    assert flatfile.jobs.ack(create().id).data.status == "executing"


def test_progress_never_goes_back(flatfile, begin):
    job = begin()
    flatfile.jobs.ack(job.id, request=JobAckDetails(progress=60))
    assert flatfile.jobs.ack(job.id, request=JobAckDetails(progress=40, info="On")).data.progress == 60


@pytest.mark.parametrize(("act", "status"), [("complete", "complete"), ("fail", "failed")])
def test_an_end_tells_all_that_it_may_or_nothing(flatfile, begin, topics, act, status):
    details = JobCompleteDetails(info="So", outcome=JobOutcome(heading="Ended", message="It is over"))
    assert set(JobCompleteDetails.model_fields) == details.model_fields_set
    job, other = begin(), begin()
    ended = getattr(flatfile.jobs, act)(job.id, request=details).data
    assert (ended.status, ended.info) == (status, "So")
    assert ended.outcome == {"heading": "Ended", "message": "It is over"}
    assert ended.finished_at is not None
    assert topics(job)[3:] == ["job:completed" if act == "complete" else "job:failed"]
    assert getattr(flatfile.jobs, act)(other.id).data.status == status


def test_a_failed_job_is_run_again_as_a_new_one(flatfile, begin, topics):
    job = begin(input={"rows": 5}, part_data={"page": 1})
    outcome = JobOutcome(message="Sorry", next=JobOutcomeNext_Retry(label="Again"))
    failed = flatfile.jobs.fail(job.id, request=JobCompleteDetails(outcome=outcome)).data
    assert failed.outcome["next"] == {"type": "retry", "label": "Again"}
    again = flatfile.jobs.retry(job.id).data
    assert again.id != job.id
    assert (again.status, again.input, again.part_data) == ("ready", {"rows": 5}, {"page": 1})
    assert (again.outcome, again.finished_at, again.rerunOf) == (None, None, job.id)
    assert flatfile.jobs.get(job.id).data.status == "failed"
    assert topics(job) == [*RUN, "job:failed"]
    assert topics(again) == ["job:created", "job:ready"]
    flatfile.jobs.ack(again.id)
    assert flatfile.jobs.complete(again.id).data.status == "complete"


def test_a_job_is_canceled_with_and_without_a_reason(flatfile, create, begin, topics):
    details = JobCancelDetails(info="Stop")
    assert set(JobCancelDetails.model_fields) == details.model_fields_set
    jobs = [create("manual"), create(), begin()]
    for job in jobs:
        ended = flatfile.jobs.cancel(job.id, request=details).data
        assert (ended.status, ended.info) == ("canceled", "Stop")
        assert ended.finished_at is not None
    # Flatfile has no topic of its own for it.
    assert topics(jobs[1]) == [*RUN]
    assert flatfile.jobs.cancel(create().id).data.status == "canceled"


def test_a_deleted_job_is_gone(flatfile, create, begin, topics, refused):
    for job in (create("manual"), begin()):
        assert flatfile.jobs.delete(job.id).data.success is True
        with refused(404, "not_found", key="id"):
            flatfile.jobs.get(job.id)
        assert topics(job)[-2:] == ["job:updated", "job:deleted"]


# ---- update


def test_every_field_is_updated(flatfile, begin, parameters):
    job = begin()
    given = {"config": EmptyObject(a={"b": 1}), "progress": 40, "info": "Later", "metadata": {"b": 2}}
    seen = {"outcome_acknowledged_at": datetime(2026, 1, 1, tzinfo=UTC)}
    assert {*given, *seen, "status"} == parameters(flatfile.jobs.update)
    found = flatfile.jobs.update(job.id, **given).data
    assert {name: getattr(found, name) for name in given} == given
    ended = flatfile.jobs.update(job.id, status="complete").data
    assert (ended.status, ended.outcome_acknowledged_at) == ("complete", None)
    assert flatfile.jobs.update(job.id, **seen).data.outcome_acknowledged_at is not None
    assert flatfile.jobs.get(job.id).data.metadata == {"b": 2}


@pytest.mark.parametrize(
    "given", [{"config": EmptyObject(a=1)}, {"progress": 7}, {"info": "Now"}, {"metadata": {"a": [None]}}]
)
def test_a_field_is_updated_alone(flatfile, begin, topics, given):
    job = begin(info="Before", metadata={"old": 1})
    found = flatfile.jobs.update(job.id, **given).data
    ((name, value),) = given.items()
    assert getattr(found, name) == value
    kept = {"info": "Before", "metadata": {"old": 1}, "config": None, "status": "executing"}
    kept.pop(name, None)
    assert {other: getattr(found, other) for other in kept} == kept
    assert topics(job) == [*RUN, "job:updated"]


def test_a_status_is_the_move_of_that_name(flatfile, create):
    job = create("manual")
    for status in ("planning", "canceled"):
        assert flatfile.jobs.update(job.id, status=status).data.status == status
    for end in ("complete", "failed", "canceled"):
        job = create("manual")
        for status in ("ready", "executing", end):
            assert flatfile.jobs.update(job.id, status=status).data.status == status


def test_an_update_with_nothing_or_null_changes_nothing(flatfile, begin, parameters):
    job = begin(info="Before", metadata={"a": 1})
    nothing = dict.fromkeys(parameters(flatfile.jobs.update))
    for found in (flatfile.jobs.update(job.id).data, flatfile.jobs.update(job.id, **nothing).data):
        assert (found.status, found.info, found.metadata) == ("executing", "Before", {"a": 1})
