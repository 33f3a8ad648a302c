"""Jobs on the wire: what may be asked for, its limits, and what every reader sees."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.jobs import (
    LONGEST_TAG,
    MOST_TAGS,
    Attempt,
    Environment,
    File,
    Job,
    JobAck,
    JobCancel,
    JobCreate,
    JobEnd,
    JobSplit,
    JobUpdate,
    LogLine,
    of_some_job,
)

AT = "2026-01-01T00:00:00.000Z"
MINIMAL = {"type": "workbook", "operation": "export"}
JOB = {
    "id": "us_jb_0000000001",
    "type": "workbook",
    "operation": "export",
    "job": "workbook:export",
    "status": "ready",
    "source": "us_sp_default",
    "createdAt": AT,
    "updatedAt": AT,
}


def test_type_and_operation_are_enough():
    job = JobCreate.model_validate(MINIMAL)
    assert job.name == "workbook:export"
    assert (job.max_attempts, job.run_timeout_s, job.total_timeout_s, job.queue_timeout_s) == (
        5,
        3600,
        86400,
        None,
    )
    assert job.trigger is None


def test_an_operation_may_hold_colons():
    assert JobCreate(type="document", operation="contacts:submit").name == "document:contacts:submit"


@pytest.mark.parametrize("model", [JobCreate, JobUpdate])
def test_tags_are_kept_in_their_order_each_once(model):
    given = {**MINIMAL, "tags": ["b", "a b", "Ω", "b", "x" * LONGEST_TAG]}
    assert model.model_validate(given).tags == ["b", "a b", "Ω", "x" * LONGEST_TAG]
    many = [f"t{number}" for number in range(MOST_TAGS)]
    assert model.model_validate({**MINIMAL, "tags": many}).tags == many
    assert model.model_validate({**MINIMAL, "tags": []}).tags == []


@pytest.mark.parametrize(
    "tags",
    [
        "acme",
        {"acme": 1},
        [""],
        ["a,b"],
        ["a*"],
        ["a?"],
        ["a\nb"],
        ["\u202ea"],
        ["x" * 65],
        [7],
        [None],
        [["a"]],
        ["a"] * 17,
    ],
)
@pytest.mark.parametrize("model", [JobCreate, JobUpdate])
def test_what_is_no_list_of_tags_is_refused(model, tags):
    with pytest.raises(ValidationError, match="tags"):
        model.model_validate({**MINIMAL, "tags": tags})


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "resource", "id": "us_wb_1"},
        {"type": "collection", "resource": "records", "params": {"a": 1}, "query": {"q": "x"}},
    ],
)
def test_both_kinds_of_subject_come_back(subject):
    job = JobCreate.model_validate({**MINIMAL, "subject": subject})
    assert job.model_dump(mode="json", exclude_unset=True)["subject"] == subject


@pytest.mark.parametrize(
    "fields",
    [
        {"type": ""},
        {"type": "Workbook"},
        {"type": "work book"},
        {"type": "a" * 64},
        {"type": None},
        {"operation": ""},
        {"operation": "x" * 129},
        {"operation": "line\nbreak"},
        {"operation": "*"},
        {"operation": "exp?rt"},
        {"operation": "nul\x00"},
        {"operation": "turn\u202e"},
        {"source": ""},
        {"source": "x" * 257},
        {"trigger": "sometimes"},
        {"mode": "sideways"},
        {"input": "text"},
        {"input": []},
        {"subject": {"type": "other"}},
        {"subject": {"type": "resource"}},
        {"info": "x" * 4097},
        {"progress": -1},
        {"progress": 100.5},
        {"progress": float("nan")},
        {"label": "x" * 257},
        {"label": "two\nlines"},
        {"label": "\x1b[2J"},
        {"scheduledAt": "tomorrow"},
        {"scheduledAt": "1969-01-01T00:00:00Z"},
        {"priority": 1001},
        {"priority": -1001},
        {"priority": 1.5},
        {"uniqueKey": ""},
        {"uniqueKey": "x" * 256},
        {"maxAttempts": 0},
        {"maxAttempts": 101},
        {"runTimeoutS": 0},
        {"queueTimeoutS": -1},
        {"totalTimeoutS": 30 * 86400 + 1},
    ],
)
def test_what_is_out_of_bounds_is_refused_and_named(fields):
    with pytest.raises(ValidationError) as caught:
        JobCreate.model_validate({**MINIMAL, **fields})
    assert caught.value.errors()[0]["loc"][0] == next(iter(fields))


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (JobUpdate, {"status": "done"}),
        (JobUpdate, {"progress": 101}),
        (JobUpdate, {"fence": -1}),
        (JobAck, {"progress": -0.5}),
        (JobAck, {"info": "x" * 4097}),
        (JobAck, {"estimatedCompletionAt": "soon"}),
        (JobEnd, {"outcome": {"next": {"type": "explode"}}}),
        (JobEnd, {"outcome": "text"}),
        (JobEnd, {"result": 3}),
        (JobCancel, {"info": "x" * 4097}),
        (LogLine, {"message": "x" * 65537}),
        (LogLine, {"message": "x", "level": "loud"}),
    ],
)
def test_other_bodies_have_limits_too(model, fields):
    with pytest.raises(ValidationError):
        model.model_validate(fields)


@pytest.mark.parametrize("model", [JobUpdate, JobAck, JobEnd, JobCancel])
def test_bodies_may_be_empty(model):
    assert model.model_validate({}).model_dump(exclude_unset=True) == {}


def test_an_update_knows_what_was_sent():
    update = JobUpdate.model_validate({"info": None, "progress": 5, "ignored": True})
    assert update.model_fields_set == {"info", "progress"}


def test_an_empty_reason_is_no_reason():
    assert JobCancel(info="").info is None
    assert JobCancel(info="no longer needed").info == "no longer needed"


def test_a_minimal_job_reads_and_writes():
    job = Job.model_validate(JOB)
    assert (job.attempt, job.fence, job.priority) == (0, 0, 0)
    assert job.model_dump(mode="json", exclude_unset=True) == JOB


def test_jobs_of_newer_servers_are_read():
    job = Job.model_validate(
        {**JOB, "status": "paused", "mode": "hologram", "trigger": "moon", "colour": "red"}
    )
    assert (job.status, job.mode, job.trigger) == ("paused", "hologram", "moon")


def test_progress_is_an_integer():
    assert Job.model_validate({**JOB, "progress": 12}).progress == 12
    with pytest.raises(ValidationError):
        Job.model_validate({**JOB, "progress": 12.5})


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        (Attempt, {"attempt": 1, "fence": 2, "reason": "lease", "startedAt": AT, "endedAt": AT}),
        (LogLine, {"level": "warning", "message": "x", "at": AT, "attempt": 1, "fields": {"row": 3}}),
        (Environment, {"id": "us_env_default", "accountId": "a", "name": "Default", "isProd": False,
                       "guestAuthentication": [], "features": {}, "metadata": {}}),
        (File, {"id": "us_fl_0000000001", "name": "a.xlsx", "size": 3, "contentType": "text/csv", "createdAt": AT,
                "jobId": "us_jb_0000000001", "url": "http://x/", "urlExpiresAt": AT}),
    ],
)  # fmt: skip
def test_the_other_things_read_and_write(model, wire):
    assert model.model_validate(wire).model_dump(mode="json", exclude_unset=True) == wire


@pytest.mark.parametrize("parts", [1, 1000, [{}], [{"a": 1}] * 1000])
def test_a_job_is_split_into_a_number_of_parts_or_by_their_data(parts):
    found = JobSplit.model_validate({"parts": parts, "runInParallel": True})
    assert (found.parts, found.run_in_parallel) == (parts, True)
    assert JobSplit.model_validate({"parts": parts}).run_in_parallel is False


@pytest.mark.parametrize("parts", [0, -1, 1001, [], [{}] * 1001, [1], "2", 2.0, True, None, {}])
def test_what_is_no_split_says_what_is(parts):
    with pytest.raises(ValidationError, match=r"1 to 1000 parts|a number of parts, or a list"):
        JobSplit.model_validate({"parts": parts})


@pytest.mark.parametrize(
    "pattern", ["**", "**:csv", "*:csv", "import:*", "import:a b", "im?ort:**", "import:csv:x"]
)
def test_globs_that_can_match_a_job(pattern):
    assert of_some_job(pattern) == pattern


@pytest.mark.parametrize(
    "pattern", ["*", "import", "import*", "a b", "a b:*", "import:", ":csv", "Import:csv", ""]
)
def test_globs_that_match_no_job_are_refused(pattern):
    with pytest.raises(ValueError, match="is the name of no job"):
        of_some_job(pattern)
