"""The writer: what gathers lands in one batch, lazy commands wait, a repetition is answered as before, and it stops in order."""

import asyncio

import pytest
from gated_writer import LAZY, WRITE
from stage import DEADLINE_S, START_MS

from listener_sdk.protocol.codes import Refusal
from server.store import writer as writer_module
from server.store.command import Command, Once, Replayed
from server.store.database import StoreError
from server.store.sqlite import SqliteConnection
from server.store.transaction import Transaction
from server.store.writer import LAZY_S, MANY

# ---- batches


async def test_a_command_is_answered_once_its_commit_is_done(house):
    assert await house.writer.submit(WRITE, "a") == "a written"
    assert house.stored() == ["a"]
    assert house.logged() == [1]


async def test_what_gathers_during_a_commit_lands_in_one_next_batch(house):
    house.gate.open.clear()
    house.post(WRITE, "first")
    await house.reach(house.gate.reached)
    names = [f"n{number}" for number in range(50)]
    for name in names:
        house.post(WRITE, name)
        await asyncio.sleep(0)
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 51)
    assert house.batches == [["first"], names]
    assert house.gate.commits == 2
    assert house.logged() == list(range(1, 52))


async def test_what_is_posted_in_one_turn_of_the_loop_is_one_batch(house):
    await asyncio.gather(*(house.writer.submit(WRITE, str(n)) for n in range(20)))
    assert house.gate.commits == 1


async def test_answers_come_before_effects_and_events(house):
    order = []
    house.writer._deliver = lambda *_: order.append("delivered")
    house.writer.post(WRITE, "a", lambda *_: order.append("answered"))
    house.writer.post(WRITE, "b", lambda *_: order.append("answered"))
    await house.until(lambda: len(order) == 3)
    assert order == ["answered", "answered", "delivered"]


async def test_events_and_effects_are_delivered_in_the_order_of_the_log(house):
    await asyncio.gather(*(house.writer.submit(WRITE, name) for name in "abc"))
    await house.writer.submit(WRITE, "d")
    assert house.delivered == [([1, 2, 3], ["a", "b", "c"]), ([4], ["d"])]


async def test_a_batch_without_events_delivers_nothing(house):
    await house.writer.submit(Command("look", lambda _, item: item), 7)
    assert house.delivered == []


async def test_a_batch_has_a_largest_size_and_the_rest_follows_at_once(house, monkeypatch):
    monkeypatch.setattr(writer_module, "LARGEST_BATCH", 10)
    timers = []
    monkeypatch.setattr(house.writer, "_arm", lambda: timers.append(1))
    house.post(WRITE, *(f"n{number:02}" for number in range(25)))
    await house.until(lambda: len(house.answers) == 25)
    assert [len(batch) for batch in house.batches] == [10, 10, 5]
    assert timers == []


async def test_another_batch_follows_while_the_end_asks_for_it(house):
    house.more = [True, True, False]
    await house.writer.submit(WRITE, "a")
    await house.until(lambda: len(house.batches) == 3)
    assert house.batches == [["a"], [], []]


async def test_told_to_look_it_reads_who_holds_what_in_a_batch_of_its_own(house):
    house.dispatch.held = {"nobody": 5}
    house.writer.look()
    await house.until(lambda: len(house.batches) == 1)
    assert house.dispatch.held == {}


# ---- lazy commands


async def test_a_lazy_command_waits_two_milliseconds_at_most_and_starts_nothing_by_itself(house, monkeypatch):
    delays = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later
    monkeypatch.setattr(
        loop, "call_later", lambda delay, act, *args: (delays.append(delay), call_later(delay, act, *args))[1]
    )
    house.post(LAZY, "a", "b")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert house.batches == []
    await house.until(lambda: len(house.answers) == 2)
    assert LAZY_S == 0.002
    assert delays.count(LAZY_S) == 1, "one timer for all that waits"
    assert house.batches == [["a", "b"]]


async def test_a_lazy_command_joins_the_next_eager_one(house):
    house.post(LAZY, "lazy")
    house.post(WRITE, "eager")
    await house.until(lambda: len(house.answers) == 2)
    assert house.batches == [["lazy", "eager"]]
    assert house.writer._timer is None


