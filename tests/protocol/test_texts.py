"""Which characters texts may have."""

import pytest
from pydantic import TypeAdapter, ValidationError

from listener_sdk.protocol.texts import Name, printable, visible

NAME = TypeAdapter(Name)


@pytest.mark.parametrize("text", ["", " ", "Zürich 東京"])
def test_what_is_seen_is_printable(text):
    assert printable(text) == text


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "a\u202eb"])
def test_what_is_not_seen_is_refused(text):
    for check in (printable, visible):
        with pytest.raises(ValueError, match="printable characters"):
            check(text)


def test_blanks_alone_are_not_visible():
    assert visible(" a ") == " a "
    with pytest.raises(ValueError, match="spaces alone"):
        visible("  ")


def test_a_name_has_no_blanks_around_it_and_an_end():
    assert NAME.validate_python("  Ada Lovelace ") == "Ada Lovelace"
    for text in ("", "  ", "x" * 129):
        with pytest.raises(ValidationError):
            NAME.validate_python(text)
