"""Schemas of job types: what may be declared, and the graph of their subschemas."""

import pytest

from listener_sdk.protocol.json_schemas import (
    DEEPEST_SCHEMA,
    LARGEST_SCHEMA,
    LONGEST_PATTERN,
    MOST_PATTERNS,
    MOST_SUBSCHEMAS,
    RefError,
    resolve_ref,
    schema_problems,
    subschemas,
)
from listener_sdk.protocol.paths import dotted


def told(schema):
    return {dotted(problem.path): problem.message for problem in schema_problems(schema)}


def nested(levels):
    value = {}
    for _ in range(levels):
        value = {"not": value}
    return value


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {
            "type": "object",
            "$schema": "https://json-schema.org/draft/2020-12/schema#",
            "$id": "https://a.example/x",
        },
        {"type": ["object", "null"], "properties": {"$id": {"type": "string"}, "$ref": {"type": "string"}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
        {"properties": {"next": {"$ref": "#"}}},
        {"default": {"$ref": "https://elsewhere.example"}, "enum": [{"$anchor": "x"}]},
        nested(DEEPEST_SCHEMA),
    ],
)
def test_what_is_taken(schema):
    assert told(schema) == {}


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        ([], "", "must be an object"),
        ({"$schema": "http://json-schema.org/draft-07/schema"}, "$schema", "2020-12"),
        ({"$schema": 7}, "$schema", "2020-12"),
        ({"type": "string"}, "type", "parameters have names"),
        ({"$ref": "https://a.example/s.json"}, "$ref", 'must begin with "#/"'),
        ({"$ref": 3}, "$ref", 'must begin with "#/"'),
        ({"properties": {"a": {"$ref": "#/$defs/no"}}}, "properties.a.$ref", "leads to nothing"),
        ({"$ref": "#/required", "required": ["a"]}, "$ref", "no schema"),
        ({"$defs": {"a": {"$id": "x"}}}, "$defs.a.$id", "at the top"),
        ({"items": {"$anchor": "x"}}, "items.$anchor", "not taken"),
        ({"allOf": [{}, {"$dynamicRef": "#x"}]}, "allOf[1].$dynamicRef", "not taken"),
        ({"x": {"$ref": "https://a.example"}, "$ref": "#/x"}, "x.$ref", 'must begin with "#/"'),
        ({"pattern": "a" * (LONGEST_PATTERN + 1)}, "pattern", "257 characters"),
        ({"patternProperties": {f"x{n}": {} for n in range(MOST_PATTERNS + 1)}}, "", "101 patterns"),
        ({"description": "x" * LARGEST_SCHEMA}, "", "65536 are taken"),
        ({"allOf": [True] * (MOST_SUBSCHEMAS + 1)}, "", "more than 2000 schemas"),
        (nested(DEEPEST_SCHEMA + 1), "", "32 levels"),
    ],
)
def test_what_is_not_taken_and_where(schema, path, words):
    found = told(schema)
    assert list(found) == [path]
    assert words in found[path]


def test_all_that_is_wrong_is_told_at_once():
    schema = {"type": "array", "properties": {"a": {"$anchor": "x", "$ref": "#/no"}}}
    assert set(told(schema)) == {"type", "properties.a.$anchor", "properties.a.$ref"}


@pytest.mark.parametrize(
    "schema", [{"properties": 3, "allOf": {}, "items": [1], "not": "x", "$defs": []}, {"pattern": 3}]
)
def test_what_has_the_wrong_kind_is_left_to_the_compiler(schema):
    assert told(schema) == {}


def test_refs_are_read_as_pointers():
    document = {"$defs": {"a/b": {"~": True}, "ü x": {}}, "allOf": [{}, False]}
    assert resolve_ref(document, "#/$defs/a~1b/~0") == ("$defs", "a/b", "~")
    assert resolve_ref(document, "#/$defs/%C3%BC%20x") == ("$defs", "ü x")
    assert resolve_ref(document, "#/allOf/1") == ("allOf", 1)
    assert resolve_ref(document, "#") == ()
    for ref in ("#/allOf/2", "#/allOf/x", "#x", "other.json#/a"):
        with pytest.raises(RefError):
            resolve_ref(document, ref)


def test_the_graph_says_what_is_asked_of_what():
    schema = {
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "patternProperties": {"^x": True},
        "additionalProperties": False,
        "if": {},
        "prefixItems": [{}],
        "dependentSchemas": {"a": {}},
        "$defs": {"A": {"contains": {}}},
    }
    graph = subschemas(schema)
    kinds = {(edge.keyword, edge.name, edge.kind) for edge in graph[()].edges}
    assert kinds == {
        ("properties", "a", "named"),
        ("patternProperties", "^x", "pattern"),
        ("additionalProperties", "", "additional"),
        ("if", "", "same"),
        ("prefixItems", "", "prefix"),
        ("dependentSchemas", "a", "same"),
        ("$defs", "A", "unused"),
    }
    assert graph["properties", "a"].edges[0].target == ("$defs", "A")
    assert graph["$defs", "A"].edges[0].kind == "contains"
