"""The description of what is said: no frame, no server-sent event and no topic is missing, and all references lead somewhere."""

import json
import re
from functools import cache

import pytest
from described import parts
from jsonschema_rs import Draft7Validator

from listener_sdk.protocol.events import SERVER_TOPICS
from listener_sdk.protocol.frames import CLIENT_FRAMES, SERVER_FRAMES
from server.describe.asyncapi import asyncapi, kind, servers, topic_key
from server.describe.messages import SENT


@cache
def whole():
    return json.loads(json.dumps(asyncapi("1")))


def messages(channel):
    return set(whole()["channels"][channel]["messages"])


def test_every_frame_is_described():
    assert messages("stream") == {kind(frame) for frame in (*CLIENT_FRAMES, *SERVER_FRAMES)}
    said = whole()["operations"]
    for frame in CLIENT_FRAMES:
        assert said[f"take_{kind(frame)}"]["action"] == "receive"
    for frame in SERVER_FRAMES:
        assert said[f"send_{kind(frame)}"]["action"] == "send"


def test_every_topic_is_described_with_its_payload():
    assert messages("log") == {topic_key(topic) for topic in SERVER_TOPICS}
    for topic in SERVER_TOPICS:
        payload = whole()["components"]["messages"][topic_key(topic)]["payload"]
        typed = payload["allOf"][1]["properties"]
        assert typed["topic"] == {"const": topic}
        assert typed["payload"]["$ref"].startswith("#/components/schemas/")
        assert typed["context"] == {"$ref": "#/components/schemas/EventAbout"}


def test_every_server_sent_event_is_described():
    assert messages("events") == {f"sse.{name}" for name in SENT}


def test_every_message_stands_in_a_channel():
    told = set().union(*(messages(channel) for channel in whole()["channels"]))
    assert told == set(whole()["components"]["messages"])


def test_every_reference_leads_somewhere():
    for place in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole()))):
        found = whole()
        for name in place.split("/"):
            found = found[name]
        assert found


def test_the_names_are_those_that_asyncapi_takes():
    for group in ("messages", "schemas", "securitySchemes"):
        for name in whole()["components"][group]:
            assert re.fullmatch(r"[A-Za-z0-9._-]+", name)


def test_its_schemas_are_json_schemas_of_the_draft_that_asyncapi_takes():
    validator = Draft7Validator
    components = {"components": whole()["components"]}
    for message in whole()["components"]["messages"].values():
        assert validator({**message["payload"], **components})
    assert "discriminator" not in json.dumps(whole())


def test_every_array_says_what_its_items_are():
    assert [name for name, one in parts(whole()) if one.get("type") == "array" and "items" not in one] == []


def test_a_server_is_called_with_tls_where_its_address_says_so():
    found = servers("https://jobs.example.com/tickwire")
    assert {name: (one["protocol"], one["host"], one["pathname"]) for name, one in found.items()} == {
        "stream": ("wss", "jobs.example.com", "/tickwire"),
        "events": ("https", "jobs.example.com", "/tickwire"),
    }


def test_without_a_server_it_is_the_usual_one():
    assert {one["host"] for one in whole()["servers"].values()} == {"127.0.0.1:8420"}


def test_a_frame_fits_its_description():
    payload = whole()["components"]["messages"]["ack"]["payload"]
    validator = Draft7Validator({"allOf": [payload], "components": whole()["components"]})
    assert validator.is_valid({"type": "ack", "job": "us_jb_0000000001", "fence": 1})
    assert not validator.is_valid({"type": "ack", "fence": 1})


def test_a_topic_that_nobody_describes_fails(monkeypatch):
    monkeypatch.setitem(SERVER_TOPICS, "job:imagined", "A job was imagined.")
    with pytest.raises(KeyError, match="job:imagined"):
        asyncapi("1")


def test_requests_are_answered_and_ticks_are_not():
    said = whole()["operations"]
    replies = [one["$ref"].rpartition("/")[2] for one in said["take_create"]["reply"]["messages"]]
    assert replies == ["ok", "error"]
    assert "reply" not in said["take_tick"]
    assert said["take_secrets"]["description"] == "Takes the permission `use_secrets`."
