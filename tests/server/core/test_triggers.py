"""Which triggers look at an event, whatever the number of those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.filters import compile_filter
from server.core import triggers as module
from server.core.triggers import MOST_TOPICS, UNSEEN, Triggers, triggers_of


def made(number, *wire, after=0):
    return triggers_of(number, after, wire)


def starting(found, space, event):
    watch = found.of(space, event["topic"])
    return sorted(
        one.definition_id
        for group in watch.candidates(event)
        if group.passes(event)
        for one in group.triggers.values()
    )


def event(topic="a:b", **payload):
    return {"topic": topic, "payload": payload}


def test_topics_and_patterns():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}))
    found.put(1, "two", made(2, {"topic": "a:*, c:d"}))
    found.put(1, "three", made(3, {"topic": "**"}, {"topic": "a:?"}))
    found.put(2, "one", made(4, {"topic": "a:b"}))
    assert starting(found, 1, event()) == [1, 2, 3, 3]
    assert starting(found, 1, event("c:d")) == [2, 3]
    assert starting(found, 2, event()) == [4]
    assert not found.of(2, "c:d")
    assert not found.of(3, "a:b")
    assert len(found) == 4


def test_those_of_a_definition_are_replaced_as_a_whole():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}, {"topic": "a:*"}, {"topic": "a:b"}))
    assert starting(found, 1, event()) == [1, 1, 1]
    found.put(1, "one", made(1, {"topic": "a:*"}))
    assert starting(found, 1, event()) == [1]
    found.put(1, "one", made(1, {"topic": "c:d"}))
    assert starting(found, 1, event()) == []
    assert starting(found, 1, event("c:d")) == [1]
    found.put(1, "one", [])
    assert not found.of(1, "c:d")
    assert len(found) == 0
    assert found._exact == {1: {}}
    assert list(found.every()) == []


def test_an_unchanged_definition_leaves_what_is_known():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}))
    known = found.of(1, "a:b")
    found.put(1, "one", made(1, {"topic": "a:b"}))
    found.put(1, "two", made(2, {"topic": "c:d"}))
    assert found.of(1, "a:b") is known
    found.put(1, "two", made(2, {"topic": "a:*"}))
    assert found.of(1, "a:b") is known
    assert starting(found, 1, event()) == [1, 2]


@pytest.mark.parametrize("topic", sorted(UNSEEN))
def test_what_is_told_of_triggers_is_seen_by_none(topic):
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "**"}, {"topic": topic}))
    assert not found.of(1, topic)
    assert found.of(1, "definition:updated")


def test_all_may_be_forgotten():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}, {"topic": "**"}))
    assert found.of(1, "a:b")
    found.clear()
    assert not found.of(1, "a:b")


def test_topics_that_nobody_asks_for_are_not_remembered_without_end():
    found = Triggers()
    for n in range(MOST_TOPICS + 1):
        found.of(1, f"a:{n}")
    assert len(found._known[1]) == 1


def test_filters_of_many_are_found_by_their_values(monkeypatch):
    found = Triggers()
    for n in range(100):
        found.put(
            1, f"d{n}", made(n, {"topic": "a:b", "filter": {"payload.n": [n, f"x{n}"], "topic": "a:*"}})
        )
    found.put(1, "any", made(1000, {"topic": "a:b"}))
    found.put(1, "glob", made(1001, {"topic": "a:b", "filter": {"payload.n": "x*"}}))
    assert starting(found, 1, event(n=7)) == [7, 1000]
    assert starting(found, 1, event(n=["x7", "x8", 9])) == [7, 8, 9, 1000, 1001]
    tested = []
    monkeypatch.setattr(module.Group, "passes", lambda self, _: tested.append(self))
    starting(found, 1, event(n=7))
    assert len(tested) == 3


TOPICS = st.sampled_from(["a:b", "a:c", "a:*", "**", "c:d, a:b", "definition:trigger-failed"])
WIRE = st.fixed_dictionaries(
    {"topic": TOPICS}, optional={"filter": st.sampled_from([{"payload.n": 1}, {"payload.n": [1, 2]}])}
)


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 4), st.lists(WIRE, max_size=3)), max_size=12))
def test_what_is_known_follows_every_change(changes):
    found, kept = Triggers(), {}
    for space, number, wire in changes:
        found.put(space, f"d{number}", made(number, *wire))
        kept[space, number] = wire
        for topic in ("a:b", "c:d"):
            fresh = Triggers()
            for (where, n), each in kept.items():
                fresh.put(where, f"d{n}", made(n, *each))
            for n in (1, 3):
                assert starting(found, space, event(topic, n=n)) == starting(fresh, space, event(topic, n=n))
            assert bool(found.of(space, topic)) == bool(fresh.of(space, topic))
    assert found.knows(changes[0][0], "a:b") if changes else not found.knows(1, "a:b")


VALUES = st.sampled_from(["x", "y", "1", 1, 2, True, None, "x*"])
FILTERS = st.dictionaries(
    st.sampled_from(["payload.a", "payload.b", "a", "topic"]),
    VALUES | st.lists(VALUES, max_size=2),
    max_size=3,
)


@given(
    filters=st.lists(FILTERS, max_size=14),
    payload=st.dictionaries(st.sampled_from("ab"), VALUES | st.lists(VALUES, max_size=3)),
)
def test_they_are_those_whose_filter_passes(filters, payload):
    found = Triggers()
    for n, one in enumerate(filters):
        found.put(1, f"d{n}", made(n, {"topic": "a:b", "filter": one}))
    seen = event(**payload)
    assert starting(found, 1, seen) == [n for n, one in enumerate(filters) if compile_filter(one)(seen)]
