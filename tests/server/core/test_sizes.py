"""Sizes of named parts, in bytes of JSON."""

import pytest

from listener_sdk.protocol.codes import Refusal
from server.core.sizes import LARGEST, bounded

LIMITS_KIB = {
    "input": 256,
    "result": 256,
    "partData": 256,
    "definition": 256,
    "plan": 256,
    "config": 64,
    "metadata": 64,
    "subject": 64,
    "outcome": 64,
    "event": 64,
}


def of_size(size):
    """An object whose JSON text has so many bytes."""
    return {"a": "x" * (size - len('{"a":""}'))}


def test_the_table_is_the_one_that_was_promised():
    assert {name: size // 1024 for name, size in LARGEST.items()} == LIMITS_KIB


@pytest.mark.parametrize("name", sorted(LARGEST))
def test_a_part_may_fill_its_limit_and_no_more(name):
    bounded({name: of_size(LARGEST[name])})
    with pytest.raises(Refusal) as caught:
        bounded({name: of_size(LARGEST[name] + 1)})
    refusal = caught.value
    assert (refusal.code, refusal.key, refusal.error.status) == ("too_large", name, 413)
    assert f"{name} takes at most {LIMITS_KIB[name]} KiB" in refusal.message


def test_bytes_are_counted_and_not_characters():
    with pytest.raises(Refusal):
        bounded({"config": {"a": "ß" * (40 * 1024)}})


def test_what_is_not_there_or_has_no_limit_passes():
    bounded({})
    bounded({"input": None, "label": "x" * 10**6})


def test_the_first_part_that_is_too_large_is_named():
    with pytest.raises(Refusal) as caught:
        bounded({"input": {}, "metadata": of_size(65_537), "config": of_size(65_537)})
    assert caught.value.key == "metadata"


@pytest.mark.parametrize(
    "value", [2**64, {"a": [-(2**63) - 1]}, {"a": "\ud800"}, {1: 2}, {"a": {1, 2}}, {"a": object()}]
)
def test_what_no_json_holds_is_refused_and_named(value):
    with pytest.raises(Refusal) as caught:
        bounded({"result": {}, "outcome": value})
    assert (caught.value.code, caught.value.key, caught.value.error.status) == ("invalid", "outcome", 400)
