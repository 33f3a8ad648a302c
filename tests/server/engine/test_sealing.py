"""The loop that wraps keys anew: rotation, and what cannot be opened."""

import pytest
from stage import ADMIN, STRANGER
from structlog.testing import capture_logs

from listener_sdk.protocol.secrets import SecretWrite
from server.commands import secrets as commands
from server.commands.secrets import SET_SECRET, SetSecret, opened
from server.engine.sealing import SealingLoop
from server.security.sealing import Sealer, parse_master_key
from server.store import secrets as sql
from server.store.command import Command

OLD, NEW = parse_master_key("11" * 32), parse_master_key("22" * 32)


@pytest.fixture
def under(stage):
    """A sealer of this store with these master keys."""
    return lambda *keys: Sealer(stage.meta.account_id, keys)


async def put(stage, sealer, count, actor=ADMIN):
    for number in range(count):
        body = SecretWrite(name=f"secret_{number}", value=f"value {number}")
        await stage.do(SET_SECRET, SetSecret(actor, body, sealer))


async def rows(stage, space=1):
    return await stage.node.read(lambda reader: sql.page(reader, space, 0, 100))


def loop(stage, sealer):
    return SealingLoop(sealer, stage.node.submit, stage.node.read)


async def test_what_an_older_key_has_wrapped_is_wrapped_anew_page_by_page(stage, under, monkeypatch):
    monkeypatch.setattr(commands, "PAGE", 2)
    await put(stage, under(OLD), 5)
    await put(stage, under(OLD), 1, STRANGER)
    before = await rows(stage)
    assert await loop(stage, under(NEW, OLD)).look() == 0
    after = await rows(stage)
    assert [opened(under(NEW), row) for row in after] == [f"value {number}" for number in range(5)]
    assert [row.sealed for row in after] == [row.sealed for row in before]
    assert [row.version for row in after] == [1] * 5
    assert opened(under(NEW), (await rows(stage, 2))[0]) == "value 0"


async def test_a_lost_key_is_told_once_with_advice_and_again_when_it_is_back(stage, under):
    await put(stage, under(OLD), 3)
    watched = loop(stage, under(NEW))
    with capture_logs() as told:
        assert await watched.look() == 3
        assert await watched.look() == 3
    assert [(line["event"], line["count"], line["log_level"]) for line in told] == [
        ("secrets_locked", 3, "error")
    ]
    assert "TICKWIRE_MASTER_KEY_PREVIOUS" in told[0]["advice"]
    await put(stage, under(NEW), 3)
    with capture_logs() as told:
        assert await watched.look() == 0
    assert [line["event"] for line in told] == ["secrets_unlocked"]


async def test_a_row_that_was_altered_stays_as_it_is_and_keeps_the_others_from_nothing(stage, under):
    await put(stage, under(OLD), 3)
    first, *_ = await rows(stage)
    broken = first.wrapped[:-8] + "AAAAAAA="
    await stage.do(Command("spoil", lambda tx, item: sql.rewrap(tx.connection, *item)), (first, broken))
    await loop(stage, under(NEW, OLD)).look()
    found = await rows(stage)
    assert found[0].wrapped == broken
    assert [opened(under(NEW), row) for row in found[1:]] == ["value 1", "value 2"]
