import asyncio
import json
import os
import signal
import subprocess

import pytest

from listener_sdk.cli import follow
from listener_sdk.cli._child import Child, command_line


def only(api):
    (job,) = api.jobs.values()
    return job


def test_a_job_is_created_at_once_with_input_metadata_and_file(api, tickwire, tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"a,b\n1,2\n")
    result = tickwire(
        "run", "workbook:export", "-i", "rows=5", "--input", "name=Ann", "--metadata", "team=data", "--file", "rows.csv"
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    job = only(api)
    assert (job["type"], job["operation"], job["trigger"]) == ("workbook", "export", "immediate")
    assert job["input"] == {"rows": 5, "name": "Ann"}
    assert job["metadata"] == {"team": "data"}
    assert job["fileId"] == "us_fl_1"
    assert api.uploads == [("rows.csv", b"a,b\n1,2\n")]


def test_progress_goes_to_standard_error_and_the_outcome_to_standard_output(api, tickwire):
    api.ending = {"status": "complete", "outcome": {"heading": "Done", "message": "All exported."}}
    result = tickwire("run", "a:b")
    assert result.stdout == "Done\nAll exported.\n"
    assert "a:b" in result.stderr
    (subscription,) = api.subscriptions
    assert subscription["filter"] == {"jobId": only(api)["id"]}
    assert subscription["after"] == "e:0"
    assert subscription["progress"] is True


@pytest.mark.parametrize(("status", "code"), [("complete", 0), ("failed", 1), ("canceled", 2)])
def test_the_exit_code_tells_how_it_ended(api, tickwire, status, code):
    api.ending = {"status": status}
    assert tickwire("run", "a:b").exit_code == code


def test_a_partial_result_is_a_success_unless_it_is_to_be_strict(api, tickwire):
    files = [{"fileId": "us_fl_1", "label": "errors.csv", "url": "http://h/e"}]
    counts = {"total": 1000, "ok": 997, "failed": 3}
    outcome = {"message": "3 rows failed.", "result": "partial", "counts": counts, "errorFiles": files}
    api.ending = {"status": "complete", "outcome": outcome}
    result = tickwire("run", "a:b")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "a:b is complete in part",
        "3 rows failed.",
        "1,000 total, 997 ok, 3 failed",
        "Errors (errors.csv): http://h/e",
    ]
    assert tickwire("run", "a:b", "--strict").exit_code == 1
    api.ending = {"status": "complete"}
    assert tickwire("run", "a:b", "--strict").exit_code == 0


def test_json_is_the_whole_job(api, tickwire):
    api.ending = {"status": "failed", "info": "No."}
    result = tickwire("run", "a:b", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["info"] == "No."


def test_logs_are_shown_beside_the_progress(api, tickwire):
    api.log = [{"level": "info", "message": "Hello", "fields": {"name": "Ada"}}]
    assert "info    Hello name=Ada" in tickwire("run", "a:b", "--logs").stderr


def test_a_timeout_tells_why_the_last_attempt_failed(api, tickwire):
    api.never_ends = True
    api.attempts += [
        {"attempt": n, "fence": n, "reason": "error", "message": why, "endedAt": "2026-01-01T12:00:00Z"}
        for n, why in ((1, "first"), (2, "ValueError: no such column.\nmore"))
    ]
    result = tickwire("run", "a:b", "--timeout", "0.2")
    assert " Attempt 2 of 5 failed: ValueError: no such column. It goes on:" in result.stderr


def test_a_timeout_leaves_the_job_and_says_how_to_cancel_it(api, tickwire):
    api.never_ends = True
    result = tickwire("run", "a:b", "--timeout", "0.2")
    job = only(api)["id"]
    assert result.exit_code == 2
    assert (
        f"error: {job} has not ended after 0.2 s (executing, 50 %). "
        f"It goes on: cancel it with 'tickwire jobs cancel {job}'"
    ) in result.stderr
    assert api.canceled == []


def test_a_job_that_no_listener_takes_is_explained(api, tickwire, monkeypatch):
    api.untaken = True
    monkeypatch.setattr(follow, "UNTAKEN_S", 0.05)
    result = tickwire("run", "a:b", "--timeout", "0.5")
    why = "No listener has taken it yet. Start one: tickwire listen SCRIPT, or check the name."
    assert result.stderr.splitlines()[1] == why
    assert f"has not ended after 0.5 s (ready). {why} It goes on:" in result.stderr


def test_why_it_failed_is_only_offered_where_the_log_has_lines(api, tickwire):
    api.ending = {"status": "failed", "info": "No."}
    assert tickwire("run", "a:b").stdout == "a:b has failed\nNo.\n"
    api.log = [{"level": "error", "message": "Traceback:\n  boom\n"}]
    assert "\nWhy: tickwire jobs log us_jb_" in tickwire("run", "a:b").stdout
    with_logs = tickwire("run", "a:b", "--logs")
    assert "Why:" not in with_logs.stdout
    assert "error   Traceback:\n  boom\n" in with_logs.stderr


def test_a_result_for_programs_is_shown(api, tickwire):
    api.ending = {"status": "complete", "result": {"sum": 7}}
    assert tickwire("run", "a:b").stdout == 'a:b is complete\nResult: {"sum": 7}\n'


def test_a_file_that_is_not_there_is_refused(api, tickwire):
    result = tickwire("run", "a:b", "--file", "missing.csv")
    assert result.exit_code == 2
    assert "missing.csv" in result.stderr


async def test_an_interrupt_detaches_and_says_how_to_cancel(api):
    api.never_ends = True
    child = await Child.start(*command_line("run", "a:b"), stderr=subprocess.PIPE)
    async with asyncio.timeout(60):
        said = await child._process.stderr.readline()
        os.kill(child.pid, signal.SIGINT)
        said += await child._process.stderr.read()
        assert await child.wait() == 130
    job = only(api)["id"]
    assert f"detached from {job}. It goes on: cancel it with 'tickwire jobs cancel {job}'." in said.decode()
    assert b"Traceback" not in said
    assert api.canceled == []
