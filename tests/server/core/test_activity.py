"""Counting what happens, in stretches."""

from server.core.activity import COUNTED, NAMED, STRETCH_MS, Tally, count, joined, stretch


def test_a_time_lies_in_one_stretch():
    assert stretch(0) == stretch(STRETCH_MS - 1) == 0
    assert stretch(STRETCH_MS) == STRETCH_MS


def test_events_are_counted_by_space_and_stretch():
    tallies = {}
    for topic in (*COUNTED, "job:created"):
        count(tallies, topic, 1, 5, 7)
    count(tallies, "job:created", 2, 5, 8)
    count(tallies, "job:failed", 1, STRETCH_MS + 5, None)
    assert tallies == {
        (1, 0): Tally(2, 1, 1, 1, [7]),
        (2, 0): Tally(created=1),
        (1, STRETCH_MS): Tally(failed=1),
    }


def test_the_last_failures_are_named():
    tally = Tally()
    tally.fail(range(NAMED + 3))
    assert tally.failures == [3, 4, 5, 6, 7]


def test_what_is_joined_is_summed_and_waits_are_not():
    tallies = {(1, 0): Tally(1, 2, 3, 4, [1], 50)}
    joined(tallies, {(1, 0): Tally(1, 1, 1, 1, [2], 20), (2, 0): Tally(waited_ms=9)})
    assert tallies == {(1, 0): Tally(2, 3, 4, 5, [1, 2], 50), (2, 0): Tally(waited_ms=9)}
