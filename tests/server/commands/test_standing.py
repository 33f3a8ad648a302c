"""Who may do a thing when a call begins, and may not when it is done, has not done it."""

from dataclasses import replace

import pytest
from stage import ADMIN, SPACE

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from listener_sdk.protocol.secrets import SecretWrite
from listener_sdk.protocol.spaces import SpaceCreate, SpaceUpdate
from server.commands import (
    actions,
    definitions,
    files,
    job_types,
    keys,
    logins,
    members,
    secrets,
    spaces,
    standing,
    watermarks,
)
from server.core.actors import Actor, Shown
from server.core.keys import ADMINISTRATOR
from server.core.logins import Owner, Visitor
from server.security.keys import stamp
from server.store.command import Command, Once

SECRET = "h" * 64
OWNER = replace(ADMIN, every_space=True)


async def key(stage, role="admin", **fields):
    """A key, and the actor that has shown it."""
    row = await stage.do(keys.CREATE_KEY, keys.CreateKey(OWNER, role, role, SECRET, **fields))
    shown = Shown(row.id, stamp(SECRET), row.limits)
    return Actor(row.id, role, SPACE, every_space=bool(row.every_space), shown=shown)


async def member(stage, role="admin"):
    """A member, and the actor whose cookie was shown."""
    row = await stage.do(
        members.CREATE_MEMBER,
        members.CreateMember(ADMIN, MemberCreate(name=role, email=f"{role}@x.org", role=role)),
    )
    visitor = Visitor(Owner(1, member_id=row.id), SPACE, row)
    login = await stage.do(
        logins.BEGIN_SESSION, logins.BeginSession(visitor, role, "h", 60_000, "::1", password_hash=None)
    )
    return row, Actor(row.public_id, role, SPACE, shown=Shown(row.public_id, role, login=login.id))


async def refusal(stage, command, item):
    with pytest.raises(Refusal) as caught:
        await stage.do(command, item)
    return caught.value.code


def acts(stage, actor):
    """Everything that does more than run jobs, as this actor would do it."""
    owner = Owner(1, key_id=actor.key_id, stamp=stamp(SECRET))
    return [
        (keys.CREATE_KEY, keys.CreateKey(actor, "late", "admin", "l" * 64)),
        (keys.REVOKE_KEY, keys.RevokeKey(actor, ADMINISTRATOR)),
        (keys.UPDATE_KEY, keys.UpdateKey(actor, ADMINISTRATOR, {"name": "late"})),
        (keys.ROTATE_KEY, keys.RotateKey(actor, ADMINISTRATOR, "l" * 64, 0)),
        (
            members.CREATE_MEMBER,
            members.CreateMember(actor, MemberCreate(name="late", email="l@x.org", role="admin")),
        ),
        (members.UPDATE_MEMBER, members.UpdateMember(actor, 1, MemberUpdate(role="admin"))),
        (members.DELETE_MEMBER, members.DeleteMember(actor, 1)),
        (members.SET_PASSWORD, members.SetPassword(actor, 1, None, "late", 1)),
        (members.END_SESSIONS, members.EndSessions(actor, 1)),
        (logins.MAKE_PASS, logins.MakePass(actor, owner, "l", "l" * 64)),
        (secrets.SET_SECRET, secrets.SetSecret(actor, SecretWrite(name="late", value="v"), stage.node.sealer)),
        (secrets.DELETE_SECRET, secrets.DeleteSecret(actor, 1)),
        (spaces.CREATE_SPACE, spaces.CreateSpace(actor, SpaceCreate(name="late"))),
        (spaces.UPDATE_SPACE, spaces.UpdateSpace(actor, 1, SpaceUpdate(name="late"))),
        (spaces.DELETE_SPACE, spaces.DeleteSpace(actor, 2)),
        (files.CREATE_FILE, files.CreateFile(actor, "late", 1, "text/plain", "blob")),
        (files.DELETE_FILE, files.DeleteFile(actor, 1)),
    ]  # fmt: skip


async def test_a_key_that_was_revoked_meanwhile_does_nothing(stage):
    actor = await key(stage, every_space=True)
    await stage.do(keys.REVOKE_KEY, keys.RevokeKey(OWNER, actor.key_id))
    before = await stage.events()
    for command, item in acts(stage, actor):
        assert await refusal(stage, command, item) == "unauthorized", command.name
    assert await stage.events() == before


async def test_one_that_is_valid_goes_on(stage):
    actor = await key(stage)
    assert (
        await stage.do(keys.CREATE_KEY, keys.CreateKey(actor, "x", "viewer", "x" * 64))
    ).created_by == actor.key_id


async def test_a_secret_that_was_rotated_away_does_nothing(stage):
    actor = await key(stage)
    await stage.do(keys.ROTATE_KEY, keys.RotateKey(ADMIN, actor.key_id, "n" * 64, 60_000))
    await stage.do(keys.UPDATE_KEY, keys.UpdateKey(actor, actor.key_id, {"name": "in the overlap"}))
    stage.clock.forward(61)
    assert (
        await refusal(stage, keys.UPDATE_KEY, keys.UpdateKey(actor, actor.key_id, {"name": "late"}))
        == "unauthorized"
    )


