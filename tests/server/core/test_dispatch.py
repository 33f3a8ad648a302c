"""Who gets a job: in turn, within credit, past filters; and what comes and goes."""

from collections import Counter
from random import Random

import pytest

from listener_sdk.protocol.filters import compile_filter
from server.core.dispatch import Dispatch
from server.core.fleets import Taker, Wish
from server.core.waiting import FIRST

EXPORT = (1, "workbook:export")
IMPORT = (1, "workbook:import")
SEND = (1, "report:send")
RED = compile_filter({"payload.team": "red"})
BLUE = compile_filter({"payload.team": "blue"})


def event():
    return {"payload": {"team": "red"}}


def no_event():
    raise AssertionError("nobody looks at more than the name")


def taker(holder, *patterns, credit=10, connection=1, space=1, test=None):
    wishes = tuple(Wish(pattern, test) for pattern in patterns or ("workbook:*",))
    return Taker(holder, connection, space, credit, wishes)


def give(dispatch, key=EXPORT, what=no_event):
    found = dispatch.choose(key, what)
    if found is None:
        return None
    dispatch.taken(found.holder)
    return found.holder


def looks(dispatch, most=1_000):
    """What each fleet that may look has first: the queue, by the holder of its first session."""
    return {min(fleet.members): fleet.next for fleet in dispatch.ready(most)}


@pytest.fixture
def dispatch():
    return Dispatch()


# ---- in turn


def test_nobody_gets_a_job_while_nobody_is_there(dispatch):
    assert give(dispatch) is None
    assert not dispatch.filtered(EXPORT)


def test_sessions_get_jobs_in_turn(dispatch):
    for holder in "abc":
        dispatch.join(taker(holder))
    assert [give(dispatch) for _ in range(7)] == list("abcabca")


def test_each_queue_has_its_own_turns(dispatch):
    for holder in "ab":
        dispatch.join(taker(holder))
    assert [give(dispatch, EXPORT), give(dispatch, IMPORT), give(dispatch, EXPORT)] == ["a", "a", "b"]


def test_shares_are_even_while_all_have_credit(dispatch):
    for holder in "abcd":
        dispatch.join(taker(holder, credit=1_000))
    shares = Counter(give(dispatch) for _ in range(400))
    assert set(shares.values()) == {100}


def test_who_has_no_credit_is_passed_over_and_gets_its_turn_again(dispatch):
    dispatch.join(taker("a", credit=1))
    dispatch.join(taker("b"))
    assert [give(dispatch) for _ in range(3)] == ["a", "b", "b"]
    dispatch.given_back("a")
    assert [give(dispatch) for _ in range(2)] == ["a", "b"]


def test_credit_is_never_exceeded_whatever_happens(dispatch):
    luck = Random(5)
    most = {"a": 1, "b": 3, "c": 0}
    for holder, credit in most.items():
        dispatch.join(taker(holder, credit=credit))
    for _ in range(500):
        if luck.random() < 0.6:
            give(dispatch)
        elif dispatch.held:
            dispatch.given_back(luck.choice(sorted(dispatch.held)))
        assert all(count <= most[holder] for holder, count in dispatch.held.items())


def test_only_who_names_the_job_gets_it(dispatch):
    dispatch.join(taker("a", "workbook:export"))
    dispatch.join(taker("b", "report:*", "workbook:import"))
    assert (give(dispatch, EXPORT), give(dispatch, IMPORT), give(dispatch, SEND)) == ("a", "b", "b")
    assert give(dispatch, (1, "workbook:other")) is None


def test_another_space_gets_nothing(dispatch):
    dispatch.join(taker("a", "**", space=2))
    assert give(dispatch, EXPORT) is None
    assert give(dispatch, (2, "workbook:export")) == "a"


# ---- filters


def test_a_filter_lets_pass_what_it_matches(dispatch):
    dispatch.join(taker("red", test=RED))
    dispatch.join(taker("blue", test=BLUE))
    assert [give(dispatch, EXPORT, event) for _ in range(2)] == ["red", "red"]
    assert dispatch.filtered(EXPORT)
    assert not dispatch.filtered(SEND)


def test_a_wish_without_a_filter_needs_no_event(dispatch):
    dispatch.join(Taker("a", 1, 1, 5, (Wish("workbook:*", BLUE), Wish("workbook:export"))))
    assert give(dispatch, EXPORT, no_event) == "a"
    assert not dispatch.filtered(EXPORT)
    assert dispatch.filtered(IMPORT)
    assert give(dispatch, IMPORT, event) is None


