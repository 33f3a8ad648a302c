"""Who takes jobs of a queue: found by name and by glob, forgotten when they go."""

import pytest

from listener_sdk.protocol.filters import compile_filter
from server.core import audiences as audiences_module
from server.core.audiences import Audiences
from server.core.fleets import Taker, Wish

EXPORT = (1, "workbook:export")
RED = compile_filter({"payload.team": "red"})


def taker(holder, *patterns, space=1, test=None):
    return Taker(holder, 1, space, 1, tuple(Wish(pattern, test) for pattern in patterns))


def holders(audiences, key=EXPORT):
    return [taker.holder for taker, _, _ in audiences.of(key).turns]


@pytest.fixture
def audiences():
    return Audiences()


def test_names_and_globs_find_who_takes_a_job(audiences):
    audiences.add(taker("exact", "workbook:export", "report:send"))
    audiences.add(taker("glob", "workbook:*"))
    audiences.add(taker("both", "report:send", "work*:import"))
    audiences.add(taker("elsewhere", "**", space=2))
    assert sorted(holders(audiences)) == ["exact", "glob"]
    assert sorted(holders(audiences, (1, "report:send"))) == ["both", "exact"]
    assert holders(audiences, (1, "a:b")) == []
    assert holders(audiences, (2, "a:b")) == ["elsewhere"]


def test_sessions_with_the_same_wishes_are_one_fleet(audiences):
    first, second = taker("a", "workbook:*", test=RED), taker("b", "workbook:*", test=RED)
    assert audiences.add(first) is True
    assert audiences.add(second) is False
    assert audiences.fleet(first) is audiences.fleet(second)
    assert audiences.add(taker("c", "workbook:*")) is True
    assert audiences.add(taker("d", "workbook:*", space=2)) is True
    assert len(list(audiences)) == 3


def test_a_queue_is_filtered_when_one_of_its_fleets_looks_at_more_than_the_name(audiences):
    audiences.add(taker("a", "workbook:export"))
    assert not audiences.of(EXPORT).filtered
    audiences.add(taker("b", "workbook:*", test=RED))
    assert audiences.of(EXPORT).filtered
    assert [tests for _, tests in audiences.of(EXPORT).fleets] == [(None,), (RED,)]


def test_who_goes_is_not_found_and_leaves_nothing(audiences):
    one, two, glob = taker("a", "a:b", "a:b"), taker("b", "a:b", "a:b"), taker("c", "**")
    for each in (one, two, glob):
        audiences.add(each)
    fleet = audiences.fleet(one)
    fleet.roomy.update({"a", "b"})
    assert audiences.remove(one) is fleet
    assert (fleet.roomy, list(fleet.members)) == ({"b"}, ["b"])
    assert sorted(holders(audiences, (1, "a:b"))) == ["b", "c"]
    audiences.remove(two)
    audiences.remove(glob)
    assert (list(audiences), audiences._named, audiences._globbed, audiences._fleet_of) == ([], {}, {}, {})
    assert holders(audiences, (1, "a:b")) == []


def test_turns_go_on_while_nobody_comes_or_goes(audiences):
    audiences.add(taker("a", "**"))
    audiences.add(taker("b", "**"))
    audiences.of(EXPORT).turns.rotate(-1)
    assert holders(audiences) == ["b", "a"]
    audiences.add(taker("c", "**"))
    assert holders(audiences) == ["a", "b", "c"]


def test_what_is_remembered_of_names_is_bounded(audiences, monkeypatch):
    monkeypatch.setattr(audiences_module, "LARGEST_CACHE", 50)
    audiences.add(taker("a", "*:*"))
    for number in range(500):
        assert holders(audiences, (1, f"workbook:n{number}")) == ["a"]
        assert len(audiences._known) <= 50
