"""Filters: each sentence of the module's docstring, the limits, and a naive implementation."""

import fnmatch
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol import filters
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import (
    MAX_DEPTH,
    MAX_GLOBS_SIZE,
    MAX_KEYS,
    MAX_NAMES,
    MAX_PATTERN_LENGTH,
    MAX_PATTERNS,
    MAX_TEXT_LENGTH,
    MAX_TOPIC_GLOBS_SIZE,
    MAX_VALUES,
    MAX_WILDCARDS,
    PLACES,
    any_passes,
    compile_filter,
    compile_job_name,
    compile_topics,
    job_name_matches,
)
from listener_sdk.protocol.globs import LONGEST_TEXT, glob_size
from listener_sdk.protocol.reading import (
    MAX_ELEMENTS_SEEN,
    MAX_NAMES_SEEN,
    MAX_STEPS,
    OutOfSteps,
    Reading,
)

EVENT = {
    "id": "us_ev_0000000007",
    "topic": "job:ready",
    "domain": "job",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "namespaces": ["space:portal", "workbook:staging"],
    "attributes": {"http.method": "POST", "progress": {"percent": 50.0}},
    "context": {
        "accountId": "us_acc_1",
        "jobId": "us_jb_0000000001",
        "spaceId": "us_sp_default",
        "environmentId": "us_env_default",
        "actorId": "us_key_1",
        "slugs": {"sheet": "contacts"},
    },
    "payload": {
        "domain": "workbook",
        "operation": "export",
        "job": "workbook:export",
        "status": "ready",
        "isPart": False,
        "info": None,
        "empty": {},
        "input": {"job": "another:job", "rows": 3, "tags": ["red", 7, None, ["deep"], {"x": 1}]},
        "metadata": {"team": "blue", "region": "eu"},
    },
}


# ---- topics and names


@pytest.mark.parametrize(
    ("patterns", "topic", "expected"),
    [
        (["job:*"], "job:ready", True),
        (["job:*"], "jobs:ready", False),
        (["*:created"], "workbook:created", True),
        (["**"], "job:outcome-acknowledged", True),
        (["*"], "job:ready", False),
        (["space:guestAdded"], "space:guestAdded", True),
        (["job:created", "job:failed"], "job:failed", True),
        (["job:created", "job:failed"], "job:ready", False),
        (["job:created,job:failed"], "job:failed", True),
        ("job:created, file:*", "file:deleted", True),
    ],
)
def test_topics(patterns, topic, expected):
    assert compile_topics(patterns)(topic) is expected


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        "",
        [""],
        ["job:ready,"],
        ["job ready"],
        ["job:{ready,failed}"],
        ["jøb:ready"],
        ["a" * (MAX_PATTERN_LENGTH + 1)],
        ["job:*"] * (MAX_PATTERNS + 1),
        ",".join(["job:*"] * (MAX_PATTERNS + 1)),
        ["*a" * (MAX_WILDCARDS + 1)],
        [f"*{n:0100}" for n in range(1 + MAX_TOPIC_GLOBS_SIZE // 109)],
    ],
)
def test_topic_patterns_that_are_refused(patterns):
    with pytest.raises(Refusal) as caught:
        compile_topics(patterns)
    assert (caught.value.code, caught.value.key) == ("bad_filter", "topics")


def test_the_most_and_longest_topic_patterns():
    test = compile_topics([*["x" * MAX_PATTERN_LENGTH] * (MAX_PATTERNS - 1), "job:*"])
    assert test("job:ready")
    assert not test("file:created")


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("workbook:export", "workbook:export", True),
        ("workbook:*", "workbook:export", True),
        ("workbook:*", "sheet:export", False),
        ("*:export", "workbook:export", True),
        ("**", "document:contacts:submit", True),
        ("*", "workbook:export", False),
        ("document:*", "document:contacts:submit", False),
        ("document:**", "document:contacts:submit", True),
        ("workbook:what is *this*?", "workbook:what is *this*?", True),
    ],
)
def test_job_names(pattern, name, expected):
    assert job_name_matches(pattern, name) is expected
    assert compile_job_name(pattern)(name) is expected


