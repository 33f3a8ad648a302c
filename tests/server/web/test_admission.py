"""Admission: no more connections than there is room for, and no address that takes the place of others."""

from server.web.admission import Admission


def test_so_many_connections_are_open_at_once():
    admission = Admission(most=2, most_strangers=10)
    assert admission.enter("a") is None
    assert admission.enter("b") is None
    refusal = admission.enter("c")
    assert (refusal.code, refusal.error.status) == ("unavailable", 503)
    assert "2 connections" in refusal.message
    admission.leave("c", known=False)
    admission.leave("a", known=False)
    assert admission.enter("c") is None
    assert admission.open == 2


def test_an_address_has_so_many_strangers():
    admission = Admission(most=100, most_strangers=2)
    assert [admission.enter("a") for _ in range(2)] == [None, None]
    refusal = admission.enter("a")
    assert (refusal.code, refusal.error.status) == ("rate_limited", 429)
    assert admission.enter("b") is None


def test_who_is_known_makes_room_for_strangers():
    admission = Admission(most=100, most_strangers=2)
    for _ in range(50):
        assert admission.enter("a") is None
        admission.know("a")
    assert admission.strangers("a") == 0
    assert [admission.enter("a") for _ in range(2)] == [None, None]
    assert admission.enter("a").code == "rate_limited"


def test_those_who_left_are_forgotten():
    admission = Admission(most=100, most_strangers=2)
    for _ in range(10):
        admission.enter("a")
        admission.leave("a", known=False)
        admission.enter("a")
        admission.know("a")
        admission.leave("a", known=True)
    assert (admission.open, admission.strangers("a")) == (0, 0)
    assert not admission._strangers
