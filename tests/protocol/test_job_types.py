"""Job types as listeners declare them and readers see them."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.job_types import JobTypeDeclare, JobTypeView
from listener_sdk.protocol.problems import problems


def declared(**given):
    return JobTypeDeclare.model_validate({"name": "workbook:export", **given})


def test_the_name_is_enough():
    made = declared()
    assert (made.code, made.domain, made.operation) == ("workbook:export", "workbook", "export")
    assert (made.modes, made.needs_file, made.input_schema) == (["full"], False, None)
    assert made.limits.model_dump(exclude_none=True) == {}


def test_an_operation_may_hold_colons():
    made = declared(name="document:contacts:submit")
    assert (made.domain, made.operation) == ("document", "contacts:submit")


def test_all_of_it():
    body = {
        "name": "system:webservice",
        "code": "callWebserviceEndpoint",
        "label": "Call a web service",
        "description": "Sends one request.",
        "inputSchema": {"type": "object", "properties": {"url": {"type": "string"}}},
        "inputForm": {"type": "simple", "fields": [{"key": "url", "type": "string"}]},
        "modes": ["full", "delta"],
        "needsFile": True,
        "limits": {"maxAttempts": 3, "runTimeoutS": 60.0},
    }
    assert JobTypeDeclare.model_validate(body).model_dump(mode="json", exclude_none=True) == body


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({"name": "export"}, "name", "domain:operation"),
        ({"name": "Work Book:export"}, "name.domain", "match"),
        ({"name": "workbook:*"}, "name.operation", "patterns of names"),
        ({"name": "workbook:"}, "name.operation", "at least 1"),
        ({"code": "a/b"}, "code", "without /"),
        ({"code": "a*"}, "code", "without /"),
        ({"code": " a"}, "code", "spaces at its ends"),
        ({"code": "x" * 193}, "code", "at most 192"),
        ({"inputSchema": {"$ref": "http://a.example"}}, "inputSchema", '$ref: must begin with "#/"'),
        ({"inputSchema": []}, "inputSchema", "must be an object"),
        ({"modes": []}, "modes", "at least 1"),
        ({"modes": ["half"]}, "modes[0]", "'full' or 'delta'"),
        ({"limits": {"maxAttempts": 0}}, "limits.maxAttempts", "greater than or equal to 1"),
        ({"inputForm": {"fields": [{"key": "a", "type": "enum"}]}}, "inputForm.fields[0]", "needs config"),
        ({"label": "a\nb"}, "label", "must be one line"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given, key, words):
    with pytest.raises(ValidationError) as refused:
        declared(**given)
    problem = problems(refused.value)[0]
    assert problem.key == key
    assert words in problem.message


def test_modes_stand_once_and_limits_may_be_null():
    made = declared(modes=["delta", "full", "delta"], limits=None)
    assert made.modes == ["delta", "full"]
    assert made.limits.max_attempts is None


def test_a_name_with_a_slash_needs_a_code():
    with pytest.raises(ValidationError, match="without /"):
        declared(name="file:a/b")
    assert declared(name="file:a/b", code="a-b").operation == "a/b"


def test_readers_of_older_versions_see_types_of_newer_ones():
    body = {
        "code": "a", "name": "a:b", "domain": "a", "operation": "b", "inputSchema": {}, "inputForm": {}, "modes": ["later"],
        "more": 1,
    }  # fmt: skip
    view = JobTypeView.model_validate(body)
    assert (view.modes, view.online, view.built_in) == (["later"], True, False)
