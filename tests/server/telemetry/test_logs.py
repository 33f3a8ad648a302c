"""Logs: one record a line, no secret, no control character, whoever speaks."""

import io
import json
import logging

import pytest
import structlog

from server.telemetry.logs import REDACTED, configure

KEY = "tw_0000000001_" + "5ecre7" * 11
OWN = "operators-own-administrator-key-1234"


@pytest.fixture
def spoken():
    """Configure logs, and get back what they have said since."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    out = io.StringIO()

    def start(**how):
        configure(**{"level": "debug", "format_": "json", "secrets": [OWN], "stream": out} | how)
        return out

    yield start
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def records(out):
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_one_line_of_json_with_time_level_and_event_first(spoken):
    out = spoken()
    structlog.get_logger().info("started", port=1)
    (record,) = records(out)
    assert list(record)[:3] == ["at", "level", "event"]
    assert (record["level"], record["event"], record["port"]) == ("info", "started", 1)
    assert record["at"].endswith("Z")


def test_what_is_below_the_level_is_not_said(spoken):
    out = spoken(level="warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [record["event"] for record in records(out)] == ["loud"]


@pytest.mark.parametrize("format_", ["json", "text"])
@pytest.mark.parametrize(
    "fields",
    [
        {"message": f"with {KEY} inside"},
        {
            "message": f"cookie tickwire_session={KEY.replace('tw_', 'twc_')}; link #{KEY.replace('tw_', 'twl_')}"
        },
        {"deep": {"list": [f"Bearer {KEY}"]}},
        {"url": f"/v1/files/x/content?expires=1&signature={'5ecre7' * 10}"},
        {"url": "/v1/stream?token=5ecre7&x=1"},
        {"url": "/v1/stream?access_token=5ecre7&x=1"},
        {"url": "/v1/stream?apiKey=5ecre7&x=1"},
        {"message": f"with tws_{'5ecre7' * 10}.{'5ecre7' * 10} inside"},
        {"authorization": "5ecre7"},
        {"headers": {"Cookie": "5ecre7"}},
        {"password": 5},
        {"own": f"{OWN}"},
        {"error": ValueError(f"{OWN} {KEY}")},
        {f"name {KEY}": 1},
    ],
)
def test_no_secret_is_ever_said(spoken, format_, fields):
    out = spoken(format_=format_)
    structlog.get_logger().info("said", **fields)
    assert "5ecre7" not in out.getvalue()
    assert OWN not in out.getvalue()
    assert REDACTED in out.getvalue()


def test_no_secret_stands_in_a_traceback(spoken):
    out = spoken()
    try:
        raise ValueError(f"wrong: {KEY}")
    except ValueError:
        structlog.get_logger().exception("failed")
    (record,) = records(out)
    assert "ValueError" in record["exception"]
    assert "5ecre7" not in out.getvalue()


@pytest.mark.parametrize("format_", ["json", "text"])
@pytest.mark.parametrize(
    "evil", ["a\nb", "a\rb", "\x1b[31mred", "\x00", "\x7f", "\x9b31m", "\u2028", "\u202e"]
)
def test_nobody_can_forge_a_line_or_steer_the_terminal(spoken, format_, evil):
    out = spoken(format_=format_)
    structlog.get_logger().info(f"event {evil}", field=evil, deep=[{"x": evil}], **{f"name{evil}": 1})
    shown = out.getvalue()
    assert shown.count("\n") == 1
    assert evil not in shown.rstrip("\n")


def test_a_traceback_keeps_its_lines_where_people_read_it(spoken):
    out = spoken(format_="text")
    try:
        raise ValueError("evil \x1b[31m")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert len(out.getvalue().splitlines()) > 3
    assert "\x1b" not in out.getvalue()


def test_libraries_speak_in_the_same_form_and_only_of_trouble(spoken):
    out = spoken()
    logging.getLogger("aiohttp.server").info("chatter")
    logging.getLogger("aiohttp.server").error("trouble with %s", KEY)
    (record,) = records(out)
    assert (record["level"], record["logger"]) == ("error", "aiohttp.server")
    assert "5ecre7" not in record["event"]


def test_auto_is_json_where_no_terminal_is(spoken):
    out = spoken(format_="auto")
    structlog.get_logger().info("said")
    assert records(out)[0]["event"] == "said"


def test_on_a_terminal_auto_is_text(spoken):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    spoken(format_="auto", stream=out)
    structlog.get_logger().info("said", port=1)
    assert not out.getvalue().startswith("{")
    assert "said" in out.getvalue()


def test_values_of_any_kind_can_be_said(spoken):
    out = spoken()
    structlog.get_logger().info(
        "said", a={1, 2}, b=object(), c=None, d=True, e=1.5, f={1: b"x"}, g="\ud800", h=10**50
    )
    (record,) = records(out)
    assert (record["c"], record["d"], record["e"]) == (None, True, 1.5)
