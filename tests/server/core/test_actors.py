"""Keys and spaces are values."""

import dataclasses

import pytest

from server.core.actors import SYSTEM, Actor, Space


def test_equal_facts_are_equal_and_can_be_looked_up():
    space = Space(1, "default", "Default")
    assert space == Space(1, "default", "Default", None)
    assert len({Actor("us_key_1", "admin", space), Actor("us_key_1", "admin", space)}) == 1
    assert Actor("us_key_1", "admin", space) != Actor("us_key_1", "viewer", space)


def test_a_role_cannot_be_changed_after_the_check():
    actor = Actor("us_key_1", "viewer", Space(1, "default", "Default"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        actor.role = "admin"


def test_the_server_itself_is_no_key():
    assert SYSTEM == "system"
    assert not SYSTEM.startswith("us_")
