"""Fields that a body must not have, and what may have been meant."""

import pytest
from pydantic import ConfigDict, ValidationError

from listener_sdk.protocol.definitions import DefinitionToCreate
from listener_sdk.protocol.job_types import JobTypeExecute
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.unknown_fields import told


class Inner(WireModel):
    model_config = ConfigDict(extra="forbid")
    e_mail_list: list[str] | None = None


class Body(WireModel):
    model_config = ConfigDict(extra="forbid")
    label: str
    options: Inner | None = None
    several: list[Inner] | None = None


def found(value, model=Body):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return {one.key: one.message for one in told(model, caught.value, value)}


def test_all_problems_are_told_those_of_known_fields_as_before():
    assert found({"lable": 1, "options": {"eMailLst": []}}) == {
        "label": "label: field required.",
        "lable": "lable: there is no such field. Did you mean label?",
        "options.eMailLst": "options.eMailLst: there is no such field. Did you mean eMailList?",
    }


def test_where_nothing_is_near_all_that_there_are_are_named():
    assert found({"label": "x", "zzz": 1})["zzz"].endswith("There are label, options, several.")


def test_what_belongs_below_a_field_that_is_left_out_is_told_so():
    assert found({"sheet": "a", "lable": "b"}, JobTypeExecute) == {
        "sheet": 'sheet: there is no such field. Put it below params, as {"params": {"sheet": …}}. Or did you mean scheduledAt?',
        "lable": 'lable: there is no such field. Put it below params, as {"params": {"lable": …}}. Or did you mean label?',
    }
    told = found({"jobDefinitionCode": "xy", "jobType": "noop"}, DefinitionToCreate)
    assert told.keys() == {"jobDefinition", "jobDefinitionCode", "jobType"}
    assert told["jobType"].endswith('Put it below jobDefinition, as {"jobDefinition": {"jobType": …}}.')
    assert "Put it" not in found({"params": {}, "sheet": "a"}, JobTypeExecute)["sheet"]
    assert found({"param": {"sheet": "a"}}, JobTypeExecute)["param"].endswith("Did you mean params?")


def test_the_elements_of_a_list_are_looked_into():
    assert found({"label": "x", "several": [{"eMailLst": []}]}) == {
        "several[0].eMailLst": "several[0].eMailLst: there is no such field. Did you mean eMailList?"
    }


def test_a_model_of_one_field_says_so():
    assert found({"label": "x", "options": {"zzzz": 1}})["options.zzzz"].endswith("There is eMailList alone.")


def test_only_the_first_are_told():
    with pytest.raises(ValidationError) as caught:
        Body.model_validate({str(number): 1 for number in range(9)})
    assert len(told(Body, caught.value, {}, 3)) == 3