def test_any_of_several_filters_lets_pass(dispatch):
    dispatch.join(Taker("a", 1, 1, 5, (Wish("**", BLUE), Wish("**", RED))))
    assert give(dispatch, EXPORT, event) == "a"


def test_a_filter_is_not_asked_without_credit(dispatch):
    dispatch.join(taker("a", credit=0, test=RED))
    assert give(dispatch, EXPORT, no_event) is None


# ---- credit


def test_as_many_are_given_as_all_who_name_the_job_have_credit_for(dispatch):
    dispatch.join(taker("a", credit=3))
    dispatch.join(taker("b", credit=2))
    dispatch.join(taker("c", "report:*", credit=7))
    assert Counter(give(dispatch) for _ in range(9)) == {"a": 3, "b": 2, None: 4}
    assert Counter(give(dispatch, SEND) for _ in range(9)) == {"c": 7, None: 2}


def test_credit_that_shrinks_below_what_is_held_is_no_debt_to_others(dispatch):
    dispatch.join(taker("a", credit=3))
    for _ in range(3):
        give(dispatch)
    dispatch.join(taker("a", credit=1))
    dispatch.join(taker("b", credit=2))
    assert [give(dispatch) for _ in range(3)] == ["b", "b", None]
    for _ in range(2):
        dispatch.given_back("a")
        assert give(dispatch) is None
    dispatch.given_back("a")
    assert give(dispatch) == "a"


def test_leases_of_a_session_count_before_it_comes_back(dispatch):
    dispatch.load([("a", 2)], [])
    dispatch.join(taker("a", credit=2))
    assert give(dispatch) is None
    dispatch.given_back("a")
    assert give(dispatch) == "a"


def test_what_is_held_is_forgotten_at_nothing(dispatch):
    dispatch.taken("a")
    dispatch.taken("a")
    dispatch.given_back("a")
    assert dispatch.held == {"a": 1}
    dispatch.given_back("a")
    assert dispatch.held == {}


# ---- coming and going


def test_who_leaves_gets_nothing_more_and_keeps_its_leases(dispatch):
    dispatch.join(taker("a"))
    give(dispatch)
    dispatch.leave("a", 1)
    assert give(dispatch) is None
    assert dispatch.held == {"a": 1}


def test_the_end_of_an_older_connection_does_not_end_the_newer(dispatch):
    dispatch.join(taker("a", connection=1))
    dispatch.join(taker("a", connection=2))
    dispatch.leave("a", 1)
    assert give(dispatch) == "a"
    dispatch.leave("a", 2)
    assert give(dispatch) is None
    dispatch.leave("a", 2)
    dispatch.leave("nobody", 1)


def test_joining_again_replaces_wishes_and_credit(dispatch):
    dispatch.join(taker("a", "workbook:export", credit=5))
    assert give(dispatch) == "a"
    dispatch.join(taker("a", "report:*", credit=1))
    assert give(dispatch, EXPORT) is None
    assert give(dispatch, SEND) is None, "the lease of before counts"
    dispatch.given_back("a")
    assert give(dispatch, SEND) == "a"


def test_who_comes_later_is_seen_by_queues_that_were_looked_at_before(dispatch):
    assert give(dispatch) is None
    dispatch.join(taker("a"))
    assert give(dispatch) == "a"


def test_other_credit_for_the_same_wishes_keeps_the_turn(dispatch):
    for holder in "abc":
        dispatch.join(taker(holder))
    assert give(dispatch) == "a"
    dispatch.join(taker("a", credit=2, connection=2))
    assert [give(dispatch) for _ in range(4)] == ["b", "c", "a", "b"]
    dispatch.leave("a", 1)
    assert dispatch.free(dispatch.takers["a"]) == 0, "its older connection has no say"


# ---- where to look


def test_after_a_start_every_queue_with_waiting_jobs_is_looked_at(dispatch):
    dispatch.load([("a", 1)], [(EXPORT, (0, 5)), (SEND, (-9, 1))])
    assert dispatch.held == {"a": 1}
    dispatch.join(taker("a"))
    dispatch.join(taker("b", "**"))
    assert looks(dispatch) == {"a": ((0, 4), EXPORT), "b": ((-9, 0), SEND)}


