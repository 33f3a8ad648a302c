"""Payloads: every topic of the server's has one. What is told of each is checked wherever tests look at events."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.events import SERVER_TOPICS
from listener_sdk.protocol.payloads import PAYLOADS, WatermarkMoved


def test_every_topic_has_its_payload():
    assert set(PAYLOADS) == set(SERVER_TOPICS)


def test_every_payload_says_what_it_is():
    for model in set(PAYLOADS.values()):
        assert model.__doc__, model


def test_names_on_the_wire():
    found = WatermarkMoved.model_validate({"from": None, "to": "5", "version": 2})
    assert found.from_ is None
    with pytest.raises(ValidationError):
        WatermarkMoved.model_validate({"from": None, "version": 2})
