"""Who is told of what: rules as they may be written, and what is wrong with the others."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.definitions import DefinitionCreate, DefinitionUpdate
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.notifications import MOST_RECIPIENTS, NotificationRule

ADA = encode("mem", 1)
HOOK = "https://hooks.example.com/x"
LAST = [f"{n}@b.example" for n in range(MOST_RECIPIENTS + 1)]


def rule(**fields):
    return NotificationRule.model_validate(fields)


def test_a_rule_tells_of_failures_unless_it_says_otherwise():
    made = rule(channels=["inbox"], members=[ADA])
    assert (made.on, made.recovered, made.missed) == ("failed", False, False)


def test_a_rule_stands_on_the_wire_as_it_was_written():
    given = {
        "on": "failedAndPartial",
        "recovered": True,
        "missed": True,
        "channels": ["inbox", "email", "slack", "webhook"],
        "members": [ADA],
        "addresses": ["team@example.com"],
        "starter": True,
        "slack": "{{ secrets.SLACK }}",
        "webhook": "https://example.com/{{ secrets.TOKEN }}",
        "webhookSecret": "{{secrets.SIGN}}",
    }
    assert rule(**given).model_dump(mode="json", by_alias=True, exclude_none=True) == given


def test_who_is_named_twice_is_told_once():
    made = rule(channels=["inbox", "inbox"], members=[ADA, ADA])
    assert (made.channels, made.members) == (["inbox"], [ADA])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"channels": []}, "at least 1 item"),
        ({"members": [ADA]}, "channels must say how people are told: by inbox, email, slack or webhook"),
        ({"channels": ["sms"], "members": [ADA]}, "Input should be 'inbox', 'email', 'slack' or 'webhook'"),
        ({"channels": ["inbox"]}, "inbox tells members"),
        ({"channels": ["email"]}, "email needs members"),
        ({"channels": ["inbox"], "members": [ADA], "addresses": ["a@b.example"]}, "by the channel email"),
        ({"channels": ["slack"]}, "slack and its address"),
        ({"channels": ["slack"], "slack": HOOK, "members": [ADA]}, "by the channels inbox and email"),
        ({"channels": ["inbox"], "members": [ADA], "webhook": HOOK}, "webhook and its address"),
        (
            {"channels": ["slack"], "slack": HOOK, "webhookSecret": "{{ secrets.A }}"},
            "signs posts to webhook",
        ),
        ({"channels": ["webhook"], "webhook": HOOK, "webhookSecret": "plain"}, "must be a secret"),
        ({"channels": ["webhook"], "webhook": "ftp://example.com"}, "must begin with https://"),
        ({"channels": ["webhook"], "webhook": "https://a b.example"}, "must be an address such as"),
        ({"channels": ["webhook"], "webhook": "https://a\n.example"}, "must be an address such as"),
        ({"channels": ["inbox"], "members": ["ada"]}, "must be the id of a member"),
        ({"channels": ["inbox"], "members": [ADA], "on": "none"}, "tells of nothing"),
        ({"channels": ["email"], "addresses": LAST}, "at most 50"),
        ({"channels": ["inbox"], "members": [ADA], "sometimes": True}, "Extra inputs"),
    ],
)
def test_a_rule_that_would_tell_nobody_is_refused(fields, problem):
    with pytest.raises(ValidationError) as raised:
        rule(**fields)
    assert problem in str(raised.value)


def test_a_definition_has_rules_and_may_lose_them():
    made = DefinitionCreate.model_validate(
        {
            "jobDefinitionCode": "a",
            "jobType": "noop",
            "notifications": [{"channels": ["inbox"], "starter": True}],
        }
    )
    assert made.notifications[0].starter
    changed = DefinitionUpdate.model_validate({"notifications": []})
    assert changed.sent() == {"notifications": []}


def test_a_definition_has_sixteen_rules_at_most():
    with pytest.raises(ValidationError):
        DefinitionUpdate.model_validate({"notifications": [{"channels": ["inbox"], "starter": True}] * 17})
