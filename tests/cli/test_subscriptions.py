"""``tickwire subscriptions``."""

import json

import pytest

from listener_sdk.cli.subscriptions import state
from listener_sdk.protocol.subscriptions import DurableSubscription

AT = "2026-01-01T12:00:00.000Z"


def durable(**fields):
    return {
        "name": "billing",
        "owner": "us_key_1",
        "topics": ["invoice:*", "order:*"],
        "filter": {"job": "x:*"},
        "position": "e:5",
        "behind": 3,
        "connected": True,
        "createdAt": AT,
        "updatedAt": AT,
        **fields,
    }


def test_they_are_listed_shown_and_removed(api, tickwire):
    assert tickwire("subscriptions").stdout == "There are no durable subscriptions.\n"
    api.durables["billing"] = durable()
    listed = tickwire("subscriptions").stdout
    for word in ("billing", "invoice:*, order:*", "e:5", "followed"):
        assert word in listed
    shown = tickwire("subscriptions", "show", "billing").stdout
    assert "  filter: {'job': 'x:*'}\n" in shown
    assert "far behind" not in shown
    assert json.loads(tickwire("subscriptions", "list", "--json").stdout)[0]["behind"] == 3
    assert json.loads(tickwire("subscriptions", "show", "billing", "--json").stdout)["owner"] == "us_key_1"
    assert tickwire("subscriptions", "delete", "billing").stdout == "subscription billing is deleted.\n"
    assert api.durables == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "followed"),
        ({"connected": False}, "waits"),
        ({"connected": False, "alarmedAt": AT}, "waits, far behind"),
        ({"trouble": "cursor_too_old"}, "cursor_too_old"),
    ],
)
def test_its_state_is_the_worst_of_it(fields, expected):
    assert state(DurableSubscription.model_validate(durable(**fields))) == expected
