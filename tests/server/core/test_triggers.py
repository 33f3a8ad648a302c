"""Triggers of one topic, found by what their filters ask for."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.filters import compile_filter
from server.core import triggers as module
from server.core.triggers import Group, Watch, patterns_of, triggers_of


def watching(filters):
    """A definition for each of these filters looks at the topic."""
    watch = Watch("a:b")
    for n, one in enumerate(filters):
        [trigger] = triggers_of(n, 0, [{"topic": "a:b", "filter": one}])
        watch.add(trigger)
    return watch


def starting(watch, event):
    groups = [group for group in watch.candidates(event) if group is not None]
    return sorted(one.definition_id for group in groups if group.passes(event) for one in group.triggers)


def event(**payload):
    return {"topic": "a:b", "payload": payload}


def test_a_topic_may_be_several():
    assert patterns_of("a:b, c:* ,a:b,**") == ["a:b", "c:*", "**"]


def test_equal_texts_take_memory_once():
    one, two = (
        triggers_of(n, 0, orjson.loads('[{"topic": "a:b c", "filter": {"n": 1}}]'))[0] for n in (1, 2)
    )
    assert one.topic is two.topic
    assert one.filter is two.filter


def test_filters_of_many_are_found_by_their_values(monkeypatch):
    compiled = []
    monkeypatch.setattr(module, "_compiled", lambda text: compiled.append(text) or compile_filter({}))
    filters = [{"payload.n": [n, f"x{n}"], "topic": "a:*"} for n in range(100)]
    watch = watching([*filters, {}, {"payload.n": "x*"}])
    assert starting(watch, event(n=7)) == [7, 100, 101]
    assert len(compiled) == 2, "the others are not even read"
    assert starting(watch, event(n=["x7", "x8", 9])) == [7, 8, 9, 100, 101]
    tested = []
    monkeypatch.setattr(Group, "passes", lambda self, _: tested.append(self))
    starting(watch, event(n=7))
    assert len(tested) == 3


def test_a_filter_is_compiled_once_however_many_there_are(monkeypatch):
    compiled = []
    monkeypatch.setattr(module, "_compiled", lambda text: compiled.append(text) or compile_filter({"a": "b"}))
    watch = watching({"payload.n": f"x{n}*"} for n in range(3_000))
    for _ in range(3):
        assert starting(watch, event(n=7)) == []
    assert len(compiled) == 3_000


def test_triggers_come_and_go_before_and_after_the_first_event():
    watch = watching([{}, {"payload.n": 1}, {"payload.n": 2}])
    triggers = [
        triggers_of(n, 0, [{"topic": "a:b", "filter": one}])[0]
        for n, one in enumerate([{}, {"payload.n": 1}, {"payload.n": 2}])
    ]
    watch.remove(triggers[1])
    assert starting(watch, event(n=1)) == [0]
    watch.add(triggers[1])
    watch.remove(triggers[0])
    assert starting(watch, event(n=1)) == [1]
    watch.remove(triggers[1])
    watch.remove(triggers[2])
    assert not watch
    assert list(watch.candidates(event(n=1))) == []


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
    seen = event(**payload)
    assert starting(watching(filters), seen) == [
        n for n, one in enumerate(filters) if compile_filter(one)(seen)
    ]
