"""Back-off: full jitter under a bound that doubles and then stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.retries import FIRST_MS, LONGEST_MS, backoff_ms, may_retry

ALMOST_ONE = 1 - 2**-53


@pytest.mark.parametrize(
    ("attempt", "bound_s"), [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (100, 3600)]
)
def test_the_bound_doubles_up_to_an_hour(attempt, bound_s):
    assert backoff_ms(attempt, ALMOST_ONE) == bound_s * 1_000 - 1
    assert backoff_ms(attempt, 0.5) == bound_s * 500
    assert backoff_ms(attempt, 0.0) == 0


@given(st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_never_negative_nor_longer_than_an_hour(attempt, fraction):
    assert 0 <= backoff_ms(attempt, fraction) < LONGEST_MS
    assert LONGEST_MS == 3_600_000
    assert FIRST_MS == 5_000


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_later_attempts_never_wait_less_at_the_same_luck(attempt, fraction):
    assert backoff_ms(attempt, fraction) <= backoff_ms(attempt + 1, fraction)


@pytest.mark.parametrize(
    ("attempt", "most", "may"), [(1, 1, False), (1, 2, True), (4, 5, True), (5, 5, False), (6, 5, False)]
)
def test_attempts_remain_below_their_largest_number(attempt, most, may):
    assert may_retry(attempt, most) is may
