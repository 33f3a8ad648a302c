"""Frames: each is found by its type, in camelCase, whatever else it carries, and none is over its limits."""

import typing

import orjson
import pytest
from pydantic import ValidationError

from listener_sdk.protocol.frames import (
    CLIENT_FRAMES,
    MAX_CREDIT,
    SERVER_FRAMES,
    ClientFrame,
    Complete,
    Hello,
    Listen,
    ServerFrame,
    Subscribe,
    Subscribed,
    client_frame,
    client_model,
    server_frame,
)

AT = "2026-01-01T00:00:00.000Z"
LEASE = {"job": "us_jb_0000000001", "fence": 3}
JOB = {
    "id": "us_jb_0000000001",
    "type": "workbook",
    "operation": "export",
    "job": "workbook:export",
    "status": "ready",
    "source": "us_sp_default",
    "createdAt": AT,
    "updatedAt": AT,
}
CLIENT = [
    {"type": "hello", "id": 1, "versions": [1, 2], "session": "abcdefgh", "held": [LEASE], "client": "sdk/1"},
    {"type": "listen", "id": 2, "jobs": [{"job": "workbook:*", "filter": {"status": "ready"}}], "credit": 10,
     "types": [{"name": "workbook:export", "code": "export", "label": "Export", "inputSchema": {"type": "object"}}]},
    {"type": "ack", "id": 3, **LEASE, "info": "begun"},
    {"type": "tick", **LEASE, "percent": 12.5, "done": 1.0, "total": 8.0, "text": "row 1", "estimatedCompletionAt": AT},
    {"type": "renew", "leases": [LEASE]},
    {"type": "complete", "id": 4, **LEASE, "outcome": {"buttonText": "OK", "next": {"type": "retry"}}, "result": {"rows": 3}},
    {"type": "fail", "id": 5, **LEASE, "message": "no", "detail": "Traceback", "retry": False, "retryAt": AT},
    {"type": "release", "id": 6, "leases": [LEASE]},
    {"type": "log", "id": 7, **LEASE, "lines": [{"level": "info", "message": "x"}], "first": 500},
    {"type": "create", "id": 7, "job": {"type": "workbook", "operation": "export", "maxAttempts": 3}, "idempotencyKey": "k"},
    {"type": "publish", "id": 8, "event": {"topic": "invoice:paid", "callbackUrl": "/x"}, "idempotencyKey": "k"},
    {"type": "secrets", "id": 8, **LEASE, "names": ["crm_token"]},
    {"type": "subscribe", "id": 9, "sub": "a", "topics": ["job:*"], "filter": {"job": "x:y"}, "after": "abc:7", "progress": True},
    {"type": "acked", "id": 12, "sub": "s", "position": "e:7"},
    {"type": "unsubscribe", "id": 10, "sub": "a"},
]  # fmt: skip
SERVER = [
    {"type": "welcome", "id": 1, "version": 1, "session": "abcdefgh", "server": "0.1.0", "space": "default", "leaseS": 30.0,
     "graceS": 30.0, "now": AT, "stale": [LEASE]},
    {"type": "ok", "id": 2, "data": {"x": 1}},
    {"type": "error", "id": 3, "code": "stale_lease", "message": "Lost.", "status": "failed"},
    {"type": "grants", "jobs": [{"job": JOB, "fence": 3, "attempt": 1, "again": True, "cancel": False}]},
    {"type": "cancel", **LEASE, "reason": "no need", "graceS": 30.0},
    {"type": "stale", "leases": [LEASE]},
    {"type": "subscribed", "id": 4, "sub": "a", "from": "abc:0", "head": "abc:7", "oldest": "abc:0"},
    {"type": "events", "sub": "a", "prev": "abc:6", "events": [{"id": "us_ev_1", "topic": "job:ready"}]},
    {"type": "position", "sub": "a", "prev": "abc:6", "position": "abc:7"},
    {"type": "progress", "sub": "a", "jobs": [{"id": "us_jb_1", "progress": 5}]},
    {"type": "drain"},
]  # fmt: skip
BOTH = [(client_frame, wire) for wire in CLIENT] + [(server_frame, wire) for wire in SERVER]


def name_of(value):
    return value["type"] if isinstance(value, dict) else ""


@pytest.mark.parametrize(("adapter", "wire"), BOTH, ids=name_of)
def test_a_frame_comes_back_as_it_was_sent(adapter, wire):
    frame = adapter.validate_json(orjson.dumps(wire))
    assert frame.model_dump(mode="json", exclude_unset=True) == wire
    assert orjson.loads(frame.model_dump_json(exclude_unset=True)) == wire


@pytest.mark.parametrize(("adapter", "wire"), BOTH, ids=name_of)
def test_unknown_fields_are_ignored(adapter, wire):
    assert adapter.validate_python({**wire, "fromTheFuture": {"a": 1}}) == adapter.validate_python(wire)


@pytest.mark.parametrize(("adapter", "wire"), BOTH, ids=name_of)
def test_a_frame_without_its_type_or_with_another_is_none(adapter, wire):
    for broken in ({**wire, "type": "teleport"}, {k: v for k, v in wire.items() if k != "type"}):
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python(broken)
        assert caught.value.errors()[0]["type"] in {"union_tag_invalid", "union_tag_not_found"}


