"""Fields that a body must not have, and what may have been meant."""

import pytest
from pydantic import ConfigDict, ValidationError

from listener_sdk.protocol.model import WireModel
from server.core.unknown_fields import told


class Inner(WireModel):
    model_config = ConfigDict(extra="forbid")
    e_mail_list: list[str] | None = None


class Body(WireModel):
    model_config = ConfigDict(extra="forbid")
    label: str
    options: Inner | None = None
    several: list[Inner] | None = None


def found(value):
    with pytest.raises(ValidationError) as caught:
        Body.model_validate(value)
    return {one.key: one.message for one in told(Body, caught.value)}


def test_all_problems_are_told_those_of_known_fields_as_before():
    assert found({"lable": 1, "options": {"eMailLst": []}}) == {
        "label": "label: field required.",
        "lable": "lable: there is no such field. Did you mean label?",
        "options.eMailLst": "options.eMailLst: there is no such field. Did you mean eMailList?",
    }


def test_where_nothing_is_near_all_that_there_are_are_named():
    assert found({"label": "x", "zzz": 1})["zzz"].endswith("There are label, options, several.")


def test_deeper_in_a_list_no_names_are_offered():
    assert found({"label": "x", "several": [{"a": 1}]}) == {
        "several.0.a": "several.0.a: there is no such field."
    }
