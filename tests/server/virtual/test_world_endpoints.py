"""Each event reaches its endpoint at least once, always under the same id, whatever befalls the receiver and the server."""

from collections import defaultdict
from random import Random

import pytest
from posted import SECRET, endpoint, publish

from listener_sdk.protocol.endpoints import EndpointUpdate
from server.commands.endpoint_deliveries import REPLAY_DELIVERIES, ReplayDeliveries
from server.commands.endpoint_replays import REPLAY_MISSED, find
from server.commands.endpoints import UPDATE_ENDPOINT, UpdateEndpoint
from server.core.retention import DAY_MS
from server.virtual.world import run

URL = "https://shop.example/events"
EVENTS = 60


async def befall(world, random):
    """The server is killed while it posts, or stops, and is back after a while; or nothing."""
    what = random.choice(("nothing", "nothing", "killed", "stopped"))
    if what == "nothing":
        return
    await world.advance(seconds=random.uniform(0, 0.1))
    if what == "killed":
        world.crash()
    else:
        await world.stop()
    await world.advance(minutes=random.uniform(0, 90))
    await world.start()


@pytest.mark.parametrize("seed", range(8))
def test_every_event_arrives_under_one_id(seed):
    async def scenario(world):
        random = Random(seed)
        trouble_until = world.clock() + 6 * 3_600_000
        receiver = world.receiver(
            URL, lambda: 500 if world.clock() < trouble_until or random.random() < 0.1 else 200
        )
        row = await endpoint(world, URL, world.admin)
        sent = {}
        for number in range(EVENTS):
            sent[await publish(world, number, actor=world.admin)] = number
            await befall(world, random)
            await world.advance(minutes=random.uniform(0, 12))
        await world.advance(hours=40)
        world.check()
        found = world.rows("SELECT seq, status, body FROM endpoint_message ORDER BY seq")
        assert [seq for seq, _, _ in found] == sorted(sent)
        assert {status for _, status, _ in found} == {"delivered"}
        assert not any(SECRET in body for _, _, body in found)
        assert world.rows("SELECT enabled, failing_since FROM endpoint") == [(1, None)]
        assert world.events("endpoint:failing")
        assert len(world.events("endpoint:recovered")) == len(world.events("endpoint:failing"))
        return row.public_id, receiver.heard

    _, heard = run(scenario, seed)
    ids, arrived = defaultdict(set), set()
    for one in heard:
        number = one.body["data"]["payload"]["n"]
        ids[number].add(one.id)
        arrived |= {number} if one.status == 200 else set()
    assert arrived == set(range(EVENTS))
    assert all(len(found) == 1 for found in ids.values())
    assert len({one.id for one in heard}) == EVENTS


def test_an_endpoint_that_fails_for_days_is_disabled_and_what_it_missed_can_be_had():
    async def scenario(world):
        answers = [500]
        receiver = world.receiver(URL, lambda: answers[0])
        row = await endpoint(world, URL, world.admin)
        for number in range(8):
            await publish(world, number, actor=world.admin)
            await world.advance(days=1)
        assert world.rows("SELECT enabled, disabled_because FROM endpoint") == [(0, "failing")]
        assert [one["payload"]["reason"] for one in world.events("endpoint:disabled")] == ["failing"]
        answers[0] = 200
        body = EndpointUpdate(enabled=True)
        await world.do(UPDATE_ENDPOINT, UpdateEndpoint(world.admin, row.id, body))
        span = (world.clock() - 4 * DAY_MS, world.clock())
        item = await world.node.read(lambda reader: find(reader, world.admin, row.id, *span, 0))
        missed = (await world.do(REPLAY_MISSED, item)).count
        again = ReplayDeliveries(world.admin, row.id, ("failed", "disabled"), 0, world.clock(), 0)
        failed = (await world.do(REPLAY_DELIVERIES, again)).count
        await world.advance(minutes=15)
        return (
            missed,
            failed,
            [one.body["data"]["payload"]["n"] for one in receiver.heard if one.status == 200],
        )

    missed, failed, arrived = run(scenario)
    assert (missed + failed, missed > 0, failed > 0) == (8, True, True)
    assert sorted(arrived) == list(range(8))
