"""The cost of a schema, known before it is used."""

import pytest

from listener_sdk.protocol.json_schemas import subschemas
from server.core.schema_costs import ENDLESS, costs, is_affordable, looping


def laughing(levels, keyword):
    """Each level asks twice what the next one asks."""
    levels_of = {f"a{n}": {keyword: [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**levels_of, f"a{levels}": {"type": "string"}}, "$ref": "#/$defs/a0"}


def cost(schema):
    return costs(subschemas(schema))[0]


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schemas_that_double_are_counted(keyword):
    assert cost(laughing(3, keyword)) < 200
    assert cost(laughing(20, keyword)) > 2**20
    assert cost(laughing(200, keyword)) >= ENDLESS


def test_so_are_those_that_double_with_each_level_of_the_value():
    twice = {"properties": {"c": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}
    assert cost(twice) >= ENDLESS
    assert cost({"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}) >= ENDLESS


def test_a_tree_costs_no_more_than_its_node():
    node = {
        "properties": {
            "left": {"$ref": "#"},
            "right": {"$ref": "#"},
            "leaf": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        }
    }
    assert cost(node) < 20


def test_wide_objects_cost_their_widest_property():
    one = {"properties": {"a": {"type": "string", "minLength": 1}}}
    many = {"properties": {f"a{n}": {"type": "string", "minLength": 1} for n in range(8)}}
    assert cost(many) <= cost(one) + 2


@pytest.mark.parametrize(
    ("cheap", "dear"),
    [
        ({"enum": list(range(1000))}, {"enum": [[n] for n in range(1000)]}),
        ({"pattern": "^a+$"}, {"pattern": "^a{1,50}$"}),
        ({"pattern": "^a{1,50}$"}, {"pattern": "^\\w{1,50}$"}),
        ({"pattern": "^(ab){9}(ab){9}$"}, {"pattern": "^(ab){9}$", "format": "date"}),
        ({"multipleOf": 3}, {"multipleOf": 0.3}),
        ({"allOf": [{"type": "object"}]}, {"allOf": [{"type": "object"}], "unevaluatedProperties": False}),
        ({"items": {"type": "string"}}, {"contains": {"type": "string"}, "items": {"type": "string"}}),
    ],
)
def test_what_is_dear(cheap, dear):
    assert cost(cheap) < cost(dear)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"},
    ],
)
def test_a_ring_about_the_same_value_is_found(schema):
    assert looping(subschemas(schema)) is not None


@pytest.mark.parametrize(
    "schema",
    [{"properties": {"a": {"$ref": "#"}}}, laughing(5, "allOf"), {"items": {"allOf": [{"$ref": "#"}]}}],
)
def test_a_ring_through_the_value_is_none(schema):
    assert looping(subschemas(schema)) is None


def test_telling_counts_what_each_problem_repeats():
    def of(schema):
        return costs(subschemas(schema))[1]

    assert of({"items": {"type": "string"}}) <= 2
    assert of({"items": {"enum": list(range(1000))}}) > 50
    assert of({"required": [str(n) for n in range(1000)]}) > 1000


AFFORDED = {
    "properties": {
        "slug": {"pattern": "^(a|b){1,9}$"},
        "body": {"type": "string"},
        "rows": {"prefixItems": [{"$ref": "#"}]},
    },
    "additionalProperties": {"pattern": "^(a|b){1,9}$"},
    "allOf": [{"items": {"pattern": "^(a|b){1,9}$"}}],
}


@pytest.mark.parametrize(
    ("value", "afforded"),
    [
        ({"slug": "ab", "body": "x" * 1000}, True),
        ({"slug": "x" * 1000, "body": "x"}, False),
        ({"other": "x" * 1000}, False),
        ({"rows": [{"slug": "ab"}, {"slug": "x" * 1000}]}, True),
        ({"rows": [{"slug": "x" * 1000}]}, False),
        (["x" * 100] * 100, False),
        (["x"], True),
        ("x" * 1000, True),
    ],
)
def test_the_work_for_one_value_is_known_where_it_is_done(value, afforded):
    assert is_affordable(subschemas(AFFORDED), value, 100_000) is afforded


@pytest.mark.parametrize(
    "schema",
    [
        {"patternProperties": {"": {"type": "string"}}, "propertyNames": {"maxLength": 3}},
        {"contains": {"type": "string"}},
        {"items": {"allOf": [{}, {}]}, "unevaluatedItems": False},
    ],
)
def test_counting_it_ends(schema):
    values = [f"x{n}" for n in range(30_000)]
    assert not is_affordable(
        subschemas(schema), dict.fromkeys(values) if "propertyNames" in schema else values, ENDLESS
    )
