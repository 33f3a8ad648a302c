"""Keys as commands make and revoke them."""

import pytest
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from server.commands import keys as module
from server.commands.keys import CREATE_KEY, REVOKE_KEY, UPDATE_KEY, CreateKey, RevokeKey, UpdateKey
from server.core.actors import Actor
from server.store import keys as sql


def new(actor=ADMIN, **fields):
    return CreateKey(actor, **{"name": "ci", "role": "listener", "secret_hash": "h" * 64} | fields)


async def refusal(stage, command, item):
    with pytest.raises(Refusal) as caught:
        await stage.do(command, item)
    return caught.value


async def load(stage, key_id):
    return await stage.node.read(lambda reader: sql.load(reader, key_id))


async def test_a_key_is_stored_and_told_without_its_hash(stage):
    row = await stage.do(CREATE_KEY, new(expires_at=stage.clock() + 1))
    assert await load(stage, row.id) == row
    (event,) = await stage.events("key:created")
    assert event["payload"]["keyId"] == row.id
    assert event["context"]["actorId"] == ADMIN.key_id
    assert "hhhh" not in str(event)


async def test_a_key_that_has_ended_before_it_began_is_refused(stage):
    found = await refusal(stage, CREATE_KEY, new(expires_at=stage.clock()))
    assert (found.code, found.key) == ("invalid", "expiresAt")
    assert await stage.events("key:created") == []


async def test_a_space_has_a_bound_on_its_keys(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEYS", 2)
    first = await stage.do(CREATE_KEY, new())
    await stage.do(CREATE_KEY, new())
    assert (await refusal(stage, CREATE_KEY, new())).code == "limit"
    await stage.do(REVOKE_KEY, RevokeKey(ADMIN, first.id))
    await stage.do(CREATE_KEY, new())


async def test_revoking_is_told_once(stage):
    row = await stage.do(CREATE_KEY, new())
    await stage.do(REVOKE_KEY, RevokeKey(ADMIN, row.id))
    stage.clock.forward(1)
    await stage.do(REVOKE_KEY, RevokeKey(ADMIN, row.id))
    assert len(await stage.events("key:revoked")) == 1
    assert (await load(stage, row.id)).revoked_at == stage.clock() - 1_000


async def test_keys_of_another_space_are_not_there(stage):
    row = await stage.do(CREATE_KEY, new())
    assert (await refusal(stage, REVOKE_KEY, RevokeKey(STRANGER, row.id))).code == "not_found"
    assert (await refusal(stage, REVOKE_KEY, RevokeKey(ADMIN, "us_key_000000zzzz"))).code == "not_found"
    assert (await load(stage, row.id)).revoked_at is None


async def test_the_last_administrator_cannot_lock_everybody_out(stage):
    first = await stage.do(CREATE_KEY, new(role="admin"))
    me = Actor(first.id, "admin", ADMIN.space)
    assert (await refusal(stage, REVOKE_KEY, RevokeKey(me, first.id))).code == "conflict"
    soon = stage.clock() + 1_000
    found = await refusal(stage, UPDATE_KEY, UpdateKey(me, first.id, {"expires_at": soon}))
    assert (found.code, (await load(stage, first.id)).expires_at) == ("conflict", None)
    await stage.do(UPDATE_KEY, UpdateKey(ADMIN, first.id, {"expires_at": soon}))
    await stage.do(UPDATE_KEY, UpdateKey(me, first.id, {"expires_at": soon + 1, "name": "longer"}))
    await stage.do(CREATE_KEY, new(role="admin"))
    await stage.do(REVOKE_KEY, RevokeKey(me, first.id))
    assert (await load(stage, first.id)).revoked_at == stage.clock()


async def test_an_administrator_may_revoke_any_other(stage):
    first = await stage.do(CREATE_KEY, new(actor=OTHER, role="admin"))
    await stage.do(REVOKE_KEY, RevokeKey(ADMIN, first.id))
    assert (await load(stage, first.id)).revoked_at is not None
