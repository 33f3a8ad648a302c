"""The bound of a queue: never passed, seldom counted, and never in the way of a queue that has room."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.core.queue_bound import RECOUNT_MS, QueueBound

T = 1_767_225_600_000


class Queue:
    """Jobs that wait, and how often they were counted."""

    def __init__(self, largest, waiting=0):
        self.bound = QueueBound(largest)
        self.waiting = waiting
        self.counted = 0

    def count(self):
        self.counted += 1
        return self.waiting

    def create(self, now, space_id=1):
        self.bound.admit(space_id, now, self.count)
        self.waiting += 1

    def refuses(self, now):
        with pytest.raises(Refusal) as caught:
            self.create(now)
        return caught.value


def test_the_default_is_a_million():
    assert QueueBound().largest == 1_000_000


def test_a_queue_takes_as_many_as_it_may_and_then_says_why():
    queue = Queue(5)
    for number in range(5):
        queue.create(T + number)
    refusal = queue.refuses(T + 10)
    assert (refusal.code, refusal.error.status, refusal.error.retry) == ("queue_full", 429, True)
    assert "5 jobs wait" in refusal.message


def test_it_is_counted_once_for_as_many_creates_as_there_was_room():
    queue = Queue(1_000, waiting=400)
    for number in range(600):
        queue.create(T + number)
    assert queue.counted == 1


def test_a_full_queue_is_counted_once_a_second():
    queue = Queue(5, waiting=5)
    for moment in range(0, RECOUNT_MS * 3, 10):
        queue.refuses(T + moment)
    assert queue.counted == 3


def test_a_nearly_full_queue_is_counted_once_a_second():
    queue = Queue(1_000, waiting=995)
    for moment in range(5):
        queue.create(T + moment)
    queue.waiting = 0
    queue.refuses(T + 10)
    assert queue.counted == 1
    queue.create(T + RECOUNT_MS)
    assert queue.counted == 2


def test_a_queue_whose_jobs_are_taken_at_once_is_never_full():
    queue = Queue(10)
    for moment in range(500):
        queue.create(T + moment)
        queue.waiting = 0
    assert queue.counted == 50


def test_one_batch_takes_no_more_than_there_is_room_although_nothing_of_it_is_stored():
    queue = Queue(10)
    taken = 0
    for _ in range(30):
        try:
            queue.bound.admit(1, T, queue.count)
        except Refusal:
            continue
        taken += 1
    assert taken == 10


def test_room_that_is_made_is_used_within_a_second():
    queue = Queue(5, waiting=5)
    queue.refuses(T)
    queue.waiting = 2
    queue.refuses(T + RECOUNT_MS - 1)
    queue.create(T + RECOUNT_MS)


def test_a_clock_that_is_put_back_does_not_close_the_queue():
    queue = Queue(5, waiting=5)
    queue.refuses(T)
    queue.waiting = 0
    queue.create(T - 3_600_000)


def test_a_bound_of_one_lets_one_wait():
    queue = Queue(1)
    queue.create(T)
    queue.refuses(T + 1)
    queue.waiting = 0
    queue.create(T + RECOUNT_MS + 1)


def test_spaces_do_not_share_their_room():
    queue = Queue(1)
    queue.create(T, space_id=1)
    queue.waiting = 0
    queue.create(T, space_id=2)
    queue.refuses(T + 1)


@given(
    largest=st.integers(1, 300),
    batches=st.lists(st.tuples(st.integers(-2_000, 2_000).filter(bool), st.integers(0, 200), st.integers(0, 300)), max_size=40),
)  # fmt: skip
def test_the_bound_is_never_passed_although_a_batch_is_stored_at_its_end(largest, batches):
    queue, now = Queue(largest), T
    for step, creates, done in batches:
        now += step
        taken = 0
        for _ in range(creates):
            with contextlib.suppress(Refusal):
                queue.bound.admit(1, now, queue.count)
                taken += 1
        queue.waiting += taken
        assert queue.waiting <= largest
        queue.waiting = max(0, queue.waiting - done)


# ---- many together


def test_many_are_admitted_together_or_not_at_all():
    queue = Queue(10, waiting=4)
    with pytest.raises(Refusal) as caught:
        queue.bound.admit(1, T, queue.count, 7)
    assert caught.value.code == "queue_full"
    assert "no more than 6 fit" in caught.value.message
    queue.bound.admit(1, T + 1, queue.count, 6)
    queue.waiting += 6
    queue.refuses(T + 2)


def test_what_too_many_found_is_left_for_others():
    queue = Queue(1_000, waiting=995)
    with pytest.raises(Refusal):
        queue.bound.admit(1, T, queue.count, 6)
    for number in range(5):
        queue.create(T + number)
    queue.refuses(T + 6)
    assert queue.counted == 1


def test_as_many_as_fit_are_admitted():
    queue = Queue(10, waiting=4)
    assert queue.bound.admit_some(1, T, queue.count, 4) == 4
    queue.waiting += 4
    assert queue.bound.admit_some(1, T + 5, queue.count, 4) == 2
    queue.waiting += 2
    assert queue.bound.admit_some(1, T + 10_000, queue.count, 4) == 0
    assert queue.bound.admit_some(1, T + 20_000, lambda: 12, 4) == 0, "more wait than may"


def test_members_of_one_batch_count_before_they_are_stored():
    bound = QueueBound(10)
    assert bound.admit_some(1, T, lambda: 0, 8) == 8
    assert bound.admit_some(1, T, lambda: 0, 8) == 2
