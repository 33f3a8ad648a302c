"""Topics, names of jobs and filters: each sentence of the module's docstring, and what is refused."""

import math

import pytest
from rich_event import EVENT

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
    compile_filter,
    compile_job_name,
    compile_topics,
    job_name_matches,
)

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


def test_one_of_the_tags_is_enough():
    tagged = {"topic": "job:ready", "payload": {"tags": ["vip", "acme"], "input": {"tag": "other"}}}
    found = {tag: compile_filter({"tag": tag})(tagged) for tag in ("acme", "v*", "other", "acm")}
    assert found == {"acme": True, "v*": True, "other": False, "acm": False}


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
