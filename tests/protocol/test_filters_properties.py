"""Filters of any shape: they pass what a naive implementation passes, and any event is answered."""

import fnmatch
import json

from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.filters import PLACES, compile_filter

NAMES = st.sampled_from(["a", "b", "job", "status", "payload", "a.b", "ab"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([0.0, 1.0, 2.5]),
    st.text("ab:1", max_size=4),
    st.sampled_from(["true", "false", "1", "0"]),
)
EVENTS = st.recursive(
    st.dictionaries(NAMES, SCALARS, max_size=3),
    lambda inner: st.dictionaries(NAMES, SCALARS | inner | st.lists(SCALARS | inner, max_size=3), max_size=3),
    max_leaves=12,
)
WILD = st.sampled_from(["*", "**", "?*", "a*", "*:*", "**:b", "?"])
KEYS = st.lists(
    st.sampled_from(["a", "b", "job", "status", "payload", "*", "**", "a*", "?"]), min_size=1, max_size=3
)
CONDITIONS = st.dictionaries(
    KEYS.map(".".join), SCALARS | WILD | st.lists(SCALARS | WILD, max_size=3), max_size=3
)


def leaves(node, prefix=""):
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def segments_match(glob, text):
    if not glob:
        return not text
    if glob[0] == "**":
        return any(segments_match(glob[1:], text[skip:]) for skip in range(len(text) + 1))
    return bool(text) and fnmatch.fnmatchcase(text[0], glob[0]) and segments_match(glob[1:], text[1:])


def value_matches(value, wanted):
    if isinstance(value, list):
        return any(value_matches(one, wanted) for one in value)
    if value is None or isinstance(value, dict):
        return value is None and wanted is None
    if isinstance(wanted, str):
        whole = isinstance(value, float) and value == int(value)
        text = value if isinstance(value, str) else json.dumps(int(value) if whole else value)
        return segments_match(wanted.split(":"), text.split(":"))
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def naive(conditions, event):
    """Flatten everything, try everything."""
    flat = list(leaves(event))
    for key, wanted in conditions.items():
        path = key if "." in key or "*" in key else f"**.{key}"
        at_place = [value for at, value in flat if at in PLACES.get(key, ())]
        found = at_place or [v for at, v in flat if segments_match(path.split("."), at.split("."))]
        alternatives = wanted if isinstance(wanted, list) else [wanted]
        if not any(value_matches(value, one) for value in found for one in alternatives):
            return False
    return True


@given(CONDITIONS, EVENTS)
def test_a_filter_passes_what_the_naive_one_passes(conditions, event):
    assert compile_filter(conditions)(event) == naive(conditions, event)


@given(EVENTS)
def test_an_event_passes_a_filter_made_of_its_own_values(event):
    own = {
        path: value
        for path, value in leaves(event)
        if path not in PLACES and isinstance(value, bool | int | float | None)
    }
    assert compile_filter(own)(event)


@given(
    CONDITIONS,
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    ),
)
def test_odd_events_are_answered_not_raised(conditions, event):
    assert compile_filter(conditions)(event) in {True, False}
    assert compile_filter(conditions)({"payload": event, "context": event}) in {True, False}


def test_deep_events_are_answered():
    lists, objects = [], {}
    for _ in range(5000):
        lists, objects = [lists], {"k": objects}
    for conditions in ({"k": "x"}, {"**.k": "x"}, {"payload.k.k": "x"}):
        assert not compile_filter(conditions)({"payload": objects, "k": lists})
