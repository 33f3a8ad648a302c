"""Timings of every kind in plain English."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.timings import Timing
from server.core.timing_words import words

START = "2026-01-05T09:00"


def said(**fields):
    return words(Timing.model_validate({"timeZone": "Europe/Paris", **fields}))


def repeated(**fields):
    return said(repeat={"start": START, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cron": "0 9 * * 1-5"}, "At 09:00, Monday to Friday"),
        ({"cron": "0 0 12 * * ?", "start": "2026-01-05"}, "Every day at noon, from 5 January 2026"),
        (
            {"cron": "0 9 * * *", "start": START, "end": "2026-12-31"},
            "Every day at 09:00, from 5 January 2026 at 09:00, until 31 December 2026",
        ),
        ({"once": "2026-12-24T09:00"}, "Once, on Thursday 24 December 2026 at 09:00"),
        ({"once": "2026-12-24T09:00:30"}, "Once, on Thursday 24 December 2026 at 09:00:30"),
        ({"once": "2026-12-24T09:00Z"}, "Once, on Thursday 24 December 2026 at 09:00 (UTC)"),
        ({"once": "2026-12-24T09:00-05:00"}, "Once, on Thursday 24 December 2026 at 09:00 (UTC-05:00)"),
        ({"once": "2026-12-24"}, "Once, on Thursday 24 December 2026"),
    ],
)
def test_a_timing_in_words(fields, expected):
    assert said(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"unit": "minutes", "every": 90}, "Every 90 minutes, starting 5 January 2026 at 09:00"),
        ({"unit": "hours"}, "Every hour, starting 5 January 2026 at 09:00"),
        ({"unit": "days"}, "Every day at 09:00, starting 5 January 2026 at 09:00"),
        ({"unit": "days", "start": "2026-01-05"}, "Every day at 00:00, starting 5 January 2026"),
        ({"unit": "weeks"}, "Every week on Monday at 09:00, starting Monday 5 January 2026 at 09:00"),
        (
            {"unit": "weeks", "every": 2, "weekdays": ["fri", "mon"]},
            "Every 2 weeks on Monday and Friday at 09:00, starting Monday 5 January 2026 at 09:00",
        ),
        ({"unit": "months"}, "Every month on the 5th at 09:00, starting 5 January 2026 at 09:00"),
        (
            {"unit": "months", "day": 31},
            "Every month on the 31st, where there is one, at 09:00, starting 5 January 2026 at 09:00",
        ),
        (
            {"unit": "months", "every": 3, "day": "last"},
            "Every 3 months on the last day at 09:00, starting 5 January 2026 at 09:00",
        ),
        (
            {"unit": "months", "nth": 2, "weekday": "tue"},
            "Every month on the second Tuesday at 09:00, starting 5 January 2026 at 09:00",
        ),
        (
            {"unit": "months", "nth": "last", "weekday": "fri"},
            "Every month on the last Friday at 09:00, starting 5 January 2026 at 09:00",
        ),
        (
            {"unit": "months", "nth": 5, "weekday": "fri"},
            "Every month on the fifth Friday, where there is one, at 09:00, starting 5 January 2026 at 09:00",
        ),
        (
            {"unit": "days", "count": 10, "until": "2026-02-01"},
            "Every day at 09:00, starting 5 January 2026 at 09:00, 10 times, until 1 February 2026",
        ),
        ({"unit": "days", "count": 1}, "Every day at 09:00, starting 5 January 2026 at 09:00, once"),
    ],
)
def test_a_repetition_in_words(fields, expected):
    assert repeated(**fields) == expected


def test_what_has_no_meaning_has_no_words():
    with pytest.raises(Refusal, match="never due"):
        said(cron="0 0 30 2 *")


def test_a_start_with_an_offset_is_a_time_of_day_of_the_zone():
    daily = {"unit": "days", "start": "2026-01-05T10:00+05:00"}
    expected = "Every day at 06:00, starting 5 January 2026 at 06:00"
    assert said(repeat=daily) == expected
    weekly = {"unit": "weeks", "start": "2026-01-05T03:00+05:00"}
    assert said(repeat=weekly, timeZone="America/New_York").startswith("Every week on Sunday at 17:00")
