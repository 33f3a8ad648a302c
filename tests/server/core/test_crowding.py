"""What else is due in a minute, and which minute is free."""

from listener_sdk.protocol.times import from_wire
from listener_sdk.protocol.timings import Timing
from server.core.crowding import crowd
from server.core.occurrences import Occurrences, occurrences
from server.core.zones import zone

NINE = from_wire("2026-11-23T08:00:00Z")
each = Occurrences.each


def others(*texts, **fields):
    return [(text, occurrences(Timing(cron=text, time_zone="Europe/Paris", **fields))) for text in texts]


def test_those_of_the_same_minute_are_named_and_a_free_one_is_told():
    found = crowd(others("0 9 * * *", "0,1,2 9 * * 1", "30 9 * * *", "0 9 * * 2"), NINE, zone("Europe/Paris"))
    assert found == {
        "count": 2,
        "names": ["0 9 * * *", "0,1,2 9 * * 1"],
        "free": {"utc": "2026-11-23T08:03:00.000Z", "local": "2026-11-23T09:03:00+01:00"},
    }


def test_seconds_of_the_minute_count():
    found = crowd(others("30 0 9 * * ?"), NINE + 10_000, zone("UTC"))
    assert found["count"] == 1


def test_where_nobody_is_nothing_is_advised():
    assert crowd(others("5 9 * * *"), NINE, zone("UTC")) == {"count": 0, "names": [], "free": None}


def test_there_may_be_no_free_minute():
    found = crowd(others("* * * * *"), NINE, zone("UTC"))
    assert (found["count"], found["free"]) == (1, None)


def test_each_minute_is_looked_at_once_until_none_is_free(monkeypatch):
    looks = []
    monkeypatch.setattr(Occurrences, "each", lambda self, at: looks.append(at) or each(self, at))
    found = crowd(others(*["*/10 * * * * ?"] * 50), NINE, zone("UTC"))
    assert (found["count"], found["free"]) == (50, None)
    assert len(looks) == 60 + 49


def test_a_minute_whose_first_time_is_skipped_is_busy_where_another_runs():
    spring = from_wire("2026-03-29T01:00:00Z")
    found = crowd(others("30 0 2,3 * * ?", gap="skip"), spring, zone("UTC"))
    assert found["count"] == 1


def test_skipped_times_keep_nobody_away():
    spring = from_wire("2026-03-29T01:00:00Z")
    assert crowd(others("30 2 * * *", gap="skip"), spring, zone("UTC"))["count"] == 0
    assert crowd(others("30 2 * * *"), spring, zone("UTC"))["count"] == 1


def test_ten_are_named_and_all_are_counted():
    found = crowd(
        others(
            *(
                f"0 9 * * {day}"
                for day in ("1", "1-2", "1-3", "1-4", "1-5", "1-6", "*", "0-1", "0-2", "0-3", "0-4")
            )
        ),
        NINE,
        zone("UTC"),
    )
    assert (found["count"], len(found["names"])) == (11, 10)
