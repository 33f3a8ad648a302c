import logging

import pytest

from listener_sdk.cli.narration import LOGGER, narrated

URL = "http://127.0.0.1:8420"
REFUSED = "[Errno 111] Connect call failed ('127.0.0.1', 8420)"
RESTART = "received 1012 (service restart); then sent 1012 (service restart)"
log = logging.getLogger(LOGGER)


@pytest.fixture
def said():
    """The lines that reach the handlers."""
    lines = []

    class Lines(logging.Handler):
        def emit(self, record):
            lines.append(f"{record.levelname} {record.getMessage()}")

    handler = Lines()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield lines
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)
    log.disabled = False


def connected():
    log.info("connected to %s", URL)


def lost(reason):
    log.warning("cannot reach %s (%s), trying again", URL, reason)


def test_a_reason_that_is_a_sentence_has_one_full_stop(said):
    with narrated():
        lost("The server is stopping.")
    assert "The server is stopping. Trying again." in said[0]


def test_each_change_of_several_streams_is_said_once(said):
    with narrated():
        for _ in range(2):
            connected()
        for _ in range(2):
            lost(RESTART)
        for _ in range(2):
            connected()
    assert said == [
        f"INFO connected to {URL}",
        f"WARNING lost the connection to {URL}: the server stops or restarts. Trying again.",
        f"INFO connected to {URL} again",
    ]


def test_a_server_that_was_never_reached_is_told_with_the_way_out(said):
    with narrated():
        lost(REFUSED)
    way_out = "Start the server with 'tickwire server', or set TICKWIRE_URL."
    assert said == [f"WARNING cannot reach {URL}: connection refused. Trying again. {way_out}"]


@pytest.mark.parametrize(("level", "disabled"), [(logging.ERROR, False), (logging.INFO, True)])
def test_the_first_connection_is_told_even_where_a_script_keeps_the_sdk_quiet(said, level, disabled):
    first = []
    log.setLevel(level)
    log.disabled = disabled
    with narrated(lambda: first.append("once")):
        connected()
        lost(RESTART)
        connected()
    assert (log.level, log.disabled) == (level, disabled)
    assert first == ["once"]
    assert said == []


def test_other_lines_pass_as_they_are(said):
    with narrated():
        log.warning("100 %% of %s", "it")
        log.warning("cannot reach the moon")
    assert said == ["WARNING 100 % of it", "WARNING cannot reach the moon"]
    assert log.filters == []
