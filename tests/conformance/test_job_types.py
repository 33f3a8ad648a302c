"""Job types on every database: declared, seen and removed by the same statements."""

import asyncio
from dataclasses import replace

import pytest
from stage import ADMIN, OTHER

from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands.job_types import DELETE_TYPE, LISTEN_FOR, DeleteType, ListenFor
from server.core.fleets import Taker, Wish
from server.core.job_types import JobTypeRow, declared
from server.engine.job_types import FRESH_MS
from server.store import clearing
from server.store import job_types as sql

ROW = JobTypeRow(
    id=1, space_id=1, code="export Ω", name="workbook:export", body='{"a":1}', created_at=1, updated_at=2,
    updated_by="us_key_1", seen_at=2**40, label="Export",
)  # fmt: skip


def test_a_row_comes_back_as_it_was(tx):
    sql.insert(tx, ROW)
    assert sql.by_code(tx, 1, ROW.code) == sql.by_codes(tx, 1, [ROW.code, "x"])[ROW.code] == ROW
    changed = replace(ROW, name="a:b", label=None, body="{}", updated_at=3, updated_by="us_key_2", seen_at=4)
    sql.update(tx, changed)
    assert sql.by_ids(tx, [1]) == [changed]
    (head,) = sql.heads(tx, 1)
    assert (head.label, head.size, sql.count(tx, 1), sql.heads(tx, 2)) == (None, 2, 1, [])
    assert sql.newest(tx, 1, ROW.code) == changed
    clearing.forget(tx, 1)
    assert sql.by_code(tx, 1, ROW.code) is sql.newest(tx, 1, ROW.code) is None


def test_a_code_stands_once_in_a_space(tx, backend):
    sql.insert(tx, ROW)
    sql.insert(tx, replace(ROW, id=2, space_id=2))
    sql.insert(tx, replace(ROW, id=3, code="b"))
    with pytest.raises(backend.refused):
        tx.run("UPDATE job_type SET code = :code WHERE id = 3", code=ROW.code)


def test_what_was_not_seen_lately_is_seen(tx):
    for number in (1, 2, 3):
        sql.insert(tx, replace(ROW, id=number, code=str(number), seen_at=number, space_id=1 + number // 3))
    assert sql.unseen(tx, [1, 2], 3) == [(1, 1, ROW.name), (2, 1, ROW.name)]
    sql.see(tx, [1, 3], 2)
    assert [row.seen_at for row in sql.by_ids(tx, [1, 2, 3])] == [2, 2, 3]
    sql.delete(tx, 1)
    assert sql.count(tx, 1) == 1


def listening(actor, *types):
    taker = Taker(f"{actor.key_id}/s", 1, 1, 1, (Wish("**"),))
    return ListenFor(actor, taker, {one.code: one for one in types})


def type_(name, **fields):
    return declared(JobTypeDeclare.model_validate({"name": name, **fields}))


async def test_a_life(stage):
    types = [type_(f"a:b{number}") for number in range(30)]
    await asyncio.gather(*(stage.do(LISTEN_FOR, listening(ADMIN, *types[:20])) for _ in range(5)))
    await asyncio.gather(*(stage.do(LISTEN_FOR, listening(OTHER, *types[10:])) for _ in range(5)))
    assert len(await stage.events("job-type:declared")) == 30
    await stage.do(LISTEN_FOR, listening(ADMIN, type_("a:b0", label="New")))
    (event,) = await stage.events("job-type:updated")
    assert event["payload"]["changed"] == ["label"]
    listener = await stage.listener("a:*")
    stage.clock.forward(FRESH_MS / 1000 + 1)
    assert await stage.node.job_types.look() == 30
    assert await stage.node.job_types.look() == 0
    await listener.ask(type="listen", credit=0)
    await stage.do(DELETE_TYPE, DeleteType(ADMIN, "a:b0", served=False, shared=False))
    assert await stage.node.read(lambda reader: sql.count(reader, 1)) == 29
