"""Rules in words."""

import pytest

from listener_sdk.cli.rule_texts import rule_words
from listener_sdk.protocol.notifications import implied

HOOK = "https://hooks.example.com/very/secret"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"channels": ["inbox", "email"], "members": ["us_mem_1"], "addresses": ["a@b.example", "c@d.example"]},
            "failed runs: us_mem_1 by inbox and email, a@b.example and c@d.example by email",
        ),
        (
            {"on": "failedAndPartial", "recovered": True, "missed": True, "channels": ["inbox"], "starter": True},
            "runs that failed or were completed in part, recoveries and due times without a run: whoever starts the run by inbox",
        ),
        (
            {"on": "none", "recovered": True, "channels": ["slack", "webhook"], "slack": HOOK,
             "webhook": HOOK, "webhookSecret": "{{ secrets.KEY }}"},
            "recoveries: Slack (hooks.example.com), webhook (hooks.example.com, signed)",
        ),
        (
            {"on": "completed", "channels": ["slack"], "slack": "{{ secrets.SLACK }}"},
            "completed runs: Slack ({{ secrets.SLACK }})",
        ),
        (
            {"on": "all", "channels": ["webhook"], "webhook": "https://{{ secrets.HOST }}/x"},
            "all runs: webhook (an address with a secret)",
        ),
        ({"channels": ["webhook"], "webhook": "https://h.example/{{ secrets.S }}"}, "failed runs: webhook (h.example)"),
    ],
)  # fmt: skip
def test_a_rule_says_who_is_told_of_what(rule, words):
    assert rule_words(rule) == words


def test_the_options_of_a_definition_are_rules_too():
    assert [
        rule_words(rule) for rule in implied({"sendFailureEmail": True, "emailList": ["a@b.example"]})
    ] == [
        "all runs: whoever starts the run by inbox",
        "failed runs: whoever starts the run by email, a@b.example by email",
    ]
