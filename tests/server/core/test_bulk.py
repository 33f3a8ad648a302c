"""Jobs of one call that wait for each other."""

import re
from graphlib import CycleError, TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.core.bulk import MOST_NAMES, MOST_STEPS, in_order, members_named, names_behind


def test_only_names_of_members_count_each_once_in_the_order_of_naming():
    names = ["us_jb_0000000001", "#2", "#0", "#2", "2"]
    assert members_named(names, 1, 3) == [2, 0]
    assert members_named([], 0, 1) == []


@pytest.mark.parametrize(
    "name", ["#3", "#", "#x", "#-1", "#01", "# 1", "#1.0", "#99999999999999999999", "#\u0661"]
)
def test_a_name_that_the_call_does_not_have_is_refused(name):
    with pytest.raises(Refusal) as caught:
        members_named(["#0", name], 1, 3)
    assert (caught.value.code, caught.value.key) == ("invalid", "predecessorIds")
    assert {"#0", "#2"} <= set(re.findall(r"#[0-9]", caught.value.message))


def test_who_names_itself_would_wait_for_ever():
    with pytest.raises(Refusal) as caught:
        members_named(["#1"], 1, 3)
    assert (caught.value.code, caught.value.key) == ("cycle", "predecessorIds")


def test_without_names_the_order_is_that_of_the_call():
    assert in_order({}, 4) == ([0, 1, 2, 3], set())


def test_each_stands_behind_those_that_it_follows():
    order, circles = in_order({0: [2], 2: [3], 1: [0, 3]}, 4)
    assert (order, circles) == ([3, 2, 0, 1], set())


def test_members_of_circles_are_told_from_those_before_and_behind():
    follows = {1: [0], 2: [1, 4], 3: [2], 4: [3], 5: [4], 6: [5], 7: [8], 8: [7]}
    order, circles = in_order(follows, 10)
    assert circles == {2, 3, 4, 7, 8}
    assert sorted(order) == list(range(10))
    assert set(order[:3]) == {0, 1, 9}


graphs = st.integers(1, 8).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.dictionaries(
            st.integers(0, count - 1),
            st.lists(st.integers(0, count - 1), min_size=1, max_size=4, unique=True),
        ),
    )
)


def reaches(follows, start):
    """Whether the way from a member leads back to it."""
    seen, pending = set(), list(follows.get(start, ()))
    while pending:
        one = pending.pop()
        if one not in seen:
            seen.add(one)
            pending += follows.get(one, ())
    return start in seen


@given(graphs)
def test_any_call_is_ordered_as_far_as_it_can_be(graph):
    count, follows = graph
    order, circles = in_order(follows, count)
    assert sorted(order) == list(range(count))
    assert {index for index in range(count) if reaches(follows, index)} <= circles
    try:
        TopologicalSorter(follows).prepare()
    except CycleError:
        assert circles
    else:
        assert not circles
        place = {index: at for at, index in enumerate(order)}
        assert all(place[other] < place[index] for index, others in follows.items() for other in others)


def test_the_largest_call_is_ordered():
    """A thousand members that name a hundred others each, behind each other and in one circle."""
    behind = {index: list(range(max(0, index - 100), index)) for index in range(1, 1000)}
    assert in_order(behind, 1000) == (list(range(1000)), set())
    circle = {index: [(index + step) % 1000 for step in range(1, 101)] for index in range(1000)}
    assert in_order(circle, 1000) == (list(range(1000)), set(range(1000)))


# ---- what members wait for beyond the call


def test_stored_jobs_are_reached_by_way_of_members():
    names = {0: ["#1", "a"], 1: ["#2"], 2: ["b", "c"], 3: ["d"]}
    assert names_behind(names, {0: [1], 1: [2]}, [2, 3, 1, 0]) == {0: {"a", "b", "c"}, 1: {"b", "c"}}


def test_members_of_circles_reach_what_stands_before_them():
    names = {0: ["#1", "a"], 1: ["#0"], 2: ["#1"]}
    assert set(names_behind(names, {0: [1], 1: [0], 2: [1]}, [0, 1, 2])) == {0, 1, 2}


def test_a_chain_of_a_thousand_is_cheap_and_a_thicket_is_refused():
    chain = {index: [index - 1] for index in range(1, 1000)}
    names = {0: [f"j{n}" for n in range(50)]}
    assert names_behind(names, chain, range(1000))[999] == set(names[0])
    assert MOST_STEPS > 100 * 999, "a hundred names behind each of a chain are taken"
    thicket = {index: list(range(max(0, index - 5), index)) for index in range(1, 1000)}
    names = {index: [f"j{index}"] for index in range(1000)}
    with pytest.raises(Refusal) as caught:
        names_behind(names, thicket, range(1000))
    assert (caught.value.code, caught.value.key) == ("limit", "predecessorIds")


def test_all_members_together_name_ten_thousand_at_most():
    names = {index: ["a"] * 100 for index in range(100)}
    assert names_behind(names, {}, range(101)) == {}
    with pytest.raises(Refusal) as caught:
        names_behind({**names, 100: ["a"]}, {}, range(101))
    assert (caught.value.code, caught.value.key) == ("limit", "predecessorIds")
    assert str(MOST_NAMES) in caught.value.message
