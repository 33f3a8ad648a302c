"""Filters found by their values: no event passes a filter whose texts it has not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.filters import compile_filter, exact_values, texts_at

NAMES = st.sampled_from(["payload", "job", "a", "payload.a", "status", "a.b", "domain"])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([0.5, 1.0, "1", "x", "true", "", "x*", "null"]),
)
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_size=4,
)
FILTERS = st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=3), max_size=3)


@given(conditions=FILTERS, event=EVENTS)
def test_what_passes_has_one_of_the_texts_of_each_key(conditions, event):
    if compile_filter(conditions)(event):
        for key, texts in exact_values(conditions).items():
            found = texts_at(key, event)
            assert found is None or texts & found


def test_keys_with_wildcards_in_their_values_are_left_out():
    found = exact_values({"payload": {"a": ["x", 3, 1.0, True, None]}, "b": ["x", "y*"], "c": "z"})
    assert found == {"payload.a": {"x", "3", "1", "true", "none"}, "c": {"z"}}


@pytest.mark.parametrize(
    ("key", "texts"),
    [
        ("payload.a", {"x", "1", "true", "none", "2.5"}),
        ("job", {"a:b"}),
        ("n", {"7"}),
        ("payload.*", {"x", "1", "true", "none", "2.5", "a:b"}),
        ("missing", set()),
    ],
)
def test_texts_of_what_a_key_finds(key, texts):
    event = {"payload": {"a": ["x", 1.0, [True, None], 2.5, {"n": 9}], "job": "a:b"}, "more": {"n": 7}}
    assert texts_at(key, event) == texts


def test_an_event_that_takes_too_long_may_have_any_text():
    assert texts_at("a", {"a": [list(range(1000))] * 1000}) is None
    assert texts_at("a", "no event") == set()
