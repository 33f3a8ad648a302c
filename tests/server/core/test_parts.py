"""What a job knows of its parts: counts and percents, kept in step one part at a time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.parts import UNBEGUN, Split, digest, parts_data, standing


def new(total=4, **fields):
    return Split(1, "d", 0, total, **fields)


def test_a_part_counts_for_what_it_has_done_until_it_ends(job):
    assert standing(job) == UNBEGUN
    assert standing(replace(job, status="executing", progress=12.5)) == (None, 12.5)
    assert standing(replace(job, status="failed", progress=12.5)) == ("failed", 0.0)


def test_progress_is_the_mean_where_an_end_counts_for_all():
    split = new()
    split.account(UNBEGUN, (None, 50.0))
    assert split.progress == 12.5
    split.account((None, 50.0), ("failed", 0.0))
    assert split.progress == 25.0
    split.account(UNBEGUN, ("complete", 0.0))
    split.account(UNBEGUN, ("canceled", 0.0))
    assert (split.ended, split.open, split.progress) == (3, True, 75.0)
    split.account(UNBEGUN, ("complete", 0.0))
    assert (split.open, split.progress) == (False, 100.0)
    assert split.counts() == {"total": 4, "completed": 2, "failed": 1, "canceled": 1}


def test_a_part_that_begins_again_is_open_again():
    split = new(1, failed=1)
    split.account(("failed", 0.0), UNBEGUN)
    assert (split.open, split.progress, split.failed) == (True, 0.0, 0)


standings = st.one_of(
    st.tuples(st.none(), st.floats(0, 100)),
    st.sampled_from([(s, 0.0) for s in ("complete", "failed", "canceled")]),
)


@given(st.lists(st.tuples(st.integers(0, 3), standings), max_size=60))
def test_in_whatever_order_parts_change_the_sums_are_theirs(changes):
    split, parts = new(), [UNBEGUN] * 4
    for number, after in changes:
        split.account(parts[number], after)
        parts[number] = after
        assert split.ended == sum(status is not None for status, _ in parts)
        mean = sum(percent if status is None else 100 for status, percent in parts) / 4
        assert split.progress == pytest.approx(mean, abs=1e-6)
        assert 0 <= split.progress <= 100


def test_a_number_of_parts_gives_each_its_number():
    assert parts_data(2) == [{"part": 0}, {"part": 1}]
    assert parts_data([{"a": 1}]) == [{"a": 1}]


def test_a_split_is_told_by_what_it_makes():
    same = {digest(2, parallel=False), digest([{"part": 0}, {"part": 1}], parallel=False)}
    assert len(same) == 1
    assert digest([{"a": 1, "b": 2}], parallel=True) == digest([{"b": 2, "a": 1}], parallel=True)
    others = {
        digest(2, parallel=True),
        digest(3, parallel=False),
        digest([{"part": 1}, {"part": 0}], parallel=False),
    }
    assert len(same | others) == 4
