"""Templates: values from what started the run, secrets that stay outside, and every place that does not resolve."""

import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.core.schemas import compiled
from server.core.template_text import escaped
from server.core.templates import (
    LARGEST_TEMPLATE,
    MOST_EXPRESSIONS,
    Resolved,
    SecretRef,
    dry_run,
    references,
    resolve,
    secret_places,
    with_secrets,
)

CONTEXT = {
    "event": {
        "topic": "file:created",
        "payload": {"n": 3, "on": True, "none": None, "rows": [1, 2], "name": "Ann"},
    },
    "dueTime": "2026-01-31T09:00:00.000Z",
}


def value(template, context=CONTEXT):
    found = resolve(template, context)
    assert isinstance(found, Resolved), found
    return found.value


def problems(template, context=CONTEXT, **known):
    found = resolve(template, context, **known)
    assert isinstance(found, list), found
    return found


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("{{ event.payload.n }}", 3),
        ("{{ event.payload.on }}", True),
        ("{{ event.payload.rows }}", [1, 2]),
        ("{{ {a: {b: event.payload.n}} }}", {"a": {"b": 3}}),
        (" {{ event.payload.n }}", " 3"),
        ("{{ event.payload.n }}{{ event.payload.on }}", "3true"),
        ("Hello {{ event.payload.name }}: {{ event.payload.rows }}", "Hello Ann: [1,2]"),
        ("{{ {a: event.payload.n} }}!", '{"a":3}!'),
        ("{{? event.payload.none }}", None),
        ("<{{? hook.body }}>", "<>"),
        ("\\{{ event.payload.n }}", "{{ event.payload.n }}"),
        ({"{{ name }}": [{"a": "{{ dueTime }}"}]}, {"{{ name }}": [{"a": CONTEXT["dueTime"]}]}),
        ("{{ '{{ event.topic }}' }}", "{{ event.topic }}"),
    ],
)
def test_where_values_go(template, made):
    assert value(template) == made


def test_what_an_event_brings_is_never_a_template():
    context = {"event": {"name": "{{ secrets.ADMIN }} {{ event.n }}"}}
    found = resolve({"a": "{{ event.name }}", "b": "{{ event.name }} {{ secrets.MINE }}"}, context)
    assert found.value["a"] == "{{ secrets.ADMIN }} {{ event.n }}"
    filled = with_secrets(found, {"MINE": "s", "ADMIN": "never"})
    assert filled["b"] == "{{ secrets.ADMIN }} {{ event.n }} s"
    assert "never" not in str(filled)


def test_secrets_stay_outside_of_what_is_stored():
    template = {
        "headers": [{"Authorization": "Bearer {{ secrets.KEY }}/{{ secrets.KEY }}"}],
        "alone": "{{ secrets.OTHER }}",
    }
    found = resolve(template, CONTEXT)
    assert found.value == template
    assert [(ref.name, ref.path) for ref in found.secret_refs] == [
        ("KEY", ("headers", 0, "Authorization")),
        ("KEY", ("headers", 0, "Authorization")),
        ("OTHER", ("alone",)),
    ]
    kept = orjson.loads(orjson.dumps([ref.stored() for ref in found.secret_refs]))
    again = Resolved(found.value, tuple(SecretRef.of(one) for one in kept))
    assert again == found
    filled = with_secrets(again, {"KEY": "{{ x }}", "OTHER": "o"})
    assert filled == {"headers": [{"Authorization": "Bearer {{ x }}/{{ x }}"}], "alone": "o"}
    assert found.value == template


def test_where_secrets_stand_once_they_are_filled_in():
    found = resolve({"a": "x {{secrets.KEY}}-{{secrets.OTHER}}-{{secrets.KEY}}", "b": "{{secrets.KEY}}"}, {})
    secrets = {"KEY": "longer than its name", "OTHER": ""}
    text = with_secrets(found, secrets)["a"]
    places = secret_places(found, secrets, ("a",))
    assert [text[start:end] for start, end in places] == [secrets["KEY"], "", secrets["KEY"]]
    assert secret_places(found, secrets, ("b",)) == [(0, 20)]
    assert secret_places(found, secrets, ("c",)) == []


def test_a_template_may_be_one_secret():
    assert with_secrets(resolve("{{secrets.A}}", {}), {"A": "x"}) == "x"


def test_a_secret_that_is_gone_is_named():
    with pytest.raises(Refusal, match="no secret KEY any more") as found:
        with_secrets(resolve({"a": ["{{ secrets.KEY }}"]}, {}), {})
    assert found.value.key == "params.a[0]"


