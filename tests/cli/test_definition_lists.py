"""What there is of definitions, and what keeps their triggers from starting jobs."""

import pytest

PROBLEM = {
    "at": "2026-01-02T00:00:00.000Z",
    "kind": "stopped",
    "reason": "rate",
    "message": "It starts at most 60 jobs a minute.",
    "trigger": 1,
    "eventId": "us_evt_0000000007",
    "eventTopic": "invoice:paid",
}


def test_no_trigger_in_trouble_is_no_word(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "--enabled")
    assert "rigger" not in tickwire("definitions").stdout + tickwire("definitions", "a").stdout


def test_its_schedules_are_shown(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "-f", '{"schedule": {"cron": "0 0 12 * * ?"}}')
    api.schedules.put(name="Mornings")
    api.schedules.put(origin="definition", state="off", enabled=False, nextAt=None, nextLocal=None)
    shown = tickwire("definitions", "a").stdout.splitlines()
    assert (
        "schedule us_sch_0000000001: Mornings: At 09:00, in Europe/Paris (active, next 2026-01-01 13:00:00)"
        in shown
    )
    assert "schedule us_sch_0000000002: At 09:00, in Europe/Paris (off)" in shown
    assert not any(line.startswith("schedule:") for line in shown)


def test_that_nothing_is_of_a_filter_does_not_say_that_there_is_nothing(api, tickwire):
    assert tickwire("definitions").stdout == "There are no job definitions.\n"
    assert tickwire("definitions", "--health", "failed").stdout == "There are no such job definitions.\n"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ({}, ["Trigger 1 was stopped 2026-", "on invoice:paid us_evt_0000000007:", "at most 60 jobs", "definitions update a --file"]),
        ({"eventTopic": None}, [" on us_evt_0000000007:"]),
        (
            {"kind": "failed", "reason": "invalid", "problems": [{"path": "params.url", "message": "params.url: is required"}]},
            ["Trigger 1 failed", "  params.url: is required", "Mend what it makes of the event"],
        ),
    ],
)  # fmt: skip
def test_a_trigger_in_trouble_is_marked_and_told(api, tickwire, problem, said):
    tickwire("definitions", "create", "a", "--type", "b", "--enabled")
    api.definitions.known["a"] |= {"triggerStops": 3, "triggerProblem": PROBLEM | problem}
    kind = problem.get("kind", "stopped")
    assert f"enabled, trigger {kind}" in tickwire("definitions").stdout
    shown = tickwire("definitions", "a").stdout
    assert f"state: enabled, trigger {kind}" in shown
    assert "3 starts prevented" in shown
    assert all(part in shown for part in said), shown


def test_options_are_shown_where_one_is_set(api, tickwire):
    tickwire(
        "definitions", "create", "a", "--type", "b", "-f", '{"options": {"emailList": ["a@example.com"]}}'
    )
    assert '"emailList": ["a@example.com"]' in tickwire("definitions", "a").stdout
    tickwire("definitions", "update", "a", "-f", '{"options": {}}')
    assert "options" not in tickwire("definitions", "a").stdout
