"""Members as commands make and change them."""

import pytest
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from server.commands import members as module
from server.commands.members import (
    CREATE_MEMBER,
    DELETE_MEMBER,
    END_SESSIONS,
    SET_PASSWORD,
    UPDATE_MEMBER,
    CreateMember,
    DeleteMember,
    EndSessions,
    SetPassword,
    UpdateMember,
)
from server.store import members as sql


async def create(stage, name="Ada", actor=ADMIN):
    body = MemberCreate(name=name, email=f"{name}@example.com", role="operator")
    return await stage.do(CREATE_MEMBER, CreateMember(actor, body))


async def refusal(stage, command, item):
    with pytest.raises(Refusal) as caught:
        await stage.do(command, item)
    return caught.value.code


async def load(stage, row):
    return await stage.node.read(lambda reader: sql.load(reader, row.space_id, row.id))


async def test_one_is_stored_and_told(stage):
    row = await create(stage)
    assert await load(stage, row) == row
    (event,) = await stage.events("member:created")
    assert event["payload"]["memberId"] == row.public_id
    assert event["context"]["actorId"] == ADMIN.key_id
    assert "@" not in str(event["payload"])


async def test_two_of_one_e_mail_in_one_batch_are_told_apart(stage):
    import asyncio

    found = await asyncio.gather(*(create(stage) for _ in range(3)), return_exceptions=True)
    refused = [one for one in found if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["conflict"] * 2
    assert len(await stage.events("member:created")) == 1


async def test_a_space_has_a_bound_on_its_members(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_MEMBERS", 1)
    row = await create(stage)
    with pytest.raises(Refusal) as caught:
        await create(stage, "Bob")
    assert caught.value.code == "limit"
    await create(stage, "Bob", STRANGER)
    await stage.do(DELETE_MEMBER, DeleteMember(ADMIN, row.id))
    await create(stage, "Bob")


async def test_each_change_has_its_topic(stage):
    row = await create(stage)
    for change in (
        {"name": "A"},
        {"active": False, "name": "B"},
        {"active": False},
        {"active": True},
        {"role": "admin"},
    ):
        await stage.do(UPDATE_MEMBER, UpdateMember(ADMIN, row.id, MemberUpdate(**change)))
    await stage.do(DELETE_MEMBER, DeleteMember(ADMIN, row.id))
    told = [
        (event["topic"], event["payload"].get("changed"))
        for event in await stage.events()
        if event["topic"].startswith("member:")
    ]
    assert told == [
        ("member:created", None),
        ("member:updated", ["name"]),
        ("member:deactivated", ["active", "name"]),
        ("member:activated", ["active"]),
        ("member:updated", ["role"]),
        ("member:deleted", None),
    ]


async def test_members_of_another_space_are_not_there(stage):
    row = await create(stage)
    for command, item in (
        (UPDATE_MEMBER, UpdateMember(STRANGER, row.id, MemberUpdate(name="x"))),
        (DELETE_MEMBER, DeleteMember(STRANGER, row.id)),
        (SET_PASSWORD, SetPassword(STRANGER, row.id, None, "hash", 1)),
        (END_SESSIONS, EndSessions(STRANGER, row.id)),
    ):
        assert await refusal(stage, command, item) == "not_found"
    assert await load(stage, row) == row


async def test_a_password_is_told_without_its_hash_and_not_overwritten_unseen(stage):
    row = await create(stage)
    await stage.do(SET_PASSWORD, SetPassword(ADMIN, row.id, None, "secret-hash", 1))
    assert await refusal(stage, SET_PASSWORD, SetPassword(ADMIN, row.id, None, "other-hash", 1)) == "conflict"
    assert (await load(stage, row)).password_hash == "secret-hash"
    (event,) = await stage.events("member:updated")
    assert event["payload"]["changed"] == ["passwordSetAt"]
    lines = await stage.rows("SELECT before, after FROM audit")
    assert "hash" not in str(event) + str(lines)
