"""The tail: events are told in log order, whoever committed them, and a log that cannot be continued begins anew."""

import asyncio

import pytest

from server.engine import tail as module
from server.engine.log import Log
from server.engine.tail import PAGE, Tail
from server.store.database import StoreError
from server.store.log import Head, Stored


async def until(true):
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - the tail has no event for its state
            await asyncio.sleep(0.001)


def event(seq):
    return Stored(seq, 1, "job:created", seq, 0, '{"topic":"job:created"}')


def events(first, last):
    return [event(seq) for seq in range(first, last + 1)]


class Store:
    """A log that several servers write to; a query of it can be held up."""

    def __init__(self):
        self.epoch, self.rows, self.oldest = "e", [], 1
        self.reads = 0
        self.error = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, query):
        self.reads += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return query(self)

    def rows_of(self, after, upto, count):
        return [row for row in self.rows if after < row.seq <= upto][:count]

    @property
    def head(self):
        return Head(self.epoch, self.rows[-1].seq if self.rows else 0, self.oldest)


class House:
    """A tail over that store, and what it has told."""

    def __init__(self, monkeypatch):
        self.store = Store()
        self.told, self.others, self.replaced = [], [], []
        self.log = Log(self.store.head)
        monkeypatch.setattr("server.engine.tail.sql.head", lambda store: store.head)
        monkeypatch.setattr("server.engine.tail.sql.page", Store.rows_of)
        self.tail = Tail(
            self.log,
            self.store.read,
            lambda entries: self.told.extend(entry.seq for entry in entries),
            lambda found: self.others.extend(one.seq for one in found),
            self.replaced.append,
        )

    def append(self, first, last):
        found = events(first, last)
        self.store.rows += found
        return found


@pytest.fixture
def house(monkeypatch):
    return House(monkeypatch)


async def test_what_follows_is_told_at_once_and_nothing_is_read(house):
    house.tail.offer(house.append(1, 3))
    house.tail.offer(house.append(4, 4))
    assert (house.told, house.store.reads, house.others) == ([1, 2, 3, 4], 0, [])


async def test_what_others_have_appended_is_told_by_asking(house):
    house.append(1, 3)
    await house.tail.poll()
    assert (house.told, house.others) == ([1, 2, 3], [1, 2, 3])
    await house.tail.poll()
    assert house.told == [1, 2, 3]


async def test_events_of_others_come_before_the_own_ones_behind_them(house):
    house.append(1, 3)
    house.tail.offer(house.append(4, 5))
    assert house.told == []
    await house.tail.poll()
    assert (house.told, house.others) == ([1, 2, 3, 4, 5], [1, 2, 3])


async def test_a_batch_with_gaps_is_told_in_order(house):
    found = house.append(1, 5)
    house.tail.offer([found[0], found[2], found[4]])
    await house.tail.poll()
    assert (house.told, house.others) == ([1, 2, 3, 4, 5], [2, 4])


async def test_what_is_offered_while_the_log_is_read_waits_its_turn(house):
    house.append(1, 2)
    house.tail.offer(house.append(3, 3))
    house.store.gate.clear()
    house.tail.offer(house.append(4, 4))
    assert house.told == []
    house.store.gate.set()
    await house.tail.poll()
    assert (house.told, house.others) == ([1, 2, 3, 4], [1, 2])
    house.tail.offer(house.append(5, 5))
    assert house.told[-1] == 5


async def test_much_is_read_by_pages(house):
    house.append(1, 2 * PAGE + 1)
    await house.tail.poll()
    assert house.told == list(range(1, 2 * PAGE + 2))


async def test_a_store_out_of_reach_is_asked_again(house):
    house.append(1, 2)
    house.store.error = StoreError("away")
    with pytest.raises(StoreError):
        await house.tail.poll()
    house.store.error = None
    await house.tail.poll()
    assert house.told == [1, 2]


async def test_a_page_that_cannot_be_read_is_read_by_the_next_poll(house):
    house.append(1, 2)
    house.store.error = StoreError("away")
    house.tail.offer(house.append(3, 3))
    reading = house.tail._reading
    await asyncio.wait([reading])
    house.store.error = None
    await house.tail.poll()
    assert house.told == [1, 2, 3]


async def test_another_epoch_begins_anew(house):
    house.tail.offer(house.append(1, 3))
    house.store.epoch, house.store.rows = "f", events(1, 2)
    await house.tail.poll()
    assert (house.replaced, house.log.ends) == ([Head("f", 2, 1)], Head("f", 2, 1))
    house.append(3, 3)
    await house.tail.poll()
    assert house.told == [1, 2, 3, 3]


async def test_a_gap_that_was_pruned_begins_anew(house):
    house.tail.offer(house.append(1, 1))
    house.append(5, 6)
    house.store.oldest = 5
    await house.tail.poll()
    assert house.replaced == [Head("e", 6, 5)]
    assert house.told == [1]


async def test_after_stop_nothing_more_is_told(house):
    house.store.gate.clear()
    house.append(1, 1)
    house.tail.offer(house.append(2, 2))
    reading = house.tail._reading
    house.tail.stop()
    await asyncio.wait([reading])
    assert house.told == []


async def test_it_says_that_the_store_is_away_until_it_answers_again(house, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0.001)
    assert house.tail.trouble is None
    running = asyncio.create_task(house.tail.run())
    house.store.error = StoreError("away")
    await until(lambda: house.tail.trouble == "away")
    house.store.error = None
    await until(lambda: house.tail.trouble is None)
    running.cancel()


async def test_a_store_that_does_not_answer_is_away_too(house, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0.001)
    monkeypatch.setattr(module, "ANSWERS_S", 0.01)
    house.store.gate.clear()
    running = asyncio.create_task(house.tail.run())
    await until(lambda: "has not answered" in (house.tail.trouble or ""))
    house.store.gate.set()
    await until(lambda: house.tail.trouble is None)
    running.cancel()
