"""What is old, to the millisecond; whatever clocks have told; and pages that learn how large they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.retention import (
    LARGEST_PAGE,
    TARGET_S,
    Aged,
    Retention,
    Spans,
    job_cost,
    may_go,
    next_size,
    old_prefix,
    page_of,
    placed_files,
    sweep,
)

NOW, KEEP = 1_000_000, 1_000
SPANS = Spans(KEEP)
OLD, YOUNG, AHEAD = NOW - KEEP, NOW - KEEP + 1, NOW + 1


def aged(number, created=OLD - 500, finished=OLD, cost=1, space=1):
    return Aged(number, space, created, finished, cost)


def test_the_times_are_those_of_the_design():
    day = 86_400_000
    assert Retention() == Retention(7 * day, 10_000_000, 90 * day, 30 * day, 400 * day)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], 0),
        ([OLD], 1),
        ([YOUNG], 0),
        ([OLD - 5, OLD, YOUNG, OLD], 2),
        ([NOW], 0),
        ([AHEAD], 0),
        ([AHEAD, OLD, YOUNG], 2),
        ([OLD, AHEAD, YOUNG], 1),
        ([OLD, AHEAD, AHEAD], 1),
        ([YOUNG, OLD, OLD], 0),
    ],
)
def test_only_the_oldest_end_goes_and_times_that_lie_ahead_say_nothing(times, expected):
    assert old_prefix(times, NOW, KEEP) == expected


@given(st.lists(st.integers(NOW - 3 * KEEP, NOW + KEEP), max_size=30))
def test_nothing_young_ever_goes_and_nothing_old_stays_before_all_that_is_young(times):
    count = old_prefix(times, NOW, KEEP)
    assert not any(OLD < at <= NOW for at in times[:count])
    rest = times[count:]
    first = next((n for n, at in enumerate(rest) if OLD < at <= NOW), len(rest))
    assert all(at > NOW for at in rest[:first])


def test_ended_jobs_are_old_from_their_end_and_unfinished_ones_never():
    found = sweep([aged(1), aged(2, finished=None), aged(3, finished=OLD + 1), aged(4)], NOW, SPANS)
    assert [job.id for job in found.old] == [1, 4]
    assert not found.at_end


def test_a_walk_ends_at_the_first_job_that_was_made_lately():
    found = sweep([aged(1), aged(2, created=YOUNG, finished=None), aged(3)], NOW, SPANS)
    assert ([job.id for job in found.old], found.at_end) == ([1], True)


def test_a_job_that_was_made_by_a_clock_ahead_does_not_end_the_walk():
    found = sweep([aged(1, created=AHEAD, finished=AHEAD), aged(2)], NOW, SPANS)
    assert ([job.id for job in found.old], found.at_end) == ([2], False)


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([], NOW + KEEP),
        ([aged(1, finished=None)], NOW + KEEP),
        ([aged(1)], NOW + KEEP),
        ([aged(1, finished=OLD + 7), aged(2, finished=OLD + 9)], NOW + 7),
        ([aged(1, finished=OLD + 9), aged(2, created=OLD + 7, finished=None)], NOW + 7),
        ([aged(1, finished=OLD + 7), aged(2, created=OLD + 9, finished=None)], NOW + 7),
    ],
)
def test_it_is_known_when_the_next_job_may_be_old(jobs, expected):
    assert sweep(jobs, NOW, SPANS).next_at == expected


def test_each_space_keeps_its_jobs_for_its_own_span():
    spans = Spans(KEEP, {2: KEEP // 2, 3: 5 * KEEP})
    jobs = [aged(n, finished=at, space=space) for n, (space, at) in enumerate(
        [(1, OLD), (1, OLD + 1), (2, NOW - KEEP // 2), (2, NOW - KEEP // 2 + 1), (3, OLD - KEEP), (9, OLD)], 1
    )]  # fmt: skip
    found = sweep(jobs, NOW, spans)
    assert [job.id for job in found.old] == [1, 3, 6]
    assert found.next_at == NOW + 1


def test_the_walk_goes_on_to_what_is_young_in_every_space():
    spans = Spans(KEEP, {2: KEEP // 2})
    assert spans.shortest == KEEP // 2
    lately = NOW - KEEP // 2
    assert not sweep([aged(1, created=lately, finished=None)], NOW, spans).at_end
    assert sweep([aged(1, created=lately + 1, finished=None)], NOW, spans).at_end
    assert Spans(KEEP, {2: 9 * KEEP}).shortest == KEEP


def test_a_file_whose_time_lies_ahead_is_as_old_as_what_was_stored_after_it():
    files = placed_files([(1, 1, AHEAD), (2, 2, OLD), (3, 1, AHEAD)], NOW)
    assert [(file.id, file.space_id, file.finished_at) for file in files] == [
        (1, 1, OLD),
        (2, 2, OLD),
        (3, 1, NOW),
    ]
    assert [file.id for file in sweep(files, NOW, SPANS).old] == [1, 2]


def test_large_jobs_and_those_of_many_parts_cost_more():
    assert job_cost(100, 0) == 1
    assert job_cost(1_048_576, 0) > 50
    assert job_cost(100, 1_000) > 40


def test_a_page_holds_what_costs_no_more_and_at_least_one():
    jobs = [aged(1, cost=2), aged(2, cost=3), aged(3, cost=100), aged(4)]
    assert page_of(jobs, 5) == 2
    assert page_of(jobs, 4) == 1
    assert page_of(jobs[2:], 5) == 1
    assert page_of(jobs, 1_000) == 4
    assert page_of([], 5) == 0


def test_a_part_goes_with_its_parent_or_after_it_and_what_is_needed_stays():
    family = [(1, None), (2, 1), (3, 1), (4, None)]
    assert may_go(family, set(), {1}) == [1, 2, 3, 4]
    assert may_go(family, {1}, {1}) == [4]
    assert may_go(family[1:], set(), {1}) == [4]
    assert may_go(family[1:], set(), set()) == [2, 3, 4]
    assert may_go(family, {2}, {1}) == [1, 3, 4]
    assert may_go([(1, None), (2, 1), (3, 2)], {2}, {1, 2}) == [1]


def test_a_page_shrinks_when_it_was_slow_and_grows_when_it_was_quick():
    assert next_size(100, 100, TARGET_S) == 100
    assert next_size(100, 100, TARGET_S * 2) == 50
    assert next_size(100, 100, TARGET_S * 100) == 25
    assert next_size(100, 100, TARGET_S / 1.5) == 150
    assert next_size(100, 100, 0) == 200
    assert next_size(LARGEST_PAGE, LARGEST_PAGE, 0) == LARGEST_PAGE
    assert next_size(1, 1, 10) == 1


def test_a_page_that_was_far_from_full_says_little():
    assert next_size(100, 3, 0) == 100
    assert next_size(100, 3, TARGET_S * 3) == 25
