"""Progress: newest wins, never backwards, and the integer on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.progress import Progress, whole

PERCENT = st.none() | st.floats(0, 100)
COUNT = st.none() | st.floats(0, 1e9)
TICKS = st.builds(
    Progress, PERCENT, COUNT, COUNT, st.none() | st.text(max_size=3), st.none() | st.integers(0, 10**12)
)


@pytest.mark.parametrize(
    ("progress", "value"),
    [
        (Progress(), None),
        (Progress(percent=12.5), 12.5),
        (Progress(percent=-1), 0.0),
        (Progress(percent=101), 100.0),
        (Progress(done=1, total=4), 25.0),
        (Progress(done=5, total=4), 100.0),
        (Progress(done=1), None),
        (Progress(done=0, total=0), None),
        (Progress(percent=10, done=1, total=4), 10),
    ],
)
def test_the_percent_comes_from_what_is_known(progress, value):
    assert progress.value() == value


@given(TICKS, TICKS)
def test_what_the_newer_tick_says_wins_and_what_it_leaves_out_stays(older, newer):
    merged = older.merged(newer)
    for name in ("done", "total", "text", "eta_ms"):
        said = getattr(newer, name)
        assert getattr(merged, name) == (getattr(older, name) if said is None else said)


@given(st.lists(TICKS, min_size=2, max_size=12))
def test_the_percent_never_goes_back(ticks):
    progress, seen = Progress(), -1.0
    for tick in ticks:
        progress = progress.merged(tick)
        value = progress.value()
        assert value is not None or seen == -1.0
        seen = max(seen, value if value is not None else seen)
        assert value is None or value == seen


@given(TICKS)
def test_merging_a_tick_again_changes_nothing(tick):
    once = Progress().merged(tick)
    assert once.merged(tick) == once


def test_counting_overtakes_a_percent():
    assert Progress(percent=10).merged(Progress(done=3, total=4)).value() == 75.0


def test_a_percent_overtakes_counting():
    assert Progress(done=1, total=4).merged(Progress(percent=60)).value() == 60


def test_counting_goes_on_after_a_dip_was_held():
    held = Progress(done=3, total=4).merged(Progress(done=1))
    assert held.value() == 75.0
    assert held.merged(Progress(done=4)).value() == 100.0


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(None, None), (0, 0), (0.9, 0), (12.5, 12), (99.4, 99), (99.999, 99), (100, 100), (100.0, 100)],
)
def test_a_hundred_stands_on_the_wire_only_when_all_is_done(percent, expected):
    assert whole(percent) == expected


@given(st.floats(0, 100))
def test_the_wire_has_an_integer_at_most_the_percent(percent):
    found = whole(percent)
    assert isinstance(found, int)
    assert found <= percent < found + 1 + (found == 99)
