"""Members on the wire: what describes one, and what does not."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.members import LogIn, MemberCreate, MemberUpdate, PasswordChange

LONG = ".".join(["b" * 62] * 4)


def test_names_are_kept_without_the_spaces_around():
    made = MemberCreate(name=" Ada ", email="ada@example.com", role="admin")
    assert made.model_dump() == {"name": "Ada", "email": "ada@example.com", "role": "admin"}


@pytest.mark.parametrize("email", ["a@b", "ada+x@example.com", "\u00e4@\u00f6.example", "aa@" + LONG])
def test_what_is_an_e_mail(email):
    assert MemberCreate(name="x", email=email, role="viewer").email == email


@pytest.mark.parametrize(
    "email", ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a@b\u202e", "a@b..c", "aaa@" + LONG]
)
def test_what_is_none(email):
    with pytest.raises(ValidationError):
        MemberCreate(name="x", email=email, role="viewer")


def test_the_role_of_programs_is_not_for_people():
    with pytest.raises(ValidationError, match="for programs"):
        MemberUpdate(role="listener")


def test_an_update_holds_what_was_sent_with_a_value():
    assert MemberUpdate(name="x", email=None, active=False).sent() == {"name": "x", "active": False}
    assert MemberUpdate().sent() == {}


@pytest.mark.parametrize(("new", "fits"), [("x" * 11, False), ("x" * 12, True), ("\u00e4" * 512, True), ("\u00e4" * 513, False)])  # fmt: skip
def test_a_password_has_characters_below_and_bytes_above(new, fits):
    if fits:
        assert PasswordChange(new=new).new == new
    else:
        with pytest.raises(ValidationError):
            PasswordChange(new=new)


def test_secrets_are_not_shown():
    shown = repr(LogIn(link="secret-link", email="a@b", password="secret-password"))
    shown += repr(PasswordChange(old="secret-old", new="secret-new-one"))
    assert "secret-" not in shown