def test_a_pattern_of_jobs_with_too_many_wildcards_is_refused():
    assert compile_job_name("a:" + "?" * MAX_WILDCARDS).size == 2 + 9 * MAX_WILDCARDS
    with pytest.raises(Refusal) as caught:
        compile_job_name("a:" + "?" * (MAX_WILDCARDS + 1))
    assert (caught.value.code, caught.value.key) == ("bad_filter", "jobs")


# ---- filters


@pytest.mark.parametrize("conditions", [None, {}])
def test_no_filter_lets_everything_pass(conditions):
    assert compile_filter(conditions)(EVENT)
    assert compile_filter(conditions)({})


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        # every key must match
        ({"job": "workbook:export", "status": "ready"}, True),
        ({"job": "workbook:export", "status": "failed"}, False),
        # names with a place
        ({"job": "workbook:*"}, True),
        ({"job": "*"}, False),
        ({"job": "**"}, True),
        ({"job": "another:job"}, False),
        ({"jobId": "us_jb_0000000001"}, True),
        ({"spaceId": "us_sp_default"}, True),
        ({"environmentId": "us_env_*"}, True),
        ({"actorId": "us_key_2"}, False),
        ({"topic": "job:*"}, True),
        ({"domain": "job"}, True),
        ({"domain": "workbook"}, True),
        ({"domain": "sheet"}, False),
        # any depth
        ({"sheet": "contacts"}, True),
        ({"team": "blue"}, True),
        ({"team": "red"}, False),
        ({"missing": "**"}, False),
        ({"namespaces": "space:portal"}, True),
        ({"namespaces": "space:*"}, True),
        ({"namespaces": "space"}, False),
        ({"method": "POST"}, True),
        ({"te?m": "blue"}, True),
        # full paths
        ({"payload.status": "ready"}, True),
        ({"payload.team": "blue"}, False),
        ({"payload.metadata.team": "blue"}, True),
        ({"context.jobId": "us_jb_*"}, True),
        ({"attributes.http.method": "POST"}, True),
        ({"payload.input.job": "another:job"}, True),
        ({"src.payload.job": "workbook:export"}, True),
        ({"src.topic": "job:ready"}, True),
        ({"src.team": "blue"}, False),
        # nested objects
        ({"payload": {"metadata": {"team": "blue", "region": "e?"}}}, True),
        ({"payload": {"metadata": {"team": "blue", "region": "us"}}}, False),
        ({"payload": {"metadata.team": "blue"}}, True),
        # globs in keys
        ({"*.metadata.team": "blue"}, True),
        ({"**.team": "blue"}, True),
        ({"payload.*": "ready"}, True),
        ({"payload.*": "blue"}, False),
        ({"payload.**": "blue"}, True),
        ({"payload.meta*.team": "blue"}, True),
        ({"payload.metadata.t??m": "blue"}, True),
        ({"**": "eu"}, True),
        ({"*": "eu"}, False),
        # alternatives
        ({"status": ["failed", "ready"]}, True),
        ({"status": ["failed", "r*"]}, True),
        ({"status": ["failed", 3, None]}, False),
        ({"status": []}, False),
        # texts against other values
        ({"isPart": "false"}, True),
        ({"rows": "3"}, True),
        ({"rows": "*"}, True),
        ({"percent": "50"}, True),
        # strict values
        ({"isPart": False}, True),
        ({"isPart": 0}, False),
        ({"isPart": True}, False),
        ({"rows": 3}, True),
        ({"rows": 3.0}, True),
        ({"percent": 50}, True),
        ({"rows": 4}, False),
        ({"status": True}, False),
        # null
        ({"info": None}, True),
        ({"missing": None}, False),
        ({"status": None}, False),
        ({"info": "**"}, False),
        # lists of the event
        ({"tags": "red"}, True),
        ({"tags": 7}, True),
        ({"tags": None}, True),
        ({"tags": "deep"}, True),
        ({"tags": "green"}, False),
        ({"tags": ["green", "red"]}, True),
        # objects match nothing
        ({"empty": "**"}, False),
        ({"metadata": "**"}, False),
        ({"x": 1}, False),
    ],
)  # fmt: skip
def test_what_passes(conditions, expected):
    assert compile_filter(conditions)(EVENT) is expected


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_short_name_without_its_place_is_sought_everywhere(name):
    passes = compile_filter({name: "here"})
    assert passes({"payload": {"order": {name: "here"}}})
    assert not passes({"payload": {"order": {name: "there"}}})


