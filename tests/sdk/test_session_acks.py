"""Acknowledgements: before all else that is said of a lease, and not at all where the outcome is ready before they have left."""

import pytest
from session_frames import ONE, connected, done, grant, hear, kinds, welcome

from listener_sdk._leases import Again, Ended
from listener_sdk.protocol.frames import Fail, Release
from listener_sdk.protocol.jobs import LogLine
from listener_sdk.protocol.progress import Progress


def begun():
    session = connected()
    grant(session)
    session.begin(ONE)
    return session


@pytest.mark.parametrize("ending", [done(), Fail(job=ONE.job, fence=1, message="no")])
def test_an_outcome_that_is_ready_before_its_ack_has_left_stands_for_both(ending):
    session = begun()
    session.end(ONE, ending)
    assert session.take() == [ending]
    session.disconnected()
    welcome(session)
    assert session.take() == [ending]
    assert hear(session, type="ok", id=ending.id) == [Ended(ONE)]


def test_an_ack_that_has_left_is_said_again_with_its_outcome():
    session = begun()
    assert kinds(session.take()) == ["ack"]
    session.end(ONE, done())
    assert kinds(session.take()) == ["complete"]
    session.disconnected()
    welcome(session)
    assert kinds(session.take()) == ["ack", "complete"]


def test_what_comes_before_an_outcome_needs_its_ack():
    session = begun()
    session.tick(ONE, Progress(percent=90))
    session.end(ONE, done())
    assert kinds(session.take()) == ["ack", "tick", "complete"]
    session = begun()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    assert kinds(session.take()) == ["ack", "log", "complete"]


def test_a_handler_that_was_begun_and_is_given_back_is_acked():
    session = begun()
    session.end(ONE, Release(leases=[ONE.wire()]))
    assert kinds(session.take()) == ["ack", "release"]


def test_an_outcome_that_cannot_be_taken_yet_is_followed_by_the_ack_that_keeps_the_lease():
    session = begun()
    session.end(ONE, done())
    (sent,) = session.take()
    assert hear(session, type="error", id=sent.id, code="disk_full", message="full") == [Again(ONE)]
    assert kinds(session.take()) == ["ack"]
    session.again(ONE)
    assert session.take() == [sent]


def test_an_ack_waits_for_the_connection_and_leaves_once():
    session = begun()
    session.disconnected()
    assert session.take() == []
    welcome(session)
    assert kinds(session.take()) == ["ack"]
    assert session.take() == []


def test_the_ack_of_a_lost_lease_does_not_leave():
    session = begun()
    hear(session, type="stale", leases=[{"job": ONE.job, "fence": 1}])
    assert kinds(session.take()) == ["renew"]
