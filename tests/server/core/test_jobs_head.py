"""What events tell of a job's start: read from the beginning of its description, at no cost where there is nothing."""

import orjson
import pytest

from server.core.jobs import COLUMNS, JobRow


def row(**spec):
    values = dict.fromkeys(COLUMNS) | {"spec": orjson.dumps(spec).decode()}
    return JobRow(**values)


@pytest.mark.parametrize(
    ("spec", "head"),
    [
        ({}, {}),
        ({"input": {"jobType": "x", "startedBy": 1}}, {}),
        ({"tags": ["a"], "trigger": "immediate"}, {}),
        ({"jobType": "a:b", "startedBy": {}, "input": {}}, {"jobType": "a:b"}),
        (
            {"jobType": 'q"', "definition": ',"startedBy":', "startedBy": {}},
            {"jobType": 'q"', "definition": ',"startedBy":'},
        ),
        (
            {"tags": ["a", ',"startedBy":'], "jobType": "t", "definition": "d", "startedBy": {}},
            {"jobType": "t", "definition": "d"},
        ),
        ({"tags": ["a"], "input": {"x": {"y": 1, "startedBy": 2}}, "jobType": "t"}, {}),
    ],
)
def test_the_head_is_what_stands_first(spec, head):
    assert dict(row(**spec).head) == head


def test_a_description_that_only_looks_like_it_has_none():
    assert dict(row(tags=["a"], input={"a": 1, "startedBy": {}}).head) == {}
    assert dict(row(tags=["a"], input={"a": 1, "jobType": "b"}).head) == {}


def test_nobody_changes_it():
    with pytest.raises(TypeError):
        row(jobType="a", startedBy={}).head["jobType"] = "b"
