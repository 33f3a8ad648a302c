"""Previews: words, and the next times with what clock changes do to them."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import from_wire
from listener_sdk.protocol.timings import Preview, Timing
from server.core.previews import due, preview

PASSED = "it is due no more, since its last time has passed."


def shown(after, count=3, zone="Europe/Paris", **fields):
    return preview(Timing.model_validate({"timeZone": zone, **fields}), from_wire(after), count)


def test_a_preview_has_the_dialect_the_words_and_the_times():
    assert shown("2026-11-21T10:00:00Z", 2, cron="0 0 9 ? * 2") == {
        "dialect": "quartz",
        "words": "At 09:00 on Mondays",
        "times": [
            {"utc": "2026-11-23T08:00:00.000Z", "local": "2026-11-23T09:00:00+01:00"},
            {"utc": "2026-11-30T08:00:00.000Z", "local": "2026-11-30T09:00:00+01:00"},
        ],
    }


def test_other_kinds_have_no_dialect_and_perhaps_fewer_times():
    found = shown("2026-11-21T10:00:00Z", 100, once="2026-12-24T09:00")
    assert Preview.model_validate(found).dialect is None
    assert [one["local"] for one in found["times"]] == ["2026-12-24T09:00:00+01:00"]


def test_times_may_lie_far_apart():
    found = shown("2026-11-21T10:00:00Z", 100, cron="0 0 29 2 *")["times"]
    assert [one["local"][:4] for one in found[:3]] == ["2028", "2032", "2036"]
    assert (
        found[-1]["local"][:4] == "2296"
    )  # the last before the year 2300, from which on no timing is followed


def test_skipped_times_are_told_with_the_next_that_runs():
    found = shown("2026-03-28T12:00:00Z", 2, cron="30 2 * * *", gap="skip")["times"]
    assert [one["local"] for one in found] == ["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]
    assert found[0]["note"].endswith("clocks go forward from 02:00 to 03:00. It is skipped.")
    assert "note" not in found[1]


def test_the_first_time_behind_a_change_says_so():
    found = shown("2026-03-28T12:00:00Z", 2, cron="0 9 * * *")["times"]
    assert found[0] == {
        "utc": "2026-03-29T07:00:00.000Z",
        "local": "2026-03-29T09:00:00+02:00",
        "note": "Clocks have gone forward 1 h since the time before.",
    }
    assert "note" not in found[1]


@pytest.mark.parametrize(
    ("fields", "key", "problem"),
    [
        ({"cron": "0 0 9 * * ? 2020"}, "cron", PASSED),
        ({"cron": "0 0 9 * * ? 2090"}, "cron", "it is not due within 8 years."),
        ({"cron": "0 9 * * *", "end": "2026-01-01"}, "cron", PASSED),
        ({"once": "2026-01-01"}, "once", "it is due no more, since Thursday 1 January 2026 has passed."),
        ({"repeat": {"unit": "days", "start": "2026-01-01", "count": 3}}, "repeat", PASSED),
    ],
)
def test_what_is_not_due_any_more_is_refused(fields, key, problem):
    with pytest.raises(Refusal) as caught:
        shown("2026-11-21T10:00:00Z", **fields)
    assert (caught.value.code, caught.value.key) == ("bad_timing", key)
    assert caught.value.message == f"{key}: {problem}"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"once": "2027-03-28T02:30"}, "once"),
        ({"cron": "0 30 2 ? 3 1L"}, "cron"),
        ({"cron": "0 30 2 28 3 ? 2027"}, "cron"),
        ({"repeat": {"unit": "days", "start": "2027-03-28T02:30", "count": 1}}, "repeat"),
    ],
)
def test_what_falls_into_gaps_alone_and_is_skipped_is_refused(fields, key):
    with pytest.raises(Refusal, match=r"it never runs\. 02:30 does not exist on 28 March 2027") as caught:
        shown("2026-11-21T10:00:00Z", gap="skip", **fields)
    assert (caught.value.code, caught.value.key) == ("bad_timing", key)
    assert shown("2026-11-21T10:00:00Z", 1, **fields)["times"][0]["local"] == "2027-03-28T03:00:00+02:00"


@pytest.mark.parametrize(("unit", "most"), [("days", 2_920), ("weeks", 416), ("months", 96)])
def test_a_repetition_comes_within_eight_years(unit, most):
    begun = {"unit": unit, "start": "2026-12-01"}
    assert shown("2026-11-21T10:00:00Z", 1, repeat={**begun, "every": most})["times"]
    assert shown("2026-11-21T10:00:00Z", 1, repeat={**begun, "every": most + 1, "count": 1})["times"]
    with pytest.raises(Refusal, match=f"at most {most:,} may") as caught:
        shown("2026-11-21T10:00:00Z", repeat={**begun, "every": most + 1})
    assert caught.value.key == "repeat.every"


def test_what_is_due_can_be_followed():
    timing = Timing(cron="0 9 * * *", time_zone="UTC")
    at = from_wire("2026-11-21T10:00:00Z")
    assert due(timing, at).after(at).at == from_wire("2026-11-22T09:00:00Z")
