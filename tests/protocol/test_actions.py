"""Actions as they come over the wire: all that Flatfile's may have, and what is refused."""

import pytest
from buttons import FORM, PRESS, WHOLE
from pydantic import ValidationError

from listener_sdk.protocol.actions import Action, ActionCreate, ActionExecute, ActionUpdate, Mount

LEAST = {"label": "Export", "operation": "export"}


def wrong(model, **fields):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    return caught.value.errors()


def test_all_that_an_action_may_have_comes_back_as_it_was_sent():
    body = ActionCreate.model_validate(WHOLE)
    assert body.model_dump(mode="json", by_alias=True, exclude_none=True) == WHOLE


def test_the_older_word_for_the_operation_is_enough():
    assert ActionCreate(label="Export", slug="export").slug == "export"


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "Export"},
        {"operation": "export"},
        {**LEAST, "label": " "},
        {**LEAST, "label": "a\nb"},
        {**LEAST, "label": "x" * 257},
        {**LEAST, "operation": "ex*"},
        {**LEAST, "operation": ""},
        {**LEAST, "slug": "?"},
        {**LEAST, "mode": "hidden"},
        {**LEAST, "schedule": "yearly"},
        {**LEAST, "icon": "x" * 129},
        {**LEAST, "tooltip": "x" * 4097},
        {**LEAST, "targetId": ""},
        {**LEAST, "constraints": [{"type": "hasLuck"}]},
        {**LEAST, "constraints": [{"type": "hasData"}] * 17},
        {**LEAST, "messages": [{"type": "shout", "content": "x"}]},
        {**LEAST, "guide": {"content": "x" * 16_385}},
        {**LEAST, "inputForm": {"type": "wizard", "fields": []}},
        {**LEAST, "inputForm": {"fields": [{"key": "a", "type": "colour"}]}},
        {**LEAST, "mount": {"type": "Workbook"}},
        {**LEAST, "mount": {"type": "workbook", "keys": ["a"]}},
        {**LEAST, "mount": {"type": "field", "slugs": ["a"]}},
        {**LEAST, "mount": {"type": "sheet", "slugs": ["a"] * 101}},
    ],
)
def test_what_no_action_has_is_refused(fields):
    assert wrong(ActionCreate, **fields)


def test_all_that_is_wrong_is_named_by_its_place():
    form = {"fields": [FORM["fields"][0], {"key": "b", "type": "enum"}]}
    errors = wrong(ActionCreate, **{**LEAST, "mode": "x", "inputForm": form, "mount": {"type": "A"}})
    assert [".".join(map(str, one["loc"])) for one in errors] == ["mode", "inputForm.fields.1", "mount.type"]


@pytest.mark.parametrize(
    ("given", "domain"),
    [("space", "space"), ("field", "sheet"), ("sheet", "sheet"), ("file", "file"), ("invoice", "invoice")],
)
def test_jobs_are_of_the_type_of_the_mount_and_those_of_a_column_of_its_sheet(given, domain):
    assert Mount(type=given).domain == domain


def test_a_change_takes_away_what_may_be_left_out_and_nothing_else():
    assert ActionUpdate(tooltip=None).model_fields_set == {"tooltip"}
    for name in ("label", "operation", "targetId"):
        (error,) = wrong(ActionUpdate, **{name: None})
        assert error["loc"] == (name,)


def test_a_press_gives_input_and_subject():
    body = ActionExecute.model_validate(PRESS)
    assert (body.input, body.confirm, body.subject.resource) == ({"title": "Orders"}, True, "records")
    assert ActionExecute().model_dump(exclude_unset=True) == {}


@pytest.mark.parametrize(
    "fields",
    [{"input": []}, {"subject": {"type": "all"}}, {"confirm": "perhaps"}, {"tags": "a"}, {"source": ""}],
)
def test_a_press_that_cannot_be_meant_is_refused(fields):
    assert wrong(ActionExecute, **fields)


def test_an_action_of_a_newer_server_is_read():
    found = Action.model_validate({
        **WHOLE, "id": "us_ac_0000000001", "domain": "workbook", "job": "workbook:export",
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "hue": 5,
    })  # fmt: skip
    assert (found.job, found.mount.slugs) == ("workbook:export", ["orders", "returns"])
