"""Whether jobs would wait for each other for ever."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.core.predecessors import path_to


def test_the_way_names_each_job_that_waits_for_the_next():
    assert path_to({4}, [1], [(1, 2), (1, 3), (2, 3), (3, 4)]) == [1, 3, 4]
    assert path_to({1}, [1], []) == [1]
    assert path_to({9}, [1, 2], [(2, 9), (1, 3), (3, 9)]) == [2, 9]


def test_who_is_not_reached_is_not_waited_for():
    assert path_to({1}, [2], [(1, 2), (3, 1)]) is None
    assert path_to(set(), [1], [(1, 1)]) is None
    assert path_to({5}, [], [(1, 5)]) is None


numbers = st.integers(0, 7)


@given(
    st.lists(st.tuples(numbers, numbers), max_size=25),
    st.sets(numbers, max_size=3),
    st.lists(numbers, max_size=3),
)
def test_a_way_is_found_exactly_when_there_is_one(edges, targets, starts):
    reached = set(starts)
    while more := {other for job, other in edges if job in reached} - reached:
        reached |= more
    way = path_to(targets, starts, edges)
    assert (way is not None) == bool(reached & targets)
    if way is not None:
        assert way[0] in starts
        assert way[-1] in targets
        assert all(step in edges for step in pairwise(way))
