"""Token buckets: bursts, refilling, odd clocks, and a bound on what is remembered."""

from hypothesis import given
from hypothesis import strategies as st

from server.core.rates import PATIENCE_MS, Flow, Rates


def test_a_burst_passes_and_then_the_wait_is_told():
    rates = Rates(rate_per_s=10, burst=3)
    assert [rates.take("k", 0) for _ in range(4)] == [0, 0, 0, 100]


def test_after_the_told_wait_one_token_is_there():
    rates = Rates(rate_per_s=3, burst=1)
    assert rates.take("k", 0) == 0
    wait = rates.take("k", 0)
    assert rates.take("k", wait - 1) > 0
    assert rates.take("k", wait) == 0


def test_names_do_not_share_a_bucket():
    rates = Rates(rate_per_s=1, burst=1)
    assert rates.take("a", 0) == 0
    assert rates.take("b", 0) == 0
    assert rates.take("a", 0) > 0


def test_waiting_takes_nothing():
    rates = Rates(rate_per_s=1, burst=1)
    assert [rates.wait("k", 0) for _ in range(3)] == [0, 0, 0]
    assert rates.take("k", 0) == 0


def test_what_is_given_back_can_be_taken_again_and_never_exceeds_the_burst():
    rates = Rates(rate_per_s=0.001, burst=1)
    assert rates.take("k", 0) == 0
    rates.give_back("k", 0)
    rates.give_back("k", 0)
    assert rates.take("k", 0) == 0
    assert rates.take("k", 0) > 0


def test_a_clock_that_is_put_back_takes_nothing_away():
    rates = Rates(rate_per_s=1, burst=2)
    assert rates.take("k", 10_000) == 0
    assert rates.take("k", 0) == 0
    assert rates.take("k", 1_000) == 0


def test_what_is_remembered_is_bounded_even_when_no_bucket_is_full():
    rates = Rates(rate_per_s=0.001, burst=5, largest=100)
    for number in range(1_000):
        rates.take(str(number), number)
        assert len(rates) <= 100


def test_the_last_name_keeps_its_bucket_when_others_are_forgotten():
    rates = Rates(rate_per_s=0.001, burst=1, largest=10)
    for number in range(50):
        assert rates.take(str(number), 0) == 0
        assert rates.take(str(number), 0) > 0


@given(
    rate=st.integers(1, 1000),
    burst=st.integers(1, 50),
    steps=st.lists(st.integers(0, 5_000), min_size=1, max_size=200),
)
def test_no_more_passes_than_burst_and_rate_allow(rate, burst, steps):
    rates = Rates(rate_per_s=rate, burst=burst)
    now = passed = 0
    for step in steps:
        now += step
        passed += rates.take("k", now) == 0
    assert passed <= burst + now * rate / 1000 + 1e-6


def test_a_flow_waits_until_what_came_is_within_its_rate():
    flow = Flow(rate_per_s=10, burst=20)
    assert flow.take(20, 0) == 0
    assert flow.take(5, 0) == 500
    assert flow.take(5, 500) == 500
    assert flow.take(10, 3_000) == 0


def test_far_too_much_at_once_is_too_much():
    assert Flow(rate_per_s=10, burst=20).take(41, 0) is None


def test_who_never_rests_is_too_much_after_a_while():
    flow, now = Flow(rate_per_s=10, burst=20), 0
    waits = []
    while (wait := flow.take(15, now)) is not None:
        waits.append(wait)
        now += wait
    assert now > PATIENCE_MS
    assert len(waits) > 3


def test_who_rests_may_go_on_for_ever():
    flow = Flow(rate_per_s=10, burst=20)
    assert all(flow.take(25, number * 3_000) is not None for number in range(20))
