"""Schemas compiled and values checked: all problems at once, and no schema that makes it endless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.core.refusals import Refusals
from server.core.schemas import MOST_PROBLEMS, Problem, check, compiled, taken

CALL = {
    "type": "object",
    "required": ["url", "method"],
    "additionalProperties": False,
    "properties": {
        "url": {"type": "string", "minLength": 1},
        "method": {"enum": ["GET", "POST"], "default": "GET"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "tries": {"type": "integer", "minimum": 1, "default": 3},
    },
}


def refused(schema):
    with pytest.raises(Refusals) as found:
        compiled(schema)
    assert {one.code for one in found.value.all} == {"invalid"}
    return {one.key: one.message for one in found.value.all}


def test_all_that_is_wrong_is_told_at_once_with_its_place():
    found = check(CALL, {"method": "PUT", "headers": {"X-A": 1, "ok": "x"}, "tries": 0, "tires": 1})
    assert {problem.path: problem.message for problem in found} == {
        "params.url": "is required, and was not given",
        "params.method": 'must be one of "GET", "POST", not "PUT"',
        "params.headers.X-A": "must be text, not a whole number",
        "params.tries": "must be at least 1, not 0",
        "params.tires": 'is not taken here; taken are "url", "method", "headers", "tries". Did you mean tries?',
    }


def test_what_is_taken_has_its_defaults_and_what_is_not_is_refused_whole():
    schema = compiled(CALL)
    assert taken(schema, {"url": "x"}) == {"url": "x", "method": "GET", "tries": 3}
    with pytest.raises(Refusals) as found:
        taken(schema, {"tries": "x", "method": "GTE"})
    assert {one.key: one.message for one in found.value.all} == {
        "params.url": "params.url: is required, and was not given.",
        "params.method": 'params.method: must be one of "GET", "POST", not "GTE". Did you mean GET?',
        "params.tries": "params.tries: must be a whole number, not text.",
    }


def test_problems_are_bounded_and_that_there_are_more_is_said():
    found = check({"items": {"type": "string"}, "type": ["array", "object"]}, list(range(200)), at="rows")
    assert len(found) == MOST_PROBLEMS + 1
    assert found[0].path == "rows[0]"
    assert found[-1] == Problem("rows", "has more problems than are told here")


def test_the_same_schema_is_compiled_once():
    assert compiled(CALL) is compiled(dict(CALL))
    assert compiled(CALL).source == CALL


def test_a_schema_that_is_changed_afterwards_does_not_change_what_was_compiled():
    given = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = compiled(given)
    given["properties"]["a"]["type"] = "integer"
    assert [problem.path for problem in schema.check({"a": 1})] == ["params.a"]


@pytest.mark.parametrize(
    ("schema", "place", "words"),
    [
        ([], "inputSchema", "must be an object"),
        ({"properties": {"a": {"type": "strin"}}}, "inputSchema.properties.a.type", "Did you mean string?"),
        ({"properties": {"a": {"minLength": -1}}}, "inputSchema.properties.a.minLength", "at least 0"),
        ({"properties": []}, "inputSchema.properties", "must be an object, not a list"),
        ({"$ref": "https://a.example/x"}, "inputSchema.$ref", "refers only to itself"),
        ({"pattern": "(?=a)b"}, "inputSchema.pattern", "look ahead"),
        ({"pattern": "(a)\\1"}, "inputSchema.pattern", "references to groups"),
        ({"pattern": "a("}, "inputSchema.pattern", "no pattern"),
        ({"pattern": "(((\\w{9}){9}){9}){9}"}, "inputSchema.pattern", "large repetitions"),
        ({"patternProperties": {"a(": {}}}, "inputSchema.patternProperties", "no pattern"),
        ({"allOf": [{"$ref": "#"}]}, "inputSchema", "without an end"),
        ({"properties": {"c": {"allOf": [{"$ref": "#"}] * 2}}}, "inputSchema", "so much work"),
        ({"const": {1: 2}}, "inputSchema", "JSON"),
        ({"const": 2**70}, "inputSchema", "JSON"),
    ],
)
def test_a_broken_schema_is_refused_with_the_place(schema, place, words):
    found = refused(schema)
    assert any(key.startswith(place) and words in message for key, message in found.items()), found


def test_everything_wrong_with_the_shape_of_a_schema_is_told_at_once():
    assert set(refused({"type": "array", "items": {"$anchor": "x"}})) == {
        "inputSchema.type",
        "inputSchema.items.$anchor",
    }


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*c", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*x", "[ab]*a[ab]{20}x"],
)
def test_patterns_that_make_others_hang_end(pattern):
    assert check({"properties": {"a": {"pattern": pattern}}}, {"a": "ab" * 50_000 + "!"}) != []


def test_a_value_that_would_be_too_much_for_its_schema_is_refused_unread():
    dear = {"properties": {"rows": {"items": {"enum": [[n, n] for n in range(150)]}}}}
    (problem,) = check(dear, {"rows": [[9, 9]] * 20_000})
    assert problem.path == "params"
    assert "too large for its schema" in problem.message
    assert check(dear, {"rows": [[9, 9]] * 100}) == []


def test_a_long_text_is_taken_where_nothing_dear_is_asked_of_it():
    schema = compiled({"properties": {"slug": {"pattern": "^\\w{1,64}$"}, "body": {"type": "string"}}})
    assert schema.check({"slug": "ok", "body": "x" * 250_000}) == []
    assert "too large" in schema.check({"slug": "x" * 250_000})[0].message


def test_where_telling_all_would_take_too_long_the_first_problem_is_told():
    rows = compiled({"properties": {"rows": {"items": {"type": "string", "minLength": 1}}}})
    assert len(rows.check({"rows": [1] * 100}, most=1000)) == 100
    assert [problem.path for problem in rows.check({"rows": [1] * 100_000})] == ["params.rows[0]"]


def test_names_are_told_at_a_cost_that_is_known():
    names = compiled({"propertyNames": {"maxLength": 3}})
    assert len(names.check({"long": 1, "longer": 2})) == 2
    assert len(names.check({f"long{n}": n for n in range(5000)})) == 1


def test_a_recursive_schema_is_taken():
    tree = {
        "type": "object",
        "properties": {"child": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "n": {"type": "integer"}},
    }
    schema = compiled(tree)
    assert schema.check({"child": {"child": {"n": 1, "child": None}}}) == []
    assert schema.check({"child": {"child": {"n": "x"}}})[0].path == "params.child.child.n"


def test_nothing_is_told_of_places_that_are_not_known_yet():
    schema = compiled({
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"anyOf": [{"required": ["x"], "properties": {"x": {"type": "integer"}}}]}},
    })  # fmt: skip
    value = {"a": "{{ event.n }}", "b": "x", "c": {"x": "{{ event.n }}"}}
    assert [problem.path for problem in schema.check(value)] == ["params.a", "params.b", "params.c.x"]
    unknown = {("a",), ("c", "x")}
    assert [problem.path for problem in schema.check(value, unknown=unknown)] == ["params.b"]
    assert [problem.path for problem in schema.check({"a": "?"}, unknown=unknown)] == ["params.b"]


def test_other_errors_of_the_compiler_are_refusals_too(monkeypatch):
    def fail(*_, **__):
        raise ValueError("a word of the library")

    monkeypatch.setattr("jsonschema_rs.Draft202012Validator", fail)
    with pytest.raises(Refusal, match="a word of the library"):
        compiled({"title": "never compiled before"})


LEAVES = st.sampled_from([
    ({"type": "string", "maxLength": 5}, st.text("aé\n 𝄞", max_size=5)),
    ({"type": "integer", "minimum": 0}, st.integers(0, 2**53)),
    ({"type": "boolean"}, st.booleans()),
    ({"enum": ["a", 1, None]}, st.sampled_from(["a", 1, None])),
    ({"type": "array", "items": {"type": "number"}, "maxItems": 3}, st.lists(st.integers(-9, 9), max_size=3)),
])  # fmt: skip
NAMES = st.text("abcx.$é", min_size=1, max_size=4)


@st.composite
def schemas_and_values(draw, depth=2):
    """An object schema and a value that fits it."""
    properties, value = {}, {}
    for name in draw(st.lists(NAMES, unique=True, max_size=4)):
        if depth and draw(st.booleans()):
            properties[name], made = draw(schemas_and_values(depth - 1))
        else:
            properties[name], values = draw(LEAVES)
            made = draw(values)
        if draw(st.booleans()):
            value[name] = made
    return {
        "type": "object",
        "properties": properties,
        "required": list(value),
        "additionalProperties": False,
    }, value


@given(schemas_and_values())
def test_values_that_a_schema_generates_pass(pair):
    schema, value = pair
    assert check(schema, value) == []
    assert compiled(schema).filled(value) is value


@given(schemas_and_values(), NAMES)
def test_a_name_too_many_is_found(pair, name):
    schema, value = pair
    if name not in schema["properties"]:
        assert len(check(schema, {**value, name: 1})) == 1
