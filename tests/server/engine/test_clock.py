"""The clock of a server that shares its store: set right by the store's, and by nothing smaller than matters."""

import asyncio

import pytest
import structlog

from server.engine.clock import EVERY_S, SLACK_MS, StoreClock
from server.store.database import StoreError


class Machine:
    """A clock that moves by hand, and a store whose clock is ahead; each question takes its time."""

    def __init__(self, ahead_ms, trip_ms=0):
        self.ms, self.ahead_ms, self.trip_ms = 1_000_000, ahead_ms, trip_ms

    def __call__(self):
        return self.ms

    def ask(self):
        self.ms += self.trip_ms // 2
        told = self.ms + self.ahead_ms
        self.ms += self.trip_ms // 2
        return told


@pytest.mark.parametrize("ahead_ms", [-60_000, -SLACK_MS - 1, SLACK_MS + 1, 5_000])
def test_the_stores_clock_counts(ahead_ms):
    machine = Machine(ahead_ms)
    clock = StoreClock(machine)
    clock.compare(machine.ask)
    assert clock() == machine.ms + ahead_ms


def test_clocks_that_hardly_differ_are_left_alone():
    machine = Machine(SLACK_MS)
    clock = StoreClock(machine)
    clock.compare(machine.ask)
    assert clock() == machine.ms


def test_a_slow_answer_is_not_taken_for_a_difference():
    machine = Machine(400, trip_ms=1_000)
    clock = StoreClock(machine)
    clock.compare(machine.ask)
    assert clock.ahead_ms == 0
    machine.ahead_ms = 3_000
    clock.compare(machine.ask)
    assert clock.ahead_ms == 3_000


def test_the_operator_hears_of_a_great_difference_only():
    with structlog.testing.capture_logs() as told:
        machine = Machine(900)
        clock = StoreClock(machine)
        clock.compare(machine.ask)
        machine.ahead_ms = 5_000
        clock.compare(machine.ask)
        clock.compare(machine.ask)
    assert [(line["event"], line["store_ahead_ms"]) for line in told] == [("clocks_differ", 5_000)]


async def test_it_is_compared_again_and_again_whatever_the_store_answers(monkeypatch):
    machine = Machine(2_000)
    clock = StoreClock(machine)
    rounds = []

    async def sleep(seconds):
        assert seconds == EVERY_S
        rounds.append(clock.ahead_ms)
        if len(rounds) == 4:
            raise asyncio.CancelledError

    async def off_loop(act):
        if len(rounds) == 1:
            raise StoreError("away")
        act()

    monkeypatch.setattr("server.engine.clock.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await clock.run(machine.ask, off_loop)
    assert rounds == [0, 0, 2_000, 2_000]
