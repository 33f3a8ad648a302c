"""The texts that let browsers in."""

import pytest

from server.security.passes import LINK, SESSION, TICKET, csrf_token, parse_pass, pass_text

SECRET = "0123456789abcdef" * 4


@pytest.mark.parametrize("kind", [SESSION, LINK, TICKET])
@pytest.mark.parametrize("number", [0, 1, 2**50 - 1])
def test_a_text_is_read_as_its_own_kind_alone(kind, number):
    text = pass_text(kind, number, SECRET)
    assert text.startswith(f"tw{kind}_")
    for other in (SESSION, LINK, TICKET):
        assert parse_pass(other, text) == ((number, SECRET) if other == kind else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "twc",
        f"twc_0000000000_{SECRET[1:]}",
        f"twc_0000000000_{SECRET}0",
        f"twc_000000000u_{SECRET}",
        f"twc_0000000000_{SECRET.upper()}",
        f"tw_0000000000_{SECRET}",
        f" twc_0000000000_{SECRET}",
        f"twc_0000000000_{SECRET}\n",
        "twc_\u0660000000000_" + SECRET,
    ],
)
def test_what_is_none(text):
    assert parse_pass(SESSION, text) is None


def test_each_session_has_a_token_of_its_own_that_does_not_tell_its_secret():
    first, second = csrf_token(SECRET), csrf_token(SECRET[::-1])
    assert first != second
    assert first == csrf_token(SECRET)
    assert len(first) == 64
    assert SECRET not in first
