"""What callers give by name: the nearest right name is told, and what no server would take does not leave."""

from datetime import UTC, datetime

import pytest
from orjson import loads

from listener_sdk import ApiError, InvalidError
from listener_sdk._given import body, body_text, changes_text, check_names, check_zones, names_of
from listener_sdk.protocol.jobs import JobAck, JobCreate
from listener_sdk.protocol.spaces import SpaceUpdate


def test_a_misspelt_name_is_told_with_the_nearest_else_with_all_there_are():
    check_names("ack", ["info"], {"info", "progress"})
    with pytest.raises(TypeError, match=r"^ack\(\) takes no 'inof': did you mean 'info'\?$"):
        check_names("ack", ["inof"], {"info", "progress"})
    with pytest.raises(TypeError, match=r"^ack\(\) takes no 'fence_number': there are info, progress$"):
        check_names("ack", ["fence_number"], {"progress", "info"})


def test_a_field_may_be_named_as_in_python_and_as_on_the_wire():
    names = names_of(JobCreate, "type", "operation")
    assert {"max_attempts", "maxAttempts", "input"} <= names
    assert not {"type", "operation"} & names


def test_all_that_does_not_fit_is_named_in_one_error_that_is_a_value_error_too():
    with pytest.raises(InvalidError) as caught:
        body(JobAck, {"progress": 101, "info": 7})
    refused = caught.value
    assert isinstance(refused, ApiError)
    assert isinstance(refused, ValueError)
    assert not refused.may_retry
    assert {error["key"]: error["code"] for error in refused.errors} == {
        "info": "invalid",
        "progress": "invalid",
    }
    assert refused.message == " ".join(error["message"] for error in refused.errors)


def test_a_datetime_needs_a_zone_and_a_text_is_the_wires():
    check_zones({"scheduled_at": datetime(2030, 1, 1, tzinfo=UTC), "info": "2030-01-01T00:00:00"})
    with pytest.raises(InvalidError, match=r"^jobs\[3\]\.scheduled_at: a time needs a zone") as caught:
        check_zones({"scheduled_at": datetime(2030, 1, 1)}, "jobs[3].")
    assert caught.value.errors[0]["key"] == "jobs[3].scheduled_at"


def test_null_says_nothing_but_where_something_is_changed():
    given = {"name": "ci", "link_template": None}
    assert loads(body_text(SpaceUpdate, given)) == {"name": "ci"}
    assert loads(changes_text(SpaceUpdate, given)) == {"name": "ci", "linkTemplate": None}


def test_a_misspelt_change_is_told():
    with pytest.raises(TypeError, match=r"^update\(\) takes no 'nmae': did you mean 'name'\?$"):
        changes_text(SpaceUpdate, {"nmae": "ci"})
