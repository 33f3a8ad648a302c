"""Roles: the one table covers every route's rule and every frame."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.frames import CLIENT_FRAMES
from server.core.roles import FRAMES, ROLES, ROUTES, check_role


def test_every_frame_of_a_client_has_its_roles():
    assert set(FRAMES) == {frame.model_fields["type"].default for frame in CLIENT_FRAMES}


def test_only_known_roles_are_named():
    for allowed in (*ROUTES.values(), *FRAMES.values()):
        assert allowed <= set(ROLES)
        assert "admin" in allowed


def test_a_listener_does_everything_but_administer():
    check_role("listener", ROUTES["key"])
    with pytest.raises(Refusal) as caught:
        check_role("listener", ROUTES["admin"])
    assert (caught.value.code, caught.value.error.status) == ("forbidden", 403)
    assert "admin" in caught.value.message


def test_an_unknown_role_may_do_nothing():
    for allowed in (*ROUTES.values(), *FRAMES.values()):
        with pytest.raises(Refusal):
            check_role("viewer", allowed)