def test_every_place_that_does_not_resolve_is_told():
    template = {
        "a": "{{ event.paylod.n }}",
        "b": ["{{ evnt.x }} and {{ event. }}", {"c": "x {{ event.payload.none }}"}],
        "d": "{{ event.topic",
        "e": "{{ secrets.KYE }}",
        "f": "{{}}",
        "g": "{{ length(event.payload.n) }}",
        "h": "{{ hook }} {{ nope",
        "fine": "{{ event.topic }}",
    }
    found = problems(template, secret_names={"KEY"})
    assert [(one.path, one.position) for one in found] == [
        ("a", 3), ("b[0]", 3), ("b[0]", 26), ("b[1].c", 5), ("d", 0), ("e", None), ("f", 2), ("g", 3), ("h", 3), ("h", 11),
    ]  # fmt: skip
    words = [one.message for one in found]
    assert "event has no paylod. Did you mean payload?" in words[0]
    assert "evnt is not known" in words[1]
    assert "ends too early" in words[2]
    assert "event.payload.none is null; write {{? … }} where that may be" in words[3]
    assert "no }} behind it" in words[4]
    assert words[5] == "there is no secret KYE. Did you mean KEY?"
    assert found[7].expression == "length(event.payload.n)"


def test_a_dry_run_shows_what_each_place_gives():
    template = {
        "a": "{{ event.payload.n }} {{ event.no }}",
        "b": ["{{ event.payload.rows }}"],
        "c": "{{ secrets.KEY }}",
    }
    found = dry_run(template, CONTEXT)
    assert [(one.path, one.expression, one.value, one.kind) for one in found] == [
        ("a", "event.payload.n", 3, "a whole number"),
        ("a", "event.no", None, None),
        ("b[0]", "event.payload.rows", [1, 2], "a list"),
        ("c", "secrets.KEY", None, "a secret"),
    ]
    assert [one.problem is None for one in found] == [True, False, True, True]


def test_a_dry_run_tells_of_the_whole_too():
    assert "nested more than 32" in dry_run(nested(40), {})[-1].problem


def test_what_a_template_takes_is_known_without_a_context():
    template = {
        "a": "{{ secrets.B }}{{ secrets.A }}{{ secrets.B }}",
        "b": ["{{ hook.t || dueTime }}"],
        "c": "x",
        "d": "{{ a b",
    }
    found = references(template)
    assert found.secrets == (("B", ("a",)), ("A", ("a",)))
    assert found.roots == (("dueTime", ("b", 0)), ("hook", ("b", 0)))
    assert found.unknown == (("a",), ("b", 0), ("d",))
    assert [one.path for one in found.problems] == ["d"]


def test_a_template_can_be_checked_before_its_values_are_known():
    schema = compiled({"properties": {"n": {"type": "integer"}, "m": {"type": "integer"}}})
    template = {"n": "{{ event.payload.n }}", "m": "x"}
    assert [one.path for one in schema.check(template, unknown=references(template).unknown)] == ["params.m"]
    assert schema.check(value({"n": "{{ event.payload.n }}"})) == []


def nested(levels):
    made = "x"
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("x" * (LARGEST_TEMPLATE + 1), "262144 are taken"),
        (["{{ event.payload.n }}"] * (MOST_EXPRESSIONS + 1), "1001 expressions; 1000 are taken"),
        (nested(40), "nested more than 32"),
        ({"a": "\0"}, "NUL"),
        ({"a": 2**70}, "JSON"),
        ({"a": '{{ `"\\u0000"` }}'}, "NUL"),
        ("{{ event }}" * 3, "larger than 256 KiB"),
        ([[[["{{ {a: {a: {a: {a: {a: {a: {a: {a: event.deep}}}}}}}} }}"]]]], "nested more than 32"),
    ],
)  # fmt: skip
def test_bounds(template, words):
    context = {"event": {"payload": {"n": 1}, "deep": nested(21), "text": "x" * 100_000}}
    assert words in problems(template, context)[-1].message


def test_hostile_expressions_end():
    bad = "{{ event.payload.rows" + "|[@,@][]" * 50 + " }}"
    found = problems([bad] * 20)
    assert len(found) == 20
    assert all("too much work" in one.message for one in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("{}\\ aé'", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("{} a", max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


def map_texts(change, template):
    if isinstance(template, str):
        return change(template)
    if isinstance(template, list):
        return [map_texts(change, inner) for inner in template]
    if isinstance(template, dict):
        return {name: map_texts(change, inner) for name, inner in template.items()}
    return template


@given(JSON)
def test_without_expressions_a_template_is_its_value(template):
    plain = map_texts(lambda text: text.replace("{{", ""), template)
    assert value(plain) == plain
    assert references(plain) == references(None)


@given(JSON)
def test_what_is_escaped_comes_back(template):
    assert value(map_texts(escaped, template)) == template


@given(JSON)
def test_every_kind_of_value_arrives_as_it_was(given):
    assert value("{{? event }}", {"event": given}) == given


PAGE = Path(__file__).parents[3] / "docs/templates.md"
EXAMPLES = re.findall(r"```json\n(.*?)```\n\n```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
STORY = orjson.loads(re.search(r"```json context\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1])


@pytest.mark.parametrize(("template", "made"), EXAMPLES)
def test_the_examples_of_the_page(template, made):
    assert value(orjson.loads(template), STORY) == orjson.loads(made)


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 3
