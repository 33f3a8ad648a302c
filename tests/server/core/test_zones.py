"""Zones: their names, the spans in which clocks go evenly, and local times as instants."""

from datetime import UTC, datetime
from itertools import islice, takewhile

import pytest
import tzdata
import wall_calendar

from listener_sdk.protocol.codes import Refusal
from server.core.zones import VERSION, Span, Zone, names, zone

HOUR = 3600


def second(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_zones_are_those_of_the_package():
    assert tzdata.IANA_VERSION == VERSION
    assert {"UTC", "Europe/Paris", "US/Eastern", "Etc/GMT+5"} <= names()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Europe/Pariss", "Did you mean Europe/Paris"),
        ("europe/paris", "Did you mean Europe/Paris?"),
        ("Paris", "Did you mean Europe/Paris"),
        ("New_York", "Did you mean America/New_York"),
        ("qqqq", "Write one such as Europe/Paris"),
        ("../../etc/passwd", "is no time zone"),
        ("/etc/localtime", "is no time zone"),
        ("zones", "is no time zone"),
        ("Europe", "is no time zone"),
    ],
)
def test_an_unknown_zone_is_told_with_near_names(name, near):
    with pytest.raises(Refusal, match="is no time zone of the IANA database") as caught:
        zone(name)
    assert (caught.value.code, caught.value.key) == ("bad_timing", "timeZone")
    assert near in caught.value.message


def test_spans_end_where_clocks_change_and_with_the_month():
    spring, autumn = second("2026-03-29T01:00:00"), second("2026-10-25T01:00:00")
    march, april = second("2026-03-01T00:00:00"), second("2026-04-01T00:00:00")
    first, summer, following = islice(zone("Europe/Paris").spans(march), 3)
    assert first == Span(march, spring, HOUR, HOUR, 2 * HOUR)
    assert summer == Span(spring, april, 2 * HOUR, HOUR, 2 * HOUR)
    assert following == Span(april, second("2026-05-01T00:00:00"), 2 * HOUR, 2 * HOUR, 2 * HOUR)
    winter = next(zone("Europe/Paris").spans(autumn))
    assert winter == Span(autumn, second("2026-11-01T00:00:00"), HOUR, 2 * HOUR, HOUR)
    assert next(zone("Europe/Paris").spans(spring)) == summer
    assert next(zone("Europe/Paris").spans(spring - 1)) == first


@pytest.mark.parametrize(
    "name", ["Africa/Casablanca", "Asia/Gaza", "America/Noronha", "Antarctica/Casey", "Pacific/Apia"]
)
def test_no_change_is_missed(name):
    begin, end = datetime(1999, 6, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC)
    known = [int(change.timestamp()) for change in wall_calendar.changes(name, begin, end)]
    spans = takewhile(lambda span: span.start < end.timestamp(), Zone(name).spans(int(begin.timestamp())))
    assert [
        span.start for span in spans if span.before != span.offset and span.start > begin.timestamp()
    ] == known


@pytest.mark.parametrize(
    ("local", "instants", "following"),
    [
        ("2026-03-29T01:59:59", ["2026-03-29T00:59:59"], "2026-03-29T00:59:59"),
        ("2026-03-29T02:00:00", [], "2026-03-29T01:00:00"),
        ("2026-03-29T02:59:59", [], "2026-03-29T01:00:00"),
        ("2026-03-29T03:00:00", ["2026-03-29T01:00:00"], "2026-03-29T01:00:00"),
        ("2026-10-25T02:00:00", ["2026-10-25T00:00:00", "2026-10-25T01:00:00"], "2026-10-25T00:00:00"),
        ("2026-10-25T02:59:59", ["2026-10-25T00:59:59", "2026-10-25T01:59:59"], "2026-10-25T00:59:59"),
        ("2026-10-25T03:00:00", ["2026-10-25T02:00:00"], "2026-10-25T02:00:00"),
    ],
)
def test_a_local_time_is_one_instant_none_or_two(local, instants, following):
    paris = zone("Europe/Paris")
    assert paris.instants(second(local)) == [second(one) for one in instants]
    assert paris.next_instant(second(local)) == second(following)


def test_an_instant_is_shown_with_the_offset():
    assert zone("Asia/Kathmandu").shown(second("2026-01-01T00:00:00")) == "2026-01-01T05:45:00+05:45"
    assert zone("UTC").shown(0) == "1970-01-01T00:00:00+00:00"
    assert zone("America/New_York").shown(second("2026-07-01T12:00:00")) == "2026-07-01T08:00:00-04:00"
