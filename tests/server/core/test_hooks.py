"""A hook inside the server: how it changes, and what readers see."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import HookCreate
from server.core.hooks import LARGEST_BODY, changed_hook, hook_facts, hook_wire, new_hook, renewed

LEAST = {"name": "Shop", "verification": {"kind": "standard", "toleranceS": 60}, "event": "shop:called"}


def row(**fields):
    return new_hook(1, HookCreate.model_validate({**LEAST, **fields}), "door", 5, "us_key_1")


def test_what_it_says_is_kept_but_its_secret():
    made = row(secret="whsec_" + "QUJD" * 8)
    assert "QUJD" not in repr(made)
    assert made.said.way.tolerance_s == 60
    assert made.said.way.header == "webhook-signature"
    assert (made.said.target, made.said.replay_by) == (("event", "shop:called"), "id")


def test_a_change_touches_what_was_sent():
    before = row(filter={"a": 1})
    assert changed_hook(before, {"event": "shop:called", "filter": {"a": 1}}, 9, "x") is before
    after = changed_hook(before, {"filter": None, "jobType": "noop", "enabled": False, "name": "B"}, 9, "x")
    assert "filter" not in after.said.facts
    assert (after.said.target, after.enabled, after.name, after.version) == (("jobType", "noop"), 0, "B", 2)
    assert (after.updated_at, after.updated_by, after.created_at) == (9, "x", 5)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"verification": None}, "invalid"),
        ({"verification": {"kind": "none"}}, "conflict"),
        ({"event": None}, "invalid"),
        ({"mode": "full"}, "invalid"),
        ({"params": {"a": "x" * LARGEST_BODY}}, "too_large"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(sent, code):
    with pytest.raises(Refusal) as caught:
        changed_hook(row(), sent, 9, "x")
    assert caught.value.code == code


def test_the_address_is_for_some_and_in_no_audit():
    made = renewed(row(), 9, "x", "another")
    assert hook_wire(made, "https://a")["url"] == "https://a/v1/hooks/another"
    assert "another" not in str(hook_wire(made, None))
    assert "another" not in str(hook_facts(made))
