"""When timings are due: through clock changes, within bounds, and what is refused."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import from_wire, to_wire
from listener_sdk.protocol.timings import Timing
from server.core.occurrences import Occurrence, occurrences
from server.core.refusals import Refusals

PARIS = "Europe/Paris"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
APIA = "Pacific/Apia"


def made(zone=PARIS, **fields):
    return occurrences(Timing.model_validate({"timeZone": zone, **fields}))


def times(found, after, count):
    """``MM-DD HH:MM+ZZ:ZZ`` as the zone's clocks show it; skipped ones in brackets."""
    shown = []
    for one in islice(found.each(from_wire(after)), count):
        local = found.local(one.at)
        text = f"{local[5:10]} {local[11:16]}{local[19:]}"
        shown.append(f"({text} {one.skip})" if one.skip else text)
    return shown


def told(zone=PARIS, **fields):
    with pytest.raises(Refusal) as caught:
        made(zone, **fields)
    refusal = caught.value
    assert refusal.code == "bad_timing"
    return {one.key: one.message for one in (refusal.all if isinstance(refusal, Refusals) else [refusal])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 * * *", ["11-22 00:00", "11-23 00:00", "11-24 00:00"]),
        ("0 */6 * * *", ["11-21 12:00", "11-21 18:00", "11-22 00:00"]),
        ("0 9 * * 1-5", ["11-23 09:00", "11-24 09:00", "11-25 09:00"]),
        ("*/10 * * * *", ["11-21 10:10", "11-21 10:20", "11-21 10:30"]),
        ("0 3 1 * *", ["12-01 03:00", "01-01 03:00", "02-01 03:00"]),
        ("0 0 * * 7", ["11-22 00:00", "11-29 00:00", "12-06 00:00"]),
        ("0 0 12 * * ?", ["11-21 12:00", "11-22 12:00", "11-23 12:00"]),
        ("0 0 9 ? * 2", ["11-23 09:00", "11-30 09:00", "12-07 09:00"]),
    ],
)
def test_expressions_of_the_guides(text, expected):
    found = times(made(cron=text), "2026-11-21T10:00:00+01:00", 3)
    assert found == [f"{one}+01:00" for one in expected]


SPRING = "2026-03-28T12:00:00Z"
AUTUMN = "2026-10-24T12:00:00Z"


