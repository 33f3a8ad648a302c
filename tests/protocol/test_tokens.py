"""Subscriber tokens on the wire."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.tokens import LONGEST_TTL_S, SCOPES, TokenCreate


@pytest.mark.parametrize(
    "body", [{"job": "us_jb_1"}, {"tag": "acme"}, {"space": True}, {"space": True, "ttlS": LONGEST_TTL_S}]
)
def test_one_scope_is_taken(body):
    found = TokenCreate.model_validate(body)
    assert [name for name in SCOPES if getattr(found, name) is not None] == [next(iter(body))]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"space": False},
        {"job": "a", "space": True},
        {"job": "a", "tag": "b"},
        {"tag": "a,b"},
        {"space": True, "ttlS": 0.5},
    ],
)
def test_none_or_two_are_not(body):
    with pytest.raises(ValidationError):
        TokenCreate.model_validate(body)
