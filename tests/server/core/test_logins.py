"""Sessions of browsers: how long they last, and in which role."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.members import MemberCreate
from server.core.actors import Space
from server.core.keys import ADMINISTRATOR, KeyRow
from server.core.logins import FRESH_MS, LoginRow, Owner, PassRow, Visitor
from server.core.members import new_member

SPACE = Space(1, "default", "Default")
MEMBER = new_member(5, 1, MemberCreate(name="Ada", email="a@b", role="operator"), 0, "us_key_1")
KEY = KeyRow("us_key_0000000007", 1, "k", "developer", "hash", 0, expires_at=1_000)
ROW = LoginRow(1, 1, 5, None, None, "h", 1, None, created_at=0, seen_at=100, expires_at=10_000_000)
OF_KEY = Owner(1, key_id=KEY.id, stamp="hash")


@pytest.mark.parametrize(("now", "valid"), [(100, True), (599, True), (600, False)])
def test_one_that_is_left_alone_ends(now, valid):
    assert ROW.is_valid(now, idle_ms=500) is valid


@pytest.mark.parametrize(("now", "valid"), [(9_999_999, True), (10_000_000, False)])
def test_one_that_is_used_ends_too(now, valid):
    assert replace(ROW, seen_at=now).is_valid(now, idle_ms=500) is valid


def test_a_link_makes_it_fresh_for_a_while():
    assert ROW.is_fresh(FRESH_MS - 1)
    assert not ROW.is_fresh(FRESH_MS)
    assert not replace(ROW, by_link=0).is_fresh(0)


def test_owners_are_read_off_rows():
    assert ROW.owner == Owner(1, member_id=5)
    row = PassRow(1, "t", 1, None, KEY.id, "hash", None, "h", 0, 1)
    assert row.owner == OF_KEY


def test_a_member_acts_in_its_role_while_it_is_active():
    visitor = Visitor(Owner(1, member_id=5), SPACE, MEMBER)
    assert (visitor.member_role, visitor.actor_id, visitor.every_space) == (
        "operator",
        MEMBER.public_id,
        False,
    )
    assert replace(visitor, member=replace(MEMBER, active=0)).member_role is None
    assert replace(visitor, member=replace(MEMBER, deleted_at=5)).member_role is None
    assert replace(visitor, member=None).member_role is None


def test_nobody_acts_in_a_space_that_is_gone():
    for space in (None, replace(SPACE, deleted_at=5)):
        assert Visitor(Owner(1, member_id=5), space, MEMBER).member_role is None


def test_a_key_that_has_no_row_is_the_operator_s_own_and_opens_every_space():
    visitor = Visitor(OF_KEY, SPACE, key=KEY)
    assert (visitor.actor_id, visitor.member_role, visitor.every_space) == (KEY.id, None, False)
    assert replace(visitor, key=replace(KEY, every_space=1)).every_space
    assert Visitor(Owner(1, key_id=ADMINISTRATOR, stamp="own"), SPACE).every_space