@pytest.mark.parametrize(
    ("zone", "fields", "after", "expected"),
    [
        # A fixed time that clocks leave out is due at the first that they show, or skipped.
        (PARIS, {"cron": "30 2 * * *"}, SPRING, ["03-29 03:00+02:00", "03-30 02:30+02:00"]),
        (
            PARIS,
            {"cron": "30 2 * * *", "gap": "skip"},
            SPRING,
            ["(03-29 03:00+02:00 gap)", "03-30 02:30+02:00"],
        ),
        (
            NEW_YORK,
            {"cron": "30 2 * * *"},
            "2026-03-07T12:00:00Z",
            ["03-08 03:00-04:00", "03-09 02:30-04:00"],
        ),
        (
            LORD_HOWE,
            {"cron": "15 2 * * *"},
            "2026-10-03T00:00:00Z",
            ["10-04 02:30+11:00", "10-05 02:15+11:00"],
        ),
        # Several of one gap are due once, also with one that comes at its end.
        (PARIS, {"cron": "0,20,40 2 * * *"}, SPRING, ["03-29 03:00+02:00", "03-30 02:00+02:00"]),
        (PARIS, {"cron": "30 2,3 * * *"}, SPRING, ["03-29 03:00+02:00", "03-29 03:30+02:00"]),
        (PARIS, {"cron": "0 2,3 * * *"}, SPRING, ["03-29 03:00+02:00", "03-30 02:00+02:00"]),
        (PARIS, {"cron": "0 2,3 * * *", "gap": "skip"}, SPRING, ["03-29 03:00+02:00", "03-30 02:00+02:00"]),
        # A fixed time that comes twice is due the first time, or both.
        (PARIS, {"cron": "30 2 * * *"}, AUTUMN, ["10-25 02:30+02:00", "10-26 02:30+01:00"]),
        (
            PARIS,
            {"cron": "30 2 * * *", "fold": "both"},
            AUTUMN,
            ["10-25 02:30+02:00", "10-25 02:30+01:00", "10-26 02:30+01:00"],
        ),
        (
            NEW_YORK,
            {"cron": "30 1 * * *"},
            "2026-10-31T12:00:00Z",
            ["11-01 01:30-04:00", "11-02 01:30-05:00"],
        ),
        (
            LORD_HOWE,
            {"cron": "45 1 * * *"},
            "2026-04-04T00:00:00Z",
            ["04-05 01:45+11:00", "04-06 01:45+10:30"],
        ),
        (PARIS, {"cron": "0 2,3 * * *"}, AUTUMN, ["10-25 02:00+02:00", "10-25 03:00+01:00"]),
        # A minute or hour that begins with * follows elapsed time.
        (PARIS, {"cron": "0 */2 * * *"}, "2026-03-28T23:30:00Z", ["03-29 04:00+02:00", "03-29 06:00+02:00"]),
        (PARIS, {"cron": "*/30 * * * *"}, "2026-03-29T00:10:00Z", ["03-29 01:30+01:00", "03-29 03:00+02:00"]),
        (PARIS, {"cron": "*/30 2 * * *"}, SPRING, ["03-30 02:00+02:00", "03-30 02:30+02:00"]),
        (
            PARIS,
            {"cron": "30 * * * *"},
            "2026-10-25T00:00:00Z",
            ["10-25 02:30+02:00", "10-25 02:30+01:00", "10-25 03:30+01:00"],
        ),
        (
            LORD_HOWE,
            {"cron": "*/20 * * * *"},
            "2026-04-04T14:30:00Z",
            ["04-05 01:40+11:00", "04-05 01:40+10:30", "04-05 02:00+10:30"],
        ),
        # A gap of more than three hours, as where a day was left out, is a skip.
        (
            APIA,
            {"cron": "0 9 * * *"},
            "2011-12-29T00:00:00Z",
            ["12-29 09:00-10:00", "(12-31 00:00+14:00 gap)", "12-31 09:00+14:00"],
        ),
        (
            APIA,
            {"cron": "0 0 * * *"},
            "2011-12-29T00:00:00Z",
            ["12-29 00:00-10:00", "12-31 00:00+14:00", "01-01 00:00+14:00"],
        ),
        (APIA, {"cron": "0 */6 * * *"}, "2011-12-30T00:00:00Z", ["12-29 18:00-10:00", "12-31 00:00+14:00"]),
        (
            "Antarctica/Casey",
            {"cron": "30 4 * * *"},
            "2019-10-03T00:00:00Z",
            ["10-04 06:00+11:00", "10-05 04:30+11:00"],
        ),
    ],
)
def test_clock_changes(zone, fields, after, expected):
    assert times(made(zone, **fields), after, len(expected)) == expected


DAILY = {"unit": "days", "start": "2026-03-01T02:30"}
MINUTES = {"every": 90, "unit": "minutes", "start": "2026-10-25T00:00"}


@pytest.mark.parametrize(
    ("zone", "fields", "after", "expected"),
    [
        (PARIS, DAILY, SPRING, ["03-29 03:00+02:00", "03-30 02:30+02:00"]),
        (PARIS, {**DAILY, "every": 2}, "2020-01-01T00:00:00Z", ["03-01 02:30+01:00", "03-03 02:30+01:00"]),
        (PARIS, {**DAILY, "start": "2026-03-29T02:30"}, "2020-01-01T00:00:00Z", ["03-29 03:00+02:00"]),
        (PARIS, {**DAILY, "count": 2}, "2020-01-01T00:00:00Z", ["03-01 02:30+01:00", "03-02 02:30+01:00"]),
        (PARIS, {**DAILY, "until": "2026-03-02"}, "2020-01-01T00:00:00Z", ["03-01 02:30+01:00", "03-02 02:30+01:00"]),
        (PARIS, {**DAILY, "until": "2026-03-02T02:29"}, "2020-01-01T00:00:00Z", ["03-01 02:30+01:00"]),
        (PARIS, {**DAILY, "start": "2026-03-01T01:30:00Z"}, "2020-01-01T00:00:00Z", ["03-01 02:30+01:00"]),
        (PARIS, {"unit": "weeks", "weekdays": ["sun"], "start": "2026-10-20T02:30"}, AUTUMN, ["10-25 02:30+02:00", "11-01 02:30+01:00"]),
        (PARIS, {"unit": "months", "day": "last", "start": "2026-01-01"}, "2020-01-01T00:00:00Z", ["01-31 00:00+01:00", "02-28 00:00+01:00"]),
        # Minutes and hours are elapsed time from the start on.
        (PARIS, MINUTES, "2020-01-01T00:00:00Z", ["10-25 00:00+02:00", "10-25 01:30+02:00", "10-25 02:00+01:00", "10-25 03:30+01:00"]),
        (PARIS, MINUTES, "2026-10-25T00:59:59Z", ["10-25 02:00+01:00"]),
        (PARIS, {**MINUTES, "count": 2}, "2020-01-01T00:00:00Z", ["10-25 00:00+02:00", "10-25 01:30+02:00"]),
        (PARIS, {**MINUTES, "unit": "hours", "every": 12}, "2026-10-25T10:00:00Z", ["10-25 23:00+01:00", "10-26 11:00+01:00"]),
    ],
)  # fmt: skip
def test_repetitions(zone, fields, after, expected):
    assert times(made(zone, repeat=fields), after, len(expected)) == expected
    if "count" in fields or "until" in fields:
        assert times(made(zone, repeat=fields), after, 10) == expected


