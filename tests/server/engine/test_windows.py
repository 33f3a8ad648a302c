"""The window of a durable subscription."""

import asyncio

import pytest

from listener_sdk.protocol.subscriptions import WINDOW_BYTES, WINDOW_EVENTS
from server.engine.log import Log
from server.engine.windows import Window
from server.store.log import Head, Stored


class Noted(Window):
    def __init__(self, acked):
        super().__init__(acked)
        self.moves = []

    def moved(self):
        self.moves.append(self.acked)


def entries(count, size=10, first=1):
    log = Log(Head("e", first - 1, 1))
    body = '{"topic":"a:b","x":"%s"}' % ("x" * size)
    return log.take([Stored(seq, 1, "a:b", None, 0, body) for seq in range(first, first + count)])


def test_it_has_room_until_so_many_events_are_not_acked():
    window = Noted(0)
    assert window.room == WINDOW_EVENTS
    window.sent(entries(WINDOW_EVENTS))
    assert window.room == 0
    window.ack(3)
    assert (window.room, window.acked, window.moves) == (3, 3, [3])


def test_it_has_no_room_once_so_many_bytes_are_not_acked():
    window = Noted(0)
    window.sent(entries(2, WINDOW_BYTES // 2))
    assert window.room == 0
    window.ack(1)
    assert window.room == WINDOW_EVENTS - 1


def test_an_ack_never_goes_back():
    window = Noted(5)
    window.ack(4)
    assert (window.acked, window.moves) == (5, [])


async def test_a_reader_of_history_goes_on_once_a_quarter_is_free():
    window = Noted(0)
    window.sent(entries(WINDOW_EVENTS))
    waiting = asyncio.create_task(window.until_room())
    window.ack(WINDOW_EVENTS // 4 - 1)
    await asyncio.sleep(0)
    assert not waiting.done()
    window.ack(WINDOW_EVENTS // 4)
    await asyncio.wait_for(waiting, 5)


def test_while_nothing_waits_for_an_ack_the_cursor_moves_with_the_log():
    window = Noted(0)
    window.idle(7)
    window.sent(entries(1, first=8))
    window.idle(9)
    assert (window.acked, window.moves) == (7, [7])


def test_only_one_that_is_held_takes_acks():
    with pytest.raises(NotImplementedError):
        Window(0).take(None, None)
