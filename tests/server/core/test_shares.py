"""Who gets how much of what all share."""

from hypothesis import given
from hypothesis import strategies as st

from server.core.shares import shares


def test_one_alone_gets_all_when_it_can_use_it():
    assert shares(20, {"a": 1}, {"a"}) == {"a": 20}
    assert shares(20, {"a": 1}, ()) == {"a": 2}


def test_all_who_are_hungry_get_alike():
    assert shares(20, {"a": 0, "b": 0}, {"a", "b"}) == {"a": 10, "b": 10}
    assert shares(5, {"a": 0, "b": 0}, {"a", "b"}) == {"a": 3, "b": 2}


def test_who_has_more_than_its_share_gets_nothing_until_others_have_theirs():
    assert shares(20, {"a": 18, "b": 0}, {"a", "b"}) == {"a": 10, "b": 2}
    assert shares(20, {"a": 15, "b": 5}, {"a", "b"}) == {"a": 10, "b": 5}
    assert shares(20, {"a": 10, "b": 9}, {"a", "b"}) == {"a": 10, "b": 10}


def test_one_who_comes_gets_the_next_that_is_free():
    assert shares(20, {"a": 20, "b": 0}, {"a"}) == {"a": 19, "b": 0}
    assert shares(20, {"a": 19, "b": 0}, {"a"}) == {"a": 19, "b": 1}


def test_who_is_not_hungry_leaves_the_rest_to_others():
    assert shares(10, {"a": 1, "b": 0, "c": 0}, {"a"}) == {"a": 8, "b": 1, "c": 1}


def test_with_more_than_there_is_the_first_are_served_first():
    assert shares(2, {"a": 0, "b": 0, "c": 0}, ()) == {"a": 1, "b": 1, "c": 0}
    assert shares(2, {"c": 0, "a": 1, "b": 1}, {"a", "b"}) == {"c": 0, "a": 1, "b": 0}


def test_nobody_and_nothing():
    assert shares(0, {"a": 1}, {"a"}) == {"a": 0}
    assert shares(5, {}, ()) == {}


@given(
    st.integers(0, 30),
    st.dictionaries(st.integers(0, 9), st.integers(0, 12)),
    st.sets(st.integers(0, 9)),
)
def test_never_too_much_and_never_less_than_could_be(limit, held, hungry):
    found = shares(limit, held, hungry)
    assert list(found) == list(held)
    assert sum(max(found[who], count) for who, count in held.items()) <= max(limit, sum(held.values()))
    if hungry & held.keys() and not sum(held.values()):
        assert sum(found.values()) == limit
    eager = [found[who] for who in hungry & held.keys() if held[who] <= found[who]]
    assert max(eager, default=0) - min(eager, default=0) <= max([1, *held.values()])
