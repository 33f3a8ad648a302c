"""The history in real processes: a definition fails, is flagged and run again; due times that were skipped are told, and made up for."""

import csv
import io
import json
from pathlib import Path

import pytest
from processes import listener, server, until
from terminals import Terminal

pytestmark = pytest.mark.must_run

SCRIPT = """
import os, time
from pathlib import Path
from listener_sdk import Fatal, Listener, Outcome, SyncJob

listener = Listener()
gate = Path(os.environ["GATE"])

@listener.job("shop:import")
def run(job: SyncJob[dict]):
    if job.input.get("held"):
        while not gate.exists():
            job.tick()
            time.sleep(0.01)
    if job.input.get("door") != "back":
        raise Fatal("The shop is closed.")
    return Outcome("=Imported()", counts={"total": 1, "ok": 1})

listener.run()
"""


@pytest.fixture
def terminal(tmp_path: Path):
    script = tmp_path / "shop.py"
    script.write_text(SCRIPT)
    with server(tmp_path / "server") as served:
        env = {
            **served.environment,
            "TICKWIRE_DATA_DIR": str(served.folder / "data"),
            "GATE": str(tmp_path / "gate"),
        }
        with listener(script, env):
            made = Terminal(served)
            until(
                lambda: any(one["code"] == "shop:import" for one in made.data("/v1/job-types")),
                "the listener has declared its job",
            )
            yield made


def shown(terminal, *arguments):
    return json.loads(terminal.run(*arguments, "--json"))


def test_a_failure_is_flagged_until_it_is_run_again_with_what_it_lacked(terminal):
    terminal.run("definitions", "create", "shop", "--type", "shop:import", "-p", "door=front", "--enabled")
    terminal.run("definitions", "create", "other", "--type", "shop:import", "-p", "door=back", "--enabled")
    terminal.run("definitions", "launch", "other")
    assert "The shop is closed." in terminal.run("definitions", "launch", "shop", code=1)
    flagged = shown(terminal, "definitions", "show", "shop")
    [failed] = shown(terminal, "runs", "--definition", "shop")
    assert (flagged["health"], flagged["failing"]["jobId"]) == ("failed", failed["id"])
    assert [one["jobDefinitionCode"] for one in shown(terminal, "definitions", "--health", "failed")] == [
        "shop"
    ]
    assert failed["error"] == {"code": "failed", "message": "The shop is closed."}
    # As it was it fails as it did.
    terminal.run("runs", "again", failed["id"], code=1)
    assert shown(terminal, "definitions", "show", "shop")["failing"]["failures"] == 2
    terminal.run("runs", "again", failed["id"], "-p", "door=back")
    assert shown(terminal, "definitions", "show", "shop")["health"] == "ok"
    newest, second, first = shown(terminal, "runs", "--definition", "shop")
    assert [one["result"] for one in (newest, second, first)] == ["success", "failed", "failed"]
    assert {newest["rerunOf"], second["rerunOf"]} == {first["id"]}
    assert shown(terminal, "runs", "show", newest["id"])["params"] == {"door": "back"}


def test_skipped_due_times_say_why_are_exported_and_made_up_for(terminal, tmp_path):
    terminal.run("definitions", "create", "shop", "--type", "shop:import", "-p", "door=back", "--enabled")
    cron = ("*/10 * * * * ?", "--dialect", "quartz", "--zone", "UTC", "-p", "held=true", "--overlap", "skip")
    made = [shown(terminal, "schedules", "create", "shop", *cron)["id"] for _ in range(3)]
    until(lambda: len(terminal.data("/v1/runs?result=skipped")) >= 2, "due times are left out")
    for schedule in made:
        terminal.run("schedules", "disable", schedule)
    (tmp_path / "gate").touch()
    until(lambda: not terminal.data("/v1/runs?result=running"), "the job has ended")
    runs = shown(terminal, "runs")
    assert sorted(one["result"] for one in runs) == ["skipped"] * (len(runs) - 1) + ["success"]
    assert {one["reason"] for one in runs if one["result"] == "skipped"} == {"still_running"}
    assert len({(one["trigger"]["scheduleId"], one["dueAt"]) for one in runs}) == len(runs)
    assert {one["trigger"]["scheduleId"] for one in runs} == set(made)
    skipped = next(one for one in runs if one["result"] == "skipped")
    assert "had not ended" in terminal.run("runs", "show", skipped["id"])
    terminal.run("runs", "again", skipped["id"])
    after = shown(terminal, "runs")
    assert (after[0]["rerunOf"], after[0]["dueAt"], after[0]["result"]) == (
        skipped["id"],
        skipped["dueAt"],
        "success",
    )
    assert {one.get("rerunId") for one in after if one["id"] == skipped["id"]} == {after[0]["id"]}
    assert len(after) == len(runs) + 1
    terminal.run("runs", "export", "--format", "csv", "--out", "runs.csv")
    rows = list(csv.DictReader(io.StringIO((terminal.folder / "runs.csv").read_text(), newline="")))
    assert [(row["id"], row["result"], row["dueAt"], row["rerunOf"]) for row in rows] == [
        (one["id"], one["result"], one["dueAt"], one.get("rerunOf", "")) for one in after
    ]
    # No spreadsheet is to take it for a formula.
    assert {row["message"] for row in rows if row["result"] == "success"} == {"'=Imported()"}
    terminal.run("runs", "export", "--format", "csv", "--result", "skipped", "--out", "skipped.csv")
    text = (terminal.folder / "skipped.csv").read_text()
    assert [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [
        one["id"] for one in after if one["result"] == "skipped"
    ]
