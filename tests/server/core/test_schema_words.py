"""What is wrong with a value, in plain words."""

import pytest
from jsonschema_rs import Draft202012Validator

from listener_sdk.protocol.paths import dotted
from server.core.schema_words import LONGEST_MESSAGE, MOST_UNEXPECTED, kind_of, shown, told


def said(schema, value):
    """The messages by place, of a property ``a`` that has this schema."""
    whole = {"properties": {"a": schema}}
    validator = Draft202012Validator(whole, validate_formats=True)
    return {
        dotted(path): text
        for error in validator.iter_errors({"a": value})
        for path, text in told(error, whole, {"a": value})
    }


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"type": "string"}, 3, "must be text, not a whole number"),
        ({"type": ["string", "null"]}, 3.5, "must be text or null, not a number"),
        ({"type": "integer"}, True, "must be a whole number, not true"),
        ({"type": "object"}, [], "must be an object, not a list"),
        ({"enum": ["GET", "POST"]}, "PSOT", 'must be one of "GET", "POST", not "PSOT". Did you mean POST?'),
        ({"enum": ["a", 1, None]}, 2, 'must be one of "a", 1, null, not 2'),
        ({"enum": list(range(20))}, -1, "must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more, not -1"),
        ({"enum": ["a"]}, "z", 'must be "a", not "z"'),
        ({"const": 3}, 4, "must be 3, not 4"),
        ({"minimum": 0}, -1, "must be at least 0, not -1"),
        ({"maximum": 1.5}, 2, "must be at most 1.5, not 2"),
        ({"exclusiveMinimum": 0}, 0, "must be more than 0, not 0"),
        ({"exclusiveMaximum": 0}, 0, "must be less than 0, not 0"),
        ({"multipleOf": 5}, 7, "must be a multiple of 5, not 7"),
        ({"minLength": 1}, "", "must not be empty"),
        ({"minLength": 3}, "ab", "must have at least 3 characters, not 2"),
        ({"maxLength": 1}, "äö", "must have at most 1 characters, not 2"),
        ({"minItems": 2}, [1], "must have at least 2 elements, not 1"),
        ({"maxItems": 0}, [1], "must have at most 0 elements, not 1"),
        ({"minProperties": 1}, {}, "must not be empty"),
        ({"maxProperties": 0}, {"x": 1}, "must have at most 0 names, not 1"),
        ({"uniqueItems": True}, [1, 1], "must not hold the same element twice"),
        ({"pattern": "^a+$"}, "b", 'must match the pattern ^a+$, not "b"'),
        ({"format": "date"}, "31.1.2026", 'must be a date such as 2026-01-31, not "31.1.2026"'),
        ({"format": "ipv4"}, "x", 'must be of the format ipv4, not "x"'),
        ({"contains": {"const": 1}}, [], "must hold elements that the schema asks for under contains, and holds too few or too many"),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, 'has a name that is not taken: "ab" must have at most 1 characters, not 2'),
        ({"not": {"type": "string"}}, "x", 'is of a form that is not taken, not "x"'),
        ({"oneOf": [True, True]}, 1, "fits more than one of the forms of which one is taken"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "must be text or null, not a whole number"),
        ({"oneOf": [{"const": "x"}, {"const": "y"}]}, "z", 'must be one of "x", "y", not "z"'),
        ({"anyOf": [{"type": "null"}, {"format": "date"}]}, "x", 'must be a date such as 2026-01-31, not "x"'),
        (
            {"anyOf": [{"type": "integer"}, {"const": "all"}]},
            "x",
            'fits none of the forms that are taken here; in the nearest, it must be "all", not "x"',
        ),
        (
            {"anyOf": [{"required": ["y", "z"]}, {"required": ["x"]}]},
            {},
            "fits none of the forms that are taken here; in the nearest, it needs x",
        ),
        (
            {"anyOf": [{"required": ["y", "z"]}, {"properties": {"n": {"minimum": 1}}}]},
            {"n": 0},
            "fits none of the forms that are taken here; in the nearest, n must be at least 1, not 0",
        ),
        (False, 1, "is not taken here"),
    ],
)  # fmt: skip
def test_each_keyword_has_its_words(schema, value, words):
    assert said(schema, value) == {"a": words}


@pytest.mark.parametrize(
    ("schema", "value", "place", "words"),
    [
        ({"required": ["x"]}, {}, "a.x", "is required, and was not given"),
        ({"dependentRequired": {"x": ["y"]}}, {"x": 1}, "a.y", "is required, and was not given"),
        (
            {"properties": {"headers": True}, "additionalProperties": False},
            {"heders": 1},
            "a.heders",
            'is not taken here; taken are "headers". Did you mean headers?',
        ),
        ({"additionalProperties": False}, {"x": 1}, "a.x", "is not taken here"),
        ({"unevaluatedProperties": False}, {"x": 1}, "a.x", "is not taken here"),
        ({"items": {"type": "string"}}, ["x", 1], "a[1]", "must be text, not a whole number"),
    ],
)
def test_the_place_is_where_it_stands_or_should(schema, value, place, words):
    assert said(schema, value) == {place: words}


@pytest.mark.parametrize("other", ["null", "string"])
def test_all_that_is_wrong_is_told_where_one_form_alone_is_meant(other):
    inner = {
        "properties": {"zip": {"pattern": "^[0-9]+$"}},
        "required": ["street"],
        "additionalProperties": False,
    }
    found = said({"anyOf": [{"type": "object", **inner}, {"type": other}]}, {"zip": "x", "stret": 1})
    assert found == {
        "a.zip": 'must match the pattern ^[0-9]+$, not "x"',
        "a.street": "is required, and was not given",
        "a.stret": 'is not taken here; taken are "zip"',
    }


@pytest.mark.parametrize("hide", [{"writeOnly": True}, {"format": "password"}])
def test_what_is_not_to_be_shown_is_not_repeated(hide):
    assert said({"pattern": "^a$", **hide}, "hunter2") == {"a": "must match the pattern ^a$"}
    optional = {"anyOf": [{"pattern": "^a$", **hide}, {"type": "null"}]}
    assert said(optional, "hunter2") == {"a": "must match the pattern ^a$"}
    forms = {"anyOf": [{"pattern": "^a$", **hide}, {"pattern": "^b$", **hide}]}
    assert "hunter2" not in said(forms, "hunter2")["a"]
    assert said({"enum": ["hunter1", "x"], **hide}, "hunter2") == {"a": 'must be one of "hunter1", "x"'}


def test_messages_are_bounded():
    found = said({"additionalProperties": False}, {f"x{n}": n for n in range(100)})
    assert len(found) == MOST_UNEXPECTED + 1
    assert "100 names" in found["a"]
    assert len(said({"enum": ["x" * 300] * 3 + ["y" * 300]}, "z" * 100_000)["a"]) <= LONGEST_MESSAGE


def test_values_are_shown_short():
    assert shown("a\n") == '"a\\n"'
    assert len(shown("x" * 100_000)) < 60
    assert (shown({"a": 1}), shown([1]), shown(None)) == ("an object", "a list", "null")
    assert [kind_of(one) for one in ("", 1, 1.5, False, None, {}, [])] == [
        "text", "a whole number", "a number", "false", "null", "an object", "a list",
    ]  # fmt: skip
