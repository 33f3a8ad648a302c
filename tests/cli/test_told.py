"""Who is told of runs, and was told of one, on the command line."""

import json

import pytest

from tests.cli.test_inbox import AT

ADA, JOB = "us_mem_0000000001", "us_jb_0000000001"


@pytest.fixture
def run(api):
    facts = {
        "id": JOB, "jobId": JOB, "definition": "nightly", "trigger": {"kind": "api"}, "result": "failed", "status": "failed",
        "createdAt": AT, "startedAt": AT, "finishedAt": AT, "attempts": 1, "fileCount": 0, "files": [],
    }  # fmt: skip
    api.history.runs.append(facts)
    api.job(status="failed", finishedAt=AT)
    return facts


def test_a_run_says_who_was_told_of_it(api, run, tickwire):
    said = {"channel": "email", "recipients": ["t***@example.com"], "attempts": 1}
    api.event("notification:failed", JOB, **said, message="No such user")
    api.event("notification:delivered", JOB, **said | {"channel": "inbox", "recipients": [ADA]})
    api.event("notification:delivered", "us_jb_0000000002", **said)
    shown = tickwire("runs", "show", JOB).stdout
    lines = [line for line in shown.splitlines() if " to " in line]
    assert [line.partition(" at ")[0] for line in lines] == [
        "email to t***@example.com failed",
        f"inbox to {ADA} delivered",
    ]
    assert lines[0].endswith(": No such user")
    assert api.lists[-1]["topic"] == "notification:delivered,notification:delayed,notification:failed"


def test_where_more_events_follow_than_are_looked_at_the_command_for_them_is_named(
    api, run, tickwire, monkeypatch
):
    monkeypatch.setattr("listener_sdk.cli.told.LOOKED_AT", 1)
    for _ in range(2):
        api.event("notification:delivered", JOB, channel="slack", recipients=["hooks.example"])
    shown = tickwire("runs", "show", JOB)
    assert shown.stdout.count("slack to hooks.example delivered") == 1
    assert f"tickwire events list 'notification:*' --where jobId={JOB}" in shown.stderr


def test_a_run_that_goes_on_has_told_nobody(api, run, tickwire):
    run["finishedAt"] = None
    tickwire("runs", "show", JOB)
    assert api.lists == []


@pytest.fixture
def made(api, tickwire):
    api.members[ADA] = {
        "id": ADA, "name": "Ada", "email": "ada@example.com", "role": "viewer", "active": True, "createdAt": AT, "updatedAt": AT,
    }  # fmt: skip

    def create(*channels):
        rule = {"channels": list(channels), "members": [ADA]}
        said = {"jobDefinitionCode": "nightly", "jobType": "import", "notifications": [rule]}
        return tickwire("definitions", "create", "--file", json.dumps(said))

    return create


def test_rules_by_mail_are_warned_of_where_the_server_sends_none(api, made, tickwire):
    assert "warning: This server sends no mail" in made("inbox", "email").stderr
    shown = tickwire("definitions", "nightly")
    assert "tells of failed runs: Ada by inbox and email\n" in shown.stdout
    assert "warning: This server sends no mail" in shown.stderr


def test_nothing_is_warned_of_where_mails_go_or_none_is_asked_for(api, made, tickwire):
    assert "no mail" not in made("inbox").stderr
    api.inbox.mail = {"configured": True}
    assert "no mail" not in made("email").stderr
