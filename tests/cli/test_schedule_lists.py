"""``tickwire schedules list`` and ``show``."""

import json

import pytest


def test_the_list_shows_due_times_in_their_zone(api, tickwire):
    assert tickwire("schedules").stdout == "There are no schedules.\n"
    api.schedules.put(name="Mornings")
    api.schedules.put(enabled=False, state="off", nextAt=None, nextLocal=None)
    shown = tickwire("schedules", "list").stdout.splitlines()
    assert [cell.strip() for cell in shown[1].split("  ") if cell] == [
        "us_sch_0000000001", "nightly", "active", "2026-01-01 13:00:00", "Europe/Paris", "Mornings: At 09:00",
    ]  # fmt: skip
    assert "off" in shown[2]
    assert shown[2].endswith("At 09:00")


def test_a_list_may_be_of_a_definition_or_an_owner(api, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com")
    asked = ("schedules", "list", "-d", "nightly", "--disabled", "--owner", "ada@example.com", "--json")
    assert json.loads(tickwire(*asked).stdout) == []
    assert api.schedules.asked[-1] == {"definition": "nightly", "enabled": "false", "owner": "us_mem_1"}


@pytest.mark.parametrize("words", [("show",), ()])
def test_one_is_shown(api, tickwire, words):
    api.schedules.put(
        name="Mornings", jitterS=30, pauseAfter=3, failures=2, params={"a": 1}, mode="delta", fold="both", end="2027-01-01",
        fallbackOwner="us_mem_0000000002", queuedAt="2026-01-01T11:00:00.000Z", notifications=[{"channels": ["inbox"], "members": ["us_mem_1"]}],
    )  # fmt: skip
    shown = tickwire("schedules", *words, "us_sch_0000000001").stdout.splitlines()
    assert shown[0] == "Mornings"
    assert "due: At 09:00, in Europe/Paris" in shown
    assert "next: 2026-01-01 13:00:00" in shown
    assert any(line.startswith("waits for the end of a job: ") for line in shown)
    assert "bounds: the beginning to 2027-01-01" in shown
    assert "clock changes: gap next-valid, fold both" in shown
    assert "pauses: after 3 failures in a row" in shown
    assert "owner: us_mem_0000000001, else us_mem_0000000002" in shown
    assert shown[-1] == "tells of failed runs: us_mem_1 by inbox"
    whole = json.loads(tickwire("schedules", "show", "us_sch_0000000001", "--json").stdout)
    assert whole["pauseAfter"] == 3


def test_why_nothing_is_due_is_told(api, tickwire):
    api.schedules.put(state="paused", enabled=False, paused="failures", nextAt=None, nextLocal=None)
    api.schedules.put(state="asleep", asleep="definition_disabled", nextAt=None, nextLocal=None)
    paused = tickwire("schedules", "us_sch_0000000001").stdout
    assert "state: paused (failures): " in paused
    assert "schedules enable us_sch_0000000001" in paused
    asleep = tickwire("schedules", "us_sch_0000000002").stdout
    assert "state: asleep (definition_disabled): " in asleep
    assert "definitions enable nightly" in asleep
    api.schedules.put(state="owner_inactive", nextAt=None, nextLocal=None)
    orphaned = tickwire("schedules", "us_sch_0000000003").stdout
    assert "state: owner inactive: tickwire schedules hand-over us_sch_0000000003 --to MEMBER\n" in orphaned
    assert "owner inactive" in tickwire("schedules").stdout


def test_how_its_timing_was_written_and_its_last_run_are_shown(api, tickwire):
    api.history.runs.append({
        "id": "us_jb_0000000001", "result": "success", "status": "complete", "createdAt": "2026-01-01T12:00:00.000Z",
        "dueAt": "2026-01-01T12:00:00.000Z", "trigger": {"kind": "schedule"},
    })  # fmt: skip
    api.schedules.put(cron="0 9 * * 1-5", nextNote="02:30 comes twice.")
    api.schedules.put(cron="0 0 9 ? * 2", dialect="quartz")
    api.schedules.put(once="2026-12-24T09:00:00")
    api.schedules.put(repeat={"unit": "days", "start": "2026-01-01"}, definition=None, actionId="us_ac_1")
    shown = [tickwire("schedules", "show", f"us_sch_000000000{number}").stdout for number in range(1, 5)]
    assert "cron: 0 9 * * 1-5 (unix)\n" in shown[0]
    assert "next: 2026-01-01 13:00:00 (02:30 comes twice.)\n" in shown[0]
    assert "clock changes: gap next-valid, fold first\n" in shown[0]
    assert "last run: us_jb_0000000001, success, due 2026-01-01 " in shown[0]
    assert api.history.asked[0] == {"schedule": "us_sch_0000000001", "pageSize": "1"}
    assert "cron: 0 0 9 ? * 2 (quartz)\n" in shown[1]
    assert "once: 2026-12-24T09:00:00\n" in shown[2]
    assert 'repeat: {"unit": "days", "start": "2026-01-01"}\n' in shown[3]
    assert "last run" not in shown[3]
