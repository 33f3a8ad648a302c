"""Expressions: what they may name, what they give, and that none of them runs away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.expressions import (
    MOST_STEPS,
    Evaluation,
    ExpressionError,
    Steps,
    UnresolvedError,
    expression_of,
    missing,
)

CONTEXT = {
    "event": {
        "topic": "file:created",
        "payload": {"rows": [{"n": 1, "ok": True}, {"n": 2, "ok": False}], "none": None},
    },
    "dueTime": "2026-01-31T09:00:00.000Z",
    "other": {"never": "seen"},
}


def value(text, context=CONTEXT):
    return Evaluation(context).value(expression_of(text))


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("event.topic", "file:created"),
        ("event.payload.rows[*].n", [1, 2]),
        ("event.payload.rows[?ok].n | [0]", 1),
        ("event.payload.rows[?n > `1`].n", [2]),
        ("event.payload.rows[-1].ok", False),
        ("length(event.payload.rows)", 2),
        ("join('-', ['a', 'b'])", "a-b"),
        ("{when: dueTime, n: event.payload.rows[0].n}", {"when": "2026-01-31T09:00:00.000Z", "n": 1}),
        ("event.payload.none || 'else'", "else"),
        ("event.payload.rows[0].n == `1`", True),
        ("sort_by(event.payload.rows, &n)[-1].n", 2),
        ("map(&n, event.payload.rows)", [1, 2]),
        ("map(&map(&@, [n]), event.payload.rows)", [[1], [2]]),
        (r'{"\ud83d\ude00": event.payload.rows[0]."n"}', {"\U0001f600": 1}),
        ("keys(@)", ["event", "dueTime"]),
        ("event.*.rows[] | [0].n", 1),
        ("hook", None),
    ],
)
def test_what_they_give(text, given):
    assert value(text) == given


def test_what_they_give_is_a_copy():
    given = value("event.payload")
    given["rows"].clear()
    assert len(CONTEXT["event"]["payload"]["rows"]) == 2


@pytest.mark.parametrize(
    ("text", "words", "position"),
    [
        ("", "no expression", 0),
        ("event.", "ends too early", 6),
        ("event..a", "goes wrong at '.a'", 6),
        ("event.a b", "goes wrong at 'b'", 8),
        ("event.a #", "goes wrong at '#'", 8),
        ("'open", "goes wrong", 0),
        ("evnt.a", "evnt is not known; known are event, hook", 0),
        ("event.n || since", "since is known only when the job begins: its handler reads job.watermark.since", 0),
        ("watermark.since", "its handler reads job.watermark", 0),
        ("payload[*].event", "payload is not known", 0),
        ("length(other)", "other is not known", 0),
        ("lenght(event)", "no function lenght. Did you mean length?", 0),
        ("event[`no json`]", "no JSON; a text stands between quotation marks", 6),
        (r'event."\ud800"', "no name: it is no text that JSON has", 6),
        (r'{"\udfff": event}', "no name: it is no text that JSON has", 1),
        (r'"\ud800"(event)', "no name: it is no text that JSON has", 0),
        ("&event", "& stands only where map, max_by, min_by or sort_by take an expression", 0),
        ("to_string(&event)", "& stands only where", 0),
        ("not_null(event, &event)", "& stands only where", 0),
        ("[{a: &event}]", "& stands only where", 0),
        ("sort_by(&event, &event)", "& stands only where", 0),
        ("map(&(&event), event)", "& stands only where", 0),
        ("sort_by(event, &n, &n)", "& stands only where", 0),
        ("[secrets.A]", "a secret stands alone", 0),
        ("secrets.A || secrets.B", "a secret stands alone", 0),
        ("secrets", "a secret stands alone", 0),
        ('secrets."a b"', "a secret stands alone", 0),
        ("(" * 255 + ")" * 255, "JMESPath", 255),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_said_with_its_place(text, words, position):
    with pytest.raises(ExpressionError) as found:
        expression_of(text)
    assert words in str(found.value)
    assert found.value.position == position


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("event.hook.since", {"event"}),
        ("event.rows[?since > `1`].trigger", {"event"}),
        ("event.x | hook.y", {"event"}),
        ("[hook.x, {a: dueTime}] | [0].since", {"hook", "dueTime"}),
        ("map(&hook, event.rows)", {"event"}),
        ("hook || definition.code == 'x' && !trigger.kind", {"hook", "definition", "trigger"}),
        ("hook.rows[*].event[]", {"hook"}),
    ],
)
def test_what_they_look_at_is_known(text, roots):
    assert expression_of(text).roots == roots


def test_a_secret_is_an_expression_of_its_own():
    made = expression_of("secrets.api.KEY-1")
    assert (made.secret, made.roots, made.node) == ("api.KEY-1", {"secrets"}, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("event.paylod.rows", "event has no paylod. Did you mean payload?"),
        ("event.payload.rows[7].n", "event.payload.rows has 2 elements, so there is no [7]"),
        ("event.topic.name", "event.topic is no object, so it has no name"),
        ("event.payload[0]", "event.payload has no elements"),
        ("event.payload.none", "event.payload.none is null"),
        ("hook.body", "this run has no hook"),
        ("event.payload.none || hook", "gives null here"),
    ],
)
def test_why_there_is_nothing_is_said(text, words):
    made = expression_of(text)
    assert Evaluation(CONTEXT).value(made) is None
    assert words in missing(made, CONTEXT)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "length(dueTime && event.payload.rows[0].n)",
            "length() takes string or array or object, and was given number",
        ),
        ("event.payload.rows[?n > 'x']", "cannot be evaluated"),
        ("to_number('1e999')", "a number that JSON does not have"),
        ("sum(`[1e308, 1e308]`)", "a number that JSON does not have"),
        ("to_number('99999999999999999999')", "64-bit"),
        ("avg(event.payload.rows[?n > `5`].n)", "gives null"),
    ],
)
def test_what_gives_no_json_is_said(text, words):
    assert words in outcome(text)


def outcome(text):
    """Why there is no value; empty when there is one."""
    try:
        made = expression_of(text)
        given = Evaluation(CONTEXT).value(made)
    except (ExpressionError, UnresolvedError) as error:
        return str(error)
    return missing(made, CONTEXT) if given is None else ""


DOUBLING = [
    "event.rows" + "|[@,@][]" * 50,
    "event.rows" + "|[@,@]" * 50,
    "event.rows" + "|{a:@,b:@}" * 40,
    "event.rows" + "|[@,@]" * 50 + "|to_string(@)",
    "event.rows" + "|[@,@]" * 50 + "|@==@",
    "event.rows" + "|map(&[@,@],@)" * 30,
    "event.rows" + "|[@,@][]" * 12 + "|join(to_string(@),@)",
    "[" + ",".join(["sort(event.rows)"] * 28) + "]",
    "event.rows[*].[" + ",".join(["@"] * 230) + "]",
]


@pytest.mark.parametrize("text", DOUBLING)
def test_no_expression_runs_away(text):
    """The steps are counted, so this ends at once or with an answer."""
    steps = Steps()
    rows = {"event": {"rows": ["x" * 20] * 5_000}}
    with pytest.raises(UnresolvedError, match="too much work"):
        Evaluation(rows, steps).value(expression_of(text))
    assert steps.left < 0


def test_nested_comparisons_look_once():
    text = "event"
    for _ in range(40):
        text = f"({text}=='x')"
    steps = Steps()
    assert Evaluation(CONTEXT, steps).value(expression_of(text)) is False
    assert steps.left > MOST_STEPS - 1000


def test_expressions_share_their_steps():
    evaluation = Evaluation({"event": list(range(1000))})
    made = expression_of("event[*]")
    for _ in range(MOST_STEPS // 10_000):
        evaluation.value(made)
    made_in_time = MOST_STEPS // 1000
    with pytest.raises(UnresolvedError, match="too much work"):
        list(map(evaluation.value, [made] * made_in_time))


def test_deep_nesting_is_no_crash():
    for text in (
        "!" * 511 + "@",
        "(" * 254 + "@" + ")" * 254,
        "[" * 255 + "@" + "]" * 255,
        "a." * 255 + "a",
        "`" + "[" * 500 + "`",
    ):
        assert len(outcome(text)) < 500


@given(st.text("event.@[]*|{}:,()&!='`0a ", max_size=40))
def test_every_text_gives_a_value_or_a_reason(text):
    assert len(outcome(text)) < 500
