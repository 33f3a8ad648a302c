"""What is kept of an answer: no secrets, and never more than a result may hold."""

from base64 import b64decode, b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.redaction import Redaction
from server.core.call_results import kept
from server.core.sizes import LARGEST, bounded

NOTHING = Redaction(())
SECRET = Redaction(["open-sesame"])


def wire(body, form="text", *, truncated=False):
    return {
        "url": "https://a.example/",
        "status": 200,
        "headers": {"x": "y"},
        "body": body,
        "bodyForm": form,
        "truncated": truncated,
        "elapsedMs": 1,
    }


@pytest.mark.parametrize(
    ("body", "form"), [("text", "text"), ({"a": [1]}, "json"), (None, "empty"), ("AAAA", "base64")]
)
def test_what_has_room_stays_as_it_is(body, form):
    assert kept(wire(body, form), NOTHING) == wire(body, form)


@pytest.mark.parametrize(
    "body", ["a" * 300_000, "\x01" * 200_000, "é" * 200_000, '"' * 262_144, "😀" * 100_000]
)
def test_a_text_without_room_is_cut_as_late_as_can_be(body):
    found = kept(wire(body), NOTHING)
    assert (found["truncated"], found["bodyForm"]) == (True, "text")
    assert body.startswith(found["body"])
    bounded({"result": found})
    longer = {**found, "body": body[: len(found["body"]) + 1]}
    assert len(orjson.dumps(longer)) > LARGEST["result"]


def test_base64_without_room_is_cut_where_it_can_still_be_read():
    raw = bytes(range(256)) * 1024
    found = kept(wire(b64encode(raw).decode(), "base64"), NOTHING)
    bounded({"result": found})
    assert (found["truncated"], found["bodyForm"]) == (True, "base64")
    part = b64decode(found["body"], validate=True)
    assert raw.startswith(part)
    assert len(part) > 190_000


def test_json_without_room_is_text_from_then_on():
    body = {"rows": ["x" * 1000] * 300}
    found = kept(wire(body, "json"), NOTHING)
    bounded({"result": found})
    assert (found["truncated"], found["bodyForm"]) == (True, "text")
    assert orjson.dumps(body).decode().startswith(found["body"])


@given(st.text(max_size=200), st.integers(150, 400))
def test_the_limit_holds_for_any_text(body, limit):
    found = kept(wire(body), NOTHING, limit)
    assert len(orjson.dumps(found)) <= limit
    assert body.startswith(found["body"])


def test_secrets_are_in_no_form_of_the_body():
    assert kept(wire("key open-sesame!"), SECRET)["body"] == "key ***!"
    assert kept(wire({"echo": {"k": ["open-sesame"]}}, "json"), SECRET)["body"] == {"echo": {"k": ["***"]}}
    raw = b64encode(b"\xff\x00open-sesame\xfe").decode()
    assert b64decode(kept(wire(raw, "base64"), SECRET)["body"]) == b"\xff\x00***\xfe"
    assert kept({**wire(""), "headers": {"x-echo": "open-sesame"}}, SECRET)["headers"] == {"x-echo": "***"}


def test_the_beginning_of_a_secret_where_a_body_was_cut_is_left_out():
    assert kept(wire("the key is open-ses", truncated=True), SECRET)["body"] == "the key is ***"
    assert kept(wire("the key is open-ses"), SECRET)["body"] == "the key is open-ses"
