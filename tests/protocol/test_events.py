"""Events: topics and who may publish them, positions, and what Flatfile's own client can read."""

from typing import get_args

import pytest
from flatfile import Event as FlatfileEvent
from flatfile.core.pydantic_utilities import parse_obj_as
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import (
    FLATFILE_TOPICS,
    RESERVED_DOMAINS,
    SERVER_TOPICS,
    TERMINAL_TOPICS,
    TOPIC,
    Event,
    EventCreate,
    Position,
    check_heard,
    check_topic,
)
from listener_sdk.protocol.lifecycle import TERMINAL_TOPIC

CREATED_AT = "2026-01-01T00:00:00.000Z"


def flatfile_event(topic):
    return {
        "id": "us_ev_0000000001",
        "topic": topic,
        "createdAt": CREATED_AT,
        "domain": topic.split(":")[0],
        "payload": {},
        "context": {"accountId": "us_acc_1", "environmentId": "us_env_default"},
    }


@pytest.mark.parametrize("topic", sorted(FLATFILE_TOPICS))
def test_flatfiles_client_reads_each_of_its_topics(topic):
    assert parse_obj_as(FlatfileEvent, flatfile_event(topic)).topic == topic


@pytest.mark.parametrize(
    "topic", sorted({*SERVER_TOPICS, "space:unarchived", "cron:hourly", "invoice:paid"} - FLATFILE_TOPICS)
)
def test_flatfiles_client_fails_on_other_topics(topic):
    with pytest.raises(ValidationError):
        parse_obj_as(FlatfileEvent, flatfile_event(topic))


def test_flatfiles_topics_are_all_that_its_client_knows():
    known = {get_args(member.model_fields["topic"].annotation)[0] for member in get_args(FlatfileEvent)}
    assert known == FLATFILE_TOPICS


@pytest.mark.parametrize(
    "patterns",
    [
        "notification:created",
        "job:*, notification:read ",
        "notification:c*",
        "notification:cre?ted",
        "notification:*rea*ed",
    ],
)
def test_a_pattern_that_names_private_events_alone_is_never_heard(patterns):
    with pytest.raises(ValueError, match="take notification:delivered"):
        check_heard(patterns)


@pytest.mark.parametrize(
    "patterns",
    [
        "**",
        "notification:*",
        "notification:delivered",
        "*:created",
        "notif*:read",
        "notifications:read",
        "notification:none",
    ],
)
def test_a_pattern_that_names_others_too_is_heard(patterns):
    check_heard(patterns)


@pytest.mark.parametrize("topic", sorted({*SERVER_TOPICS, *FLATFILE_TOPICS}))
def test_every_known_topic_has_the_form(topic):
    assert TOPIC.fullmatch(topic)


@pytest.mark.parametrize("topic", sorted(SERVER_TOPICS))
def test_only_the_server_publishes_what_it_publishes(topic):
    assert topic.split(":")[0] in RESERVED_DOMAINS
    with pytest.raises(Refusal) as caught:
        check_topic(topic)
    assert (caught.value.code, caught.value.key) == ("reserved_topic", "topic")


@pytest.mark.parametrize("topic", ["definition:paused", "hook:paused"])
def test_what_nobody_publishes_yet_is_reserved_all_the_same(topic):
    assert topic not in SERVER_TOPICS
    with pytest.raises(Refusal) as caught:
        check_topic(topic)
    assert caught.value.code == "reserved_topic"


@pytest.mark.parametrize("domain", sorted(RESERVED_DOMAINS))
def test_reserved_domains(domain):
    with pytest.raises(Refusal) as caught:
        check_topic(f"{domain}:anything")
    assert caught.value.code == "reserved_topic"
    assert domain in caught.value.message


@pytest.mark.parametrize(
    "topic", ["workbook:created", "invoice:paid", "space-1:guestAdded", "a:9.x_y-z", "jobs:ready"]
)
def test_clients_may_publish_everything_else(topic):
    assert check_topic(topic) is None


@pytest.mark.parametrize(
    "topic",
    ["", ":", "invoice", "invoice:", ":paid", "Invoice:paid", "invoice:paid:now", "invoice:-x", "1a:b", "invoice: paid",
     "a" * 64 + ":b", "a:" + "b" * 64, "invoice:paid\n", "invoice:*"],
)  # fmt: skip
def test_texts_that_are_no_topics(topic):
    with pytest.raises(Refusal) as caught:
        check_topic(topic)
    assert (caught.value.code, caught.value.key) == ("bad_topic", "topic")


def test_a_refused_topic_is_shown_in_part_only():
    with pytest.raises(Refusal) as caught:
        check_topic("x" * 10_000)
    assert len(caught.value.message) < 200


def test_terminal_topics_are_those_of_the_life_cycle():
    assert set(TERMINAL_TOPIC.values()) == TERMINAL_TOPICS <= set(SERVER_TOPICS)


@given(st.from_regex(r"[a-z0-9]{1,32}", fullmatch=True), st.integers(0, 10**18 - 1))
def test_positions_come_back(epoch, seq):
    position = Position(epoch, seq)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        ":",
        "a:",
        ":1",
        "a:-1",
        "a:1.5",
        "A:1",
        "a:b:1",
        "a:1 ",
        "a" * 33 + ":1",
        "a:" + "1" * 19,
        "a:²",
    ],
)
def test_texts_that_are_no_positions(text):
    with pytest.raises(Refusal) as caught:
        Position.parse(text)
    assert (caught.value.code, caught.value.key) == ("bad_cursor", "after")


def test_an_event_reads_its_own_wire_form():
    wire = {**flatfile_event("job:ready"), "position": "abc:7", "context": {"jobId": "us_jb_0000000001"}}
    event = Event.model_validate(wire)
    assert event.job_id == "us_jb_0000000001"
    assert event.model_dump(mode="json", exclude_unset=True) == wire


@pytest.mark.parametrize("context", [{}, {"jobId": None}, {"jobId": 3}])
def test_an_event_may_be_about_no_job(context):
    assert Event.model_validate({**flatfile_event("invoice:paid"), "context": context}).job_id is None


@pytest.mark.parametrize(
    "fields",
    [
        {"topic": "a:" + "b" * 128},
        {"namespaces": ["x"] * 33},
        {"target": "x" * 257},
        {"callbackUrl": "x" * 2049},
        {"payload": []},
        {"payload": None},
        {"context": "x"},
    ],
)
def test_what_is_published_has_limits(fields):
    EventCreate.model_validate({"topic": "invoice:paid"})
    with pytest.raises(ValidationError) as caught:
        EventCreate.model_validate({"topic": "invoice:paid", **fields})
    assert caught.value.errors()[0]["loc"] == (next(iter(fields)),)
