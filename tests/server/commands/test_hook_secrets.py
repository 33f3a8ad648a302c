"""The secrets of hooks are sealed, and wrapped anew under a newer master key."""

import pytest
from hooked import SECRET, hook

from listener_sdk.protocol.codes import Refusal
from server.commands.hook_secrets import opened
from server.engine.sealing import SealingLoop
from server.security.sealing import Sealer, parse_master_key
from server.store import hooks as sql

OLD, NEW = parse_master_key("11" * 32), parse_master_key("22" * 32)


async def kept(stage, row):
    (found,) = await stage.node.read(lambda reader: sql.secrets(reader, row.id, stage.clock()))
    return found


async def test_a_secret_is_sealed_and_opens_in_its_place_alone(stage):
    first, second = await hook(stage), await hook(stage)
    one, other = await kept(stage, first), await kept(stage, second)
    assert opened(stage.node.sealer, one) == SECRET
    assert SECRET not in str(await stage.rows("SELECT wrapped, sealed FROM hook_secret"))
    moved = sql.HookSecret(other.id, other.space_id, other.hook_id, None, one.wrapped, one.sealed)
    with pytest.raises(Refusal) as caught:
        opened(stage.node.sealer, moved)
    assert caught.value.code == "secret_locked"


async def test_what_an_older_key_has_wrapped_is_wrapped_anew(stage):
    old = Sealer(stage.meta.account_id, [OLD])
    stage.node.sealer = old
    rows = [await hook(stage) for _ in range(3)]
    both = Sealer(stage.meta.account_id, [NEW, OLD])
    assert await SealingLoop(both, stage.node.submit, stage.node.read).look() == 0
    new = Sealer(stage.meta.account_id, [NEW])
    for row in rows:
        assert opened(new, await kept(stage, row)) == SECRET
    assert await SealingLoop(old, stage.node.submit, stage.node.read).look() == 3
