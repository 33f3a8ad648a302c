"""Deliveries are claimed by one server, ended by who has begun them, and replayed while they have not too many attempts."""

import pytest
from posted import change, endpoint, make, publish, state
from stage import ADMIN, STRANGER, opened

from listener_sdk.protocol.codes import Refusal
from server.commands import endpoint_deliveries as commands
from server.commands.endpoint_deliveries import (
    AT_ONCE,
    CLAIM_ENDPOINT_DELIVERIES,
    END_ENDPOINT_DELIVERY,
    END_WAITING,
    REPLAY_DELIVERIES,
    REPLAY_DELIVERY,
    TRY_ENDPOINT,
    Attempted,
    Claim,
    ReplayDeliveries,
    ReplayDelivery,
    TryEndpoint,
)
from server.commands.endpoints import DELETE_ENDPOINT, DeleteEndpoint
from server.core.endpoint_deliveries import MOST_ATTEMPTS
from server.core.endpoint_turns import POSTS_OF_A_SPACE, Post
from server.security.sealing import Sealer, parse_master_key

URL = "https://a.example/"
SPAN = (0, 2**45)


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def waiting(stage, count=1, **fields):
    """An endpoint for which so many deliveries wait."""
    row = await endpoint(stage, URL, **fields)
    for number in range(count):
        await publish(stage, number)
    await make(stage)
    return row


async def claim(stage, *numbers, count=POSTS_OF_A_SPACE, sealer=None):
    """As many as there is room for: ``count``."""
    running = [Post(0, 1, fails=False)] * (POSTS_OF_A_SPACE - count)
    return await stage.do(CLAIM_ENDPOINT_DELIVERIES, Claim(sealer or stage.node.sealer, numbers, running))


async def end(stage, parcel, **how):
    return await stage.do(END_ENDPOINT_DELIVERY, Attempted(parcel.row, stage.clock(), **how))


async def test_a_claim_gives_each_endpoint_its_few_and_no_more_in_all(stage):
    first, second = await waiting(stage, 8), await waiting(stage, 3)
    assert len(await claim(stage, first.id, second.id, count=6)) == 6
    assert await claim(stage, first.id) == []
    assert len(await claim(stage, second.id)) == 2
    assert AT_ONCE == 5


async def test_who_was_overtaken_ends_nothing(stage):
    row = await waiting(stage)
    [parcel] = await claim(stage, row.id)
    stage.clock.forward(commands.LEASE_MS / 1000)
    [again] = await claim(stage, row.id)
    assert await end(stage, parcel, delivered=True, status=200) is None
    assert (await end(stage, again, delivered=True, status=200)).status == "delivered"
    assert await end(stage, again, delivered=True, status=200) is None
    assert await stage.rows("SELECT number FROM endpoint_attempt") == [(2,)]


async def test_a_secret_that_cannot_be_opened_is_said(stage):
    row = await waiting(stage)
    other = Sealer(stage.meta.account_id, [parse_master_key("33" * 32)])
    [parcel] = await claim(stage, row.id, sealer=other)
    assert "rotate" in parcel.problem


async def test_what_waits_for_an_endpoint_that_is_gone_ends(stage, monkeypatch):
    monkeypatch.setattr(commands, "PAGE", 2)
    row = await waiting(stage, 3)
    assert await stage.do(END_WAITING, row.id) == 0
    [parcel, *_] = await claim(stage, row.id, count=1)
    await stage.do(DELETE_ENDPOINT, DeleteEndpoint(ADMIN, row.id))
    assert [await stage.do(END_WAITING, row.id) for _ in range(2)] == [2, 0]
    assert (await end(stage, parcel, status=500)).status == "disabled"
    statuses = await stage.rows("SELECT status, due_at FROM endpoint_message")
    assert statuses == [("disabled", None)] * 3


async def test_a_test_says_nothing_about_the_endpoint(stage):
    row = await endpoint(stage, URL, enabled=False)
    parcel = await stage.do(TRY_ENDPOINT, TryEndpoint(ADMIN, row.id, stage.node.sealer))
    assert (await end(stage, parcel, status=410)).status == "failed"
    after = await state(stage, row)
    assert (after.disabled_because, after.failing_since, after.version) == (None, None, 1)
    with pytest.raises(Refusal, match="no endpoint"):
        await stage.do(TRY_ENDPOINT, TryEndpoint(STRANGER, row.id, stage.node.sealer))


