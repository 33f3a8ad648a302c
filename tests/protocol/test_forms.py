"""Input forms: the fields that Flatfile knows, and what is wrong with others."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.forms import FIELD_TYPES, FormField, InputForm
from listener_sdk.protocol.problems import problems

FLATFILE = {
    "type": "simple",
    "fields": [
        {
            "key": "priority",
            "label": "Priority",
            "description": "How soon.",
            "type": "enum",
            "defaultValue": "low",
            "config": {
                "options": [
                    {
                        "value": "high",
                        "label": "High",
                        "color": "#ff0000",
                        "icon": "flag",
                        "meta": {"days": 1},
                    },
                    {"value": "low", "description": "Later."},
                ],
                "sort": "label",
            },
            "constraints": [{"type": "required"}],
        },
        {"key": "note", "label": "Note", "type": "textarea"},
    ],
}


def field(**given):
    return FormField.model_validate({"key": "a", "label": "A", "type": "string", **given})


def test_a_form_of_flatfile_passes_and_comes_back_as_it_was():
    form = InputForm.model_validate(FLATFILE)
    assert [one.is_required for one in form.fields] == [True, False]
    assert form.model_dump(mode="json", exclude_none=True) == FLATFILE


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("string", "x"),
        ("textarea", "x\ny"),
        ("number", 1),
        ("number", 1.5),
        ("boolean", False),
        ("date", "2026-01-31"),
    ],
)
def test_every_type_takes_a_default_of_its_kind(kind, default):
    assert kind in FIELD_TYPES
    assert field(type=kind, defaultValue=default).default_value == default


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "sting"}, "'string', 'textarea'"),
        ({"type": "enum"}, "needs config with its options"),
        ({"config": {"options": [{"value": 1}]}}, "its type must be enum"),
        ({"type": "enum", "config": {"options": []}}, "at least 1 item"),
        ({"type": "enum", "config": {"options": [{"value": 1}, {"value": 1.0}]}}, "stands twice"),
        ({"type": "enum", "config": {"options": [{"value": 1}]}, "defaultValue": True}, "one of its options"),
        ({"type": "number", "defaultValue": True}, "a value of the type number"),
        ({"type": "string", "defaultValue": 3}, "a value of the type string"),
        ({"constraints": [{"type": "unique"}]}, "'required'"),
        ({"key": " "}, "printable"),
        ({"key": ""}, "at least 1 character"),
    ],
)
def test_what_is_wrong_with_a_field_is_said(given, words):
    with pytest.raises(ValidationError) as refused:
        field(**given)
    assert words in problems(refused.value)[0].message


def test_true_and_one_are_two_options():
    options = [{"value": 1}, {"value": True}, {"value": "1"}]
    made = field(type="enum", config={"options": options}, defaultValue=True)
    assert [option.value for option in made.config.options] == [1, True, "1"]
    assert made.config.options[1].value is True


def test_each_field_stands_once():
    with pytest.raises(ValidationError, match="'note' stands twice"):
        InputForm.model_validate({"fields": [FLATFILE["fields"][1]] * 2})
