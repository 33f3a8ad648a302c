"""Admission: no more connections than there is room for, and no address that takes the place of others."""

from server.web.admission import HERD, PATIENCE_S, Admission


class One:
    """A connection."""

    def __init__(self):
        self.gave_way = False

    def give_way(self):
        self.gave_way = True


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def house(most=100, most_strangers=2):
    clock = Clock()
    return Admission(most, most_strangers, clock), clock


def test_so_many_connections_are_open_at_once():
    admission, _ = house(most=2, most_strangers=10)
    first, second, third = One(), One(), One()
    assert admission.enter("a", first) is None
    assert admission.enter("b", second) is None
    refusal = admission.enter("c", third)
    assert (refusal.code, refusal.error.status) == ("unavailable", 503)
    assert "2 connections" in refusal.message
    admission.leave("c", third)
    admission.leave("a", first)
    assert admission.enter("c", One()) is None
    assert admission.open == 2


def test_a_newcomer_takes_the_place_of_the_oldest_stranger():
    admission, clock = house()
    old, newer = One(), One()
    admission.enter("a", old)
    clock.now_s = 0.5
    admission.enter("a", newer)
    clock.now_s = PATIENCE_S
    assert admission.enter("a", One()) is None
    assert (old.gave_way, newer.gave_way) == (True, False)
    assert admission.strangers("a") == 2
    admission.leave("a", old)
    assert admission.strangers("a") == 2


def test_a_herd_that_comes_at_once_is_let_in_up_to_a_bound():
    admission, clock = house()
    herd = [One() for _ in range(HERD * 2)]
    assert [admission.enter("a", one) for one in herd] == [None] * len(herd)
    refusal = admission.enter("a", One())
    assert (refusal.code, refusal.error.status) == ("rate_limited", 429)
    assert admission.enter("b", One()) is None
    assert not any(one.gave_way for one in herd)
    clock.now_s = PATIENCE_S
    assert admission.enter("a", One()) is None
    assert herd[0].gave_way


def test_who_is_known_is_no_stranger():
    admission, clock = house()
    known = [One() for _ in range(50)]
    for one in known:
        assert admission.enter("a", one) is None
        admission.know("a", one)
    clock.now_s = PATIENCE_S
    assert admission.strangers("a") == 0
    assert [admission.enter("a", One()) for _ in range(2)] == [None, None]
    assert not any(one.gave_way for one in known)


def test_those_who_left_are_forgotten():
    admission, _ = house()
    for _ in range(10):
        one, other = One(), One()
        admission.enter("a", one)
        admission.leave("a", one)
        admission.enter("a", other)
        admission.know("a", other)
        admission.leave("a", other)
    assert (admission.open, admission.strangers("a")) == (0, 0)
    assert not admission._strangers


def test_a_connection_that_speaks_for_others_counts_as_theirs_in_turn():
    admission, _ = house(most_strangers=1)
    one, crowd = One(), [One() for _ in range(HERD)]
    assert admission.enter("proxy", one) is None
    admission.know("proxy", one)
    assert admission.meet("a", one) is None
    assert (admission.strangers("a"), admission.strangers("proxy"), admission.open) == (1, 0, 1)
    admission.know("a", one)
    for other in crowd:
        admission.meet("b", other)
    assert admission.meet("b", one).code == "rate_limited"
    assert admission.meet("a", one) is None
