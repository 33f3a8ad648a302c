"""Runs as readers see them, on the wire and in tables."""

from dataclasses import replace

import orjson
import pytest

from listener_sdk.protocol.runs import Run
from server.core.files import FileRow
from server.core.missed import WHY, Missed
from server.core.run_views import COLUMNS, RunRow, run_cells, run_wire, whole_run_wire
from server.core.runs import place_of_job, place_of_missed

SPEC = {
    "jobType": "export",
    "definition": "nightly",
    "startedBy": {
        "kind": "schedule",
        "scheduleId": "us_sch_0000000007",
        "dueTime": "2026-01-01T00:00:00.000Z",
    },
    "definitionVersion": 4,
    "input": {"url": "x"},
    "label": "Every night",
}
OUTCOME = {
    "heading": "Imported",
    "message": "9 of 10.",
    "result": "partial",
    "counts": {"total": 10, "ok": 9, "failed": 1},
    "errorFiles": [{"fileId": "us_fl_0000000005"}],
}
FILE = FileRow(5, 1, 7, "=errors.csv", 12, "text/csv", 0, "us_key_1", "b")
MISSED = Missed(7, 1_767_225_600_000, 1, 3, 1_767_225_600_500, None, "skipped", "still_running", 1, None)


def link(file_id):
    return f"https://x/{file_id}", 0


@pytest.fixture
def run(job):
    spec = orjson.dumps(SPEC).decode()
    row = replace(
        job, spec=spec, definition_id=3, status="complete", outcome=orjson.dumps(OUTCOME).decode(), attempt=2
    )
    row = replace(row, started_at=job.created_at + 1_000, finished_at=job.created_at + 3_000)
    return RunRow(place_of_job(row.created_at, row.id), job=row, files=[FILE], file_count=1)


def test_a_run_tells_who_when_and_what_came_of_it(run):
    shown = run_wire(run)
    assert shown == {
        "id": "us_jb_0000000007",
        "jobId": "us_jb_0000000007",
        "definition": "nightly",
        "definitionId": "us_def_0000000003",
        "definitionVersion": 4,
        "jobType": "export",
        "label": "Every night",
        "trigger": SPEC["startedBy"],
        "mode": "full",
        "result": "partial",
        "status": "complete",
        "dueAt": "2026-01-01T00:00:00.000Z",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "startedAt": "2026-01-01T00:00:01.000Z",
        "finishedAt": "2026-01-01T00:00:03.000Z",
        "attempts": 2,
        "maxAttempts": 5,
        "heading": "Imported",
        "message": "9 of 10.",
        "counts": OUTCOME["counts"],
        "fileCount": 1,
        "files": [{"id": "us_fl_0000000005", "name": "=errors.csv", "size": 12, "contentType": "text/csv"}],
    }
    assert Run.model_validate(shown).counts.failed == 1


def test_one_run_shows_its_parameters_and_links(run, space):
    shown = whole_run_wire(run, space, link)
    assert shown["params"] == {"url": "x"}
    assert (
        shown["files"][0]["url"] == shown["outcome"]["errorFiles"][0]["url"] == "https://x/us_fl_0000000005"
    )
    assert Run.model_validate(shown).files[0].url_expires_at is not None


@pytest.mark.parametrize(
    ("reason", "code"),
    [(None, "failed"), ("run time-out", "run_timeout"), ("predecessor_failed", "predecessor_failed")],
)
def test_a_failure_says_its_code(run, reason, code):
    failed = replace(run, job=replace(run.job, status="failed", info="No."), reason=reason)
    assert run_wire(failed)["error"] == {"code": code, "message": "No."}
    assert "error" not in run_wire(run)


