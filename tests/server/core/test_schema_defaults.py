"""Defaults: where a schema's count, and that nothing that is given changes."""

import pytest

from listener_sdk.protocol.json_schemas import subschemas
from server.core.schema_defaults import defaults_of, filled


def fill(schema, value):
    return filled(value, defaults_of(subschemas(schema)))


def of(**properties):
    return {"properties": properties}


@pytest.mark.parametrize(
    ("schema", "value", "whole"),
    [
        (of(a={"default": 1}), {}, {"a": 1}),
        (of(a={"default": 1}), {"a": None}, {"a": None}),
        (of(a={"default": None}), {}, {"a": None}),
        (of(a=of(b={"default": 1})), {}, {}),
        (of(a=of(b={"default": 1})), {"a": {"c": 2}}, {"a": {"c": 2, "b": 1}}),
        (of(a={"default": {}, **of(b={"default": 1})}), {}, {"a": {"b": 1}}),
        ({"items": of(a={"default": 1})}, [{}, {"a": 2}], [{"a": 1}, {"a": 2}]),
        ({"$ref": "#/$defs/A", "$defs": {"A": of(a={"default": 1})}}, {}, {"a": 1}),
        ({"allOf": [of(a={"default": 1}), of(a={"default": 2}, b={"default": 3})]}, {}, {"a": 1, "b": 3}),
        (of(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": {"default": 4}}}, {}, {"a": 4}),
        (of(a={"$ref": "#/$defs/A", "default": 5}) | {"$defs": {"A": {"default": 4}}}, {}, {"a": 5}),
        ({"anyOf": [of(a={"default": 1})]}, {}, {}),
        ({"if": {}, "then": of(a={"default": 1})}, {}, {}),
        (of(a={"default": 1}), "no object", "no object"),
        (
            of(next={"$ref": "#"}, n={"default": 0}),
            {"next": {"next": {}}},
            {"n": 0, "next": {"n": 0, "next": {"n": 0}}},
        ),
    ],
)
def test_where_defaults_count(schema, value, whole):
    assert fill(schema, value) == whole


def test_what_is_given_does_not_change():
    given = {"a": {"b": []}, "rows": [{}]}
    schema = of(a=of(c={"default": []}), rows={"items": of(d={"default": {}})})
    first, second = fill(schema, given), fill(schema, given)
    first["a"]["c"].append(1)
    first["rows"][0]["d"]["x"] = 1
    assert given == {"a": {"b": []}, "rows": [{}]}
    assert second == {"a": {"b": [], "c": []}, "rows": [{"d": {}}]}


def test_a_value_that_lacks_nothing_is_the_same_object():
    schema = of(a={"default": 1}, rows={"items": of(b={"default": 1})})
    whole = {"a": 2, "rows": [{"b": 2}]}
    assert fill(schema, whole) is whole
    assert defaults_of(subschemas(of(a={"type": "string"}, next={"$ref": "#"}))) is None
