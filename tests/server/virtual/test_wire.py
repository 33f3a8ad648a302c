"""A wire carries frames both ways in their order, late, and loses what is under way when it breaks."""

import pytest

from listener_sdk.protocol.codes import CLOSES
from server.virtual.world import run


class Ear:
    """A client that keeps what it hears."""

    def __init__(self, world, name="somebody"):
        self.world, self.name = world, name
        self.heard, self.ended = [], []
        self.wire = world.wire(self, world.loop.chance(name))

    def hear(self, frame):
        self.heard.append((self.world.loop.time(), frame))

    def closed(self, code):
        self.ended.append(code)

    def kinds(self):
        return [frame["type"] for _, frame in self.heard]


def test_frames_come_in_their_order_and_take_their_time():
    async def scenario(world):
        ear = Ear(world)
        ear.wire.say({"type": "hello", "session": "session-one", "id": 1})
        for number in range(20):
            ear.wire.say({"type": "publish", "event": {"topic": "a:b"}, "id": number + 2})
        begun = world.loop.time()
        await world.advance(seconds=10)
        return [*ear.heard], begun

    heard, begun = run(scenario, wire_s=0.5)
    assert [frame["id"] for _, frame in heard] == list(range(1, 22))
    assert 0.1 < heard[-1][0] - begun < 1.2


def test_what_is_under_way_is_lost_when_it_breaks():
    async def scenario(world):
        ear = Ear(world)
        ear.wire.say({"type": "hello", "session": "session-one", "id": 1})
        ear.wire.cut()
        await world.advance(seconds=10)
        ear.wire.say({"type": "renew", "leases": []})
        await world.advance(seconds=10)
        return ear

    ear = run(scenario)
    assert (ear.heard, ear.ended) == ([], [None])


def test_nothing_gets_through_what_is_held_and_after_some_beats_the_server_cuts_it():
    async def scenario(world):
        ear = Ear(world)
        ear.wire.say({"type": "hello", "session": "session-one", "id": 1})
        await world.advance(seconds=1)
        ear.wire.held = True
        ear.wire.say({"type": "publish", "event": {"topic": "a:b"}, "id": 2})
        await world.advance(seconds=19)
        open_after_19 = ear.wire.open
        await world.advance(seconds=20)
        return ear, open_after_19

    ear, open_after_19 = run(scenario)
    assert open_after_19
    assert (ear.kinds(), ear.ended) == (["welcome"], [None])


def test_what_was_held_and_is_released_goes_on():
    async def scenario(world):
        ear = Ear(world)
        ear.wire.say({"type": "hello", "session": "session-one", "id": 1})
        await world.advance(seconds=1)
        ear.wire.held = True
        await world.advance(seconds=5)
        ear.wire.release()
        ear.wire.say({"type": "publish", "event": {"topic": "a:b"}, "id": 2})
        await world.advance(seconds=1)
        return ear.kinds()

    assert run(scenario) == ["welcome", "ok"]


def test_what_the_server_closes_is_told_with_its_code():
    async def scenario(world):
        ear = Ear(world)
        ear.wire.say({"type": "hello", "session": "session-one", "versions": [99], "id": 1})
        await world.advance(seconds=1)
        return ear

    ear = run(scenario)
    assert (ear.kinds(), ear.ended) == (["error"], [CLOSES["bad_version"].code])


def test_what_is_no_frame_is_a_fault_of_the_scenario():
    async def scenario(world):
        Ear(world).wire.say({"type": "nonsense"})
        await world.advance(seconds=1)

    with pytest.raises(AssertionError, match="no frame"):
        run(scenario)
