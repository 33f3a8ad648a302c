"""Web servers in virtual time: they hear what is posted to them, and answer as they are told."""

import pytest
from posted import endpoint, publish

from server.virtual.world import run

URL = "https://a.example/"


def test_a_receiver_hears_events_as_endpoints_post_them():
    async def scenario(world):
        statuses = iter((503, 200))
        receiver = world.receiver(URL, lambda: next(statuses))
        await endpoint(world, URL, world.admin)
        await publish(world, 7, actor=world.admin)
        await world.run_until(lambda: len(receiver.heard) == 2, minutes=1)
        return receiver.heard

    first, second = run(scenario)
    assert (first.status, second.status, first.id) == (503, 200, second.id)
    assert first.body == second.body
    assert (first.body["type"], first.body["data"]["payload"]) == ("invoice:paid", {"n": 7})
    assert 3_900 <= second.at - first.at <= 7_100


def test_where_nobody_listens_a_delivery_fails_and_is_tried_again():
    async def scenario(world):
        await endpoint(world, URL, world.admin)
        await publish(world, actor=world.admin)
        await world.advance(minutes=10)
        return world.rows("SELECT message FROM endpoint_attempt ORDER BY number")

    assert run(scenario) == [("Nobody listens at this address in virtual time.",)] * 3


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_takes_the_same_time(seed):
    async def scenario(world):
        receiver = world.receiver(URL)
        await endpoint(world, URL, world.admin)
        await publish(world, actor=world.admin)
        await world.run_until(lambda: receiver.heard)
        return receiver.heard[0].at

    assert run(scenario, seed) == run(scenario, seed)
