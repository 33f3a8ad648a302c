"""Roles: the one table of who may do what, and what each frame asks for."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.frames import CLIENT_FRAMES
from server.core.actors import Actor, Shown, Space
from server.core.roles import FRAMES, PERMISSIONS, ROLES, check, may, roles_with

SPACE = Space(1, "default", "Default")
TABLE = {
    "viewer": "read",
    "operator": "read run schedule",
    "developer": "read run schedule define work set_secrets use_secrets",
    "admin": "read run schedule define work set_secrets use_secrets administer",
    "listener": "read run work use_secrets read_secrets",
}
"""What the roles promise, written down a second time: a change of the table is a change of a promise."""


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_its_permissions_and_no_other(role):
    assert {one for one in PERMISSIONS if may(role, one)} == set(TABLE[role].split())


def test_every_frame_of_a_client_asks_for_a_permission():
    assert set(FRAMES) == {frame.model_fields["type"].default for frame in CLIENT_FRAMES}
    assert set(FRAMES.values()) <= set(PERMISSIONS)


def test_an_unknown_role_may_do_nothing():
    assert not any(may("root", one, every_space=True) for one in PERMISSIONS)


def test_only_administrators_of_the_whole_store_own_it():
    assert [role for role in ROLES if may(role, "own", every_space=True)] == ["admin"]
    assert roles_with("own") == []


def test_who_may_not_is_told_which_role_may():
    check(Actor("us_key_1", "operator", SPACE), "run")
    with pytest.raises(Refusal) as caught:
        check(Actor("us_key_1", "operator", SPACE), "work")
    assert (caught.value.code, caught.value.error.status) == ("forbidden", 403)
    assert "developer or admin or listener" in caught.value.message
    with pytest.raises(Refusal) as caught:
        check(Actor("us_key_1", "admin", SPACE), "own")
    assert "an administrator's key of the whole store" in caught.value.message


@pytest.mark.parametrize(
    ("actor", "permission", "told"),
    [
        (
            Actor("us_key_0000000001", "operator", SPACE),
            "administer",
            "A key of role operator may not administer keys, members, the audit and the settings of the space: it takes the role admin.",
        ),
        (
            Actor("us_mem_0000000001", "viewer", SPACE),
            "set_secrets",
            "A member of role viewer may not set and remove secrets: it takes the role developer or admin.",
        ),
        (
            Actor("us_tk_1", "viewer", SPACE, shown=Shown("us_key_0000000001", "s", token_until=1)),
            "run",
            f"A token only looks on: it may not {PERMISSIONS['run']}. Use a key.",
        ),
    ],
)
def test_a_refusal_is_a_sentence(actor, permission, told):
    with pytest.raises(Refusal) as caught:
        check(actor, permission)
    assert caught.value.message == told
