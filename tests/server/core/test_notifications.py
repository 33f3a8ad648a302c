"""Who is told of which run, what is said of it, and how much goes into one message."""

from dataclasses import replace

import orjson
import pytest

from listener_sdk.protocol.ids import encode
from server.core.notifications import (
    IMPLIED,
    LONGEST_TEXT,
    NAMED,
    OWNER,
    Audience,
    Digest,
    NotificationRow,
    audiences,
    masked,
    missed_facts,
    named_by,
    notification_wire,
    number_of,
    numbered,
    numbered_of_schedule,
    read_audience,
    read_digest,
    run_facts,
    starter_of,
    tells,
)

ADA = encode("mem", 7)
FAILED = {"result": "failed"}


def inbox(**fields):
    return {"on": "failed", "channels": ["inbox"], "members": [encode("mem", 1)], **fields}


def rules_of(**options):
    return [rule for _, rule in numbered([], options)]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("failed", {"failed"}),
        ("failedAndPartial", {"failed", "partial"}),
        ("completed", {"success", "partial"}),
        ("all", {"failed", "partial", "success", "canceled"}),
        ("none", set()),
    ],
)
def test_results_that_a_rule_tells_of(on, told):
    results = ("failed", "partial", "success", "canceled", "recovered")
    assert {result for result in results if tells(inbox(on=on), {"result": result})} == told


def test_a_schedule_that_pauses_is_told_to_who_hears_of_failures_or_missed_runs():
    paused = {"result": "paused"}
    assert tells(inbox(), paused)
    assert tells(inbox(on="none", missed=True), paused)
    assert not tells(inbox(on="completed"), paused)


def test_an_owner_hears_of_pauses_alone():
    [*_, (number, rule)] = numbered_of_schedule([inbox()], ADA)
    assert (number, rule["members"]) == (OWNER, [ADA])
    heard = [{"result": "failed"}, {"result": "missed", "failed": True}, {"result": "paused"}]
    assert [tells(rule, facts) for facts in heard] == [False, False, True]
    assert numbered_of_schedule([], "us_key_0000000001") == []


def test_a_success_after_a_failure_is_told_to_who_asked_for_it():
    recovered = {"result": "success", "recovered": True}
    assert not tells(inbox(), recovered)
    assert tells(inbox(recovered=True), recovered)


def test_who_hears_of_every_success_is_not_told_of_the_recovery_as_well():
    alone = {"result": "recovered", "recovered": True}
    assert tells(inbox(recovered=True), alone)
    assert not tells(inbox(on="all", recovered=True), alone)


def test_a_run_that_did_not_happen_is_told_by_rules_with_missed_and_as_a_failure_where_it_is_one():
    skipped, failed = {"result": "missed", "failed": False}, {"result": "missed", "failed": True}
    assert not tells(inbox(), skipped)
    assert tells(inbox(missed=True), skipped)
    assert tells(inbox(), failed)
    assert not tells(inbox(on="completed"), failed)


def test_conscias_options_stand_for_rules():
    shown = {"on": "all", "channels": ["inbox"], "starter": True}
    silent = {"on": "none", "channels": [], "starter": False}
    listed = ["ops@b.example"]
    assert rules_of() == [shown, silent]
    assert rules_of(skipNotification=True) == [silent, silent]
    mail = {"channels": ["email"], "addresses": listed}
    assert rules_of(sendFailureEmail=True, emailList=listed)[1] == {"on": "failed", "starter": True, **mail}
    assert rules_of(sendCompletionEmail=True, emailList=listed)[1] == {
        "on": "completed",
        "starter": True,
        **mail,
    }
    assert rules_of(emailList=listed)[1] == {"on": "all", "starter": False, **mail}
    both = rules_of(sendCompletionEmail=True, sendFailureEmail=True)[1]
    assert (both["on"], both["starter"]) == ("all", True)


def test_implied_rules_keep_their_numbers_however_many_are_written():
    assert [number for number, _ in numbered([inbox()], {})] == [0, IMPLIED, IMPLIED + 1]


def whom(*rules, starter=0):
    return audiences(rules, starter, lambda one: one)


def test_a_starter_is_told_where_nobody_names_them():
    own = {"on": "all", "channels": ["inbox"], "starter": True}
    assert whom(own, starter=7) == [(0, 7, Audience(inbox=(ADA,)))]
    assert whom(own) == []
    assert whom(inbox(), own, starter=7) == [(0, 0, named_by(inbox())), (1, 7, Audience(inbox=(ADA,)))]
    assert whom(own, inbox(members=[ADA]), starter=7) == [(1, 0, Audience(inbox=(ADA,)))]
    assert whom(own, own, starter=7) == [(0, 7, Audience(inbox=(ADA,)))]
    mail = {"on": "all", "channels": ["email", "inbox"], "starter": True}
    assert whom(own, mail, starter=7)[1:] == [(1, 7, Audience(email=(ADA,)))]


