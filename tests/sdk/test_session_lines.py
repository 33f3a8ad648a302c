"""Log lines: sent in order and kept until they are answered, also over reconnects and refusals."""

import pytest
from session_frames import ONE, connected, done, grant, hear, welcome

from listener_sdk._cursors import Again
from listener_sdk._leases import Ended, LinesRefused, Lost
from listener_sdk.protocol.jobs import LogLine
from listener_sdk.protocol.progress import Progress


def said(frames):
    """Indexes and texts of the lines in these frames, and the types of the other frames."""
    return [
        (frame.first, *(line.message for line in frame.lines)) if frame.type == "log" else frame.type
        for frame in frames
    ]


def write(session, *messages):
    for message in messages:
        assert session.log(ONE, LogLine(message=message))
    session.flush()


def running():
    session = connected()
    grant(session)
    session.begin(ONE)
    session.take()
    return session


def test_lines_whose_answer_was_lost_are_sent_again_with_their_indexes_until_it_comes():
    session = running()
    write(session, "a", "b")
    (first,) = session.take()
    write(session, "c")
    assert hear(session, type="ok", id=first.id) == []
    assert said(session.take()) == [(2, "c")]
    session.disconnected()
    write(session, "d")
    welcome(session)
    ack, *logs = session.take()
    assert said([ack, *logs]) == ["ack", (2, "c"), (3, "d")]
    for frame in logs:
        assert hear(session, type="ok", id=frame.id) == []
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack"]


def test_lines_that_never_left_the_broken_connection_are_sent_on_the_next():
    session = running()
    write(session, "a")
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack", (0, "a")]


def test_after_a_reconnect_lines_come_before_the_last_tick_and_that_before_the_ending():
    session = running()
    write(session, "a")
    session.tick(ONE, Progress(percent=90))
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    assert said(session.take()) == [(0, "a"), (1, "last"), "tick", "complete"]
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack", (0, "a"), (1, "last"), "tick", "complete"]


def test_an_answered_ending_forgets_its_lines():
    session = running()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    log, complete = session.take()
    assert hear(session, type="ok", id=complete.id) == [Ended(ONE)]
    assert hear(session, type="ok", id=log.id) == []
    assert session.held == 0


def test_lines_that_cannot_be_taken_now_come_again_later_and_in_order():
    session = running()
    write(session, "a")
    write(session, "b")
    refused, kept = session.take()
    assert hear(session, type="error", id=refused.id, code="disk_full", message="full") == [Again(ONE)]
    assert hear(session, type="error", id=kept.id, code="disk_full", message="full") == []
    write(session, "c")
    assert session.take() == [], "what comes later waits"
    session.again(ONE)
    assert said(session.take()) == [(0, "a"), (1, "b"), (2, "c")]
    session.again(ONE)
    assert session.take() == []


def test_an_ending_takes_along_the_lines_that_could_not_be_taken_before():
    session = running()
    write(session, "a")
    (refused,) = session.take()
    hear(session, type="error", id=refused.id, code="unavailable", message="later")
    session.log(ONE, LogLine(message="b"))
    session.end(ONE, done())
    frames = session.take()
    assert said(frames) == [(0, "a"), (1, "b"), "complete"]
    calls = [
        call
        for frame in frames
        for call in hear(session, type="error", id=frame.id, code="unavailable", message="later")
    ]
    assert calls == [Again(ONE)]
    session.again(ONE)
    assert session.take() == frames


def test_lines_that_the_ending_overtook_are_told():
    session = running()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    log, complete = session.take()
    assert hear(session, type="error", id=log.id, code="disk_full", message="full") == [Again(ONE)]
    ended, refused = hear(session, type="ok", id=complete.id)
    assert ended == Ended(ONE)
    assert (refused.lease, refused.error.code) == (ONE, "disk_full")
    session.again(ONE)
    assert session.take() == []


def test_a_reconnect_does_not_wait_for_the_pause_to_end():
    session = running()
    write(session, "a")
    (refused,) = session.take()
    hear(session, type="error", id=refused.id, code="disk_full", message="full")
    session.disconnected()
    session.again(ONE)
    welcome(session)
    write(session, "b")
    assert said(session.take()) == ["ack", (0, "a"), (1, "b")]


@pytest.mark.parametrize("code", ["invalid", "too_large", "a code of a newer server"])
def test_lines_that_are_refused_for_good_do_not_loop(code):
    session = running()
    write(session, "a", "b")
    (sent,) = session.take()
    (told,) = hear(session, type="error", id=sent.id, code=code, message="no good")
    assert (type(told), told.lease, told.error.message) == (LinesRefused, ONE, "no good")
    (notice,) = session.take()
    assert said([notice]) == [(0, "2 lines were left out here: no good")]
    (told,) = hear(session, type="error", id=notice.id, code=code, message="no good")
    assert isinstance(told, LinesRefused)
    assert session.take() == []
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack"]


@pytest.mark.parametrize("code", ["stale_lease", "not_found"])
def test_a_refusal_of_lines_whose_lease_is_over_ends_the_handler(code):
    session = running()
    write(session, "a")
    write(session, "b")
    first, second = session.take()
    assert hear(session, type="error", id=first.id, code=code, message="gone") == [Lost(ONE)]
    assert session.held == 0
    assert hear(session, type="error", id=second.id, code="stale_lease", message="gone") == []
    assert session.take() == []


def test_a_refusal_of_the_last_lines_leaves_the_ending_to_its_own_answer():
    session = running()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    log, complete = session.take()
    assert hear(session, type="error", id=log.id, code="stale_lease", message="gone") == []
    (ended,) = hear(session, type="error", id=complete.id, code="stale_lease", message="gone")
    assert (ended.lease, ended.refused.code) == (ONE, "stale_lease")
