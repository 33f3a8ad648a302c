"""Secrets that sign are sealed to their place, opened for who posts, and wrapped anew under a newer master key."""

import pytest
from hooked import SECRET as OF_A_HOOK
from hooked import hook
from posted import SECRET, endpoint
from stage import ADMIN, opened

from server.commands import signing_secrets
from server.commands.hooks import ROTATE_HOOK, RotateHook
from server.engine.sealing import SealingLoop
from server.security.sealing import Sealer, parse_master_key
from server.store import signing_secrets as sql

OLD, NEW = parse_master_key("11" * 32), parse_master_key("22" * 32)


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        found.node.sealer = Sealer(found.meta.account_id, [OLD])
        yield found


async def secrets(stage, sealer, owner="us_ep_0000000001"):
    return await stage.node.read(lambda r: signing_secrets.valid(r, sealer, owner, stage.clock()))


async def test_only_the_master_key_opens_it(stage):
    await endpoint(stage, "https://a.example")
    [(wrapped, sealed)] = await stage.rows("SELECT wrapped, sealed FROM signing_secret")
    assert SECRET not in wrapped + sealed
    assert await secrets(stage, stage.node.sealer) == [SECRET]
    assert await secrets(stage, Sealer(stage.meta.account_id, [NEW])) == []


async def test_it_opens_nowhere_else(stage):
    await endpoint(stage, "https://a.example")
    row = await stage.node.read(lambda reader: sql.load(reader, 1))
    assert signing_secrets.opened(stage.node.sealer, row) == SECRET
    for changed in ({"space_id": 2}, {"owner": "us_ep_0000000002"}, {"id": 9}):
        other = sql.SigningSecret(**{**{n: getattr(row, n) for n in row.__dataclass_fields__}, **changed})
        assert signing_secrets.opened(stage.node.sealer, other) is None


async def test_it_is_wrapped_anew_under_a_newer_master_key(stage):
    for _ in range(3):
        await endpoint(stage, "https://a.example")
    row = await hook(stage)
    newer = Sealer(stage.meta.account_id, [NEW, OLD])
    assert await SealingLoop(newer, stage.node.submit, stage.node.read).look() == 0
    assert await secrets(stage, Sealer(stage.meta.account_id, [NEW])) == [SECRET]
    assert await secrets(stage, Sealer(stage.meta.account_id, [NEW]), row.public_id) == [OF_A_HOOK]
    lost = Sealer(stage.meta.account_id, [parse_master_key("33" * 32)])
    assert await SealingLoop(lost, stage.node.submit, stage.node.read).look() == 4


@pytest.mark.parametrize(("overlap_ms", "left"), [(0, ["third"]), (1_000, ["third", "second"])])
async def test_the_one_before_holds_until_the_overlap_ends_and_those_before_it_not_at_all(
    stage, overlap_ms, left
):
    row = await hook(stage)
    for number, text in ((1, "second"), (2, "third")):
        item = RotateHook(ADMIN, row.id, text, {}, overlap_ms * number, None, stage.node.sealer)
        await stage.do(ROTATE_HOOK, item)
    assert await secrets(stage, stage.node.sealer, row.public_id) == left
    stage.clock.forward(2)
    assert await secrets(stage, stage.node.sealer, row.public_id) == left[:1]
