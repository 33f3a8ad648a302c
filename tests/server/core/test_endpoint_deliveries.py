"""Deliveries: what is posted, what may be replayed, and what readers see."""

import json
from dataclasses import replace

import pytest

from listener_sdk.protocol.codes import Refusal
from server.core import endpoint_deliveries as core
from server.core.endpoint_deliveries import MOST_ATTEMPTS, AttemptRow, DeliveryRow

ROW = DeliveryRow(3, 1, 7, 9, "a:b", "failed", 2, 2, None, 0, 1_000, 2_000, '{"type":"a:b"}')
ATTEMPT = AttemptRow(3, 2, 1_500, 20, 0, 500, "It was answered 500.", None)


def test_what_is_posted_has_type_time_and_event():
    assert json.loads(core.posted("a:b", 1_000, '{"é":1}')) == {
        "type": "a:b",
        "timestamp": "1970-01-01T00:00:01.000Z",
        "data": {"é": 1},
    }


def test_a_test_is_an_event_that_has_no_place_in_the_log():
    event = json.loads(core.test_body(1_000, "us_msg_0000000003", 7, {"spaceId": "us_sp_default"}))["data"]
    assert event["payload"]["endpointId"] == "us_ep_0000000007"
    assert event["context"] == {"spaceId": "us_sp_default"}
    assert "position" not in event
    assert (event["topic"], event["domain"], event["createdAt"]) == (
        core.TEST,
        "endpoint",
        "1970-01-01T00:00:01.000Z",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"seq": None}, "conflict"),
        ({"status": "pending", "taken": 1}, "conflict"),
        ({"attempts": MOST_ATTEMPTS}, "limit"),
    ],
)
def test_what_cannot_be_replayed_says_why(changes, code):
    core.replayable(ROW)
    core.replayable(replace(ROW, status="pending"))
    with pytest.raises(Refusal) as refused:
        core.replayable(replace(ROW, **changes))
    assert refused.value.code == code


def test_readers_see_it_with_its_attempts():
    shown = core.delivery_wire(ROW, "e1", ATTEMPT)
    assert shown == {
        "id": "us_msg_0000000003", "endpointId": "us_ep_0000000007", "topic": "a:b", "position": "e1:9", "status": "failed",
        "attempt": 2, "createdAt": "1970-01-01T00:00:01.000Z", "endedAt": "1970-01-01T00:00:02.000Z",
        "last": {
            "number": 2, "at": "1970-01-01T00:00:01.500Z", "durationMs": 20, "delivered": False, "status": 500,
            "message": "It was answered 500.",
        },
    }  # fmt: skip
    whole = core.whole_delivery_wire(replace(ROW, seq=None), "e1", [])
    assert (whole["body"], whole["attempts"]) == ({"type": "a:b"}, [])
    assert "last" not in whole


def test_the_next_attempt_is_told_unless_one_is_under_way():
    waits = replace(ROW, status="pending", due_at=5_000)
    assert core.delivery_wire(waits, "e1", None)["nextAttemptAt"] == "1970-01-01T00:00:05.000Z"
    assert "nextAttemptAt" not in core.delivery_wire(replace(waits, taken=1), "e1", None)