def test_what_stands_at_the_place_decides():
    passes = compile_filter({"status": "paid"})
    assert passes({"topic": "invoice:sent", "payload": {"invoice": {"status": "paid"}}})
    assert not passes({"payload": {"status": "ready", "input": {"status": "paid"}}})


@pytest.mark.parametrize(
    ("conditions", "key"),
    [
        ({f"k{n}": 1 for n in range(MAX_KEYS + 1)}, "filter"),
        ({"payload": {f"k{n}": 1 for n in range(MAX_KEYS + 1)}}, "filter"),
        ({"status": ["x"] * (MAX_VALUES + 1)}, "filter.status"),
        ({"status": "x" * (MAX_TEXT_LENGTH + 1)}, "filter.status"),
        ({"status": ["x" * (MAX_TEXT_LENGTH + 1)]}, "filter.status"),
        ({"k" * (MAX_TEXT_LENGTH + 1): 1}, "filter." + "k" * 80),
        ({"": 1}, "filter."),
        ({"payload": {"": 1}}, "filter.payload."),
        ({"payload": {}}, "filter.payload"),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, "filter.a.b.c.d"),
        ({"rows": math.nan}, "filter.rows"),
        ({"rows": [math.inf]}, "filter.rows"),
        ({"rows": [[1]]}, "filter.rows"),
        ({"rows": [{"a": 1}]}, "filter.rows"),
        ({"a": b"x"}, "filter.a"),
        ({"a": [f"*{n:0247}" for n in range(MAX_GLOBS_SIZE // 256)] + ["*"]}, "filter"),
        ({f"a{n}.*" + "x" * 243: n for n in range(MAX_GLOBS_SIZE // 256)} | {"*": 1}, "filter"),
        ({"a": "*x" * (MAX_WILDCARDS + 1)}, "filter"),
        ({"?" * (MAX_WILDCARDS + 1): 1}, "filter"),
        ({".".join("n" * (MAX_NAMES + 1)): 1}, "filter." + ".".join("n" * (MAX_NAMES + 1))),
        ({"a": {".".join("n" * MAX_NAMES): 1}}, "filter.a." + ".".join("n" * MAX_NAMES)),
    ],
)
def test_filters_that_are_refused_name_the_key(conditions, key):
    with pytest.raises(Refusal) as caught:
        compile_filter(conditions)
    assert (caught.value.code, caught.value.key) == ("bad_filter", key)


def test_the_largest_filter():
    depth = {"z": "x"}
    for _ in range(MAX_DEPTH - 1):
        depth = {"z": depth}
    conditions = {f"k{n}": ["x" * MAX_TEXT_LENGTH] * MAX_VALUES for n in range(MAX_KEYS - 1)} | depth
    assert compile_filter(conditions)(EVENT) is False


# ---- bounds


def steps_of(conditions, event):
    """Steps that a test takes; it must not run out of them."""
    reading = Reading(event)
    passed = compile_filter(conditions).passes(reading)
    return MAX_STEPS - reading.steps, passed


def full_globs():
    """As many and as long globs as a filter may have."""
    return [f"*{n:0{MAX_TEXT_LENGTH - 10}}" for n in range(4)]


def test_the_size_of_a_filter_is_that_of_its_globs():
    found = compile_filter({"a*": ["b", "c*", 3], "d": "e?"})
    assert found.size == glob_size("a*") + glob_size("c*") + glob_size("e?")
    assert compile_filter(None).size == compile_filter({"a": "b"}).size == 0


def test_full_paths_of_any_filter_are_never_out_of_steps():
    paths = [".".join(["n"] * (MAX_NAMES - 1) + [f"x{n}"]) for n in range(MAX_KEYS)]
    event = {f"x{n}": "b" * LONGEST_TEXT for n in range(MAX_KEYS)}
    for _ in range(MAX_NAMES - 1):
        event = {"n": event}
    largest = dict.fromkeys(paths[:-1], "b" * LONGEST_TEXT)
    steps, passed = steps_of({**largest, paths[-1]: [*full_globs(), "b" * LONGEST_TEXT]}, event)
    assert (steps <= MAX_STEPS, passed) == (True, True)
    steps, passed = steps_of({**largest, paths[-1]: full_globs()}, event)
    assert (MAX_STEPS // 2 < steps <= MAX_STEPS, passed) == (True, False)


@pytest.mark.parametrize("bound", [LONGEST_TEXT, MAX_NAMES_SEEN, MAX_ELEMENTS_SEEN, MAX_STEPS])
def test_the_bounds_are_the_documented_ones(bound):
    assert f" {bound:,} " in " ".join(filters.__doc__.split())


def test_common_filters_take_few_steps():
    for conditions, most in (
        ({"job": "workbook:*"}, 15),
        ({"job": "workbook:*", "status": ["ready", "executing"]}, 20),
        ({"namespaces": "space:*"}, 60),
        ({"sheet": "contacts"}, 50),
        ({"payload.**": "blue"}, 400),
    ):
        steps, passed = steps_of(conditions, EVENT)
        assert passed
        assert steps <= most


def test_a_large_event_passes_by_what_is_near_its_top():
    rows = {f"column{n}": "x" * 100 for n in range(5_000)}
    event = {**EVENT, "payload": {**EVENT["payload"], "input": rows}}
    for conditions in (
        {"sheet": "contacts"},
        {"job": "workbook:*", "namespaces": "space:*"},
        {"payload.input.column4999": "x*"},
        {"context.**": "us_key_1"},
    ):
        assert compile_filter(conditions)(event), conditions
    assert not compile_filter({"column4999": "x*"})(event), f"more than {MAX_NAMES_SEEN} names come before it"


def test_the_end_of_a_long_list_is_not_seen():
    passes = compile_filter({"payload.ids": 7})
    assert passes({"payload": {"ids": [0] * (MAX_ELEMENTS_SEEN - 1) + [7]}})
    assert not passes({"payload": {"ids": [0] * MAX_ELEMENTS_SEEN + [7]}})


@pytest.mark.parametrize(
    ("conditions", "event"),
    [
        ({"x": ["**:" + "*:" * 6 + f"z{n}" for n in range(13)]}, {"x": [":" * LONGEST_TEXT] * 300}),
        ({"x": ["*" + "a" * 230 + f"{n}" for n in range(4)]}, {"x": ["a" * LONGEST_TEXT] * 300}),
        ({f"p*.k{n}*": "v" for n in range(MAX_KEYS)}, {"p": {f"k{n}": "v" for n in range(300)}}),
        ({f"payload.x{n}": [7, n] for n in range(MAX_KEYS)}, {"payload": {f"x{n}": [[n] * 999, 7] for n in range(40)}}),
    ],
)  # fmt: skip
def test_a_test_that_would_take_too_long_ends_and_does_not_pass(conditions, event):
    event = {**event, "y": 1}
    reading, asked = Reading(event), []
    reading.spend = lambda steps: asked.append(steps) or Reading.spend(reading, steps)
    with pytest.raises(OutOfSteps):
        compile_filter(conditions).passes(reading)
    assert sum(asked[:-1]) <= MAX_STEPS < sum(asked)
    assert not compile_filter(conditions)(event)
    assert compile_filter({"y": 1})(event), "what is cheap is asked of the same event"


def test_filters_that_are_asked_together_share_the_steps():
    event = {"x": "a" * LONGEST_TEXT, "y": 1}
    dear, cheap = compile_filter({"x": full_globs()}), compile_filter({"y": 1})
    assert not dear(event)
    assert any_passes([dear, cheap], event)
    assert not any_passes([dear, dear, cheap], event)
    assert any_passes([cheap, *[dear] * 1_000], event)
    assert not any_passes([], event)


def test_filters_of_the_same_conditions_are_equal():
    one = compile_filter({"payload": {"team": ["a*", 1]}})
    assert {one, compile_filter({"payload.team": ["a*", 1]})} == {one}
    for other in (
        {"payload.team": ["a*", True]},
        {"payload.team": ["a*", "1"]},
        {"payload.team": ["a*", 1.0]},
        None,
    ):
        assert compile_filter(other) != one
    assert one != "payload.team"


# ---- properties

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
