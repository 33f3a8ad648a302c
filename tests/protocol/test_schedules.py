"""Schedules on the wire."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.schedules import OF_TIMING, ScheduleCreate, ScheduleOfDefinition, ScheduleUpdate

LEAST = {"cron": "0 9 * * *"}


def test_a_cron_is_enough():
    made = ScheduleCreate.model_validate(LEAST)
    assert (made.late, made.overlap, made.jitter_s, made.enabled) == ("latest", "skip", 0, True)
    assert made.time_zone == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"late": "never"},
        {"overlap": "queue"},
        {"jitterS": -1},
        {"jitterS": 3_601},
        {"pauseAfter": 0},
        {"name": " "},
        {"name": "x" * 257},
        {"cron": "x" * 257},
        {"once": "2030-01-01"},
        {"notifications": [{}] * 17},
        {"every": 5},
    ],
)
def test_what_is_no_schedule(fields):
    with pytest.raises(ValidationError):
        ScheduleCreate.model_validate({**LEAST, **fields})


def test_a_change_tells_what_was_sent_and_what_is_removed():
    body = ScheduleUpdate.model_validate({"pauseAfter": None, "timeZone": "UTC", "jitterS": 5})
    assert body.sent() == {"pauseAfter": None, "timeZone": "UTC", "jitterS": 5}


def test_a_change_may_have_every_field():
    assert ScheduleUpdate.model_fields.keys() == ScheduleCreate.model_fields.keys()
    assert {"cron", "timeZone", "repeat", "once", "start", "end", "dialect", "gap", "fold"} == OF_TIMING
    assert ScheduleOfDefinition.model_validate({**LEAST, "definition": "a"}).definition == "a"
