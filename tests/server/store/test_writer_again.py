"""Batches that the database undid for the sake of another server."""

import pytest
from gated_writer import WRITE

from server.core.effects import Lost
from server.store.command import Command
from server.store.database import AgainError, StoreError
from server.store.writer import TRIES

UNDONE = "undone for another"


async def test_a_batch_that_was_undone_is_done_again_and_nobody_notices(house):
    house.gate.fail["commit"] = [AgainError(UNDONE)] * (TRIES - 1)
    assert await house.writer.submit(WRITE, "a") == "a written"
    assert house.stored() == ["a"]
    assert house.logged() == [1]
    assert house.delivered == [([1], ["a"])]


async def test_who_holds_what_is_read_anew_before_it_is_done_again(house):
    def take(tx, holder):
        tx.dispatch.taken(holder)
        tx.effects.append(Lost(holder, 0, 0))

    house.gate.fail["commit"] = [AgainError(UNDONE)]
    await house.writer.submit(Command("take", take), "somebody")
    assert house.dispatch.held == {"somebody": 1}


async def test_a_batch_that_is_always_undone_is_answered_in_the_end(house):
    house.gate.fail["commit"] = [AgainError(UNDONE)] * TRIES
    house.post(WRITE, "a", "b")
    await house.until(lambda: len(house.answers) == 2)
    assert [type(error) for _, _, error in house.answers] == [AgainError, AgainError]
    assert house.answers[0][2].code == StoreError.code
    assert house.stored() == []
    assert await house.writer.submit(WRITE, "later") == "later written"


@pytest.mark.parametrize(("shared", "runs"), [(True, 2), (False, 1)])
async def test_a_lone_item_looks_again_at_what_another_server_may_have_written(house, shared, runs):
    seen = []

    def meet(tx, name):
        seen.append(name)
        raise RuntimeError(name)

    house.shared = shared
    with pytest.raises(RuntimeError):
        await house.writer.submit(Command("meet", meet), "x")
    assert len(seen) == runs


async def test_grants_that_fail_on_a_shared_store_are_reported_and_not_tried_for_ever(house, monkeypatch):
    house.shared = True

    def fail(tx):
        house.batches.append([])
        raise RuntimeError("grants")

    monkeypatch.setattr(house.writer, "_at_end", fail)
    house.writer.look()
    await house.until(lambda: house.batches)
    monkeypatch.undo()
    assert await house.writer.submit(WRITE, "a") == "a written"
