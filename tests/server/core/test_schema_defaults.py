"""Defaults: where a schema's count, and that nothing that is given changes."""

import time

import pytest

from listener_sdk.protocol.json_schemas import subschemas
from server.core.schema_defaults import MOST_FILLED, TooMuchError, defaults_of, filled, most_filled


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


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": of(a={"default": "x" * 60_000})}, [{}] * 50_000),
        ({"items": of(a={"default": [0] * 20_000})}, [{}] * 50_000),
        (of(a={"$ref": "#", "default": {}}), {}),
        (of(a={"items": {"$ref": "#"}, "default": [{}, {}]}), {}),
    ],
)
def test_a_value_that_defaults_would_make_too_large_or_endless_is_refused_at_once(schema, value):
    began = time.process_time()
    with pytest.raises(TooMuchError):
        fill(schema, value)
    assert time.process_time() - began < 1


def test_many_elements_that_lack_what_holds_defaults_are_looked_at_fast():
    names = {f"p{number}": of(a={"default": 1}) for number in range(900)}
    value = [{}] * 80_000
    began = time.process_time()
    assert fill({"items": of(**names)}, value) is value
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("schema", "most"),
    [
        ({}, 0),
        (of(a={"default": 1}, b=of(c={"default": 2})), 14),
        (of(a={"items": {"type": "string"}, "default": []}), 8),
        ({"items": of(a={"default": 1})}, MOST_FILLED),
        (of(a={"$ref": "#"}, b={"default": 1}), MOST_FILLED),
    ],
)
def test_how_much_is_filled_in_at_the_most(schema, most):
    assert most_filled(defaults_of(subschemas(schema))) == most
