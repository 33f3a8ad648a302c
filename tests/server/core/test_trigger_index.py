"""Which triggers look at an event, whatever the number of those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.filters import compile_topics
from server.core import triggers as module
from server.core.trigger_index import MOST_TOPICS, UNSEEN, Triggers
from server.core.triggers import triggers_of


def made(number, *wire, after=0):
    return triggers_of(number, after, wire)


def looking(found, space, topic):
    """What looks at a topic, and how many patterns it was compared with just now."""
    watches, steps = found.of(space, topic), 0
    if watches is None:
        steps = len(list(found.search(space, topic)))
        watches = found.of(space, topic)
    return [one for one in watches if one], steps


def starting(found, space, event):
    """The definitions that start, once for each of their triggers."""
    groups = [group for one in looking(found, space, event["topic"])[0] for group in one.candidates(event)]
    return sorted(
        number
        for number, _ in {
            (one.definition_id, one.number)
            for group in groups
            if group is not None and group.passes(event)
            for one in group.triggers
        }
    )


def event(topic="a:b", **payload):
    return {"topic": topic, "payload": payload}


def test_topics_and_patterns():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}))
    found.put(1, "two", made(2, {"topic": "a:*, c:d, a:b, a:b"}))
    found.put(1, "three", made(3, {"topic": "**"}, {"topic": "a:?"}))
    found.put(2, "one", made(4, {"topic": "a:b"}))
    assert starting(found, 1, event()) == [1, 2, 3, 3]
    assert starting(found, 1, event("c:d")) == [2, 3]
    assert starting(found, 2, event()) == [4]
    assert not found.of(2, "c:d")
    assert not found.of(3, "a:b")


def test_those_of_a_definition_are_replaced_as_a_whole():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}, {"topic": "a:*"}, {"topic": "a:b"}))
    assert starting(found, 1, event()) == [1, 1, 1]
    found.put(1, "one", made(1, {"topic": "a:*"}))
    assert starting(found, 1, event()) == [1]
    found.put(1, "one", made(1, {"topic": "c:d"}))
    assert starting(found, 1, event()) == []
    assert starting(found, 1, event("c:d")) == [1]
    assert list(found.every()) == [(1, made(1, {"topic": "c:d"}))]
    found.put(1, "one", ())
    assert not found.of(1, "c:d")
    assert not found
    assert list(found.every()) == []


def test_nothing_stays_of_patterns_that_nobody_has_any_more():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:b"}))
    found.put(1, "two", made(2, {"topic": "a:*, b:*, c:d"}))
    starting(found, 1, event())
    found.put(1, "two", ())
    local = found._spaces[1]
    assert (list(local.exact), local.globs) == (["a:b"], {})


def test_what_is_known_of_a_topic_stays_until_there_is_a_new_pattern():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "a:*"}))
    assert looking(found, 1, "a:b")[1] == 1
    found.put(1, "two", made(2, {"topic": "a:*"}, {"topic": "a:b"}))
    found.put(1, "one", made(1, {"topic": "a:*"}, after=7))
    assert looking(found, 1, "a:b")[1] == 0
    assert starting(found, 1, event()) == [1, 2, 2]
    found.put(1, "one", made(1, {"topic": "a:?"}))
    assert found.of(1, "a:b") is None
    assert starting(found, 1, event()) == [1, 2, 2]


@pytest.mark.parametrize("topic", sorted(UNSEEN))
def test_what_is_told_of_triggers_is_seen_by_none(topic):
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "**"}, {"topic": topic}))
    assert found.of(1, topic) == ()
    assert looking(found, 1, "definition:updated")[0]


def test_all_or_those_of_a_space_may_be_forgotten():
    found = Triggers()
    for space in (1, 2, 3):
        found.put(space, "one", made(1, {"topic": "a:b"}, {"topic": "**"}))
    found.drop(2)
    found.drop(9)
    assert [space for space, _ in found.every()] == [1, 3]
    assert found.of(2, "a:b") == ()
    assert list(found.search(2, "a:b")) == []
    found.clear()
    assert not found
    assert found.of(1, "a:b") == ()


def test_topics_that_nobody_asks_for_are_not_remembered_without_end():
    found = Triggers()
    found.put(1, "one", made(1, {"topic": "b:*"}))
    for n in range(MOST_TOPICS + 1):
        list(found.search(1, f"a:{n}"))
    assert len(found._spaces[1].known) == 1


def test_a_topic_is_compared_with_patterns_that_begin_like_it_alone():
    found = Triggers()
    for n in range(500):
        found.put(1, f"d{n}", made(n, {"topic": f"q{n}*:*, r{n}:**"}))
    found.put(1, "any", made(1000, {"topic": "*:b"}))
    assert looking(found, 1, "a:b")[1] == 1
    assert starting(found, 1, event("q77:b")) == [7, 77, 1000]
    assert starting(found, 1, event("r77")) == [77]


def test_a_pattern_is_compiled_once_however_many_there_are(monkeypatch):
    compiled = []
    monkeypatch.setattr(module, "compile_topics", lambda text: compiled.append(text) or compile_topics(text))
    found = Triggers()
    for n in range(12_000):
        found.put(1, f"d{n}", made(n, {"topic": f"*q{n}:*"}))
    assert compiled == []
    for topic in ("a:b", "a:c", "a:d"):
        assert looking(found, 1, topic) == ([], 12_000)
    assert len(compiled) == 12_000


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
            assert bool(looking(found, space, topic)[0]) == bool(looking(fresh, space, topic)[0])


PARTS = st.sampled_from(["a", "b", "ab", "*", "?", "**", "a*", "*b", "a?b"])
PATTERNS = st.lists(st.lists(PARTS, min_size=1, max_size=3).map(":".join), min_size=1, max_size=3).map(
    ",".join
)


@given(
    st.lists(PATTERNS, max_size=5), st.lists(st.sampled_from(["a", "b", "ab", "axb"]), min_size=1, max_size=3)
)
def test_they_are_those_whose_pattern_matches(patterns, segments):
    found, topic = Triggers(), ":".join(segments)
    for n, one in enumerate(patterns):
        found.put(1, f"d{n}", made(n, {"topic": one}))
    matching = [n for n, one in enumerate(patterns) if compile_topics(one)(topic)]
    assert starting(found, 1, event(topic)) == matching