def test_who_comes_with_credit_looks_at_its_queues_in_the_order_of_claiming(dispatch):
    for key, place in (
        (EXPORT, (0, 7)),
        (SEND, (-9, 1)),
        (IMPORT, (-5, 8)),
        ((2, "workbook:export"), (-9, 2)),
    ):
        dispatch.enter(key, place)
    assert looks(dispatch) == {}
    dispatch.join(taker("a", credit=0))
    assert looks(dispatch) == {}
    dispatch.join(taker("b", credit=1))
    assert looks(dispatch) == {"a": ((-5, 8), IMPORT)}, (
        "what waits for one waits for all with the same wishes"
    )
    dispatch.depart(IMPORT, (-5, 8))
    assert looks(dispatch) == {"a": ((0, 7), EXPORT)}


def test_names_without_globs_are_found_too(dispatch):
    dispatch.enter(EXPORT, (0, 1))
    dispatch.enter(SEND, (0, 2))
    dispatch.join(taker("a", "report:send", "workbook:import"))
    assert looks(dispatch) == {"a": ((0, 2), SEND)}
    dispatch.enter(IMPORT, (-1, 3))
    assert looks(dispatch) == {"a": ((-1, 3), IMPORT)}


def test_credit_that_comes_back_has_the_session_look(dispatch):
    dispatch.join(taker("a", credit=2))
    give(dispatch)
    give(dispatch)
    dispatch.enter(EXPORT, (0, 1))
    dispatch.enter(SEND, (0, 2))
    assert looks(dispatch) == {}
    dispatch.given_back("a")
    assert looks(dispatch) == {"a": ((0, 1), EXPORT)}
    give(dispatch)
    assert looks(dispatch) == {}


def test_what_others_wait_for_costs_the_end_of_a_lease_nothing(dispatch, monkeypatch):
    dispatch.join(taker("a", credit=1))
    give(dispatch)
    for number in range(100):
        dispatch.enter((1, f"dead:n{number}"), (0, number))
    for part in ("names", "queue", "all_keys"):
        monkeypatch.setattr(dispatch.waiting, part, lambda *_: pytest.fail("the queues were gone through"))
    dispatch.given_back("a")
    assert looks(dispatch) == {}


def test_credit_of_a_session_that_has_gone_has_nobody_look(dispatch):
    dispatch.load([("a", 1)], [])
    dispatch.enter(EXPORT, (0, 1))
    dispatch.given_back("a")
    assert looks(dispatch) == {}


def test_without_waiting_jobs_nobody_looks(dispatch):
    dispatch.join(taker("a"))
    dispatch.enter(EXPORT, (0, 1))
    dispatch.depart(EXPORT, (0, 1))
    give(dispatch)
    dispatch.given_back("a")
    assert looks(dispatch) == {}
    assert dispatch.waiting.all_keys() == set()


def test_where_a_fleet_has_looked_it_does_not_look_again(dispatch):
    dispatch.join(taker("a"))
    dispatch.enter(EXPORT, (0, 1))
    dispatch.enter(IMPORT, (0, 2))
    (fleet,) = dispatch.ready(0)
    dispatch.moved(fleet, EXPORT, (0, 3))
    assert looks(dispatch) == {"a": ((0, 2), IMPORT)}
    dispatch.moved(fleet, IMPORT, None)
    assert looks(dispatch) == {"a": ((0, 3), EXPORT)}
    dispatch.moved(fleet, EXPORT, None)
    assert looks(dispatch) == {}


def test_who_has_gone_does_not_look(dispatch):
    dispatch.enter(EXPORT, (0, 1))
    dispatch.join(taker("a"))
    dispatch.join(taker("b"))
    dispatch.leave("a", None)
    assert looks(dispatch) == {"b": ((0, 1), EXPORT)}
    dispatch.leave("b", 1)
    assert looks(dispatch) == {}


def test_many_queues_are_matched_a_part_at_a_time_and_nobody_is_served_out_of_order_meanwhile(dispatch):
    for number in range(10):
        dispatch.enter((1, f"workbook:n{number}"), (0, number))
    dispatch.join(taker("a", "workbook:*", "report:*"))
    assert looks(dispatch, 12) == {}
    assert give(dispatch) is None, "an older job of its wishes may be among the rest"
    assert dispatch.look
    assert looks(dispatch, 8) == {"a": ((0, 0), (1, "workbook:n0"))}
    assert give(dispatch) == "a"


