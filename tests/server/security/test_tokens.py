"""Tokens: what one says is read back, and nothing that was altered is."""

import base64
import json

import pytest

from server.core.tokens import Claims, OfJob, OfSpace
from server.security.tokens import Tokens

TOKENS = Tokens(b"s" * 32)
CLAIMS = Claims("us_key_0000000001", "abcdef0123456789", 7, 1_000, OfJob(5))


@pytest.mark.parametrize("scope", [OfJob(5), OfSpace()])
def test_what_a_token_says_is_read_back(scope):
    claims = Claims("us_key_0000000001", "abcdef0123456789", 7, 1_000, scope)
    token = TOKENS.write(claims)
    assert TOKENS.read(token) == claims
    assert len(token) < 256


def test_no_byte_of_it_may_be_altered():
    token = TOKENS.write(CLAIMS)
    for place, letter in enumerate(token):
        other = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        assert TOKENS.read(other) is None
    for cut in range(len(token)):
        assert TOKENS.read(token[:cut]) is None
    assert TOKENS.read(token + "0") is None
    assert TOKENS.read(token + "\n") is None


def test_another_store_has_not_signed_it():
    assert Tokens(b"t" * 32).read(TOKENS.write(CLAIMS)) is None
    assert b"s" * 32 not in repr(TOKENS).encode()


def test_facts_that_somebody_signs_otherwise_are_not_read():
    facts = base64.urlsafe_b64encode(json.dumps(CLAIMS.packed()).encode()).decode().rstrip("=")
    assert TOKENS.read(f"tws_{facts}.{'0' * 64}") is None


@pytest.mark.parametrize("facts", [[], 1, {}, {"k": "a"}, {"job": 1}, {"job": 1, "space": True}])
def test_scopes_of_other_releases_are_not_understood(facts):
    class Odd:
        def packed(self):
            return facts

    assert TOKENS.read(TOKENS.write(Odd())) is None
