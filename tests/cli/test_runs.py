"""The history on the command line."""

import json
import re
from datetime import datetime

import pytest

AT = "2026-01-01T12:00:00.000Z"


@pytest.fixture
def history(api):
    done = {
        "id": "us_jb_0000000001", "jobId": "us_jb_0000000001", "definition": "nightly", "definitionVersion": 2, "mode": "delta",
        "trigger": {"kind": "person", "memberId": "us_mem_1"}, "result": "partial", "status": "complete", "createdAt": AT,
        "startedAt": AT, "finishedAt": "2026-01-01T12:01:05.000Z", "attempts": 2, "maxAttempts": 5, "message": "Most of it.\nMore.",
        "counts": {"total": 1200, "ok": 1199, "failed": 1}, "fileCount": 2, "params": {"url": "u"},
        "files": [{"id": "us_fl_1", "name": "errors.csv", "size": 2048, "contentType": "text/csv", "url": "https://x/f"}],
    }  # fmt: skip
    failed = done | {"id": "us_jb_0000000002", "jobId": "us_jb_0000000002", "result": "failed", "status": "failed", "counts": None,
                     "error": {"code": "run_timeout", "message": "Too long."}, "rerunOf": "us_jb_0000000001"}  # fmt: skip
    skipped = {
        "id": "us_slt_00000000070000000009", "definition": "nightly", "result": "skipped", "reason": "overlap", "createdAt": AT,
        "finishedAt": AT, "dueAt": AT, "trigger": {"kind": "schedule", "scheduleId": "us_sch_1"}, "message": "3 due times were skipped.",
        "count": 3, "fileCount": 0, "files": [],
    }  # fmt: skip
    running = done | {
        "id": "us_jb_0000000003",
        "jobId": "us_jb_0000000003",
        "result": "running",
        "status": "ready",
        "finishedAt": None,
    }
    api.history.runs += [running, skipped, failed, done]
    api.job(status="complete", finishedAt=AT, outcome={"heading": "Nearly", "message": "Most of it."})
    api.job(status="failed", finishedAt=AT, info="Too long.")
    return api


def test_runs_are_listed_with_what_came_of_them(history, tickwire):
    head, running, skipped, failed, done = tickwire("runs").stdout.splitlines()
    assert re.split("  +", head) == [
        "ID",
        "DEFINITION",
        "RESULT",
        "MODE",
        "STARTED BY",
        "DUE (LOCAL)",
        "CREATED (LOCAL)",
        "TOOK",
        "COUNTS",
        "MESSAGE",
    ]
    due = f"{datetime.fromisoformat(AT).astimezone():%Y-%m-%d %H:%M:%S}"
    assert (skipped.count(due), done.count(due)) == (2, 1)
    assert "  ready  " in running
    assert "schedule us_sch_1" in skipped
    assert skipped.endswith("3 due times were skipped.")
    assert failed.endswith("Too long.")
    assert "1 min 5 s  1,199 of 1,200, 1 failed  Most of it." in done
    assert "person us_mem_1" in done
    result = tickwire("runs", "list", "--limit", "2")
    assert len(result.stdout.splitlines()) == 3
    assert result.stderr == "Only the newest 2 runs of more: see --limit and --all.\n"
    assert tickwire("runs", "--all").stderr == ""
    assert [one["id"] for one in json.loads(tickwire("runs", "--json").stdout)] == [
        one["id"] for one in history.history.runs
    ]


def test_without_due_times_there_is_no_column_of_them(history, tickwire):
    del history.history.runs[1]
    assert "DUE" not in tickwire("runs").stdout


def test_a_run_that_somebody_had_a_schedule_make_says_which(history, tickwire):
    history.history.runs[0]["trigger"] = {
        "kind": "api",
        "keyId": "us_key_1",
        "scheduleId": "us_sch_1",
        "name": "Mornings",
    }
    assert "  api us_key_1, schedule Mornings  " in tickwire("runs").stdout
    history.history.runs[3]["trigger"] = history.history.runs[0]["trigger"]
    assert "api us_key_1, schedule Mornings\n" in tickwire("runs", "show", "us_jb_0000000001").stdout


