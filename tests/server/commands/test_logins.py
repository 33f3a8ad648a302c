"""Sessions as commands begin and end them."""

from dataclasses import replace

import pytest
from stage import ADMIN, SPACE

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from server.commands import logins as module
from server.commands.logins import (
    BEGIN_SESSION,
    END_SESSION,
    MAKE_PASS,
    SEEN,
    USE_PASS,
    BeginSession,
    EndSession,
    MakePass,
    UsePass,
)
from server.commands.members import CREATE_MEMBER, UPDATE_MEMBER, CreateMember, UpdateMember
from server.core.logins import LINK_MS, TICKET_MS, Owner, Visitor
from server.store import logins as sql


@pytest.fixture
async def ada(stage):
    body = MemberCreate(name="Ada", email="a@b", role="operator")
    row = await stage.do(CREATE_MEMBER, CreateMember(ADMIN, body))
    return Visitor(Owner(1, member_id=row.id), SPACE, row)


def session(visitor, **fields):
    return BeginSession(visitor, "operator", "h" * 64, 1_000, "::1", **fields)


async def refusal(stage, command, item):
    with pytest.raises(Refusal) as caught:
        await stage.do(command, item)
    return caught.value.code


async def load(stage, number):
    return await stage.node.read(lambda reader: sql.load(reader, number))


async def link(stage, visitor):
    return await stage.do(MAKE_PASS, MakePass(ADMIN, visitor.owner, "l", "h" * 64))


async def test_links_and_tickets_end_in_their_time(stage, ada):
    made = await link(stage, ada)
    assert made.expires_at == stage.clock() + LINK_MS
    ticket = await stage.do(MAKE_PASS, MakePass(ADMIN, ada.owner, "t", "h", 7))
    assert (ticket.expires_at, ticket.login_id) == (stage.clock() + TICKET_MS, 7)


async def test_one_serves_once(stage, ada):
    made = await link(stage, ada)
    await stage.do(USE_PASS, UsePass(made.id))
    assert await refusal(stage, USE_PASS, UsePass(made.id)) == "unauthorized"


async def test_a_link_begins_one_session(stage, ada):
    made = await link(stage, ada)
    row = await stage.do(BEGIN_SESSION, session(ada, link=made.id))
    assert (row.by_link, row.expires_at, row.address) == (1, stage.clock() + 1_000, "::1")
    assert await load(stage, row.id) == row
    assert await refusal(stage, BEGIN_SESSION, session(ada, link=made.id)) == "unauthorized"


async def test_what_changed_since_it_was_compared_begins_none(stage, ada):
    made = await link(stage, ada)
    assert await refusal(stage, BEGIN_SESSION, session(ada, password_hash="other")) == "unauthorized"
    await stage.do(UPDATE_MEMBER, UpdateMember(ADMIN, ada.member.id, MemberUpdate(active=False)))
    for item in (session(ada), session(ada, link=made.id)):
        assert await refusal(stage, BEGIN_SESSION, item) == "unauthorized"
    missing = replace(ada, owner=Owner(1, member_id=99))
    assert await refusal(stage, BEGIN_SESSION, session(missing)) == "unauthorized"
    assert await refusal(stage, MAKE_PASS, MakePass(ADMIN, ada.owner, "l", "h")) == "conflict"


async def test_a_new_one_replaces_the_browser_s_older(stage, ada):
    first = await stage.do(BEGIN_SESSION, session(ada))
    second = await stage.do(BEGIN_SESSION, session(ada, replaces=first.id))
    assert await load(stage, first.id) is None
    assert await load(stage, second.id) == second


async def test_bounds_on_how_many(stage, ada, monkeypatch):
    monkeypatch.setattr(module, "MOST_SESSIONS", 2)
    monkeypatch.setattr(module, "MOST_PASSES", 1)
    begun = [await stage.do(BEGIN_SESSION, session(ada)) for _ in range(3)]
    assert [await load(stage, row.id) is not None for row in begun] == [False, True, True]
    await link(stage, ada)
    with pytest.raises(Refusal) as caught:
        await link(stage, ada)
    assert caught.value.code == "limit"


async def test_it_is_seen_and_ends_once(stage, ada):
    row = await stage.do(BEGIN_SESSION, session(ada))
    stage.clock.forward(5)
    await stage.do(SEEN, row.id)
    assert (await load(stage, row.id)).seen_at == row.seen_at + 5_000
    for _ in range(2):
        await stage.do(END_SESSION, EndSession(ADMIN, row.id))
    assert await load(stage, row.id) is None
    lines = await stage.rows(
        "SELECT action, actor, target, after FROM audit WHERE action LIKE 'session:%' ORDER BY id"
    )
    assert lines == [
        ("session:begun", ada.member.public_id, "us_log_0000000001", '{"by":"password"}'),
        ("session:ended", ADMIN.key_id, "us_log_0000000001", None),
    ]
