"""Guards of triggers: how often in a minute, and what is told of those that were stopped."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from server.core.trigger_states import TELL_EVERY_MS, Guard, TriggerState, read_state


def taken(guard, times, most):
    """The times at which a start was let through."""
    found = []
    for at in times:
        after = guard.taken(at, most)
        if after is not None:
            found.append(at)
            guard = after
    return found


def test_so_many_a_minute_and_no_more():
    assert taken(Guard(), [1000, 1001, 2000, 3000, 60_999, 61_999, 62_000, 62_001], 3) == [
        1000, 1001, 2000, 62_000, 62_001,
    ]  # fmt: skip


def test_a_clock_that_goes_back_within_a_minute_gives_no_more():
    guard = Guard().taken(60_000, 2)
    assert taken(guard, [1, 2, 3], 2) == [1]


def test_a_clock_that_was_ahead_for_a_while_does_not_stop_what_follows():
    day = 86_400_000
    ahead = Guard().taken(2 * day, 2)
    times = [day + n * 40_000 for n in range(100)]
    assert taken(ahead, times, 2) == times
    assert taken(ahead, [day, day + 1, day + 2, day + 61_000], 2) == [day, day + 1, day + 61_000]


@given(st.lists(st.integers(0, 400_000), max_size=80).map(sorted), st.integers(1, 9))
def test_no_minute_has_more_and_none_is_kept_longer_than_it_must(times, most):
    found = taken(Guard(), times, most)
    for n, at in enumerate(found):
        assert n - bisect_left(found, at - 59_999) < most
    for at in set(times) - set(found):
        assert bisect_left(found, at + 1) - bisect_left(found, at - 61_999) >= most


def test_stops_are_told_once_a_minute_with_their_number():
    guard, told = Guard(), []
    for at in (0, 1, 2, TELL_EVERY_MS, TELL_EVERY_MS + 1, 3 * TELL_EVERY_MS):
        guard, count = guard.stopped(at)
        told.append(count)
    assert told == [1, 0, 0, 3, 0, 2]


def test_a_clock_that_was_set_back_does_not_silence():
    guard, _ = Guard().stopped(10**9)
    assert guard.stopped(5)[1] == 1


def test_a_state_comes_back_as_it_was_kept():
    guard, _ = Guard().taken(7000, 9).taken(9000, 9).stopped(9000)
    state = TriggerState(5, stops=1, problem={"kind": "stopped"}).with_guard(3, guard).with_guard(0, Guard())
    assert read_state(state.stored()) == state
    assert read_state(TriggerState(5).stored()) == TriggerState(5)
    assert state.guard(3) == guard
    assert state.guard(9) == Guard()


def test_readers_see_only_what_went_wrong():
    assert TriggerState(5).shown() == {}
    assert TriggerState(5, stops=2, problem={"a": 1}).shown() == {
        "triggerStops": 2,
        "triggerProblem": {"a": 1},
    }
