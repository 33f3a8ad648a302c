"""``tickwire schedules create``, ``edit``, ``enable``, ``disable``, ``delete`` and ``hand-over``."""

import json

import pytest


@pytest.fixture(autouse=True)
def _nightly(api, tickwire):
    tickwire("definitions", "create", "nightly", "--type", "b", "--enabled")


def test_one_is_made_by_options(api, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com")
    done = tickwire(
        "schedules", "create", "nightly", "0 9 * * 1-5", "--zone", "Europe/Paris", "--name", "Mornings", "--late", "all", "--overlap",
        "queue_one", "--jitter", "30", "--pause-after", "3", "--mode", "delta", "-p", "limit=3", "--fallback-owner", "ada@example.com",
        "--notify", '{"on": "failed", "channels": ["email"], "addresses": ["a@b.example"]}', "--gap", "skip", "--fold", "both", "--start", "2026-01-01", "--dialect", "unix", "--disabled",
    )  # fmt: skip
    assert done.stdout.startswith(
        "schedule us_sch_0000000001 is made: At 09:00, in Europe/Paris.\nNext: 2026-01-01 13:00"
    )
    assert api.schedules.asked[-1] == {
        "definition": "nightly", "cron": "0 9 * * 1-5", "timeZone": "Europe/Paris", "name": "Mornings", "late": "all",
        "overlap": "queue_one", "jitterS": 30, "pauseAfter": 3, "mode": "delta", "params": {"limit": 3}, "fallbackOwner": "us_mem_1",
        "notifications": [{"on": "failed", "channels": ["email"], "addresses": ["a@b.example"]}], "gap": "skip", "fold": "both", "start": "2026-01-01", "dialect": "unix", "enabled": False,
    }  # fmt: skip


def test_a_definition_that_is_disabled_is_told(api, tickwire):
    tickwire("definitions", "create", "dormant", "--type", "b")
    made = tickwire("schedules", "create", "dormant", "0 9 * * *")
    assert "The definition dormant is disabled: nothing runs until it is enabled: " in made.stderr
    assert made.stderr.rstrip().endswith("definitions enable dormant")
    tickwire("definitions", "enable", "dormant")
    assert tickwire("schedules", "create", "dormant", "0 9 * * *").stderr == ""


def test_a_clock_change_at_the_first_time_is_told(api, tickwire):
    api.schedules.put(nextNote="02:30 does not exist on 28 March 2027.")
    assert tickwire("schedules", "enable", "us_sch_0000000001").stdout.endswith(
        "Next: 2026-01-01 13:00:00. 02:30 does not exist on 28 March 2027.\n"
    )


def test_json_that_is_no_rule_is_told_with_one(api, tickwire):
    refused = tickwire("schedules", "create", "nightly", "0 9 * * *", "--notify", "{x}")
    assert refused.exit_code == 2
    assert '"addresses": ["ops@example.com"]' in refused.stderr


def test_a_time_and_a_repetition_will_do_too(api, tickwire):
    tickwire("schedules", "create", "nightly", "2026-12-24T09:00")
    assert api.schedules.asked[-1] == {"definition": "nightly", "once": "2026-12-24T09:00:00"}
    tickwire("schedules", "create", "nightly", '{"unit": "days", "start": "2026-01-01T09:00"}')
    assert api.schedules.asked[-1]["repeat"] == {"unit": "days", "start": "2026-01-01T09:00:00"}
    assert json.loads(tickwire("schedules", "create", "nightly", "0 9 * * *", "--json").stdout)["id"]


def test_what_is_not_named_stays(api, tickwire):
    api.schedules.put()
    done = tickwire("schedules", "edit", "us_sch_0000000001", "0 10 * * *", "--jitter", "5", "--no-pause")
    assert "is changed" in done.stdout
    assert api.schedules.asked[-1] == {"cron": "0 10 * * *", "jitterS": 5, "pauseAfter": None}
    nothing = tickwire("schedules", "edit", "us_sch_0000000001")
    assert nothing.exit_code == 2
    assert "Nothing is to be changed" in nothing.output


def test_one_is_switched_off_and_on_and_removed(api, tickwire):
    api.schedules.put()
    assert "is switched off" in tickwire("schedules", "disable", "us_sch_0000000001").stdout
    assert api.schedules.asked[-1] == {"enabled": False}
    assert "is switched on" in tickwire("schedules", "enable", "us_sch_0000000001").stdout
    assert api.schedules.asked[-1] == {"enabled": True}
    assert (
        tickwire("schedules", "delete", "us_sch_0000000001").stdout
        == "schedule us_sch_0000000001 is deleted.\n"
    )
    assert api.schedules.known == {}


def test_one_that_has_no_due_time_says_how_it_stands(api, tickwire):
    api.schedules.put(state="asleep", asleep="space_archived", nextAt=None, nextLocal=None)
    assert "It is asleep (space_archived)." in tickwire("schedules", "enable", "us_sch_0000000001").stdout


def test_hand_overs(api, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com")
    api.schedules.put()
    done = tickwire("schedules", "hand-over", "us_sch_0000000001", "--to", "ada@example.com")
    assert done.stdout == "1 schedule handed over to us_mem_1.\n"
    assert api.schedules.asked[-1] == {"owner": "us_mem_1", "replaceRecipient": False}
    api.schedules.still_recipient = 2
    told = tickwire("schedules", "hand-over", "--all-of", "ada@example.com", "--mine").stdout
    assert "2 rules still tell the former owner: repeat with --replace-recipient." in told
    assert api.schedules.asked[-1] == {"owner": "k1", "replaceRecipient": False, "former": "us_mem_1"}
    api.schedules.still_recipient = 1
    asked = ("schedules", "hand-over", "us_sch_0000000001", "--mine")
    assert "1 rule still tells the former owner: repeat with --replace-recipient." in tickwire(*asked).stdout
    assert "a key that takes over is told nothing" in tickwire(*asked, "--replace-recipient").stdout
    api.schedules.still_told_by = ["nightly"]
    told = tickwire(*asked, "--replace-recipient").stdout
    assert "whoever may define jobs changes them, or repeats this: nightly." in told
    api.schedules.still_recipient = 2
    fallback = tickwire("schedules", "hand-over", "us_sch_0000000001", "--replace-recipient", "--json")
    assert json.loads(fallback.stdout)["stillRecipient"] == 2
    assert api.schedules.asked[-1] == {"replaceRecipient": True}
    for wrong in ((), ("us_sch_1", "--all-of", "x"), ("us_sch_1", "--mine", "--to", "x")):
        assert tickwire("schedules", "hand-over", *wrong).exit_code == 2
