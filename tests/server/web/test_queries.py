"""Parameters in the address, one kind at a time."""

import pytest
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from server.web.queries import Query


def query(text):
    return Query(make_mocked_request("GET", f"/x?{text}"))


def refusal(read):
    with pytest.raises(Refusal) as caught:
        read()
    assert caught.value.code == "invalid"
    return caught.value


@pytest.mark.parametrize("text", ["", "a=", "b=1"])
def test_what_is_empty_or_missing_counts_as_left_out(text):
    found = query(text)
    assert found.text("a") is None
    assert found.texts("a") == ()
    assert found.integer("a", 7, 0, 9) == 7
    assert found.truth("a", default=True) is True
    assert found.time("a") is None
    assert found.choice("a", ("x", "y"), "y") == "y"


def test_each_kind_is_read_as_what_it_is():
    assert query("a=caf%C3%A9%20b").text("a") == "café b"
    assert query("a=1,2&a=%203%20,").texts("a") == ("1", "2", "3")
    assert query("a=-5").integer("a", 0, -9, 9) == -5
    assert query("a=TRUE").truth("a") is True
    assert query("a=0").truth("a", default=True) is False
    assert query("a=1970-01-01T00:00:01Z").time("a") == 1_000
    assert query("a=1970-01-01T01:00:01+01:00").time("a") == 1_000
    assert query("a=1970-01-01T00:00:01.000001").time("a") == 1_000
    assert query("a=x").choice("a", ("x", "y"), "y") == "x"


@pytest.mark.parametrize("value", ["a%00b", "a%0Ab", "a%7Fb", "x" * 513])
def test_texts_without_control_characters_and_end(value):
    for read in (query(f"a={value}").text, query(f"a={value}").texts):
        assert refusal(lambda read=read: read("a")).key == "a"


@pytest.mark.parametrize("value", ["x", "1.5", "1e3", "10", "-1", "9" * 30, "%D9%A1", "+1"])
def test_numbers_within_their_bounds_and_in_plain_digits(value):
    found = refusal(lambda: query(f"a={value}").integer("a", 0, 0, 9))
    assert "from 0 to 9" in found.message


@pytest.mark.parametrize("value", ["yes", "2", "none"])
def test_truth_is_true_or_false(value):
    assert "true or false" in refusal(lambda: query(f"a={value}").truth("a")).message


@pytest.mark.parametrize(
    "value", ["x", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2026-13-01", "2026-01-01T25:00:00Z"]
)
def test_times_lie_between_1970_and_9999(value):
    assert "ISO-8601" in refusal(lambda: query(f"a={value}").time("a")).message


def test_a_choice_names_what_is_allowed():
    assert "x, y" in refusal(lambda: query("a=z").choice("a", ("x", "y"), "x")).message
