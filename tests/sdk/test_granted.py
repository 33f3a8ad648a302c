"""Granted jobs: what is looked at when they come, and what when somebody asks."""

import pytest
from pydantic import ValidationError

from listener_sdk._granted import Granted, Leased, read, whole
from listener_sdk.protocol.frames import Ok
from listener_sdk.protocol.jobs import Job
from tests.sdk.fake_server import wire_job


def granted(**fields):
    return Granted({"job": wire_job(**fields), "fence": 3, "attempt": 2})


def test_what_the_sdk_goes_by_is_at_hand():
    job = granted(input={"rows": 1}, metadata={"team": "a"}, part=0, partData={"page": 1})
    assert (job.id, job.job, job.type, job.operation) == (
        "us_jb_0000000001", "workbook:export", "workbook", "export",
    )  # fmt: skip
    assert (job.fence, job.attempt, job.cancel) == (3, 2, False)
    assert (job.input, job.trigger, job.metadata) == ({"rows": 1}, "immediate", {"team": "a"})
    assert (job.part, job.part_data) == (0, {"page": 1})
    assert Granted({"job": wire_job(), "fence": 3, "attempt": 2, "cancel": True}).cancel


def test_the_whole_job_is_read_once_when_somebody_asks():
    job = granted(fileId="us_fl_1")
    assert job.whole() == Job.model_validate(wire_job(fileId="us_fl_1"))
    assert whole(job) is job.whole()
    assert whole(job.whole()) is job.whole()
    with pytest.raises(ValidationError, match="createdAt"):
        granted(createdAt="yesterday").whole()


@pytest.mark.parametrize(
    "grant",
    [
        None,
        {},
        {"job": "us_jb_1", "fence": 1, "attempt": 1},
        {"job": wire_job(id=1), "fence": 1, "attempt": 1},
        {"job": {**wire_job(), "job": None}, "fence": 1, "attempt": 1},
        {"job": wire_job(), "fence": "1", "attempt": 1},
        {"job": wire_job(), "fence": 1},
    ],
)
def test_what_is_no_grant_makes_the_frame_unreadable(grant):
    with pytest.raises(ValueError, match="grant"):
        read({"type": "grants", "jobs": [grant]})


def test_frames_are_read():
    (job,) = read({"type": "grants", "jobs": [{"job": wire_job(), "fence": 1, "attempt": 1}]}).jobs
    assert job.job == "workbook:export"
    assert read({"type": "grants", "jobs": []}) == Leased([])
    assert read({"type": "ok", "id": 7}) == Ok(id=7)
    for wrong in (None, [], {"type": "grants"}, {"type": "no such frame"}):
        with pytest.raises(ValueError):
            read(wrong)
