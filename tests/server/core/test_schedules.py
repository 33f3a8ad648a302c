"""A schedule's row: made, changed, aimed, and shown."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.schedules import Schedule, ScheduleCreate
from server.core.refusals import Refusals
from server.core.schedules import (
    OF_ACTION,
    aimed,
    changed_schedule,
    in_zone,
    new_schedule,
    paused,
    retimed,
    schedule_facts,
    schedule_wire,
)

NOW = 1_767_225_600_000
HOUR = 3_600_000


def made(*, zone="Europe/Paris", **fields):
    body = ScheduleCreate.model_validate({"cron": "0 9 * * *", **fields})
    return new_schedule(1, body, NOW, "us_key_1", zone=zone, definition_id=2)


def change(row, **fields):
    return changed_schedule(row, fields, NOW + 1, "us_mem_0000000001", "UTC")


def test_it_has_the_zone_of_its_space_unless_it_names_one():
    assert made().said.timing.time_zone == "Europe/Paris"
    assert made(timeZone="Asia/Tokyo").said.timing.time_zone == "Asia/Tokyo"


def test_the_first_due_time_lies_ahead():
    row = aimed(made(), NOW, "2026a")
    assert (row.next_at, row.fires_at, row.planned_with) == (NOW + 8 * HOUR, NOW + 8 * HOUR, "2026a")
    again = aimed(row, row.next_at, "2026a")
    assert again.next_at == row.next_at + 24 * HOUR


def test_one_that_is_off_aims_at_nothing():
    row = aimed(made(enabled=False), NOW, "x")
    assert (row.next_at, row.fires_at, row.state) == (None, None, "off")


def test_a_change_makes_a_version_and_an_owner():
    row = made()
    after = change(row, name="Mornings", timeZone="UTC")
    assert (after.version, after.owner, after.name) == (2, "us_mem_0000000001", "Mornings")
    assert retimed(row, after)
    assert not retimed(row, change(row, name="x", late="none"))
    assert change(row) is row
    assert change(row, cron="0 9 * * *") is row


def test_another_kind_takes_the_place():
    after = change(made(dialect="unix"), once="2026-12-24T09:00")
    assert (after.said.timing.cron, after.said.timing.dialect) == (None, None)
    assert after.said.timing.time_zone == "Europe/Paris"


def test_a_change_that_does_not_fit_is_refused():
    with pytest.raises(Refusals):
        change(made(), cron=None)
    with pytest.raises(Refusal, match="never") as caught:
        change(made(), cron="0 0 30 2 *")
    assert caught.value.code == "bad_timing"


def test_too_much_of_it_is_refused():
    with pytest.raises(Refusal) as caught:
        made(params={"x": "y" * 40_000})
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "active"),
        ({"next_at": None}, "finished"),
        ({"next_at": None, "queued_at": 1}, "active"),
        ({"asleep": "definition_disabled"}, "asleep"),
        ({"asleep": "definition_disabled", "woken_at": 5}, "active"),
        ({"enabled": 0}, "off"),
        ({"enabled": 0, "paused": "failures"}, "paused"),
    ],
)
def test_how_it_stands(fields, state):
    assert replace(aimed(made(), NOW, "x"), **fields).state == state


def test_pausing_takes_its_times_away():
    row = paused(aimed(made(), NOW, "x"), "failures")
    assert (row.state, row.next_at, row.fires_at) == ("paused", None, None)


def test_it_follows_a_zone():
    assert in_zone(made(), "Asia/Tokyo").said.timing.time_zone == "Asia/Tokyo"


def test_what_a_clock_change_does_to_its_next_time_is_shown():
    row = aimed(made(cron=None, once="2026-03-29T02:30"), NOW, "x")
    shown = Schedule.model_validate(schedule_wire(row, "nightly"))
    assert shown.next_local == "2026-03-29T03:00:00+02:00"
    assert shown.next_note.startswith("02:30 does not exist on 29 March 2026")
    assert Schedule.model_validate(schedule_wire(aimed(made(), NOW, "x"), "nightly")).next_note is None


def test_what_readers_see():
    row = aimed(replace(made(name="Mornings", jitterS=5), id=3), NOW, "x")
    shown = Schedule.model_validate(schedule_wire(row, "nightly"))
    assert (shown.id, shown.definition, shown.name) == ("us_sch_0000000003", "nightly", "Mornings")
    assert shown.next_local == "2026-01-01T09:00:00+01:00"
    assert (shown.cron, shown.time_zone, shown.jitter_s, shown.enabled) == (
        "0 9 * * *",
        "Europe/Paris",
        5,
        True,
    )
    of_action = replace(row, origin=OF_ACTION, definition_id=None, action_id=4, name=None)
    wire = schedule_wire(of_action, None)
    assert (wire["actionId"], wire["name"]) == ("us_ac_0000000004", wire["words"])
    assert schedule_facts(row)["cron"] == "0 9 * * *"
