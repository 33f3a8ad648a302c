"""Sessions: hello compares what a client believes to hold with the truth; leases outlive connections and servers."""

import pytest
from situations import act, reach
from stage import ADMIN, OTHER

from listener_sdk.protocol.ids import encode


def lease(found, fence=1):
    return {"job": encode("jb", found.job.id), "fence": fence}


@pytest.fixture(params=["same server", "another server"])
async def reconnect(request, stage):
    """Connect the session anew, with or without a restart of the server in between."""

    async def connect(found, held=(), session="session-one", actor=ADMIN):
        found.listener.peer.gone()
        if request.param == "another server":
            await stage.restart()
        again = stage.connect(actor)
        return again, await again.hello(session, held)

    return connect


async def test_a_lease_that_the_client_names_is_kept(stage, reconnect):
    found = await reach(stage, "executing")
    stage.clock.forward(20)
    again, welcome = await reconnect(found, [lease(found)])
    assert welcome["stale"] == []
    row = await stage.row(found.job)
    assert (row.status, row.fence, row.lease_expires_at) == ("executing", 1, stage.clock() + 30_000)
    await stage.idle()
    assert not again.seen("grants", "stale")
    assert await again.ask(**again.about("complete", found.grant)) is None


async def test_a_lease_that_is_lost_is_named(stage, reconnect):
    found = await reach(stage, "executing")
    stage.clock.forward(30)
    await stage.look()
    unknown = {"job": "us_jb_000000zzzz", "fence": 1}
    again, welcome = await reconnect(found, [lease(found), unknown])
    assert welcome["stale"] == [lease(found), unknown]
    await stage.idle()
    assert not again.seen("grants")


async def test_a_lease_that_the_client_never_saw_is_granted_again_with_its_fence(stage, reconnect):
    found = await reach(stage, "granted")
    again, welcome = await reconnect(found)
    assert welcome["stale"] == []
    grant = await again.grant()
    assert (grant["fence"], grant["attempt"], grant["again"]) == (1, 1, True)
    assert "cancel" not in grant
    assert await again.ask(**again.about("complete", grant)) is None


async def test_the_time_to_begin_counts_from_the_grant_that_the_client_sees(stage, reconnect):
    found = await reach(stage, "granted")
    stage.clock.forward(8)
    await reconnect(found)
    stage.clock.forward(9)
    await stage.look()
    assert (await stage.row(found.job)).holder is not None
    assert (await stage.row(found.job)).granted_at == stage.clock() - 9_000


async def test_a_client_that_knows_an_older_lease_gets_the_newer_one(stage, reconnect):
    found = await reach(stage, "executing")
    await found.listener.ask(**found.listener.leases("release", found.grant))
    assert (await found.listener.grant())["fence"] == 2
    again, welcome = await reconnect(found, [lease(found, 1)])
    assert welcome["stale"] == [lease(found, 1)]
    grant = await again.grant()
    assert (grant["fence"], grant["again"]) == (2, True)


async def test_a_cancel_that_was_asked_for_meanwhile_is_told_of_kept_leases(stage, reconnect):
    found = await reach(stage, "executing")
    found.listener.peer.gone()
    await stage.do(*act("cancel", found.job))
    stage.clock.forward(10)
    again, welcome = await reconnect(found, [lease(found)])
    assert welcome["stale"] == []
    asked = await again.of_type("cancel")
    assert (asked["job"], asked["fence"], asked["graceS"]) == (encode("jb", found.job.id), 1, 20.0)


async def test_a_cancel_that_was_asked_for_meanwhile_stands_in_the_grant(stage, reconnect):
    found = await reach(stage, "executing")
    found.listener.peer.gone()
    await stage.do(*act("cancel", found.job))
    again, _ = await reconnect(found)
    assert (await again.grant())["cancel"] is True


@pytest.mark.parametrize(("session", "actor"), [("session-two", ADMIN), ("session-one", OTHER)])
async def test_another_session_or_another_key_does_not_have_the_lease(stage, reconnect, session, actor):
    found = await reach(stage, "executing")
    again, welcome = await reconnect(found, [lease(found)], session, actor)
    assert welcome["stale"] == [lease(found)]
    for kind in ("ack", "complete"):
        assert (await again.ask(**again.about(kind, found.grant)))["code"] == "stale_lease"
    assert (await stage.row(found.job)).status == "executing"


async def test_a_session_that_left_keeps_its_leases_and_gets_no_more(stage):
    found = await reach(stage, "executing")
    found.listener.peer.gone()
    second = await stage.create()
    assert (await stage.row(second)).holder is None
    assert (await stage.row(found.job)).status == "executing"
    other = await stage.listener(session="session-two")
    assert (await other.grant())["job"]["id"] == encode("jb", second.id)


async def test_what_a_session_takes_ends_with_its_connection(stage, reconnect):
    found = await reach(stage, "executing")
    again, _ = await reconnect(found, [lease(found)])
    job = await stage.create()
    await stage.idle()
    assert not again.seen("grants"), "it has not said listen on this connection"
    await again.listen("**")
    assert (await again.grant())["job"]["id"] == encode("jb", job.id)


async def test_credit_counts_the_leases_that_were_kept(stage, reconnect):
    found = await reach(stage, "executing")
    again, _ = await reconnect(found, [lease(found)])
    await again.listen("**", credit=1)
    job = await stage.create()
    await stage.idle()
    assert not again.seen("grants")
    await again.ask(**again.about("complete", found.grant))
    assert (await again.grant())["job"]["id"] == encode("jb", job.id)