def test_results_and_triggers_may_be_separated_by_commas(history, tickwire):
    tickwire("runs", "--result", "failed,partial", "--result", "skipped", "--trigger", "person, listener")
    [asked] = history.history.asked
    assert (asked["result"], asked["trigger"]) == ("failed,partial,skipped", "person,listener")
    refused = tickwire("runs", "--result", "failed,partail")
    assert refused.exit_code == 2
    assert "'partail' is none of" in refused.stderr
    assert "Did you mean partial?" in refused.stderr


def test_there_may_be_none(api, tickwire):
    assert tickwire("runs").stdout == "There are no such runs.\n"


def test_options_become_filters(history, tickwire):
    tickwire(
        "runs", "--definition", "nightly", "--schedule", "us_sch_1", "--target", "shop", "--result", "failed", "--result", "skipped",
        "--mode", "full", "--trigger", "person", "--since", "2026-01-01", "--until", "1s",
    )  # fmt: skip
    [asked] = history.history.asked
    assert asked.pop("since") < asked.pop("until")
    assert asked == {
        "definition": "nightly", "schedule": "us_sch_1", "target": "shop", "result": "failed,skipped", "mode": "full",
        "trigger": "person", "pageSize": "51",
    }  # fmt: skip


def test_one_run_is_shown_with_its_outcome_and_files(history, tickwire):
    shown = tickwire("runs", "show", "us_jb_0000000001").stdout
    for text in ("nightly, version 2", "person us_mem_1", "2 of 5", "partial", "Nearly", "errors.csv", "2.0 KiB", "https://x/f", "1 more file"):  # fmt: skip
        assert text in shown, text
    assert "runs again us_jb_0000000001" in shown
    shown = tickwire("runs", "show", "us_slt_00000000070000000009").stdout
    for text in ("due times    3", "skipped", "3 due times were skipped."):
        assert text in shown, text
    shown = tickwire("runs", "show", "us_jb_0000000002").stdout
    assert "run_timeout" in shown
    assert (
        json.loads(tickwire("runs", "show", "us_jb_0000000002", "--json").stdout)["rerunOf"]
        == "us_jb_0000000001"
    )


def test_a_run_again_is_watched(history, tickwire):
    result = tickwire("runs", "again", "us_jb_0000000002", "-p", "limit=3", "--mode", "full")
    assert result.exit_code == 0, result.output
    assert history.history.again == [("us_jb_0000000002", {"params": {"limit": 3}, "mode": "full"})]
    assert tickwire("runs", "again", "us_jb_0000000002", "-d").stdout.startswith("us_jb_")
    history.ending = {"status": "failed"}
    assert tickwire("runs", "again", "us_jb_0000000002").exit_code == 1


def test_an_export_goes_to_a_file_or_to_standard_output(history, tickwire, tmp_path):
    out = tmp_path / "runs.csv"
    result = tickwire("runs", "export", "--format", "csv", "--out", str(out), "--result", "failed")
    assert out.read_text() == "exported csv failed"
    assert result.stderr == f"wrote {out}\n"
    assert tickwire("runs", "export", "--format", "jsonl", "--out", "-").stdout == "exported jsonl None"
    lost = tmp_path / "nowhere" / "runs.csv"
    result = tickwire("runs", "export", "--format", "csv", "--out", str(lost))
    assert (result.exit_code, result.stderr) == (
        1,
        f"error: {lost} cannot be written: No such file or directory.\n",
    )


@pytest.mark.parametrize(
    "args", [("--result", "done"), ("--since", "soon"), ("--limit", "0"), ("export", "--out", "x")]
)
def test_what_means_nothing_is_refused(api, tickwire, args):
    assert tickwire("runs", *args).exit_code == 2
