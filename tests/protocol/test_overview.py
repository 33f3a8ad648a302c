"""The overview on the wire."""

from listener_sdk.protocol.overview import Overview, OverviewSchedules

AT = "2026-01-01T00:00:00.000Z"


def test_names_are_those_of_the_api():
    found = Overview.model_validate({
        "since": AT,
        "until": AT,
        "hours": 24,
        "bucketS": 1800,
        "buckets": [{"at": AT, "created": 3, "queueAgeS": 1.5}],
        "queue": {"waiting": 1, "running": 2, "oldestReadyAt": AT},
        "failures": [{"jobId": "us_jb_0000000001", "job": "a:b", "at": AT}],
        "schedules": {"due": 3, "ran": 1, "skipped": 1, "failed": 1, "lateP95S": 0.5},
        "listeners": 4,
    })  # fmt: skip
    assert (found.bucket_s, found.buckets[0].queue_age_s, found.buckets[0].late_s) == (1800, 1.5, None)
    assert found.schedules.late_p95_s == 0.5


def test_of_schedules_that_never_ran_nobody_knows_how_late():
    assert "lateP95S" not in OverviewSchedules(due=0, ran=0, skipped=0, failed=0).model_dump(
        by_alias=True, exclude_none=True
    )
