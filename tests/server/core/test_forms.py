"""Schemas from forms and forms from schemas."""

import enum
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from listener_sdk.protocol.forms import FIELD_TYPES, MOST_FIELDS, InputForm
from server.core.forms import form_of, schema_of
from server.core.schemas import check, compiled


def form(*fields):
    return InputForm.model_validate({"fields": list(fields)})


def field(key, kind="string", *, required=False, **given):
    constraints = {"constraints": [{"type": "required"}]} if required else {}
    return {"key": key, "type": kind, **constraints, **given}


OPTIONS = [{"value": "hi", "label": "High", "color": "red", "icon": "flag", "meta": {"n": 1}}, {"value": 2}]


def test_a_form_becomes_a_schema_that_says_what_is_wrong():
    schema = schema_of(
        form(
            field("name", required=True),
            field("note", "textarea"),
            field("n", "number"),
            field("on", "boolean"),
            field("day", "date"),
            field("level", "enum", config={"options": OPTIONS}, required=True),
        )
    )
    assert (
        check(schema, {"name": "x", "note": "a\nb", "n": 1.5, "on": True, "day": "2026-01-31", "level": 2})
        == []
    )
    found = check(schema, {"name": "", "note": 1, "n": "1", "on": 0, "day": "soon", "nmae": 1})
    assert {problem.path.removeprefix("params.") for problem in found} == {
        "name",
        "note",
        "n",
        "on",
        "day",
        "level",
        "nmae",
    }


def test_defaults_of_a_form_are_filled_in():
    schema = compiled(schema_of(form(field("n", "number", defaultValue=3), field("name"))))
    assert schema.filled({"name": "x"}) == {"name": "x", "n": 3}


class Level(enum.Enum):
    low = "low"
    high = "high"


class Export(BaseModel):
    sheet: str = Field(description="Which one.", title="The sheet")
    rows: int = 1000
    level: Level = Level.low
    day: date | None = None
    exact: bool
    tags: list[str] = []
    more: dict[str, int] | None = None


def test_a_form_for_the_typed_input_of_a_handler():
    made = form_of(Export.model_json_schema())
    assert made.left_out == ("tags", "more")
    fields = {one["key"]: one for one in made.form.model_dump(mode="json", exclude_none=True)["fields"]}
    assert fields == {
        "sheet": field("sheet", label="The sheet", description="Which one.", required=True),
        "rows": field("rows", "number", label="Rows", defaultValue=1000),
        "level": field("level", "enum", label="Level", defaultValue="low", config={"options": [{"value": "low"}, {"value": "high"}]}),
        "day": field("day", "date", label="Day"),
        "exact": field("exact", "boolean", label="Exact", required=True),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "kind", "values"),
    [
        ({"type": ["integer", "null"]}, "number", None),
        ({"const": 3}, "enum", [3]),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]}, "enum", ["a", "b"]),
        ({"anyOf": [{"enum": ["a", None]}, {"type": "null"}]}, "enum", ["a"]),
        ({"allOf": [{"type": "string"}]}, "string", None),
        ({"type": "string", "x-form": 3}, "string", None),
        ({"enum": ["a"], "x-form": {"options": [{"value": "other"}]}}, "enum", ["a"]),
        ({"enum": [1], "x-form": {"options": [{"value": True}]}}, "enum", [1]),
    ],
)
def test_what_a_form_can_show(schema, kind, values):
    (one,) = form_of({"properties": {"a": schema}}).form.fields
    assert one.type == kind
    assert values is None or [option.value for option in one.config.options] == values


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "array"},
        {"type": ["string", "integer"]},
        {"$ref": "#/no"},
        {"$ref": "#/properties/a"},
        {"enum": [[1]]},
    ],
)
def test_what_it_cannot_is_left_out_and_told(schema):
    made = form_of({"properties": {"a": schema, "b": {"type": "string"}}})
    assert ([one.key for one in made.form.fields], made.left_out) == (["b"], ("a",))


def test_a_default_that_does_not_fit_is_left_out():
    (one,) = form_of({"properties": {"a": {"type": "string", "default": 3}}}).form.fields
    assert one.default_value is None


def test_a_form_has_its_bound():
    made = form_of(
        {"properties": {f"a{n}": {"type": "string"} for n in range(MOST_FIELDS + 2)}, "required": 3}
    )
    assert len(made.form.fields) == MOST_FIELDS
    assert made.left_out == (f"a{MOST_FIELDS}", f"a{MOST_FIELDS + 1}")


KEYS = st.text("abc é$/~.", min_size=1, max_size=5).filter(str.strip)
TEXTS = st.none() | st.text("aé\n 𝄞", max_size=5)
VALUES = st.text("aé\n𝄞", max_size=3) | st.booleans() | st.integers(-9, 9)
DEFAULTS = {
    "string": st.text("aé\n𝄞", max_size=3), "textarea": st.text("aé\n𝄞", max_size=3), "number": st.integers(-9, 9), "boolean": st.booleans(),
    "date": st.dates().map(str),
}  # fmt: skip


@st.composite
def fields(draw, key):
    kind = draw(st.sampled_from(FIELD_TYPES))
    made = {"label": draw(TEXTS), "description": draw(TEXTS)}
    if kind == "enum":
        values = draw(st.lists(VALUES, min_size=1, max_size=4, unique_by=lambda one: (type(one), one)))
        options = [{"value": value, "label": draw(TEXTS), "color": draw(TEXTS)} for value in values]
        made["config"] = {"options": options, "sort": draw(st.sampled_from([None, "label", "value"]))}
        made["defaultValue"] = draw(st.sampled_from([None, *values]))
    else:
        made["defaultValue"] = draw(st.none() | DEFAULTS[kind])
    return field(key, kind, required=draw(st.booleans()), **made)


@given(st.data(), st.lists(KEYS, unique=True, max_size=5))
def test_a_form_is_the_same_after_it_was_a_schema(data, keys):
    given = form(*(data.draw(fields(key)) for key in keys))
    schema = schema_of(given)
    compiled(schema)
    made = form_of(schema)
    assert made.left_out == ()
    assert made.form == given
    assert schema_of(made.form) == schema
