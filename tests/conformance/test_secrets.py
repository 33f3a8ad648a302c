"""Secrets on every database: set, read, used and sealed anew by the same statements."""

from dataclasses import replace

import pytest
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.secrets import SecretWrite
from server.commands.secrets import DELETE_SECRET, SET_SECRET, DeleteSecret, SetSecret, opened
from server.core.secrets import SecretRow
from server.engine.sealing import SealingLoop
from server.security.sealing import Sealer, parse_master_key
from server.store import clearing, secrets

OLD, NEW = parse_master_key("11" * 32), parse_master_key("22" * 32)
ROW = SecretRow(
    id=1, space_id=1, name="a", owner="", description="Ω", jobs='["a:*"]', wrapped="1.old.x", sealed="1.y", size=3, version=1,
    created_at=1, created_by="us_key_1", updated_at=1, updated_by="us_key_1",
)  # fmt: skip


def test_a_row_comes_back_as_it_was(tx):
    secrets.insert(tx, ROW)
    assert secrets.load(tx, 1, 1) == secrets.by_name(tx, 1, "a", "") == ROW
    changed = replace(ROW, wrapped="w", sealed="s", size=2**40, version=2, jobs=None, description=None)
    secrets.update(tx, changed)
    assert secrets.page(tx, 1, 0, 9) == [changed]
    assert secrets.totals(tx, 1) == (1, 2**40)
    assert secrets.totals(tx, 2) == (0, 0)
    clearing.forget(tx, 1)
    assert secrets.load(tx, 1, 1) is None


def test_a_name_stands_once(tx, backend):
    secrets.insert(tx, ROW)
    secrets.insert(tx, replace(ROW, id=2, owner="us_usr_1"))
    secrets.insert(tx, replace(ROW, id=3, space_id=2))
    secrets.insert(tx, replace(ROW, id=4, name="b"))
    with pytest.raises(backend.refused):
        tx.run("UPDATE secret SET name = 'a' WHERE id = 4")


def test_prefixes_are_counted_and_their_rows_found(tx):
    for number, wrapped in ((1, "1.old.x"), (2, "1.new.x"), (3, "1.old.y")):
        secrets.insert(tx, replace(ROW, id=number, name=f"n{number}", wrapped=wrapped))
    assert secrets.count_by_prefix(tx, 6) == {"1.old.": 2, "1.new.": 1}
    first, last = secrets.page_by_prefix(tx, "1.old.", 0, 9)
    assert (first.id, last.id) == (1, 3)
    secrets.rewrap(tx, first, "1.new.z")
    secrets.rewrap(tx, replace(last, wrapped="changed meanwhile"), "1.new.z")
    assert [row.id for row in secrets.page_by_prefix(tx, "1.old.", 0, 9)] == [3]


async def test_the_jobs_that_a_key_holds(stage):
    listener = await stage.listener("held:*")
    await stage.create("held:one")
    await listener.grant()
    await stage.create("free:one")

    async def held(space, key):
        return await stage.node.read(lambda reader: secrets.held_jobs(reader, space, key))

    assert await held(1, ADMIN.key_id) == {"held:one"}
    assert await held(2, ADMIN.key_id) == await held(1, ADMIN.key_id[:-1]) == set()


async def test_a_life(stage):
    old, both = Sealer(stage.meta.account_id, [OLD]), Sealer(stage.meta.account_id, [NEW, OLD])

    async def put(value, actor=ADMIN):
        return await stage.do(SET_SECRET, SetSecret(actor, SecretWrite(name="crm_token", value=value), old))

    await put("one")
    row = await put("two")
    await put("of another space", STRANGER)
    assert row.version == 2
    assert await SealingLoop(both, stage.node.submit, stage.node.read).look() == 0
    stage.node.hub.sealer = Sealer(stage.meta.account_id, [NEW])
    listener = await stage.listener("crm:*")
    await stage.create("crm:sync")
    frame = listener.about("secrets", await listener.grant(), names=["crm_token"])
    assert await listener.ask(**frame) == {"values": {"crm_token": "two"}}
    with pytest.raises(Refusal):
        await stage.do(DELETE_SECRET, DeleteSecret(STRANGER, row.id))
    await stage.do(DELETE_SECRET, DeleteSecret(ADMIN, row.id))
    assert (await listener.ask(**frame))["code"] == "not_found"
    (other,) = await stage.node.read(lambda reader: secrets.page(reader, 2, 0, 9))
    assert opened(stage.node.hub.sealer, other) == "of another space"
