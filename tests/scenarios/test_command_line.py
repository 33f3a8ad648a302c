"""The command line against a real server and a real listener."""

import json
import os
from pathlib import Path

import pytest
from processes import server, until
from terminals import Terminal

pytestmark = pytest.mark.must_run

SCRIPT = """
import asyncio
from pathlib import Path
from listener_sdk import Listener, Outcome

listener = Listener()

@listener.job("gate:wait")
async def wait(job):
    gate = Path(job.input["gate"])
    while not gate.exists():
        await job.tick(50, "Waiting at the gate")
        await asyncio.sleep(0.02)
    return Outcome("VERSION has passed", counts={"total": 1, "ok": 1})

@listener.job("bad:luck")
def fail(job):
    raise ValueError("no luck today")
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    with server(tmp_path_factory.mktemp("server")) as served:
        yield Terminal(served)


@pytest.fixture
def listening(terminal):
    """The script's listener, reloading."""
    script = terminal.folder / "script.py"
    script.write_text(SCRIPT.replace("VERSION", "The first"), encoding="utf-8")
    started = terminal.start("listen", "script.py", "--reload")
    try:
        until(lambda: "listening at" in started.text, "the listener is connected")
        yield started
    finally:
        started.stop()


def rewrite_within_the_second(script, text):
    """At once, as editors do; the text is as long as before, so that compiled code seems to be the script's still."""
    newer = script.with_suffix(".new")
    newer.write_text(text, encoding="utf-8")
    os.utime(newer, ns=(script.stat().st_mtime_ns + 1,) * 2)
    newer.replace(script)


def running(terminal):
    return len(terminal.data("/v1/jobs?job=gate:wait&status=executing"))


def test_a_running_job_finishes_on_the_old_code_while_the_new_takes_the_next(terminal, listening, tmp_path):
    gate = tmp_path / "gate"
    old = terminal.start("run", "gate:wait", "--input", f"gate={gate}", "--json")
    until(lambda: running(terminal) == 1, "the job runs")
    assert "executing" in terminal.run("jobs", "--job", "gate:wait")
    rewrite_within_the_second(terminal.folder / "script.py", SCRIPT.replace("VERSION", "The newer"))
    until(lambda: listening.text.count("listening at") == 2, "the new code is connected")
    new = terminal.start("run", "gate:wait", "--input", f"gate={gate}", "--json")
    until(lambda: running(terminal) == 2, "both jobs run")
    gate.touch()
    assert [process.process.wait(60) for process in (old, new)] == [0, 0]
    assert "The first has passed" in old.text
    assert "The newer has passed" in new.text
    assert '"attempt": 1' in old.text
    for process in (old, new):
        process.stop()


def test_a_running_job_is_canceled_from_the_command_line(terminal, listening, tmp_path):
    waiting = terminal.start("run", "gate:wait", "--input", f"gate={tmp_path / 'never'}")
    until(lambda: running(terminal) == 1, "the job runs")
    (job,) = json.loads(terminal.run("jobs", "--status", "executing", "--json"))
    assert terminal.run("jobs", "cancel", job["id"]) == f"{job['id']} is asked to stop.\n"
    assert waiting.process.wait(60) == 2
    assert "gate:wait was canceled" in waiting.text
    waiting.stop()
    assert json.loads(terminal.run("jobs", "show", job["id"], "--json"))["status"] == "canceled"


def test_a_handler_that_raises_is_told_with_its_traceback_in_the_log(terminal, listening):
    # It is tried again after a back-off, which is longer than this command waits.
    terminal.run("run", "bad:luck", "--timeout", "0.5", code=2)
    job = json.loads(terminal.run("jobs", "--job", "bad:luck", "--json"))[0]["id"]
    until(lambda: terminal.data(f"/v1/jobs/{job}/log"), "the traceback is in the log")
    said = terminal.run("jobs", "log", job)
    assert "no luck today" in said
    assert "script.py" in said
    terminal.run("jobs", "delete", job)
    assert "error: There is no job" in terminal.run("jobs", "show", job, code=1)


def test_the_doctor_finds_a_healthy_server(terminal, listening):
    levels = {finding["name"]: finding["level"] for finding in json.loads(terminal.run("doctor", "--json"))}
    assert set(levels) == {
        "python", "extra server", "extra postgres", "extra demo", "data dir", "disk", "server", "key", "stream", "clock", "listeners", "secrets", "mail",
    }  # fmt: skip
    assert "fail" not in levels.values()


def test_a_key_works_until_it_is_revoked(terminal):
    made = json.loads(terminal.run("keys", "create", "--name", "laptop", "--expires", "1h", "--json"))
    terminal.run("jobs", "--key", made["key"])
    assert "laptop" in terminal.run("keys")
    assert "Set TICKWIRE_API_KEY" not in terminal.run("keys", "revoke", made["id"])
    until(lambda: "error" in refused(terminal, made["key"]), "the key is refused")


def refused(terminal: Terminal, key: str) -> str:
    return terminal.done("jobs", "--key", key).stderr


def test_published_events_are_followed_and_filtered(terminal):
    terminal.run("events", "publish", "invoice:paid", "--payload", "customer=Ann", "--payload", "amount=5")
    terminal.run("events", "publish", "invoice:paid", "--payload", "customer=Bob", "--payload", "amount=7")
    tail = ("events", "tail", "invoice:*", "--after", "oldest", "--count", "1", "--json")
    event = json.loads(terminal.run(*tail, "--where", "customer=Bob"))
    assert event["payload"]["amount"] == 7
    listed = json.loads(terminal.run("events", "list", "invoice:*", "--json"))
    assert [found["payload"]["customer"] for found in listed] == ["Ann", "Bob"]


def test_a_second_server_on_the_same_data_says_why_it_cannot_start(terminal):
    said = terminal.run("server", "--port", "0", code=2)
    assert said.startswith("error: ")
    assert Path(terminal.env["TICKWIRE_DATA_DIR"]).name in said
