"""Which characters texts may have."""

import pytest
from pydantic import TypeAdapter, ValidationError

from listener_sdk.protocol.texts import Label, Name, one_line, printable, visible

LABEL = TypeAdapter(Label)
NAME = TypeAdapter(Name)


@pytest.mark.parametrize("text", ["", " ", "Zürich 東京"])
def test_what_is_seen_is_printable(text):
    assert printable(text) == text


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "a\u202eb"])
def test_what_is_not_seen_is_refused(text):
    for check in (printable, visible):
        with pytest.raises(ValueError, match="printable characters"):
            check(text)


@pytest.mark.parametrize(
    "text", ["", "12\u202f345 Zeilen", "a\u00a0b", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "x" * 256]
)
def test_a_label_has_the_signs_of_all_languages(text):
    assert LABEL.validate_python(text) == text


@pytest.mark.parametrize("sign", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"])
def test_a_line_has_no_breaks_and_no_control_characters(sign):
    for text in (sign, f"a{sign}b", f"a{sign}"):
        with pytest.raises(ValueError, match="must be one line"):
            one_line(text)


def test_blanks_alone_are_not_visible():
    assert visible(" a ") == " a "
    with pytest.raises(ValueError, match="spaces alone"):
        visible("  ")


def test_a_name_has_no_blanks_around_it_and_an_end():
    assert NAME.validate_python("  Ada Lovelace ") == "Ada Lovelace"
    for text in ("", "  ", "x" * 129):
        with pytest.raises(ValidationError):
            NAME.validate_python(text)
