from datetime import UTC, datetime, timedelta

import pytest

from listener_sdk.cli.failures import Misuse
from listener_sdk.cli.moments import ago, ahead, span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPANS = {
    "30s": timedelta(seconds=30),
    "45m": timedelta(minutes=45),
    "12h": timedelta(hours=12),
    "30d": timedelta(days=30),
    "2w": timedelta(weeks=2),
}


@pytest.mark.parametrize("text", SPANS)
def test_a_span_lies_ahead_or_behind(text):
    assert ahead(text, "--at", NOW) == NOW + SPANS[text]
    assert ago(text, "--since", NOW) == NOW - SPANS[text]


def test_a_time_is_taken_as_it_is():
    assert ahead("2030-01-31T00:00:00+00:00", "--at", NOW) == datetime(2030, 1, 31, tzinfo=UTC)
    assert ago("2025-12-31T00:00:00+01:00", "--since", NOW) == datetime(2025, 12, 30, 23, tzinfo=UTC)
    assert ahead("2030-01-31", "--at", NOW).tzinfo is not None


@pytest.mark.parametrize("text", ["soon", "0d", "-1d", "9999999d", "999999w", "", "1y"])
def test_what_is_neither_is_refused(text):
    for read in (ahead, ago):
        with pytest.raises(Misuse, match=r"--at .* is no span or time. Write 30d"):
            read(text, "--at", NOW)


def test_the_wrong_side_of_now_is_refused():
    with pytest.raises(Misuse, match=r"--at '2025-12-31' has passed. Give a time to come."):
        ahead("2025-12-31", "--at", NOW)
    with pytest.raises(Misuse, match=r"--since '2026-02-01' is to come. Give a time gone by."):
        ago("2026-02-01", "--since", NOW)


def test_a_span_may_be_none():
    assert span("0", "--overlap", 30) == timedelta()
    assert span("90m", "--overlap", 30) == timedelta(minutes=90)
    with pytest.raises(Misuse):
        span("soon", "--overlap", 30)
