"""What events of jobs and schedules tell."""

from listener_sdk.protocol.job_payloads import DueTimeMissed, JobCompleted, JobReady

JOB = {"domain": "a", "operation": "b", "job": "a:b", "status": "ready", "isPart": False}


def test_a_ready_job_may_have_been_given_back():
    assert JobReady.model_validate(JOB).reason is None
    assert JobReady.model_validate({**JOB, "reason": "released"}).reason == "released"


def test_the_end_has_a_result():
    found = JobCompleted.model_validate({**JOB, "result": "partial", "counts": {"total": 3}})
    assert found.counts.total == 3


def test_several_due_times_are_told_together():
    told = {"schedule": "us_sch_1", "name": "x", "reason": "late", "message": "Late.", "count": 3}
    at = "2026-01-01T00:00:00.000Z"
    assert DueTimeMissed.model_validate({**told, "dueAt": at}).until_at is None
    assert DueTimeMissed.model_validate(
        {**told, "dueAt": at, "untilAt": at, "countIsLeast": True}
    ).count_is_least
