"""The queues in memory: whatever comes and goes, what is known of them is true, and no more is kept than allowed."""

from random import Random

import pytest

from server.core import waiting as waiting_module
from server.core.waiting import Queue, Waiting

KEY = (1, "workbook:export")
OTHER = (1, "workbook:import")


@pytest.fixture
def waiting():
    return Waiting()


def heads(waiting, key=KEY):
    return waiting.queue(key).heads


def test_jobs_stand_in_the_order_of_claiming_whenever_they_come(waiting):
    for place in ((0, 3), (-5, 9), (0, 1), (4, 2)):
        waiting.enter(KEY, place)
    assert heads(waiting) == [(-5, 9), (0, 1), (0, 3), (4, 2)]
    assert waiting.queue(KEY).first == (-5, 9)


def test_the_last_to_leave_ends_the_queue(waiting):
    waiting.enter(KEY, (0, 1))
    waiting.enter(KEY, (0, 2))
    waiting.enter((2, "a:b"), (0, 3))
    assert waiting.leave(KEY, (0, 1)) is False
    assert waiting.all_keys() == {KEY, (2, "a:b")}
    assert waiting.leave(KEY, (0, 2)) is True
    assert waiting.leave((2, "a:b"), (0, 3)) is True
    assert waiting.queue(KEY) is None
    assert (waiting.all_keys(), waiting.names(1), waiting._spaces, waiting._kept) == (set(), [], {}, 0)


def test_names_are_those_of_one_space(waiting):
    for key in (KEY, OTHER, (2, "a:b")):
        waiting.enter(key, (0, 1))
    assert waiting.names(1) == ["workbook:export", "workbook:import"]
    assert waiting.names(3) == []


def test_of_what_was_loaded_the_places_are_asked_for(waiting):
    waiting.enter(OTHER, (0, 1))
    waiting.load([(KEY, (-2, 5))])
    assert waiting.all_keys() == {KEY}
    assert heads(waiting) == []
    assert waiting.queue(KEY).first < (-2, 5), "a job may stand at the place itself"
    assert waiting.fill(waiting.queue(KEY), [(-2, 5), (-2, 6), (0, 1)]) is False
    assert waiting.queue(KEY).first == (-2, 5)
    assert not waiting.queue(KEY).more, "fewer than were asked for: these are all"


def test_a_full_page_may_not_be_all(waiting):
    waiting.load([(KEY, (0, 1))])
    waiting.fill(waiting.queue(KEY), [(0, n) for n in range(1, 9)])
    assert waiting.queue(KEY).more
    for n in range(1, 9):
        assert waiting.leave(KEY, (0, n)) is False
    assert waiting.fill(waiting.queue(KEY), []) is True, "another server has taken the rest"
    assert (waiting.all_keys(), waiting.names(1)) == (set(), [])


def test_places_are_known_by_themselves(waiting):
    waiting.enter(KEY, (0, 4))
    assert waiting.queue(KEY).knows((0, 4))
    assert not waiting.queue(KEY).knows((0, 3))
    assert not waiting.queue(KEY).knows((0, 5))


def test_a_job_that_comes_before_the_known_places_is_known_and_one_behind_them_is_not(waiting):
    waiting.load([(KEY, (0, 1))])
    queue = waiting.queue(KEY)
    eight = [(0, n) for n in range(1, 9)]
    waiting.fill(queue, list(eight))
    waiting.enter(KEY, (-1, 50))
    waiting.enter(KEY, (0, 60))
    assert (queue.heads, queue.more) == ([(-1, 50), *eight], True)
    waiting.leave(KEY, (0, 60))
    assert (queue.heads, queue.more) == ([(-1, 50), *eight], True)


def test_a_job_that_comes_when_all_are_known_is_known(waiting):
    waiting.load([(KEY, (0, 1))])
    waiting.fill(waiting.queue(KEY), [(0, 1)])
    waiting.enter(KEY, (0, 2))
    assert heads(waiting) == [(0, 1), (0, 2)]


