import re
from datetime import UTC, datetime, timedelta

import pytest

from listener_sdk._endings import LARGEST_ENDING, Done, Failed, now, of_error, of_result
from listener_sdk.errors import Fatal, Retry
from listener_sdk.outcome import Outcome
from listener_sdk.protocol import outcomes as wire

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "message", "data"),
    [
        (None, None, None),
        ("All done", "All done", None),
        ({"rows": 3, "none": None}, None, {"rows": 3, "none": None}),
        (Outcome("Done", data={"n": 1}), "Done", {"n": 1}),
        (wire.Outcome(message="raw"), "raw", None),
    ],
)
def test_what_a_handler_may_return(value, message, data):
    found = of_result(value)
    assert isinstance(found, Done)
    assert (found.outcome.message if found.outcome else None) == message
    assert found.data == data


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (42, "returned int"),
        ({"x": float("nan")}, r"data\.x is nan"),
        ({"x": "y" * LARGEST_ENDING}, "attach it as a file"),
        (wire.Outcome(message="m", extra={"x": object()}), "cannot be stored"),
        (wire.Outcome(message="m", extra="y" * LARGEST_ENDING), "attach it as a file"),
        (Outcome(next=wire.NextId(id="x\0")), r"outcome\.next\.id holds a character"),
    ],
)
def test_what_it_may_not_return_fails_for_good_and_says_why(value, message):
    found = of_result(value)
    assert isinstance(found, Failed)
    assert found.retry is False
    assert re.search(message, found.message)


def test_an_exception_fails_the_attempt_with_its_type_text_and_trace():
    try:
        raise ValueError("no column 'x'")
    except ValueError as error:
        found = of_error(error, NOW)
    assert (found.message, found.retry, found.retry_at) == ("ValueError: no column 'x'", True, None)
    assert found.detail.startswith("Traceback")
    assert "no column 'x'" in found.detail


def test_long_messages_and_traces_are_cut_where_they_say_least():
    found = of_error(RuntimeError("x" * 100_000 + "the end"), NOW)
    assert len(found.message) == 4096
    assert len(found.detail) == 65536
    assert "the end" in found.detail
    assert of_error(KeyError(), NOW).message == "KeyError"


def test_a_hint_stands_at_the_end_of_the_trace():
    found = of_error(ValueError("x"), NOW, "something else is wrong")
    assert found.detail.endswith("ValueError: x\nNote: something else is wrong\n")
    assert of_error(Fatal("Empty."), NOW, "something else") == Failed("Empty.", retry=False)


def test_verdicts_have_no_trace():
    assert of_error(Fatal("Empty file."), NOW) == Failed("Empty file.", retry=False)
    assert of_error(Fatal(), NOW).message == "Fatal"
    assert of_error(Retry("Later."), NOW) == Failed("Later.")
    assert of_error(Retry("Later.", after=timedelta(hours=2)), NOW).retry_at == NOW + timedelta(hours=2)
    assert of_error(Retry("Later.", at=NOW), NOW).retry_at == NOW


def test_the_clock_knows_its_zone():
    assert now().tzinfo is UTC
