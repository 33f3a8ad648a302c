"""Stored events as lists show them."""

import json

from listener_sdk.protocol.events import Event
from server.core.events import ReadEvent, event_wire_text

BODY = '{"topic":"invoice:paid","domain":"invoice","payload":{"a":"}"},"context":{}}'


def test_an_event_is_read_as_it_was_stored_with_its_place():
    found = json.loads(event_wire_text(ReadEvent("abc", 5, "invoice:paid", 1_000, BODY, None, None)))
    assert found["position"] == "abc:5"
    assert found["payload"] == {"a": "}"}
    assert "acknowledgedAt" not in found
    assert Event.model_validate(found).id == "us_ev_0000000005"


def test_who_acknowledged_it_stands_beside():
    found = json.loads(
        event_wire_text(ReadEvent("abc", 5, "invoice:paid", 1_000, BODY, 2_000, "us_key_0000000001"))
    )
    assert found["acknowledgedAt"] == "1970-01-01T00:00:02.000Z"
    assert found["acknowledgedBy"] == "us_key_0000000001"
    assert found["topic"] == "invoice:paid"
