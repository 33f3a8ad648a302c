"""Hooks as commands make, change and remove them."""

from dataclasses import replace

import pytest
from hooked import SECRET, hook
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import HookUpdate
from server.commands.hooks import (
    DELETE_HOOK,
    ROTATE_HOOK,
    UPDATE_HOOK,
    DeleteHook,
    RotateHook,
    UpdateHook,
    find,
)
from server.core.reach import Reach
from server.store import hooks as sql
from server.store import signing_secrets


async def refused(act):
    with pytest.raises(Refusal) as caught:
        await act
    return caught.value.code


def rotation(stage, row, **changes):
    item = RotateHook(ADMIN, row.id, None, {"github": "another-secret"}, 1_000, None, stage.node.sealer)
    return stage.do(ROTATE_HOOK, replace(item, **changes))


async def secrets(stage, row):
    return await stage.node.read(lambda reader: signing_secrets.valid(reader, row.public_id, stage.clock()))


async def test_a_change_is_told_once_and_only_where_something_differs(stage):
    row = await hook(stage)
    body = HookUpdate(name="Other", enabled=False)
    changed = await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, body))
    assert (changed.name, changed.enabled, changed.version) == ("Other", 0, 2)
    assert await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, body)) == changed
    told = await stage.events("hook:updated", "hook:disabled")
    assert [(one["topic"], one["payload"].get("changed")) for one in told] == [
        ("hook:updated", ["name"]),
        ("hook:disabled", None),
    ]


async def test_it_can_be_switched_off_whatever_became_of_what_it_starts(stage):
    row = await hook(stage, job_type="noop")
    broken = replace(row, body=row.body.replace('"noop"', '"gone:type"'))
    await stage.node.writer.stop()
    connection = stage.database.connect()
    connection.begin()
    sql.update(connection, broken)
    connection.commit()
    connection.close()
    await stage.restart()
    off = await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(enabled=False)))
    assert off.enabled == 0
    on = stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(enabled=True)))
    assert await refused(on) == "not_found"


async def test_two_secrets_at_most_are_valid(stage):
    row = await hook(stage)
    await rotation(stage, row)
    await rotation(stage, row)
    kept = await secrets(stage, row)
    assert [one.until for one in kept] == [None, stage.clock() + 1_000]
    stage.clock.forward(1)
    assert [one.until for one in await secrets(stage, row)] == [None]
    (told, _) = await stage.events("hook:rotated")
    assert told["payload"]["address"] is False
    assert SECRET not in str(await stage.events())


async def test_a_hook_without_a_secret_gets_a_new_address(stage):
    row = await hook(stage, "none")
    assert await refused(rotation(stage, row, made={})) == "invalid"
    assert await refused(rotation(stage, row, given="a-secret")) == "invalid"
    turned = await rotation(stage, row, made={}, door="newdoor")
    assert (turned.door, turned.version) == ("newdoor", 2)
    assert await secrets(stage, row) == []


async def test_another_space_has_none_of_it(stage):
    row = await hook(stage)
    other = replace(STRANGER, role="admin")
    assert (
        await refused(stage.do(UPDATE_HOOK, UpdateHook(other, row.id, HookUpdate(name="x")))) == "not_found"
    )
    assert await refused(stage.do(DELETE_HOOK, DeleteHook(other, row.id))) == "not_found"
    assert await refused(rotation(stage, row, actor=other)) == "not_found"


async def test_who_is_restricted_reaches_what_it_may_start(stage):
    row = await hook(stage)
    blind = replace(ADMIN, reach=Reach(topics=("job:*",)))
    seeing = replace(ADMIN, reach=Reach(topics=("shop:*",)))
    assert await refused(stage.node.read(lambda reader: find(reader, blind, row.id))) == "not_found"
    assert await stage.node.read(lambda reader: find(reader, seeing, row.id)) == row
    assert await refused(hook(stage, actor=blind)) == "forbidden"


async def test_what_goes_takes_its_secrets_along(stage):
    row = await hook(stage)
    await stage.do(DELETE_HOOK, DeleteHook(ADMIN, row.id))
    assert await stage.rows("SELECT id FROM signing_secret") == []
    assert await refused(stage.do(DELETE_HOOK, DeleteHook(ADMIN, row.id))) == "not_found"
