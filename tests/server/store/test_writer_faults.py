"""Faults at the writer: one item's is its own, one of the store fails the whole batch, and a broken or full store is left alone."""

import asyncio

import pytest
from gated_writer import WRITE, write
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobCreate
from server.commands import jobs as job_commands
from server.store.command import Command
from server.store.database import BrokenError, DiskFullError, StoreError
from server.store.transaction import NewEvent
from server.store.writer import Writer

# ---- refusals and faults


async def test_a_refusal_is_an_answer_and_does_not_spoil_the_batch(house):
    house.post(WRITE, "a", "refused", "b")
    await house.until(lambda: len(house.answers) == 3)
    assert [(name, result) for name, result, _ in house.answers] == [
        ("a", "a written"), ("refused", None), ("b", "b written"),
    ]  # fmt: skip
    assert house.answers[1][2].code == "conflict"
    assert house.gate.commits == 1
    assert house.stored() == ["a", "b"]
    with pytest.raises(Refusal, match="refused"):
        await house.writer.submit(WRITE, "refused again")


async def test_an_unexpected_error_hits_the_guilty_item_alone(house):
    house.post(WRITE, "a", "broken", "b", "refused", "c")
    await house.until(lambda: len(house.answers) == 5)
    assert [result for _, result, _ in house.answers] == ["a written", None, "b written", None, "c written"]
    assert [type(error) for _, _, error in house.answers] == [
        type(None),
        RuntimeError,
        type(None),
        Refusal,
        type(None),
    ]
    assert house.stored() == ["a", "b", "c"]
    assert house.logged() == [1, 2, 3]
    assert house.delivered == [([1, 2, 3], ["a", "b", "c"])]


async def test_an_event_that_the_database_refuses_hits_its_item_alone(house):
    def end(tx, name):
        tx.append(NewEvent(1, "job:completed", 7, terminal=True, body={"name": name}))

    command = Command("end", end)
    results = await asyncio.gather(
        house.writer.submit(command, "a"), house.writer.submit(WRITE, "x"), house.writer.submit(command, "b"),
        return_exceptions=True,
    )  # fmt: skip
    assert results[:2] == [None, "x written"]
    assert isinstance(results[2], Exception)
    assert house.logged() == [1, 2]


async def test_who_holds_what_is_read_anew_after_an_error(house):
    def take(tx, holder):
        tx.dispatch.taken(holder)
        tx.dispatch.enter((1, "a:b"), (0, 1))
        raise RuntimeError(holder)

    house.dispatch.held = {"nobody": 5}
    with pytest.raises(RuntimeError):
        await house.writer.submit(Command("take", take), "somebody")
    await house.writer.submit(WRITE, "next")
    assert house.dispatch.held == {}
    assert house.dispatch.waiting.all_keys() == set()


async def test_jobs_created_beside_a_fault_are_stored_once(house):
    def create(operation):
        body = JobCreate(type="workbook", operation=operation)
        return house.writer.submit(job_commands.CREATE, job_commands.CreateJob(ADMIN, body))

    rows = await asyncio.gather(
        create("a"), house.writer.submit(WRITE, "broken"), create("b"), return_exceptions=True
    )
    assert [row.id for row in (rows[0], rows[2])] == [1, 2]
    with house.store.reader() as reader:
        assert reader.rows("SELECT id, name FROM job ORDER BY id") == [(1, "workbook:a"), (2, "workbook:b")]
        assert reader.rows("SELECT COUNT(*), MAX(seq) FROM event") == [(4, 4)]


@pytest.mark.parametrize("where", ["begin", "commit"])
@pytest.mark.parametrize("kind", [StoreError, DiskFullError])
async def test_a_store_error_fails_the_whole_batch_and_leaves_nothing(house, where, kind):
    house.gate.fail[where] = [kind("not now")]
    house.post(WRITE, "a", "refused", "b")
    await house.until(lambda: len(house.answers) == 3)
    assert {type(error) for _, _, error in house.answers} == {kind}
    assert house.stored() == house.logged() == house.delivered == []
    assert house.writer.trouble == "not now"
    assert await house.writer.submit(WRITE, "c") == "c written"
    assert house.writer.trouble is None
    assert house.logged() == [1]


