"""Deliveries go out by the timetable, a few at once to each endpoint; who fails for days, or is gone, is disabled."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from notified import receiver
from posted import SECRET, change, endpoint, make, publish, send, state, told
from stage import DEADLINE_S, STRANGER, opened

from listener_sdk.protocol.times import to_wire
from server.channels.posts import Answer
from server.channels.undelivered import Undelivered
from server.commands.endpoint_deliveries import LEASE_MS
from server.core import endpoint_turns
from server.core.endpoint_retries import PAUSES_S
from server.engine.endpoint_deliveries import EndpointDeliveries

DAY_S = 86_400


@pytest.fixture
async def hook():
    async with receiver() as found:
        yield found


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path, allow_addresses="127.0.0.0/8") as found:
        yield found


@asynccontextmanager
async def served(handler):
    """A server of one handler; its address."""
    app = web.Application()
    app.router.add_post("/", handler)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def deliveries(stage):
    rows = await stage.rows("SELECT status, attempts, due_at FROM endpoint_message ORDER BY id")
    return [tuple(row) for row in rows]


async def attempts(stage):
    return [
        tuple(r) for r in await stage.rows("SELECT number, status, message FROM endpoint_attempt ORDER BY at")
    ]


async def test_it_is_tried_ten_times_within_76_hours_under_one_id_and_given_up(stage, hook):
    row = await endpoint(stage, hook.url)
    hook.statuses = [500] * 20
    await publish(stage)
    await send(stage)
    for pause in PAUSES_S:
        stage.clock.forward(pause * 0.79)
        await send(stage)
        before = len(hook.raw)
        stage.clock.forward(pause * 0.42)
        await send(stage)
        assert len(hook.raw) == before + 1
    assert await deliveries(stage) == [("failed", 10, None)]
    assert len({one["webhook-id"] for one in hook.headers}) == 1
    assert len(set(hook.raw)) == 1
    assert [number for number, *_ in await attempts(stage)] == list(range(1, 11))
    assert await told(stage) == ["created", "failing", "delivery-failed"]
    [event] = await stage.events("endpoint:delivery-failed")
    assert event["payload"]["attempts"] == 10
    assert event["payload"]["message"].startswith("It was answered 500")
    assert (await state(stage, row)).enabled


async def test_a_success_ends_the_failing_and_only_long_trouble_is_told(stage, hook):
    row = await endpoint(stage, hook.url)
    hook.statuses = [503, 200]
    await publish(stage)
    await send(stage)
    assert (await state(stage, row)).failing_since == stage.clock()
    stage.clock.forward(6)
    await send(stage)
    assert (await state(stage, row)).failing_since is None
    assert await told(stage) == ["created"]
    hook.statuses = [503] * 3
    await publish(stage)
    for pause in (0, 6, 360, 2_160):
        stage.clock.forward(pause)
        await send(stage)
    assert await told(stage) == ["created", "failing", "recovered"]


async def test_five_days_without_success_disable_it_and_end_what_waits(stage, hook):
    row = await endpoint(stage, hook.url)
    hook.statuses = [500] * 1_000
    for _ in range(6):
        await publish(stage)
        await send(stage)
        stage.clock.forward(DAY_S * 0.99)
        await send(stage)
    stage.clock.forward(DAY_S)
    await send(stage)
    after = await state(stage, row)
    assert (after.enabled, after.disabled_because) == (0, "failing")
    [event] = await stage.events("endpoint:disabled")
    assert event["payload"]["reason"] == "failing"
    assert "failingSince" in event["payload"]
    assert event["payload"]["disabledAt"] == to_wire(after.updated_at)
    await stage.node.endpoint_deliveries.look()
    found = await deliveries(stage)
    assert {status for status, _, _ in found} <= {"failed", "disabled"}
    assert all(due is None for *_, due in found)
    posted = len(hook.raw)
    await publish(stage)
    assert await send(stage) == 0
    assert len(hook.raw) == posted
    again = await change(stage, row, enabled=True)
    assert (again.disabled_because, again.failing_since) == (None, None)


async def test_who_answers_410_hears_nothing_more(stage, hook):
    row = await endpoint(stage, hook.url)
    hook.statuses = [410]
    await publish(stage)
    await send(stage)
    assert await deliveries(stage) == [("disabled", 1, None)]
    assert (await state(stage, row)).disabled_because == "gone"
    assert await told(stage) == ["created", "disabled"]


async def test_who_asks_to_be_left_alone_is(stage):
    asked = []

    async def take(request):
        asked.append(await request.json())
        return web.Response(status=429, headers={"Retry-After": "600"}) if len(asked) == 1 else web.Response()

    async with served(take) as url:
        row = await endpoint(stage, url)
        await publish(stage)
        await send(stage)
        assert (await state(stage, row)).rests_until == stage.clock() + 600_000
        await publish(stage, 1)
        stage.clock.forward(500)
        await send(stage)
        assert len(asked) == 1
        stage.clock.forward(101)
        await send(stage)
        stage.clock.forward(1)
        await send(stage)
        assert sorted(one["data"]["payload"]["n"] for one in asked) == [0, 0, 1]


async def test_one_that_hangs_has_five_at_once_and_keeps_no_other_waiting(stage, hook):
    free, begun = asyncio.Event(), []

    async def hang(request):
        begun.append(await request.read())
        await free.wait()
        return web.Response()

    async with served(hang) as url:
        await endpoint(stage, url)
        await endpoint(stage, hook.url)
        for number in range(8):
            await publish(stage, number)
        assert await make(stage) == 16
        loop = stage.node.endpoint_deliveries
        async with asyncio.timeout(DEADLINE_S):
            while len(hook.raw) < 8 or len(begun) < 5:
                await loop.look()
                await asyncio.sleep(0.01)
        assert await loop.look() == 0
        assert len(begun) == 5
        free.set()
        await send(stage)
        assert len(begun) == 8


async def test_one_that_fails_is_asked_one_at_a_time(stage, hook):
    await endpoint(stage, hook.url)
    hook.statuses = [500]
    await publish(stage)
    await send(stage)
    for number in range(3):
        await publish(stage, number)
    assert await make(stage) == 3
    assert await stage.node.endpoint_deliveries.look() == 1
    await stage.node.endpoint_deliveries.settle()
    assert await stage.node.endpoint_deliveries.look() == 2
    await stage.node.endpoint_deliveries.settle()


async def test_a_redirect_a_blocked_address_and_silence_are_failures(stage, hook):
    hook.statuses = [302]
    await endpoint(stage, hook.url)
    await endpoint(stage, "http://localhost:1/")
    await publish(stage)
    await send(stage)
    messages = {message for _, _, message in await attempts(stage)}
    assert any("302" in one and "redirects" in one for one in messages)
    assert any("could not be connected" in one or "reached" in one for one in messages), messages
    assert hook.paths == ["/"]


async def test_a_name_that_leads_inside_is_never_reached(tmp_path, hook):
    async with opened(tmp_path) as stage:
        port = hook.url.rpartition(":")[2]
        await endpoint(stage, f"http://localhost:{port}/")
        await publish(stage)
        await send(stage)
        [(_, status, message)] = await attempts(stage)
        assert status is None
        assert "may not be reached" in message
        assert hook.raw == []


async def test_what_a_server_began_and_never_told_goes_out_once_more_under_its_id(stage, hook):
    await endpoint(stage, hook.url)
    await publish(stage)
    await make(stage)
    node = stage.node
    lost = EndpointDeliveries(node.settings, node.sealer, node.submit, node.read, stage.clock)

    async def never(_command, _item):
        return None

    lost._tell = never
    await lost.look()
    await lost.settle()
    await lost.stop()
    assert await send(stage) == 0
    assert len(hook.raw) == 1
    stage.clock.forward(LEASE_MS / 1000)
    await send(stage)
    assert [one["webhook-id"] for one in hook.headers] == [hook.headers[0]["webhook-id"]] * 2
    assert await deliveries(stage) == [("delivered", 2, None)]


async def test_a_secret_in_an_answer_is_not_kept(stage):
    async def tell(request):
        return web.Response(status=500, text=f"I know {SECRET}")

    async with served(tell) as url:
        await endpoint(stage, url)
        await publish(stage)
        await send(stage)
    [(answer, message)] = await stage.rows("SELECT answer, message FROM endpoint_attempt")
    assert SECRET not in answer + message
    assert "***" in answer


async def test_a_drained_server_begins_nothing(stage, hook):
    await endpoint(stage, hook.url)
    await publish(stage)
    await make(stage)
    stage.node.endpoint_deliveries.drain()
    assert await stage.node.endpoint_deliveries.look() == 0


async def test_many_that_hang_hold_up_neither_another_space_nor_those_that_answer(stage, monkeypatch):
    for name, value in (("POSTS", 8), ("POSTS_OF_A_SPACE", 6), ("POSTS_TO_FAILING", 4)):
        monkeypatch.setattr(endpoint_turns, name, value)
    loop, answered, silent = stage.node.endpoint_deliveries, asyncio.Queue(), asyncio.Event()
    monkeypatch.setattr(loop, "at_once", 8)

    async def post(parcel, at):
        if "hang" in parcel.url:
            await silent.wait()
            raise Undelivered("did not answer in time.", retry=True)
        answered.put_nowait(parcel.url)
        return Answer(200, "", None)

    loop.send = post
    for number in range(6):
        await endpoint(stage, f"http://hang{number}.example/")
    await endpoint(stage, "http://beside.example/")
    await endpoint(stage, "http://other.example/", replace(STRANGER, role="admin"))
    await publish(stage)
    assert await make(stage) == 7
    assert await loop.look() == 6
    await publish(stage, actor=STRANGER)
    assert await make(stage) == 1
    assert await loop.look() == 1
    async with asyncio.timeout(DEADLINE_S):
        assert await answered.get() == "http://other.example/"
    # Once they are known to fail, others of the same space come first.
    silent.set()
    await loop.settle()
    silent.clear()
    stage.clock.forward(10)
    await publish(stage, 1)
    assert await make(stage) == 7
    while await loop.look():
        pass
    async with asyncio.timeout(DEADLINE_S):
        assert [await answered.get() for _ in range(2)] == ["http://beside.example/"] * 2
    silent.set()
    await send(stage)