def test_a_queue_that_ends_before_it_is_matched_is_not_looked_at(dispatch):
    dispatch.enter(EXPORT, (0, 1))
    dispatch.join(taker("a"))
    dispatch.depart(EXPORT, (0, 1))
    assert looks(dispatch) == {}


# ---- beginning anew


def test_after_a_failed_batch_all_is_as_the_store_says(dispatch):
    dispatch.join(taker("a", credit=2))
    dispatch.join(taker("b", "report:*", credit=1))
    dispatch.enter(EXPORT, (0, 1))
    give(dispatch)
    dispatch.load([("b", 1)], [(IMPORT, (0, 7)), (SEND, (0, 2))])
    assert dispatch.held == {"b": 1}
    assert dispatch.waiting.all_keys() == {IMPORT, SEND}
    assert looks(dispatch) == {"a": ((0, 6), IMPORT)}
    assert [give(dispatch), give(dispatch), give(dispatch)] == ["a", "a", None]
    dispatch.given_back("b")
    assert looks(dispatch) == {"b": ((0, 1), SEND)}


def test_nobody_stays_silent_of_whom_it_is_not_known_whether_it_was_told(dispatch):
    dispatch.join(taker("a"))
    dispatch.silence("a")
    dispatch.load([], [])
    assert give(dispatch) == "a"


# ---- silence


def test_who_let_a_lease_run_out_gets_nothing_until_it_says_something(dispatch):
    dispatch.join(taker("a"))
    dispatch.silence("a")
    dispatch.enter(EXPORT, (0, 1))
    assert give(dispatch) is None
    assert looks(dispatch) == {}
    dispatch.heard("a")
    assert looks(dispatch) == {"a": ((0, 1), EXPORT)}
    assert give(dispatch) == "a"


def test_silence_ends_with_the_connection(dispatch):
    dispatch.join(taker("a"))
    dispatch.silence("a")
    dispatch.leave("a", 1)
    dispatch.silence("a")
    dispatch.join(taker("a", connection=2))
    assert give(dispatch) == "a"
    dispatch.silence("nobody")
    dispatch.heard("nobody")
    assert dispatch.silent == set()


# ---- other servers on the same store


def test_a_queue_that_was_not_known_is_looked_at(dispatch):
    dispatch.join(taker("a"))
    dispatch.find(EXPORT, (0, 5))
    assert looks(dispatch) == {"a": ((0, 5), EXPORT)}


@pytest.mark.parametrize("known", [True, False])
def test_a_doubtful_queue_is_looked_at_from_its_start(dispatch, known):
    dispatch.join(taker("a"))
    if known:
        dispatch.enter(EXPORT, (0, 5))
    dispatch.doubtful.add(EXPORT)
    for key in dispatch.take_doubtful():
        dispatch.doubt(key)
    assert looks(dispatch) == {"a": (FIRST, EXPORT)}
    assert dispatch.take_doubtful() == set()


def test_the_leases_of_a_session_are_what_the_store_says(dispatch):
    dispatch.join(taker("a", credit=2))
    dispatch.enter(EXPORT, (0, 5))
    dispatch.holds("a", 2)
    assert looks(dispatch) == {}
    dispatch.holds("a", 0)
    assert (dispatch.held, looks(dispatch)) == ({}, {"a": ((0, 5), EXPORT)})


# ---- drained


def test_a_drained_session_gets_nothing_until_it_is_resumed(dispatch):
    dispatch.join(taker("a"))
    dispatch.join(taker("b"))
    dispatch.drain("a")
    assert [give(dispatch) for _ in range(3)] == ["b", "b", "b"]
    dispatch.leave("a", 1)
    dispatch.join(taker("a", connection=2))
    assert give(dispatch) == "b"
    dispatch.resume("a")
    assert {give(dispatch) for _ in range(2)} == {"a", "b"}


def test_who_is_drained_is_read_from_the_store(dispatch):
    dispatch.join(taker("a"))
    dispatch.load([], [], ["a"])
    assert give(dispatch) is None
    dispatch.load([], [])
    assert give(dispatch) == "a"


def test_a_resumed_session_looks_at_what_waits(dispatch):
    dispatch.drain("a")
    dispatch.join(taker("a"))
    dispatch.enter(EXPORT, FIRST)
    assert looks(dispatch) == {}
    dispatch.resume("a")
    assert looks(dispatch) == {"a": (FIRST, EXPORT)}
