"""Timings on the wire: their kinds, moments and repetitions."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.problems import problems
from listener_sdk.protocol.timings import Preview, PreviewAsked, Repeat, Timing

PARIS = {"timeZone": "Europe/Paris"}
START = "2026-01-05T09:00"


def timing(**fields):
    return Timing.model_validate({**PARIS, **fields})


def repeat(**fields):
    return Repeat.model_validate({"unit": "weeks", "start": START, **fields})


@pytest.mark.parametrize(
    "fields",
    [{"cron": " */5  * * * * "}, {"repeat": {"unit": "days", "start": START}}, {"once": START}],
)
def test_a_timing_is_of_one_kind_and_can_be_kept(fields):
    made = timing(**fields)
    assert made == Timing.model_validate_json(made.model_dump_json())
    assert hash(made) == hash(timing(**fields))
    assert (made.gap, made.fold, made.dialect) == ("next-valid", "first", None)


def test_blanks_of_an_expression_are_single():
    assert timing(cron=" */5  * * * * ").cron == "*/5 * * * *"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "takes one of cron, repeat and once"),
        ({"cron": "* * * * *", "once": START}, "takes one of cron, repeat and once"),
        ({"once": START, "dialect": "unix"}, "dialect belongs to cron"),
        ({"cron": "* * * * *", "dialect": "aws"}, "'unix' or 'quartz'"),
        ({"cron": "* " * 129}, "at most 256 characters"),
        ({"cron": "  "}, "must be a line of fields"),
        ({"cron": "* *\n* * *"}, "must be a line of fields"),
        ({"cron": "* * * * *", "gap": "never"}, "'next-valid' or 'skip'"),
        ({"cron": "* * * * *", "zone": "x"}, "Extra inputs"),
        ({"once": "tomorrow"}, "must be a date or time such as"),
        ({"once": "1969-12-31T23:00"}, "between 1970 and 2199"),
        ({"once": "2200-01-01"}, "between 1970 and 2199"),
        ({"once": 5}, "valid string"),
    ],
)
def test_what_is_no_timing_is_told(fields, told):
    with pytest.raises(ValidationError, match=told):
        timing(**fields)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-12-24", "2026-12-24"),
        ("20261224", "2026-12-24"),
        (date(2026, 12, 24), "2026-12-24"),
        ("2026-12-24 09:00", "2026-12-24T09:00:00"),
        ("2026-12-24T09:00:30.5", "2026-12-24T09:00:30"),
        ("2026-12-24T09:00Z", "2026-12-24T09:00:00+00:00"),
        ("2026-12-24T09:00+01:00", "2026-12-24T09:00:00+01:00"),
        (datetime(2026, 12, 24, 9, tzinfo=UTC), "2026-12-24T09:00:00+00:00"),
    ],
)
def test_a_moment_is_kept_as_a_local_time_an_instant_or_a_day(given, kept):
    assert timing(once=given).once == kept


def test_weekdays_may_be_written_in_full():
    assert repeat(weekdays=["Monday", "fri", "SUN"]).weekdays == ("mon", "fri", "sun")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"every": 0}, "greater than or equal to 1"),
        ({"every": 10_001}, "less than or equal to 10000"),
        ({"unit": "years"}, "'months'"),
        ({"start": None}, "valid string"),
        ({"unit": "days", "weekdays": ["mon"]}, "weekdays belong to"),
        ({"day": 3}, "belong to a repetition by months"),
        ({"unit": "months", "nth": 2}, "nth and weekday belong together"),
        ({"unit": "months", "weekday": "tue"}, "nth and weekday belong together"),
        ({"unit": "months", "day": 3, "nth": 2, "weekday": "tue"}, "either day, or nth"),
        ({"count": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_no_repetition_is_told(fields, told):
    with pytest.raises(ValidationError, match=told):
        repeat(**fields)


DAYS = "mon, tue, wed, thu, fri, sat and sun."


@pytest.mark.parametrize(
    ("unit", "key", "values", "told"),
    [
        ("months", "day", [0, 32, "first", 1.5, []], "must be a number from 1 to 31, or last."),
        ("months", "nth", [0, 6, "2nd", {}], "must be a number from 1 to 5, or last."),
        ("months", "weekday", ["lundi", 1, ["mon"]], f"must be one of {DAYS}"),
        (
            "weeks",
            "weekdays",
            ["mon", [], ["mon"] * 8, [1], ["fri", "x"]],
            f"must be a list of 1 to 7 of {DAYS}",
        ),
    ],
)
def test_what_a_day_may_be_is_told_without_types_of_python(unit, key, values, told):
    for value in values:
        with pytest.raises(ValidationError) as refused:
            timing(repeat={"unit": unit, "start": START, key: value})
        [problem] = problems(refused.value)
        assert (problem.key, problem.message) == (f"repeat.{key}", f"repeat.{key}: {told}")


def test_a_preview_asks_of_a_timing():
    asked = PreviewAsked.model_validate({**PARIS, "cron": "0 9 * * *", "from": "2026-01-01T00:00:00Z"})
    assert (asked.count, asked.from_) == (10, "2026-01-01T00:00:00+00:00")
    assert asked.timing() == timing(cron="0 9 * * *")
    assert type(asked.timing()) is Timing


@pytest.mark.parametrize("count", [0, 101])
def test_a_preview_has_one_to_a_hundred_times(count):
    with pytest.raises(ValidationError, match="count"):
        PreviewAsked.model_validate({**PARIS, "cron": "0 9 * * *", "count": count})


def test_a_preview_says_its_times_as_on_the_wire():
    told = {"utc": "2026-01-01T08:00:00.000Z", "local": "2026-01-01T09:00:00+01:00", "note": None}
    shown = Preview.model_validate({"dialect": "unix", "words": "Every day", "times": [told]})
    assert shown.model_dump(mode="json", exclude={"neighbours"}) == {
        "dialect": "unix",
        "words": "Every day",
        "times": [told],
    }
