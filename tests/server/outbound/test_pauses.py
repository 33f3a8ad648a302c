"""Pauses: how long another server asks to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.outbound.pauses import AGAIN, LONGEST_PAUSE_S, pause_s

NOON = "Sat, 21 Nov 2026 12:00:00 GMT"
NOON_S = 1795262400.0
LATER = "Sat, 21 Nov 2026 12:01:30 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "expected"),
    [
        (None, None, None),
        ("0", None, 0),
        (" 120 ", None, 120),
        ("3601", None, LONGEST_PAUSE_S),
        ("9" * 18, None, LONGEST_PAUSE_S),
        ("9" * 19, None, None),
        ("-1", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("", None, None),
        ("٣", None, None),
        (LATER, None, 90),
        (LATER, "Sat, 21 Nov 2026 12:01:00 GMT", 30),
        (LATER, "nonsense", 90),
        (NOON, LATER, 0),
        ("Sun, 22 Nov 2026 12:00:00 GMT", None, LONGEST_PAUSE_S),
        ("Sat, 21 Nov 99999 12:00:00 GMT", None, None),
    ],
)
def test_the_pause_is_what_the_header_says_within_an_hour(retry_after, date, expected):
    assert pause_s(retry_after, date, NOON_S) == expected


@given(st.text(max_size=80), st.none() | st.text(max_size=80))
def test_no_text_breaks_it(retry_after, date):
    found = pause_s(retry_after, date, NOON_S)
    assert found is None or 0 <= found <= LONGEST_PAUSE_S


def test_the_statuses_that_ask_for_another_try():
    assert {429, 500, 502, 503, 504} <= AGAIN
    assert not AGAIN & {200, 301, 400, 401, 404, 409}