def test_nobody_is_told_twice_by_one_channel():
    everywhere = {
        "channels": ["inbox", "email", "slack", "webhook"],
        "members": [ADA],
        "addresses": ["a@b.example"],
        "slack": "https://hooks.example/x",
        "webhook": "https://hooks.example/y",
        "webhookSecret": "{{ secrets.SIGN }}",
    }
    assert whom(everywhere, everywhere) == [(0, 0, named_by(everywhere))]
    more = {**everywhere, "addresses": ["c@b.example"], "webhookSecret": None}
    assert whom(everywhere, more)[1:] == [
        (1, 0, Audience(email=("c@b.example",), webhook="https://hooks.example/y"))
    ]
    mails = {ADA: "a@b.example", "A@B.example": "a@b.example", "us_mem_aside": None}
    rule = {"channels": ["email"], "members": [ADA, "us_mem_aside"], "addresses": ["A@B.example"]}
    assert audiences([rule, rule], 0, mails.get) == [
        (0, 0, Audience(email=(ADA, "us_mem_aside"))),
        (1, 0, Audience(email=("us_mem_aside",))),
    ]


def test_a_rule_that_was_changed_is_another_one():
    rule = inbox()
    number = number_of(rule, named_by(rule))
    assert number == number_of(inbox(), named_by(inbox()))
    assert 0 <= number < 2**63
    other = inbox(missed=True)
    assert number != number_of(other, named_by(other))
    assert number != number_of(rule, Audience(inbox=(ADA,)))


def test_an_audience_comes_back_as_it_was():
    every = Audience(("a",), ("a", "b@c.example"), "https://x", "https://y", "{{ secrets.Z }}", admins=True)
    for one in (every, Audience(), Audience(admins=True)):
        assert read_audience(orjson.loads(orjson.dumps(one.stored()))) == one
    assert (bool(Audience()), bool(Audience(admins=True))) == (False, True)


def test_a_run_says_what_its_readers_see_cut_to_what_a_message_holds(job):
    outcome = {
        "heading": "H" * 300,
        "message": "m" * 4_000,
        "counts": {"total": 3, "failed": 1},
        "next": {"type": "download", "fileId": "us_fl_1", "fileName": "a.csv"},
        "errorFiles": [{"fileId": f"us_fl_{n}"} for n in range(9)],
    }
    row = replace(job, outcome=orjson.dumps(outcome).decode(), finished_at=1_000, info="not this")
    facts = run_facts(row, "partial", recovered=True)
    assert (facts["jobId"], facts["result"], facts["recovered"]) == (encode("jb", row.id), "partial", True)
    assert facts["message"] == "m" * LONGEST_TEXT + " …"
    assert facts["at"] == "1970-01-01T00:00:01.000Z"
    assert [one["fileId"] for one in facts["next"]] == ["us_fl_1", "us_fl_0", "us_fl_1", "us_fl_2", "us_fl_3"]
    assert [one["label"] for one in facts["next"]][:2] == ["a.csv", "What went wrong"]


def test_a_run_without_an_outcome_says_why_it_failed(job):
    assert run_facts(replace(job, info="It broke"), "failed")["message"] == "It broke"


@pytest.mark.parametrize(
    ("action", "offered"),
    [
        ({"type": "url", "url": "https://x", "label": "Look"}, [{"label": "Look", "url": "https://x"}]),
        ({"type": "files", "files": [{"fileId": "us_fl_1"}]}, [{"label": "Download", "fileId": "us_fl_1"}]),
        ({"type": "retry"}, None),
        ({"type": "download"}, None),
    ],
)
def test_next_actions_that_a_link_can_lead_to(job, action, offered):
    row = replace(job, outcome=orjson.dumps({"next": action}).decode())
    assert run_facts(row, "success").get("next") == offered


@pytest.mark.parametrize(
    ("by", "number"),
    [({"kind": "person", "memberId": ADA}, 7), ({"kind": "api", "keyId": "us_key_1"}, 0), ({}, 0)],
)
def test_who_has_started_a_run(by, number):
    assert starter_of(by) == number


def test_a_digest_counts_all_and_names_the_first():
    facts = [{"result": "failed", "jobId": f"j{n % 12}"} for n in range(15)]
    slot = missed_facts({"count": 40, "name": "nightly", "dueAt": "x"}, failed=True)
    digest = Digest().with_(facts[:2]).with_([*facts[2:], slot])
    assert digest.counts == {"failed": 15, "missed": 40}
    assert (digest.total, digest.result, len(digest.runs)) == (55, "mixed", NAMED)
    assert digest.job_ids == [f"j{n}" for n in range(NAMED)]
    assert read_digest(orjson.loads(orjson.dumps(digest.as_wire()))) == digest


@pytest.mark.parametrize(
    ("recipient", "shown"),
    [
        ("ada@example.com", "a***@example.com"),
        ("https://hooks.example.com/T0/secret", "hooks.example.com"),
        ("https://user:pass@hooks.example.com:8443/x", "hooks.example.com:8443"),
        ("{{ secrets.SLACK }}", "***"),
        ("https://{{ secrets.HOST }}/x", "***"),
    ],
)
def test_events_show_enough_of_a_recipient_to_know_it_again(recipient, shown):
    assert masked(recipient) == shown


def test_a_notification_on_the_wire():
    row = NotificationRow(1, 1, 7, 0, 1_000, '{"title":"t"}')
    assert notification_wire(row) == {
        "id": encode("nt", 1),
        "at": "1970-01-01T00:00:00.000Z",
        "memberId": ADA,
        "title": "t",
        "readAt": "1970-01-01T00:00:01.000Z",
    }