async def test_a_replay_begins_the_timetable_anew_and_a_page_at_a_time(stage, monkeypatch):
    monkeypatch.setattr(commands, "PAGE", 2)
    row = await waiting(stage, 3)
    for parcel in await claim(stage, row.id):
        await end(stage, parcel, delivered=True, status=200)
    item = ReplayDeliveries(ADMIN, row.id, ("delivered",), *SPAN, 0)
    first = await stage.do(REPLAY_DELIVERIES, item)
    assert first.count == 2
    rest = await stage.do(
        REPLAY_DELIVERIES, ReplayDeliveries(ADMIN, row.id, ("delivered",), *SPAN, first.after)
    )
    assert (rest.count, rest.after) == (1, None)
    found = await stage.rows("SELECT status, attempts, tries FROM endpoint_message")
    assert found == [("pending", 1, 0)] * 3
    nothing = await stage.do(REPLAY_DELIVERIES, ReplayDeliveries(ADMIN, row.id, ("failed",), *SPAN, 0))
    assert nothing.count == 0


async def test_what_waits_for_its_next_attempt_is_delivered_now(stage):
    row = await waiting(stage)
    [parcel] = await claim(stage, row.id)
    item = ReplayDelivery(ADMIN, parcel.row.id)
    with pytest.raises(Refusal, match="under way"):
        await stage.do(REPLAY_DELIVERY, item)
    after = await end(stage, parcel, status=500, retry_after_s=600)
    assert after.due_at > stage.clock()
    assert (await state(stage, row)).rests_until > stage.clock()
    again = await stage.do(REPLAY_DELIVERY, item)
    assert (again.status, again.due_at, again.tries) == ("pending", stage.clock(), 0)
    [parcel] = await claim(stage, row.id)
    assert (parcel.row.id, parcel.row.attempts) == (item.delivery_id, 2)


async def test_replays_end_the_rest_that_the_receiver_has_asked_for(stage):
    row = await waiting(stage, 2)
    [first, second] = await claim(stage, row.id)
    await end(stage, first, delivered=True, status=200)
    await end(stage, second, status=503, retry_after_s=600)
    assert await claim(stage, row.id) == []
    await stage.do(REPLAY_DELIVERIES, ReplayDeliveries(ADMIN, row.id, ("failed",), *SPAN, 0))
    assert (await state(stage, row)).rests_until is not None
    await stage.do(REPLAY_DELIVERIES, ReplayDeliveries(ADMIN, row.id, ("delivered",), *SPAN, 0))
    assert [parcel.row.id for parcel in await claim(stage, row.id)] == [first.row.id]


async def test_what_has_too_many_attempts_or_a_disabled_endpoint_is_not_replayed(stage):
    row = await waiting(stage)
    [parcel] = await claim(stage, row.id)
    await end(stage, parcel, delivered=True, status=200)
    item = ReplayDelivery(ADMIN, parcel.row.id)
    for actor in (STRANGER,):
        with pytest.raises(Refusal, match="no delivery"):
            await stage.do(REPLAY_DELIVERY, ReplayDelivery(actor, parcel.row.id))
    await change(stage, row, enabled=False)
    with pytest.raises(Refusal, match="enable it first"):
        await stage.do(REPLAY_DELIVERY, item)
    await change(stage, row, enabled=True)
    for _ in range(MOST_ATTEMPTS - 1):
        await stage.do(REPLAY_DELIVERY, item)
        [again] = await claim(stage, row.id)
        await end(stage, again, delivered=True, status=200)
    with pytest.raises(Refusal) as refused:
        await stage.do(REPLAY_DELIVERY, item)
    assert refused.value.code == "limit"
    span = ReplayDeliveries(ADMIN, row.id, ("delivered",), *SPAN, 0)
    assert (await stage.do(REPLAY_DELIVERIES, span)).count == 0