async def test_who_holds_what_is_read_even_when_the_store_came_back_late(house):
    house.dispatch.held = {"nobody": 5}
    house.gate.fail = {"commit": [StoreError("not now")], "reload": [StoreError("nor now")]}
    with pytest.raises(StoreError, match="not now"):
        await house.writer.submit(WRITE, "a")
    with pytest.raises(StoreError, match="nor now"):
        await house.writer.submit(WRITE, "b")
    await house.writer.submit(WRITE, "c")
    assert house.dispatch.held == {}
    assert house.stored() == ["c"]


async def test_a_callback_that_fails_keeps_no_answer_from_the_others(house):
    house.writer.post(WRITE, "a", lambda *_: 1 / 0)
    house.post(WRITE, "b")
    await house.until(lambda: house.delivered)
    assert [name for name, _, _ in house.answers] == ["b"]


async def test_a_delivery_that_fails_is_logged_and_does_not_stop_the_writer(house, capsys):
    house.gate.open.clear()
    house.writer._deliver = lambda *_: 1 / 0
    house.post(WRITE, "a")
    await house.reach(house.gate.reached)
    house.post(WRITE, "b")
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 2)
    assert house.stored() == ["a", "b"]
    said = capsys.readouterr().out
    assert "delivery_failed" in said
    assert "ZeroDivisionError" in said


async def test_a_caller_that_has_gone_does_not_disturb(house):
    house.gate.open.clear()
    task = asyncio.ensure_future(house.writer.submit(WRITE, "a"))
    await house.reach(house.gate.reached)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    house.gate.open.set()
    assert await house.writer.submit(WRITE, "b") == "b written"
    assert house.stored() == ["a", "b"]


async def test_after_an_error_of_the_store_it_looks_again_by_itself(house, monkeypatch):
    monkeypatch.setattr("server.store.writer.AFTER_ERROR_S", 0.0)
    house.gate.fail["commit"] = [StoreError("not now")]
    house.dispatch.held = {"nobody": 5}
    with pytest.raises(StoreError):
        await house.writer.submit(WRITE, "a")
    await house.until(lambda: house.dispatch.held == {})
    assert house.stored() == []


async def test_a_start_that_fails_leaves_no_connection_behind(house, facts):
    closed = []
    house.gate.fail["reload"] = [StoreError("not now")]
    house.gate.close = lambda: closed.append(True)
    other = Writer(
        house, facts, house.dispatch, clock=house.clock, at_end=house.at_end, deliver=house.deliver
    )
    with pytest.raises(StoreError):
        other.start()
    assert closed == [True]
    del house.gate.close


# ---- when nothing may be written


async def test_with_too_little_room_only_what_needs_none_is_done(house):
    house.low = "The disk is nearly full."
    with pytest.raises(DiskFullError, match="nearly full"):
        await house.writer.submit(WRITE, "a")
    frugal = Command("frugal", write, needs_no_room=True)
    assert await house.writer.submit(frugal, "b") == "b written"
    house.low = None
    assert await house.writer.submit(WRITE, "c") == "c written"
    assert house.stored() == ["b", "c"]


async def test_each_refusal_is_an_error_of_its_own(house):
    house.broken = "The file is damaged."
    errors = await asyncio.gather(
        *(house.writer.submit(WRITE, name) for name in "ab"), return_exceptions=True
    )
    assert [str(error) for error in errors] == ["The file is damaged."] * 2
    assert errors[0] is not errors[1], "a traceback would grow with every one that is raised again"


async def test_a_broken_store_is_written_to_no_more(house, monkeypatch):
    monkeypatch.setattr("server.store.writer.AFTER_ERROR_S", 0.0)

    def find_damage(tx, item):
        house.broken = "The file is damaged."
        raise BrokenError(house.broken)

    house.gate.open.clear()
    house.post(WRITE, "before")
    await house.reach(house.gate.reached)
    house.post(Command("find", find_damage), "found")
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 2)
    frugal = Command("frugal", write, needs_no_room=True)
    house.post(frugal, "after")
    assert [(name, type(error)) for name, _, error in house.answers] == [
        ("before", type(None)),
        ("found", BrokenError),
        ("after", BrokenError),
    ]
    await asyncio.sleep(0)
    assert len(house.batches) == 1
    assert house.stored() == ["before"]


async def test_what_gathered_while_the_damage_was_found_is_not_written(house):
    house.gate.open.clear()
    house.post(WRITE, "a")
    await house.reach(house.gate.reached)
    house.post(WRITE, "b")
    house.broken = "The file is damaged."
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 2)
    assert [type(error) for _, _, error in house.answers] == [type(None), BrokenError]
    assert house.stored() == ["a"]
