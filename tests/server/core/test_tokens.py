"""What a token says, as a JSON object and back."""

import pytest

from server.core.tokens import SCOPES, Claims, OfJob, OfSpace


def claims(scope):
    return Claims("us_key_0000000001", "stamp", 1, 99, scope)


@pytest.mark.parametrize("scope", [OfJob(3), OfSpace()])
def test_every_scope_is_packed_and_unpacked(scope):
    assert Claims.unpacked(claims(scope).packed()) == claims(scope)
    assert {type(scope) for scope in (OfJob(3), OfSpace())} == set(SCOPES.values())


def test_only_a_token_of_a_job_names_one():
    assert claims(OfJob(3)).job_id == 3
    assert claims(OfSpace()).job_id is None


@pytest.mark.parametrize(
    "odd", [{"job": "3"}, {"job": True}, {"space": 1}, {"space": False}, {"tag": "x"}, {"job": 3, "space": True}]
)  # fmt: skip
def test_odd_scopes_are_refused(odd):
    usual = {name: value for name, value in claims(OfJob(3)).packed().items() if name != "job"}
    with pytest.raises(ValueError, match=r"scope|job|space"):
        Claims.unpacked({**usual, **odd})
