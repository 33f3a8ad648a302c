"""Texts of templates: where expressions begin and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.template_text import LONGEST_EXPRESSION, Slot, TemplateTextError, escaped, pieces


def read(text):
    """The pieces, expressions in a list of one."""
    return [piece if isinstance(piece, str) else [piece.expression] for piece in pieces(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [""]),
        ("plain } text {", ["plain } text {"]),
        ("{{ a }}", [["a"]]),
        ("{{a}}{{b}}", [["a"], ["b"]]),
        ("x {{ a }} y", ["x ", ["a"], " y"]),
        ("{{ {a: {b: c}} }}", [["{a: {b: c}}"]]),
        ("{{{a: b}}}", [["{a: b}"]]),
        ("{{ '}}' }}", [["'}}'"]]),
        ("{{ 'it\\'s }}' }}", [["'it\\'s }}'"]]),
        ('{{ "a}}b" }} c', [['"a}}b"'], " c"]),
        ('{{ `{"a": "}}"}` }}', [['`{"a": "}}"}`']]),
        ("\\{{ a }}", ["{{ a }}"]),
        ("\\\\{{ a }}", ["\\{{ a }}"]),
        ("a\\{{b}} {{ c }}", ["a{{b}} ", ["c"]]),
        ("{{}}", [[""]]),
        ("}} {{ a }} }}", ["}} ", ["a"], " }}"]),
    ],
)  # fmt: skip
def test_a_text_is_read_in_pieces(text, found):
    assert read(text) == found


def test_a_slot_says_where_it_stands_and_whether_it_may_be_null():
    assert pieces("ab{{?  x.y }}c") == ["ab", Slot("x.y", True, 7, "{{?  x.y }}"), "c"]


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("ab {{ a", 3, "no }} behind it"),
        ("{{ 'a }}", 0, "the ' in the expression is not closed"),
        ("{{ {a: b }}", 0, "no }} behind it"),
        ("{{ a }} {{ " + "x" * (LONGEST_EXPRESSION + 1) + " }}", 8, "at most 512"),
        ("{{ " + "x" * 100_000, 0, "at most 512"),
    ],
)
def test_what_has_no_end_is_said_with_its_place(text, position, words):
    with pytest.raises(TemplateTextError, match=words) as found:
        pieces(text)
    assert found.value.position == position


def test_the_pieces_before_it_are_known():
    with pytest.raises(TemplateTextError) as found:
        pieces("a {{ b }} {{ c")
    assert [piece.expression for piece in found.value.before if isinstance(piece, Slot)] == ["b"]


def test_an_expression_may_be_as_long_as_it_may_be():
    assert read("{{" + "x" * LONGEST_EXPRESSION + "}}") == [["x" * LONGEST_EXPRESSION]]


@given(st.text("{}\\? a'`\"\n", max_size=30))
def test_what_is_escaped_comes_back(text):
    assert pieces(escaped(text)) == [text]


def read_or_place(text):
    try:
        return None, pieces(text)
    except TemplateTextError as error:
        return error.position, None


@given(st.text("{}\\? a'`\"\n", max_size=60))
def test_every_text_is_read_or_refused(text):
    position, found = read_or_place(text)
    assert position is None or text.startswith("{{", position)
    if position is None:
        assert sum(len(piece) if isinstance(piece, str) else len(piece.written) for piece in found) <= len(
            text
        )