def test_a_run_again_names_who_ran_it_and_what_started_the_first(run):
    again = replace(run, job=replace(run.job, rerun_of=5, created_by="us_mem_0000000002"))
    shown = run_wire(again)
    assert shown["rerunOf"] == "us_jb_0000000005"
    assert shown["trigger"] == {"kind": "retry", "memberId": "us_mem_0000000002", "first": SPEC["startedBy"]}
    by_key = replace(run, job=replace(run.job, rerun_of=5, spec="{}"))
    assert run_wire(by_key)["trigger"] == {"kind": "retry", "keyId": "us_key_0000000000"}


def test_a_run_for_a_due_time_names_that(run):
    spec = {**SPEC, "startedBy": {"kind": "person", "memberId": "us_mem_1", "slotId": "us_slt_1"}}
    made_up_for = run_wire(
        replace(run, job=replace(run.job, rerun_of=None, spec=orjson.dumps(spec).decode()))
    )
    assert made_up_for["rerunOf"] == "us_slt_1"
    first = {"kind": "person", "memberId": "us_mem_1"}
    assert made_up_for["trigger"] == {"kind": "retry", "keyId": "us_key_0000000000", "first": first}


def test_a_run_that_goes_on_shows_its_progress(run):
    going = replace(
        run,
        job=replace(
            run.job, status="executing", outcome=None, progress=41.7, info="Reading", finished_at=None
        ),
    )
    shown = run_wire(going)
    assert (shown["result"], shown["progress"], shown["message"]) == ("running", 41, "Reading")


def test_a_due_time_that_was_left_out_is_a_run_without_a_job(space):
    run = RunRow(place_of_missed(MISSED), missed=MISSED, code="nightly")
    assert run_wire(run) == whole_run_wire(run, space, link) == {
        "id": MISSED.public_id,
        "definition": "nightly",
        "definitionId": "us_def_0000000003",
        "trigger": {"kind": "schedule", "scheduleId": "us_sch_0000000007"},
        "result": "skipped",
        "dueAt": "2026-01-01T00:00:00.000Z",
        "createdAt": "2026-01-01T00:00:00.500Z",
        "finishedAt": "2026-01-01T00:00:00.500Z",
        "attempts": 0,
        "message": "A job of the definition had not ended.",
        "reason": "still_running",
        "count": 1,
        "fileCount": 0,
        "files": [],
    }  # fmt: skip
    failed = MISSED._replace(result="failed", reason="owner_inactive", times=1200, job_id=4)
    shown = run_wire(RunRow(place_of_missed(failed), missed=failed))
    assert shown["error"] == {
        "code": "owner_inactive",
        "message": f"{WHY['owner_inactive']} 1,200 due times in all.",
    }
    assert shown["rerunId"] == "us_jb_0000000004"
    told = MISSED._replace(until_at=MISSED.due_at + 1, name="Nightly", said="The job us_jb_1 had not ended.")
    named = RunRow(place_of_missed(MISSED), missed=told, job_type="export")
    assert run_wire(named)["message"] == "The job us_jb_1 had not ended."
    assert run_wire(named)["jobType"] == "export"
    assert run_wire(named)["trigger"]["name"] == "Nightly"
    assert run_wire(named)["untilAt"] == "2026-01-01T00:00:00.001Z"


def test_a_table_has_a_cell_for_each_name(run):
    cells = dict(zip(COLUMNS, run_cells(replace(run, file_count=3)), strict=True))
    assert cells["files"] == "'=errors.csv; and 2 more"
    assert (cells["trigger"], cells["by"], cells["total"], cells["failed"]) == (
        "schedule",
        "us_sch_0000000007",
        "10",
        "1",
    )
    assert (cells["skipped"], cells["errorCode"], cells["rerunOf"]) == ("", "", "")
    row = RunRow(place_of_missed(MISSED), missed=MISSED._replace(name="Nightly"), job_type="export")
    missed = dict(zip(COLUMNS, run_cells(row), strict=True))
    assert (missed["jobType"], missed["schedule"], missed["reason"]) == ("export", "Nightly", "still_running")
    assert (missed["result"], missed["count"], missed["definition"]) == ("skipped", "1", "")
