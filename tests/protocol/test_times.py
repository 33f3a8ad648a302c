"""Times: ISO-8601 with milliseconds and Z outside, integers inside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from listener_sdk.protocol.times import Time, from_datetime, from_wire, to_datetime, to_wire, to_wire_or_none

LAST_MS = 253_402_300_799_999
MOMENTS = st.integers(0, LAST_MS)
TIME = TypeAdapter(Time)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (7, "1970-01-01T00:00:00.007Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_the_form_on_the_wire(ms, text):
    assert to_wire(ms) == text
    assert from_wire(text) == ms


def test_no_time_stays_none():
    assert to_wire_or_none(None) is None
    assert to_wire_or_none(0) == to_wire(0)


@given(MOMENTS)
def test_times_come_back_exactly(ms):
    assert from_wire(to_wire(ms)) == ms
    assert from_datetime(to_datetime(ms)) == ms
    assert TIME.dump_json(TIME.validate_json(f'"{to_wire(ms)}"')) == f'"{to_wire(ms)}"'.encode()


@given(st.lists(st.integers(-5_000, 5_000)))
def test_times_of_the_same_seconds_may_be_written_in_any_order(moments):
    texts = [to_wire(ms) for ms in moments]
    assert [from_wire(text) for text in texts] == moments


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_times(one, other):
    assert (to_wire(one) < to_wire(other)) == (one < other)


def test_zones_are_turned_into_utc():
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert to_wire(from_datetime(moment)) == "2026-01-01T00:00:00.000Z"
    assert from_wire("2026-01-01T02:00:00+02:00") == from_wire("2026-01-01T00:00:00Z")


def test_a_time_without_zone_is_utc():
    assert from_datetime(datetime(1970, 1, 1, 0, 0, 1)) == 1000
    assert from_wire("1970-01-01T00:00:01") == 1000


def test_microseconds_are_cut():
    assert from_wire("1970-01-01T00:00:00.001999Z") == 1


def test_a_model_reads_zones_and_writes_utc():
    read = TIME.validate_json('"2026-01-01T02:00:00.5+02:00"')
    assert read == datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert TIME.dump_python(read, mode="json") == "2026-01-01T00:00:00.500Z"


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "yesterday", "2026-13-01T00:00:00Z", ""])
def test_other_texts_are_refused(text):
    with pytest.raises(ValidationError):
        TIME.validate_python(text)


def test_a_text_that_is_no_time_is_a_value_error():
    with pytest.raises(ValueError, match="yesterday"):
        from_wire("yesterday")
