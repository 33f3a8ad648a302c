"""Execution plans on the wire: strict where Flatfile's are, and all else is kept."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.plans import MOST_EDGES, Plan, PlanPatch, PlanPut, plan_of

FIELD = {
    "type": "string",
    "key": "email",
    "label": "E-mail",
    "constraints": [{"type": "required", "config": None}],
}
EDGE = {
    "sourceField": FIELD,
    "destinationField": FIELD,
    "preview": ["a"],
    "enumDetails": {"mapping": [{"sourceValue": None, "destinationValue": "x"}]},
    "metadata": {"certainty": "strong", "ours": {"a": [None]}},
    "more": None,
}
IDS = {"fileId": "us_fl_1", "jobId": "us_jb_0000000001"}
PLAN = {
    "fieldMapping": [EDGE],
    "unmappedSourceFields": [{"sourceField": FIELD, "preview": ["b"], "x": 1}],
    "unmappedDestinationFields": [{"destinationField": FIELD}],
    "programId": "us_pg_1",
}


def where(model, body):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    return ".".join(str(step) for step in caught.value.errors()[0]["loc"])


def test_a_plan_comes_out_as_it_was_sent_with_what_nobody_knows():
    sent = {**PLAN, "oursToo": {"b": None}}
    assert plan_of(PlanPut.model_validate({**IDS, **sent})) == sent
    assert plan_of(PlanPatch.model_validate({**IDS, **sent})) == sent
    assert Plan.model_validate(sent).field_mapping[0].source_field.key == "email"


def test_a_patch_holds_only_what_was_sent():
    assert plan_of(PlanPatch.model_validate(IDS)) == {}
    assert plan_of(PlanPatch.model_validate({**IDS, "programId": None, "fieldMapping": []})) == {
        "fieldMapping": []
    }


@pytest.mark.parametrize("name", [*IDS, "fieldMapping", "unmappedSourceFields", "unmappedDestinationFields"])
def test_what_a_whole_plan_must_have(name):
    body = IDS | PLAN
    del body[name]
    assert where(PlanPut, body) == name


@pytest.mark.parametrize("name", IDS)
def test_what_a_patch_must_have(name):
    assert where(PlanPatch, {other: value for other, value in IDS.items() if other != name}) == name


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"fieldMapping": {}}, "fieldMapping"),
        ({"fieldMapping": [5]}, "fieldMapping.0"),
        ({"fieldMapping": [{"sourceField": FIELD}]}, "fieldMapping.0.destinationField"),
        ({"fieldMapping": [{**EDGE, "sourceField": {"key": "a"}}]}, "fieldMapping.0.sourceField.type"),
        (
            {"fieldMapping": [{**EDGE, "sourceField": {"type": "string", "key": 5}}]},
            "fieldMapping.0.sourceField.key",
        ),
        ({"fieldMapping": [{**EDGE, "preview": [5]}]}, "fieldMapping.0.preview.0"),
        ({"fieldMapping": [EDGE] * (MOST_EDGES + 1)}, "fieldMapping"),
        ({"unmappedSourceFields": [{"destinationField": FIELD}]}, "unmappedSourceFields.0.sourceField"),
        ({"unmappedDestinationFields": [{}]}, "unmappedDestinationFields.0.destinationField"),
        ({"programId": ""}, "programId"),
        ({"fileId": 5}, "fileId"),
    ],
)
def test_what_has_another_shape_is_named(change, path):
    assert where(PlanPut, IDS | PLAN | change) == path
    assert where(PlanPatch, IDS | change) == path


def test_an_empty_plan_has_three_lists():
    assert Plan().model_dump(mode="json", exclude_none=True) == {
        "fieldMapping": [],
        "unmappedSourceFields": [],
        "unmappedDestinationFields": [],
    }