def test_pages_grow_while_a_queue_is_read_on(waiting, monkeypatch):
    monkeypatch.setattr(waiting_module, "MOST_HEADS", 20)
    queue = Queue(KEY, (0, 0), more=True)
    pages = []
    for start in range(0, 40, 10):
        pages.append(queue.page)
        queue.fill([(0, start)])
    assert pages == [8, 16, 20, 20]


def test_of_one_queue_only_the_first_places_are_kept(waiting, monkeypatch):
    monkeypatch.setattr(waiting_module, "MOST_HEADS", 5)
    for number in range(100, 0, -1):
        waiting.enter(KEY, (0, number))
    assert heads(waiting) == [(0, n) for n in range(1, 6)]
    assert waiting.queue(KEY).more


def test_of_all_queues_only_so_many_places_are_kept(waiting, monkeypatch):
    monkeypatch.setattr(waiting_module, "MOST_PLACES", 10)
    for number in range(1, 101):
        waiting.enter((1, f"a:n{number}"), (0, number))
        assert waiting._kept == sum(len(heads(waiting, key)) for key in waiting.all_keys()) <= 10
    assert len(waiting.all_keys()) == 100
    forgotten = waiting.queue((1, "a:n1"))
    assert forgotten.heads == []
    assert forgotten.first < (0, 1), "its job is still behind the edge"


def test_what_was_just_read_is_not_forgotten_again(waiting, monkeypatch):
    monkeypatch.setattr(waiting_module, "MOST_PLACES", 4)
    waiting.enter(OTHER, (0, 9))
    waiting.load([(KEY, (0, 1)), (OTHER, (0, 9))])
    waiting.fill(waiting.queue(OTHER), [(0, 9)])
    waiting.fill(waiting.queue(KEY), [(0, n) for n in range(1, 6)])
    assert (len(heads(waiting)), heads(waiting, OTHER), waiting._kept) == (5, [], 5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [3, 100])
def test_what_is_known_is_true_whatever_happens(waiting, monkeypatch, seed, most):
    monkeypatch.setattr(waiting_module, "MOST_HEADS", 6)
    monkeypatch.setattr(waiting_module, "_FIRST_PAGE", 3)
    monkeypatch.setattr(waiting_module, "MOST_PLACES", most)
    luck = Random(seed)
    truth = {KEY: set(), OTHER: set()}
    for number in range(1, 600):
        key = luck.choice(list(truth))
        act = luck.random()
        if act < 0.5 or not truth[key]:
            place = (luck.randint(-2, 2), number)
            truth[key].add(place)
            waiting.enter(key, place)
        elif act < 0.9:
            place = luck.choice(sorted(truth[key])[:8])
            truth[key].remove(place)
            ended = waiting.leave(key, place)
            assert truth[key] or ended or not heads(waiting, key)
        elif not heads(waiting, key):
            queue = waiting.queue(key)
            waiting.fill(queue, sorted(truth[key])[: queue.page])
        for one, places in truth.items():
            queue = waiting.queue(one)
            assert queue is not None or not places
            if queue is not None:
                known = len(queue.heads)
                assert queue.more or known == len(places)
                assert queue.heads == sorted(places)[:known]
                assert all(place > queue.edge for place in sorted(places)[known:])
                assert queue.first <= min(places, default=(9, 0))


def test_a_place_is_known_once_however_often_it_is_told(waiting):
    for _ in range(2):
        waiting.enter(KEY, (0, 1))
    assert heads(waiting) == [(0, 1)]
    assert waiting.leave(KEY, (0, 1)) is True
    assert waiting.leave(KEY, (0, 1)) is False, "of a queue that is not known"


def test_what_is_doubted_is_read_anew_from_the_start(waiting):
    waiting.enter(KEY, (0, 5))
    waiting.doubt(waiting.queue(KEY))
    assert (heads(waiting), waiting._kept, waiting.queue(KEY).more) == ([], 0, True)
    assert waiting.queue(KEY).first <= (-1000, 1)
