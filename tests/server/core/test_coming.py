"""What a calendar shows of a schedule."""

from listener_sdk.protocol.schedules import ScheduleCreate
from listener_sdk.protocol.times import from_wire
from server.core.coming import MOST, coming
from server.core.schedules import aimed, new_schedule

DAY = 86_400_000
SPRING = from_wire("2026-03-28T00:00:00Z")


def made(**fields):
    body = ScheduleCreate.model_validate(fields)
    row = new_schedule(1, body, SPRING, "us_key_1", zone="Europe/Paris", definition_id=2)
    return aimed(row, SPRING, "2026a")


def test_due_times_up_to_an_instant():
    assert coming(made(cron="0 9 * * *"), "active", SPRING + 2 * DAY) == {
        "due": [
            {"utc": "2026-03-28T08:00:00.000Z", "local": "2026-03-28T09:00:00+01:00"},
            {"utc": "2026-03-29T07:00:00.000Z", "local": "2026-03-29T09:00:00+02:00"},
        ]
    }


def test_one_that_clocks_leave_out_is_among_them_with_its_reason():
    found = coming(made(cron="30 2 * * *", gap="skip"), "active", SPRING + 2 * DAY)["due"]
    assert [one.get("skipped") for one in found] == [None, True]
    assert "does not exist on 29 March 2026" in found[1]["note"]


def test_no_more_than_some_are_shown():
    found = coming(made(cron="* * * * *"), "active", SPRING + DAY)
    assert (len(found["due"]), found["dueMore"]) == (MOST, True)
    exact = coming(made(cron="* * * * *"), "active", SPRING + MOST * 60_000)
    assert (len(exact["due"]), "dueMore" in exact) == (MOST, False)


def test_one_that_rests_is_due_at_nothing():
    assert coming(made(cron="0 9 * * *"), "asleep", SPRING + DAY) == {"due": []}
    assert coming(made(cron="0 9 * * *", enabled=False), "off", SPRING + DAY) == {"due": []}
