"""Who gets a job: in turn, within credit, past filters; and what comes and goes."""

from collections import Counter
from random import Random

import pytest

from server.core import dispatch as dispatch_module
from server.core.dispatch import Dispatch, Taker, Wish

EXPORT = (1, "workbook:export")
IMPORT = (1, "workbook:import")
SEND = (1, "report:send")


def event():
    return {"payload": {"team": "red"}}


def no_event():
    raise AssertionError("nobody looks at more than the name")


def always(event):
    return True


def never(event):
    return False


def unasked(event):
    raise AssertionError("the filter was asked")


def taker(holder, *patterns, credit=10, connection=1, space=1, test=None):
    wishes = tuple(Wish(pattern, test) for pattern in patterns or ("workbook:*",))
    return Taker(holder, connection, space, credit, wishes)


def give(dispatch, key=EXPORT, what=no_event):
    found = dispatch.choose(key, what)
    if found is None:
        return None
    dispatch.taken(found.holder)
    return found.holder


@pytest.fixture
def dispatch():
    return Dispatch()


# ---- in turn


def test_nobody_gets_a_job_while_nobody_is_there(dispatch):
    assert give(dispatch) is None
    assert dispatch.room(EXPORT) == 0
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
    dispatch.join(taker("red", test=lambda e: e["payload"]["team"] == "red"))
    dispatch.join(taker("blue", test=lambda e: e["payload"]["team"] == "blue"))
    assert [give(dispatch, EXPORT, event) for _ in range(2)] == ["red", "red"]
    assert dispatch.filtered(EXPORT)
    assert not dispatch.filtered(SEND)


def test_a_wish_without_a_filter_needs_no_event(dispatch):
    dispatch.join(Taker("a", 1, 1, 5, (Wish("workbook:*", never), Wish("workbook:export"))))
    assert give(dispatch, EXPORT, no_event) == "a"
    assert not dispatch.filtered(EXPORT)
    assert dispatch.filtered(IMPORT)
    assert give(dispatch, IMPORT, event) is None


def test_any_of_several_filters_lets_pass(dispatch):
    dispatch.join(Taker("a", 1, 1, 5, (Wish("**", never), Wish("**", always))))
    assert give(dispatch, EXPORT, event) == "a"


def test_a_filter_is_not_asked_without_credit(dispatch):
    dispatch.join(taker("a", credit=0, test=unasked))
    assert give(dispatch, EXPORT, event) is None


# ---- credit


def test_room_is_the_credit_of_all_who_name_the_job(dispatch):
    dispatch.join(taker("a", credit=3))
    dispatch.join(taker("b", credit=2))
    dispatch.join(taker("c", "report:*", credit=7))
    give(dispatch)
    assert (dispatch.room(EXPORT), dispatch.room(SEND), dispatch.room((2, "workbook:export"))) == (4, 7, 0)


def test_credit_that_shrinks_below_what_is_held_is_no_debt_to_others(dispatch):
    dispatch.join(taker("a", credit=3))
    for _ in range(3):
        give(dispatch)
    dispatch.join(taker("a", credit=1))
    dispatch.join(taker("b", credit=2))
    assert dispatch.room(EXPORT) == 2
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


# ---- where to look


def test_after_a_start_every_queue_with_waiting_jobs_is_looked_at(dispatch):
    dispatch.look = {SEND}
    dispatch.load([("a", 1)], [EXPORT, IMPORT])
    assert dispatch.look == dispatch.backlog == {EXPORT, IMPORT}
    assert dispatch.held == {"a": 1}
    dispatch.look.clear()
    assert dispatch.backlog == {EXPORT, IMPORT}, "the two are apart"


def test_who_comes_with_credit_has_its_queues_looked_at(dispatch):
    dispatch.waits(EXPORT)
    dispatch.waits(SEND)
    dispatch.waits((2, "workbook:export"))
    assert dispatch.look == set()
    dispatch.join(taker("a", credit=0))
    assert dispatch.look == set()
    dispatch.join(taker("b", credit=1))
    assert dispatch.look == {EXPORT}


def test_credit_that_comes_back_has_its_queues_looked_at(dispatch):
    dispatch.join(taker("a", credit=2))
    give(dispatch)
    give(dispatch)
    dispatch.waits(EXPORT)
    dispatch.waits(SEND)
    dispatch.given_back("a")
    assert dispatch.look == {EXPORT}


def test_credit_of_a_session_that_has_gone_has_nothing_looked_at(dispatch):
    dispatch.load([("a", 1)], [])
    dispatch.waits(EXPORT)
    dispatch.given_back("a")
    assert dispatch.look == set()


def test_without_backlog_nothing_is_looked_at(dispatch):
    dispatch.join(taker("a"))
    give(dispatch)
    dispatch.given_back("a")
    assert dispatch.look == set()


def test_a_queue_that_was_looked_at_is_left_alone_and_kept_unless_it_is_empty(dispatch):
    dispatch.load([], [EXPORT, IMPORT])
    dispatch.done(EXPORT, empty=False)
    dispatch.done(IMPORT, empty=True)
    assert (dispatch.look, dispatch.anew, dispatch.backlog) == (set(), set(), {EXPORT})


def test_room_that_comes_during_a_search_asks_for_another(dispatch):
    dispatch.waits(EXPORT)
    dispatch.join(taker("a", credit=1))
    dispatch.anew.clear()
    give(dispatch)
    assert dispatch.anew == set()
    dispatch.given_back("a")
    assert dispatch.anew == {EXPORT}


# ---- silence


def test_who_let_a_lease_run_out_gets_nothing_until_it_says_something(dispatch):
    dispatch.join(taker("a"))
    dispatch.silence("a")
    dispatch.waits(EXPORT)
    assert give(dispatch) is None
    assert dispatch.room(EXPORT) == 0
    dispatch.heard("a")
    assert dispatch.look == {EXPORT}
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


# ---- memory


def test_what_is_remembered_of_names_is_bounded(dispatch, monkeypatch):
    monkeypatch.setattr(dispatch_module, "LARGEST_CACHE", 50)
    session = taker("a", "*:*", credit=10_000)
    dispatch.join(session)
    for number in range(500):
        assert give(dispatch, (1, f"workbook:n{number}")) == "a"
        assert len(dispatch._turns) <= 50
        assert len(session.tests) <= 50
