"""What sessions with the same wishes look at: each waiting job in its order, and each once for a filter."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import compile_filter
from server.core import fleets as fleets_module
from server.core.fleets import FIRST_PAGE, Fleet, Search, Taker, Wish, passes

EXPORT = (1, "workbook:export")
IMPORT = (1, "workbook:import")
RED = compile_filter({"payload.team": "red"})
BLUE = compile_filter({"payload.team": "blue"})


def no_event():
    raise AssertionError("nobody looks at more than the name")


@pytest.fixture
def fleet():
    return Fleet(1, 1, (Wish("workbook:*"),))


# ---- wishes


def test_the_tests_of_a_job_are_those_of_the_wishes_that_name_it():
    wishes = (Wish("workbook:*", RED), Wish("workbook:export"), Wish("report:*", BLUE))
    assert fleets_module.tests_for(wishes, "workbook:export") == (RED, None)
    assert fleets_module.tests_for(wishes, "workbook:import") == (RED,)
    assert Taker("a", 1, 1, 1, wishes).tests_for("report:send") == (BLUE,)
    assert fleets_module.tests_for(wishes, "file:map") == ()


def test_equal_wishes_are_one():
    assert Wish("a:b") == Wish("a:b") != Wish("a:*")
    assert len({Wish("a:b", RED), Wish("a:b", RED), Wish("a:b", BLUE)}) == 2


def test_a_pattern_with_too_many_wildcards_is_refused():
    with pytest.raises(Refusal) as refused:
        Wish("*a" * 9)
    assert refused.value.code == "bad_filter"


def test_a_job_passes_without_a_look_at_it_where_one_wish_has_no_filter():
    assert passes((RED, None), no_event)
    assert passes((BLUE, RED), lambda: {"payload": {"team": "red"}})
    assert not passes((BLUE,), lambda: {"payload": {"team": "red"}})


# ---- a search


def test_a_search_goes_through_the_queue_once():
    search = Search((RED,))
    start = search.next
    search.reads([(0, 1), (0, 2)], whole=False)
    search.passed((0, 1))
    search.passed((0, 2))
    assert start < (-1_000, 0)
    assert search.next == (0, 2)
    search.reads([(0, 5)], whole=True)
    search.passed((0, 5))
    assert search.next is None


def test_an_empty_page_is_the_end():
    search = Search((RED,))
    search.reads([], whole=True)
    assert search.next is None


def test_what_comes_behind_a_search_is_looked_at_without_the_rest():
    search = Search((RED,))
    search.reads([(0, n) for n in range(10)], whole=True)
    for number in range(10):
        search.passed((0, number))
    search.notice((0, 4))
    search.notice((-3, 20))
    assert search.next == (-3, 20)
    search.passed((-3, 20))
    assert search.next == (0, 4)
    search.passed((0, 4))
    assert search.next is None


def test_what_comes_ahead_of_a_search_is_looked_at():
    search = Search((RED,))
    search.reads([(0, 1)], whole=True)
    search.passed((0, 1))
    search.notice((0, 2))
    assert search.next == (0, 1)


def test_a_page_that_was_left_early_is_not_the_end():
    search = Search((RED,))
    search.reads([(0, 1), (0, 2)], whole=True)
    search.passed((0, 1))
    assert search.next == (0, 1)
    search.notice((0, 3))
    search.reads([(0, 2), (0, 3)], whole=False)
    search.passed((0, 2))
    assert search.next == (0, 2)


def test_a_search_goes_back_when_too_much_came_behind_it(monkeypatch):
    monkeypatch.setattr(fleets_module, "MOST_BEHIND", 3)
    search = Search((RED,))
    search.reads([(0, 50)], whole=True)
    search.passed((0, 50))
    for number in (9, 7, 8):
        search.notice((0, number))
    assert search.next == (0, 7)
    search.notice((0, 6))
    assert (search.behind, search.next) == ([], (0, 5))


def test_pages_grow_within_a_batch_and_shrink_between():
    search = Search((RED,))
    sizes = []
    for again in (False, True, True, True, False, False, False):
        search.turn_page(again=again, largest=100)
        sizes.append(search.page)
    assert sizes == [FIRST_PAGE, 32, 64, 100, 50, 25, FIRST_PAGE]


# ---- a fleet


def test_a_fleet_looks_where_the_first_job_waits(fleet):
    assert (fleet.next, fleet.pending) == (None, False)
    fleet.notice(EXPORT, (None,), (0, 5))
    fleet.notice(IMPORT, (None,), (-1, 9))
    assert fleet.next == ((-1, 9), IMPORT)
    fleet.move(IMPORT, (0, 6))
    assert fleet.next == ((0, 5), EXPORT)
    fleet.notice(IMPORT, (None,), (0, 2))
    assert fleet.next == ((0, 2), IMPORT)
    fleet.notice(IMPORT, (None,), (0, 3))
    assert fleet.next == ((0, 2), IMPORT)


def test_a_fleet_does_not_look_where_nothing_waits(fleet):
    fleet.notice(EXPORT, (None,), (0, 5))
    fleet.notice(IMPORT, (RED,), (0, 6))
    fleet.drop(EXPORT)
    assert fleet.next == ((0, 6), IMPORT)
    fleet.move(IMPORT, None)
    assert (fleet.next, fleet.pending) == (None, False)
    assert list(fleet.searches) == [IMPORT], "what it has looked at stays known"
    fleet.drop(IMPORT)
    assert fleet.searches == {}


def test_only_filtered_queues_are_searched(fleet):
    fleet.notice(EXPORT, (None, RED), (0, 5))
    fleet.notice(IMPORT, (BLUE, RED), (0, 6))
    assert {key: search.tests for key, search in fleet.searches.items()} == {IMPORT: (BLUE, RED)}


def test_a_fleet_that_begins_anew_forgets_what_it_looked_at(fleet):
    fleet.notice(EXPORT, (RED,), (0, 5))
    fleet.begin(["workbook:export"])
    assert (fleet.next, fleet.searches, fleet.pending) == (None, {}, True)


def test_names_are_listed_unless_one_is_a_glob(fleet):
    assert fleet.names is None
    assert Fleet(1, 1, (Wish("a:b", RED), Wish("c:d"), Wish("a:b"))).names == ["a:b", "c:d"]
    assert Fleet(1, 1, ()).names == []


def test_what_a_fleet_remembers_is_in_proportion_to_the_queues_that_wait(fleet):
    for number in range(5_000):
        fleet.notice(EXPORT, (None,), (-number, number))
        fleet.move(EXPORT, (0, number))
    assert len(fleet._heap) <= 2 + fleets_module._SPARE + 1
    fleet.move(EXPORT, None)
    assert fleet.next is None
    assert fleet._heap == []


def test_jobs_of_the_servers_own_domain_are_named_by_its_own_wishes_alone():
    everything, own = Wish("**"), Wish("system:noop", own=True)
    assert everything.takes("workbook:export")
    assert not everything.takes("system:noop")
    assert own.takes("system:noop")
    assert not Wish("**", own=True).takes("workbook:export")
    assert fleets_module.tests_for((everything, own), "system:noop") == (None,)
    assert everything != Wish("**", own=True)