@pytest.mark.parametrize(
    ("once", "expected"),
    [
        ("2026-12-24T09:00", ["12-24 09:00+01:00"]),
        ("2026-12-24", ["12-24 00:00+01:00"]),
        ("2026-12-24T09:00Z", ["12-24 10:00+01:00"]),
        ("2026-03-29T02:30", ["03-29 03:00+02:00"]),
        ("2026-10-25T02:30", ["10-25 02:30+02:00"]),
        ("2026-10-25T02:30+01:00", ["10-25 02:30+01:00"]),
        ("2150-01-01T09:00", ["01-01 09:00+01:00"]),
    ],
)
@pytest.mark.parametrize("fold", ["first", "both"])
def test_once_is_once(once, expected, fold):
    assert times(made(once=once, fold=fold), "2020-01-01T00:00:00Z", 5) == expected


def test_once_in_a_gap_may_be_skipped():
    assert times(made(once="2026-03-29T02:30", gap="skip"), "2020-01-01T00:00:00Z", 5) == [
        "(03-29 03:00+02:00 gap)"
    ]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"start": "2026-12-01"}, ["12-01 09:00", "12-02 09:00"]),
        ({"start": "2026-12-01T09:00"}, ["12-01 09:00", "12-02 09:00"]),
        ({"start": "2026-12-01T09:01"}, ["12-02 09:00", "12-03 09:00"]),
        ({"start": "2026-12-01T08:00:00Z"}, ["12-01 09:00", "12-02 09:00"]),
        ({"end": "2026-11-22"}, ["11-21 09:00", "11-22 09:00"]),
        ({"end": "2026-11-22T09:00"}, ["11-21 09:00", "11-22 09:00"]),
        ({"end": "2026-11-22T08:59"}, ["11-21 09:00"]),
        ({"start": "2026-11-22", "end": "2026-11-22"}, ["11-22 09:00"]),
    ],
)
@pytest.mark.parametrize(
    "kind", [{"cron": "0 9 * * *"}, {"repeat": {"unit": "days", "start": "2026-01-01T09:00"}}]
)
def test_nothing_is_due_before_its_start_or_after_its_end(kind, bounds, expected):
    found = times(made(**kind, **bounds), "2026-11-21T00:00:00Z", 2 if "end" not in bounds else 9)
    assert found == [f"{one}+01:00" for one in expected]


def test_the_next_time_is_strictly_after():
    found = made(cron="0 9 * * *")
    at = from_wire("2026-11-21T08:00:00.000Z")
    assert found.after(at - 1) == Occurrence(at)
    assert to_wire(found.after(at).at) == "2026-11-22T08:00:00.000Z"
    gap = made(cron="30 2 * * *").after(from_wire("2026-03-29T00:59:59.999Z"))
    assert made(cron="30 2 * * *").after(gap.at).at > gap.at


def test_there_is_none_when_it_has_ended():
    assert made(cron="0 0 9 * * ? 2026").after(from_wire("2026-12-31T09:00:00Z")) is None
    assert made(once="2026-12-24").after(from_wire("2027-01-01T00:00:00Z")) is None
    assert made(cron="0 9 * * *", end="2026-12-24").after(from_wire("2027-01-01T00:00:00Z")) is None
    assert made(cron="0 9 * * *").after(from_wire("9998-01-01T00:00:00Z")) is None