async def test_a_lazy_command_of_a_busy_time_waits_for_company_after_the_commit(house):
    house.gate.open.clear()
    house.post(WRITE, "first")
    await house.reach(house.gate.reached)
    house.post(LAZY, "lazy")
    await asyncio.sleep(0)
    assert house.writer._timer is None, "nothing can start while a batch is in flight"
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 1)
    assert house.writer._timer is not None
    house.post(WRITE, "second")
    await house.until(lambda: len(house.answers) == 3)
    assert house.batches == [["first"], ["lazy", "second"]]


async def test_many_lazy_commands_earn_a_commit_together(house, monkeypatch):
    monkeypatch.setattr(house.writer, "_arm", lambda: None)
    names = [f"n{number}" for number in range(MANY)]
    house.post(LAZY, *names)
    await house.until(lambda: len(house.answers) == MANY)
    assert house.batches == [names]


# ---- stopping


async def test_stopping_finishes_what_was_taken_and_refuses_what_comes_later(house):
    house.gate.open.clear()
    house.post(WRITE, "a")
    await house.reach(house.gate.reached)
    house.post(WRITE, "b")
    house.post(LAZY, "c")
    stopping = asyncio.ensure_future(house.writer.stop())
    await asyncio.sleep(0)
    house.post(WRITE, "late")
    assert house.answers[-1][0] == "late"
    assert isinstance(house.answers[-1][2], StoreError)
    with pytest.raises(StoreError, match="stopping"):
        await house.writer.submit(LAZY, "later")
    house.gate.open.set()
    async with asyncio.timeout(DEADLINE_S):
        await stopping
    assert house.stored() == ["a", "b", "c"]
    assert not house.writer._lane._thread.is_alive()


async def test_stopping_without_work_ends_at_once(house):
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()
    assert house.gate.commits == 0


async def test_stopping_takes_lazy_commands_along(house):
    house.post(LAZY, "a")
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()
    assert house.stored() == ["a"]
    assert [name for name, _, _ in house.answers] == ["a"]


async def test_stopping_twice_is_allowed(house):
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()
        await house.writer.stop()


# ---- idempotency keys through the writer


def once(key="k", body="h"):
    return Once("scope", key, body, lambda result: f"stored {result}")


async def test_the_keys_of_a_batch_are_looked_up_together(house, monkeypatch):
    await house.writer.submit(WRITE, "a", once("ka"))
    asked = []
    later = house.gate.inner.later
    monkeypatch.setattr(
        house.gate.inner, "later", lambda sql, **given: asked.append(given) or later(sql, **given)
    )
    answers = await asyncio.gather(*(house.writer.submit(WRITE, name, once(f"k{name}")) for name in "abc"))
    assert answers == [Replayed("stored a written"), "b written", "c written"]
    assert [given["keys"] for given in asked] == [["ka", "kb", "kc"]]


async def test_a_repetition_in_the_same_batch_gets_the_same_result(house):
    results = await asyncio.gather(*(house.writer.submit(WRITE, "a", once()) for _ in range(3)))
    assert results == ["a written"] * 3
    assert house.stored() == ["a"]


async def test_a_repetition_later_gets_the_stored_answer(house):
    await house.writer.submit(WRITE, "a", once())
    assert await house.writer.submit(WRITE, "a", once()) == Replayed("stored a written")
    house.clock.ms = START_MS + 86_400_000
    assert await house.writer.submit(WRITE, "b", once()) == "b written"


async def test_an_answer_is_stored_only_with_the_change(house):
    house.gate.fail["commit"] = [StoreError("not now")]
    with pytest.raises(StoreError):
        await house.writer.submit(WRITE, "a", once())
    with pytest.raises(Refusal):
        await house.writer.submit(WRITE, "refused", once())
    with pytest.raises(RuntimeError):
        await house.writer.submit(WRITE, "broken", once())
    assert await house.writer.submit(WRITE, "a", once()) == "a written"


async def test_a_batch_waits_for_its_turn_before_it_keeps_a_job(house, monkeypatch):
    order = []
    monkeypatch.setattr(Transaction, "preload", lambda _tx, _ids: order.append("jobs"))
    monkeypatch.setattr(SqliteConnection, "take_turn", lambda _connection: order.append("turn"))

    async def done(command):
        order.clear()
        await house.writer.submit(command, "a")
        return order

    turned = Command("turned", lambda _tx, _item: order.append("run"), turn=lambda item: item == "a")
    assert await done(turned) == ["turn", "jobs", "run"]
    other = Command("other", lambda _tx, _item: order.append("run"), turn=lambda item: item == "b")
    assert await done(other) == ["jobs", "run"]
