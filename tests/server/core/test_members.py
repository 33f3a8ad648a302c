"""A member: how it changes, and what readers see of it."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.members import Member, MemberCreate, MemberUpdate
from server.core.members import (
    changed_member,
    deleted_member,
    differences,
    email_key,
    member_wire,
    new_member,
)

ROW = new_member(5, 1, MemberCreate(name="Ada", email="Ada@Example.com", role="operator"), 1_000, "us_key_1")


def test_a_new_one_is_active_and_has_no_password():
    assert (ROW.public_id, ROW.email, ROW.email_key, ROW.open) == (
        "us_mem_0000000005",
        "Ada@Example.com",
        "ada@example.com",
        True,
    )
    Member.model_validate(member_wire(ROW))
    assert member_wire(ROW)["passwordSetAt"] is None


def test_no_hash_is_shown():
    assert "hash" not in str(member_wire(replace(ROW, password_hash="hash", password_at=5)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("A@B", "a@b"), ("stra\u00dfe@x", "STRASSE@X"), ("\u212a@x", "k@x"), ("e\u0301@x", "\u00c9@X"), ("\uff41@x", "A@x")],
)  # fmt: skip
def test_two_spellings_of_one_address(one, other):
    assert email_key(one) == email_key(other)


def test_what_is_sent_changes():
    changed = changed_member(ROW, MemberUpdate(name="Bob", email="b@c", role="admin"), 2_000)
    assert (changed.name, changed.email, changed.email_key, changed.role) == ("Bob", "b@c", "b@c", "admin")
    assert (changed.updated_at, changed.created_at) == (2_000, 1_000)
    assert differences(ROW, changed) == (
        {"name": "Ada", "email": "Ada@Example.com", "role": "operator"},
        {"name": "Bob", "email": "b@c", "role": "admin"},
    )


def test_where_nothing_differs_it_is_the_same():
    assert changed_member(ROW, MemberUpdate(name="Ada", active=True), 2_000) is ROW
    aside = changed_member(ROW, MemberUpdate(active=False), 2_000)
    assert changed_member(aside, MemberUpdate(active=False), 3_000) is aside


def test_one_that_is_set_aside_may_come_back():
    aside = changed_member(ROW, MemberUpdate(active=False), 2_000)
    assert (aside.open, aside.deactivated_at) == (False, 2_000)
    assert differences(ROW, aside) == ({"active": True}, {"active": False})
    back = changed_member(aside, MemberUpdate(active=True), 3_000)
    assert (back.open, back.deactivated_at) == (True, None)


def test_of_a_deleted_one_history_keeps_the_name():
    gone = deleted_member(replace(ROW, password_hash="hash", password_at=5), 2_000)
    assert (gone.name, gone.role, gone.open) == ("Ada", "operator", False)
    assert (gone.email, gone.email_key, gone.password_hash, gone.password_at) == (None, None, None, None)
    assert (gone.deactivated_at, gone.deleted_at) == (2_000, 2_000)