async def test_a_key_that_was_restricted_meanwhile_sends_its_call_again(stage):
    actor = await key(stage, "developer")
    await stage.do(keys.UPDATE_KEY, keys.UpdateKey(ADMIN, actor.key_id, {"jobs": ("mine:*",)}))
    item = secrets.SetSecret(actor, SecretWrite(name="late", value="v"), stage.node.sealer)
    assert await refusal(stage, secrets.SET_SECRET, item) == "conflict"


async def test_what_the_role_does_not_allow_any_more_is_forbidden(stage):
    row, actor = await member(stage)
    await stage.do(members.UPDATE_MEMBER, members.UpdateMember(ADMIN, row.id, MemberUpdate(role="viewer")))
    assert (
        await refusal(stage, keys.CREATE_KEY, keys.CreateKey(actor, "late", "admin", "l" * 64)) == "forbidden"
    )
    # One's own sessions are one's own.
    assert await stage.do(members.END_SESSIONS, members.EndSessions(actor, row.id)) == 1


@pytest.mark.parametrize("change", [{"active": False}, None])
async def test_a_member_who_was_set_aside_or_logged_out_does_nothing(stage, change):
    row, actor = await member(stage)
    if change:
        await stage.do(members.UPDATE_MEMBER, members.UpdateMember(ADMIN, row.id, MemberUpdate(**change)))
    else:
        await stage.do(members.END_SESSIONS, members.EndSessions(ADMIN, row.id))
    assert (
        await refusal(stage, keys.CREATE_KEY, keys.CreateKey(actor, "late", "admin", "l" * 64))
        == "unauthorized"
    )


async def test_a_session_that_is_past_its_time_does_nothing(stage):
    _, actor = await member(stage)
    stage.clock.forward(61)
    assert (
        await refusal(stage, keys.CREATE_KEY, keys.CreateKey(actor, "late", "admin", "l" * 64))
        == "unauthorized"
    )


async def test_a_link_of_a_key_that_was_revoked_meanwhile_begins_no_session(stage):
    actor = await key(stage)
    visitor = Visitor(Owner(1, key_id=actor.key_id, stamp=stamp(SECRET)), SPACE)
    item = logins.BeginSession(visitor, "admin", "h", 60_000, "::1")
    await stage.do(logins.BEGIN_SESSION, item)
    await stage.do(keys.REVOKE_KEY, keys.RevokeKey(ADMIN, actor.key_id))
    assert await refusal(stage, logins.BEGIN_SESSION, item) == "unauthorized"


async def test_the_operators_own_key_has_no_row(stage):
    stage.facts.operator = "stamp"
    for shown, found in (("stamp", None), ("other", "unauthorized")):
        actor = Actor(ADMINISTRATOR, "admin", SPACE, every_space=True, shown=Shown(ADMINISTRATOR, shown))
        item = keys.CreateKey(actor, "x", "viewer", "x" * 64)
        visitor = Visitor(Owner(1, key_id=ADMINISTRATOR, stamp=shown), SPACE)
        begun = logins.BeginSession(visitor, "admin", "h", 60_000, "::1")
        if found is None:
            await stage.do(keys.CREATE_KEY, item)
            await stage.do(logins.BEGIN_SESSION, begun)
        else:
            assert await refusal(stage, keys.CREATE_KEY, item) == found
            assert await refusal(stage, logins.BEGIN_SESSION, begun) == found


async def test_nothing_is_put_into_a_space_that_was_deleted_meanwhile(stage):
    space = await stage.do(spaces.CREATE_SPACE, spaces.CreateSpace(ADMIN, SpaceCreate(name="Acme")))
    inside = replace(ADMIN, space=space)
    ada = await stage.do(
        members.CREATE_MEMBER,
        members.CreateMember(inside, MemberCreate(name="Ada", email="a@x.org", role="admin")),
    )
    visitor = Visitor(Owner(space.id, member_id=ada.id), space, ada)
    await stage.do(spaces.DELETE_SPACE, spaces.DeleteSpace(ADMIN, space.id))
    begin = (logins.BEGIN_SESSION, logins.BeginSession(visitor, "admin", "h", 60_000, "::1"))
    for command, item in [*acts(stage, inside), begin]:
        assert await refusal(stage, command, item) == "not_found", command.name


async def test_a_repeated_call_is_not_answered_to_who_is_shut_out(stage):
    actor = await key(stage)
    once = Once(f"{actor.key_id} POST /v1/keys", "again", "hash", lambda row: row.id)
    item = keys.CreateKey(actor, "x", "viewer", "x" * 64)
    await stage.do(keys.CREATE_KEY, item, once)
    await stage.do(keys.REVOKE_KEY, keys.RevokeKey(ADMIN, actor.key_id))
    with pytest.raises(Refusal) as caught:
        await stage.do(keys.CREATE_KEY, item, once)
    assert (caught.value.code, caught.value.message) == ("unauthorized", standing.ENDED)


FREE = {
    "used_key",
    "use_pass",
    "seen_session",
    "end_session",
    "use_secrets",
    "rewrap_secrets",
    "execute_definition",
    "execute_action",
    "listen_for",
    "see_types",
}
"""What the server notes by itself, what ends one's own session, what listeners declare, what the holder of a lease may do, and jobs."""


@pytest.mark.parametrize(
    "module", [actions, definitions, files, job_types, keys, logins, members, secrets, spaces, watermarks]
)
def test_every_other_command_of_what_is_set_up_has_a_guard(module):
    commands = [one for one in vars(module).values() if isinstance(one, Command)]
    assert {one.name for one in commands if one.guard is None} <= FREE
