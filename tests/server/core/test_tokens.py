"""What a token says, as a JSON object and back."""

import pytest

from server.core.tokens import SCOPES, Claims, OfDefinition, OfJob, OfSpace, OfTag


def claims(scope):
    return Claims("us_key_0000000001", "stamp", 1, 99, scope)


SAMPLES = (OfJob(3), OfTag("Acme Ω"), OfDefinition("web-test"), OfSpace())


@pytest.mark.parametrize("scope", SAMPLES)
def test_every_scope_is_packed_and_unpacked(scope):
    assert Claims.unpacked(claims(scope).packed()) == claims(scope)
    assert {type(one) for one in SAMPLES} == set(SCOPES.values())


def test_only_a_token_of_a_job_names_one():
    assert claims(OfJob(3)).job_id == 3
    assert claims(OfSpace()).job_id is None


def test_only_a_token_of_a_definition_names_one():
    assert claims(OfDefinition("web-test")).definition == "web-test"
    assert claims(OfTag("a")).definition is None
    for wrong in (3, "", None):
        with pytest.raises(ValueError, match="code"):
            OfDefinition.unpacked(wrong)


def test_only_a_token_of_a_tag_names_one():
    assert claims(OfTag("acme")).tag == "acme"
    assert [claims(scope).tag for scope in (OfJob(3), OfSpace())] == [None, None]


@pytest.mark.parametrize(
    "odd", [{"job": "3"}, {"job": True}, {"space": 1}, {"space": False}, {"tag": 3}, {"tag": ""}, {"tag": None},
     {"job": 3, "space": True}, {"job": 3, "tag": "x"}, {"tag": "x", "space": True}],
)  # fmt: skip
def test_odd_scopes_are_refused(odd):
    usual = {name: value for name, value in claims(OfJob(3)).packed().items() if name != "job"}
    with pytest.raises(ValueError, match=r"scope|job|tag|space"):
        Claims.unpacked({**usual, **odd})