@pytest.mark.parametrize(
    ("union", "frames", "examples"),
    [(ClientFrame, CLIENT_FRAMES, CLIENT), (ServerFrame, SERVER_FRAMES, SERVER)],
)
def test_tables_unions_and_examples_name_the_same_frames(union, frames, examples):
    members, _ = typing.get_args(union)
    assert typing.get_args(members) == frames
    types = [frame.model_fields["type"].default for frame in frames]
    assert [example["type"] for example in examples] == types
    assert len(set(types)) == len(types)
    assert all(frame.__doc__ for frame in frames)


def test_a_client_frame_has_the_model_of_its_type():
    assert [client_model(example) for example in CLIENT] == list(CLIENT_FRAMES)
    for strange in ({}, {"type": "teleport"}, {"type": "welcome"}, {"type": ["hello"]}, {"type": None}):
        assert client_model(strange) is None


def test_what_is_left_out_has_its_default():
    assert Hello().versions == [1]
    assert (Subscribe(sub="a").topics, Subscribe(sub="a").after) == (["**"], "now")
    assert Listen(credit=0).jobs == []


def test_from_is_a_word_of_python_only_inside():
    frame = Subscribed(sub="a", head="e:1", oldest="e:0", from_="e:0")
    assert frame.model_dump(exclude_none=True)["from"] == "e:0"


def test_fields_may_be_given_in_either_case():
    python = Complete(job="us_jb_0000000001", fence=1, outcome={"button_text": "OK"})
    assert python.model_dump(mode="json", exclude_unset=True)["outcome"] == {"buttonText": "OK"}


@pytest.mark.parametrize(
    "wire",
    [
        {"type": "hello", "versions": []},
        {"type": "hello", "versions": [1] * 17},
        {"type": "hello", "versions": ["one"]},
        {"type": "hello", "session": "short"},
        {"type": "hello", "session": "x" * 65},
        {"type": "hello", "session": "with spaces"},
        {"type": "hello", "held": [LEASE] * (MAX_CREDIT + 1)},
        {"type": "hello", "key": "x" * 513},
        {"type": "listen", "credit": MAX_CREDIT + 1},
        {"type": "listen", "credit": -1},
        {"type": "listen"},
        {"type": "listen", "credit": 1, "jobs": [{"job": ""}]},
        {"type": "listen", "credit": 1, "jobs": [{"job": "x" * 193}]},
        {"type": "listen", "credit": 1, "jobs": [{"job": "x:y"}] * 1001},
        {"type": "ack", "job": "us_jb_0000000001"},
        {"type": "ack", "job": "x" * 65, "fence": 1},
        {"type": "ack", "job": "us_jb_0000000001", "fence": -1},
        {"type": "ack", "id": -1, **LEASE},
        {"type": "tick", **LEASE, "percent": 101},
        {"type": "tick", **LEASE, "percent": -1},
        {"type": "tick", **LEASE, "done": float("inf")},
        {"type": "tick", **LEASE, "total": -1},
        {"type": "tick", **LEASE, "text": "x" * 4097},
        {"type": "renew", "leases": [LEASE] * (MAX_CREDIT + 1)},
        {"type": "fail", **LEASE},
        {"type": "fail", **LEASE, "message": "x" * 4097},
        {"type": "fail", **LEASE, "message": "x", "detail": "x" * 65537},
        {"type": "release", "leases": []},
        {"type": "log", **LEASE, "lines": []},
        {"type": "log", **LEASE, "lines": [{"message": "x"}] * 501},
        {"type": "log", **LEASE, "lines": [{"message": "x"}], "first": -1},
        {"type": "log", **LEASE, "lines": [{"message": "x"}], "first": 2**53 + 1},
        {"type": "create", "job": {"type": "workbook"}},
        {"type": "create", "job": {"type": "workbook", "operation": "x"}, "idempotencyKey": ""},
        {"type": "publish", "event": {}},
        {"type": "publish", "event": {"topic": "a:b"}, "idempotencyKey": "x" * 256},
        {"type": "subscribe", "sub": ""},
        {"type": "subscribe", "sub": "x" * 65},
        {"type": "subscribe", "sub": "a", "topics": []},
        {"type": "subscribe", "sub": "a", "topics": ["**"] * 33},
        {"type": "subscribe", "sub": "a", "filter": "job:*"},
        {"type": "subscribe", "sub": "a", "after": "x" * 65},
        {"type": "unsubscribe"},
    ],
)
def test_what_is_out_of_bounds_is_refused(wire):
    with pytest.raises(ValidationError):
        client_frame.validate_python(wire)


@pytest.mark.parametrize(
    "message", [None, [], "text", 3, [[]], {}, {"type": None}, {"type": 3}, {"type": []}]
)
def test_what_is_no_frame_is_refused(message):
    with pytest.raises(ValidationError):
        client_frame.validate_python(message)


def test_errors_of_frames_for_clients_do_not_show_what_they_hold():
    with pytest.raises(ValidationError) as caught:
        server_frame.validate_python({"type": "ok", "id": "canary", "data": {"values": {"a": "canary"}}})
    assert "canary" not in str(caught.value)
