"""What schemas say of parameters, in words."""

import pytest

from listener_sdk.cli.parameter_words import kinds, kinds_of_value, limit_words, parameter, type_words

CIRCLE = {
    "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}},
    "items": {"$ref": "#"},
    "type": "array",
}


@pytest.mark.parametrize(
    ("schema", "words", "taken"),
    [
        (True, "", set()),
        ({}, "", set()),
        ({"type": ["string", "null"]}, "string or null", {"string", "null"}),
        ({"enum": ["a", 1, None]}, '"a" or 1 or null', {"string", "integer", "number", "null"}),
        ({"const": True}, "true", {"boolean"}),
        ({"anyOf": [{"type": "integer"}, {}]}, "integer", set()),
        ({"oneOf": [{"type": "integer"}, {"type": "integer"}]}, "integer", {"integer"}),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number", {"object"}),
        ({"$ref": "#/$defs/A"}, "string", {"string"}),
        ({"$ref": "#/$defs/none"}, "", set()),
        ({"$ref": "#"}, "array of array of array of array", {"array"}),
    ],
)  # fmt: skip
def test_kinds_are_told(schema, words, taken):
    assert (type_words(CIRCLE, schema), kinds(CIRCLE, schema)) == (words, taken)


def test_limits_are_told_of_what_may_be_chosen():
    schema = {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0, "maximum": 2.5},
            {"pattern": "^a", "format": "date"},
        ]
    }
    assert limit_words({}, schema) == "at most 2.5, more than 0, matches ^a, a date"
    assert (
        limit_words({}, {"minLength": 1, "maxLength": 5, "minItems": 2})
        == "1 to 5 characters, at least 2 items"
    )
    assert limit_words({}, {"minimum": 0, "maximum": 9}) == "0 to 9"


def test_a_parameter_is_found_by_its_name_else_among_the_others():
    schema = {
        "$ref": "#/$defs/P",
        "$defs": {"P": {"properties": {"a": {"type": "null"}}, "additionalProperties": False}},
    }
    assert (parameter(schema, "a"), parameter(schema, "b")) == ({"type": "null"}, False)
    assert parameter({}, "b") == {}


def test_whole_numbers_are_integers_and_numbers():
    values = (True, 1, 1.0, 1.5, "", [], {}, None)
    assert [kinds_of_value(one)[0] for one in values] == [
        "boolean", "integer", "integer", "number", "string", "array", "object", "null",
    ]  # fmt: skip