def test_the_last_year_ends_after_the_second_of_its_last_times():
    """The local time comes again in another span, and nothing after it does."""
    found = made(cron="0 30 2 25 10 ? 2026", fold="both")
    assert times(found, "2026-01-01T00:00:00Z", 5) == ["10-25 02:30+02:00", "10-25 02:30+01:00"]


def test_all_problems_are_told_at_once():
    said = told("Europe/Pariss", cron="99 9 * * *")
    assert said.keys() == {"timeZone", "cron"}
    assert "Did you mean Europe/Paris" in said["timeZone"]


@pytest.mark.parametrize(
    ("fields", "key", "problem"),
    [
        ({"cron": "0 0 30 2 *"}, "cron", "never due"),
        ({"cron": "0 9 * * *", "start": "2026-02-01", "end": "2026-01-01"}, "end", "ends before it begins"),
        (
            {"cron": "0 9 15 * *", "start": "2026-02-16", "end": "2026-03-01"},
            "start",
            "never due within 8 years",
        ),
        ({"cron": "0 0 9 1 1 ? 2050", "start": "2026-02-16"}, "start", "never due within 8 years"),
        ({"repeat": {"every": 12, "unit": "months", "day": 30, "start": "2026-02-01"}}, "start", "never due"),
        (
            {"repeat": {"unit": "days", "start": "2026-02-01", "until": "2026-01-01"}},
            "repeat.until",
            "ends before",
        ),
        (
            {"repeat": {"unit": "days", "start": "2026-02-01"}, "end": "2026-01-01"},
            "end",
            "ends before repeat.start",
        ),
        (
            {"repeat": {"unit": "hours", "start": "2026-02-01", "count": 2}, "start": "2026-03-01"},
            "start",
            "never due",
        ),
        (
            {"repeat": {"unit": "days", "start": "2026-02-01", "count": 2}, "start": "2026-03-01"},
            "start",
            "never due",
        ),
        ({"once": "2026-02-01", "start": "2026-03-01"}, "start", "2026-02-01 lies before its start"),
        ({"once": "2026-02-01T09:00Z", "start": "2026-03-01"}, "start", "lies before its start"),
        ({"once": "2026-02-01", "end": "2026-01-01"}, "end", "2026-02-01 lies after its end"),
        ({"once": "2026-02-01T09:00Z", "end": "2026-01-01"}, "end", "lies after its end"),
        ({"once": "2026-02-01", "start": "2026-03-01", "end": "2026-01-01"}, "end", "ends before it begins"),
    ],
)
def test_what_is_never_due_is_refused(fields, key, problem):
    assert problem in told(**fields)[key]


def test_notes_tell_of_clock_changes():
    def note(after, **fields):
        return made(**fields).after(from_wire(after)).note

    forward = "clocks go forward from 02:00 to 03:00"
    assert (
        note(SPRING, cron="30 2 * * *")
        == f"02:30 does not exist on 29 March 2026: {forward}. It runs at 03:00."
    )
    assert (
        note(SPRING, cron="0,30 2 * * *", gap="skip")
        == f"02:00 to 02:30 do not exist on 29 March 2026: {forward}. They are skipped."
    )
    assert note(AUTUMN, cron="30 2 * * *").endswith("It runs the first time.")
    assert note(AUTUMN, cron="30 2 * * *", fold="both").endswith("This is the first time.")
    assert note("2026-10-25T00:45:00Z", cron="30 2 * * *", fold="both").endswith("This is the second time.")
    assert note("2026-10-26T12:00:00Z", cron="30 2 * * *") is None


def test_a_meaning_is_kept():
    timing = Timing(cron="0 9 * * *", time_zone=PARIS)
    assert occurrences(timing) is occurrences(Timing(cron="0  9 * * *", time_zone=PARIS))


def test_milliseconds_are_of_utc():
    at = made("UTC", cron="0 9 * * *").after(from_wire("2026-01-01T00:00:00Z")).at
    assert datetime.fromtimestamp(at / 1000, UTC) == datetime(2026, 1, 1, 9, tzinfo=UTC)
