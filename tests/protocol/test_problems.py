"""What a model does not take, told field by field."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, ValidationError

from listener_sdk.protocol.job_types import JobTypeExecute
from listener_sdk.protocol.jobs import JobAck, JobSplit
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.plans import PlanPut
from listener_sdk.protocol.problems import problems


def _odd(number):
    if number % 2 == 0:
        raise ValueError("must be odd.")
    return number


def found(model, facts, **most):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(facts)
    return [(one.code, one.key, one.message) for one in problems(caught.value, **most)]


def test_each_field_is_named_with_its_path():
    (told,) = found(JobAck, {"progress": 101})
    assert told == ("invalid", "progress", "progress: input should be less than or equal to 100.")
    keys = [key for _, key, _ in found(PlanPut, {"fieldMapping": [{"sourceField": 1}]})]
    assert keys[2:4] == ["fieldMapping[0].sourceField", "fieldMapping[0].destinationField"]


def test_words_of_our_own_come_without_pydantics():
    ((_, _, message),) = found(JobSplit, {"parts": "abc"})
    assert message == "parts: takes a number of parts, or a list with one object for each part."


def test_kinds_of_json_are_called_by_their_names():
    ((_, _, message),) = found(JobTypeExecute, {"params": [1]})
    assert message == "params: must be an object."
    ((_, _, message),) = found(JobTypeExecute, {"tags": 5})
    assert message == "tags: must be a list."


class Told(WireModel):
    odd: Annotated[int, AfterValidator(_odd)]


def test_a_message_that_ends_with_a_stop_gets_no_other():
    assert found(Told, {"odd": 2}) == [("invalid", "odd", "odd: must be odd.")]


def test_only_the_first_are_told():
    facts = {"progress": "x", "fence": "x", "info": 1}
    assert [len(found(JobAck, facts)), len(found(JobAck, facts, most=2))] == [3, 2]
