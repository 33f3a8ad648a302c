"""A loop that follows the log gets what is next from memory, else from the store, and hears where the log begins now."""

import pytest

from server.engine.follower import following
from server.engine.log import Log
from server.store.database import StoreError
from server.store.log import Head, Stored


def stored(seq):
    return Stored(seq, 1, "a:b", None, 0, '{"topic":"a:b"}')


def page(oldest, *seqs):
    async def read(after, upto, count):
        return oldest, [stored(seq) for seq in seqs]

    return read


async def test_the_ring_gives_what_it_has_and_the_store_what_is_older():
    log = Log(Head("e1", 2, 1))
    log.take([stored(3), stored(4)])
    assert [one.seq for one in await following(log, page(1), 2)] == [3, 4]
    assert [one.seq for one in await following(log, page(1, 1, 2), 0)] == [1, 2]


async def test_where_events_were_removed_the_oldest_is_told():
    log = Log(Head("e1", 9, 1))
    assert await following(log, page(5, 5, 6), 2) == 5


async def test_a_store_that_is_behind_is_asked_again_later():
    log = Log(Head("e1", 9, 1))
    with pytest.raises(StoreError):
        await following(log, page(1), 2)
