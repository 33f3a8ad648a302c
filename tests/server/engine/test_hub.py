"""Which connection hears what after a commit; one session has one connection."""

import asyncio

from situations import act, reach
from stage import ADMIN, OTHER

from listener_sdk.protocol.codes import CLOSES, Refusal
from listener_sdk.protocol.ids import encode
from server.commands import sessions
from server.engine.hub import error_frame, unanswered
from server.store.database import DiskFullError, StoreError


async def test_a_second_connection_of_a_session_ends_the_first_and_keeps_the_leases(stage):
    found = await reach(stage, "executing")
    again = stage.connect()
    welcome = await again.hello("session-one", [{"job": found.grant["job"]["id"], "fence": 1}])
    assert (welcome["session"], welcome["stale"]) == ("session-one", [])
    assert found.listener.closed == CLOSES["session_taken"].code
    found.listener.peer.gone()
    assert await again.ask(**again.about("complete", found.grant)) is None


async def test_what_the_first_connection_took_ends_with_it(stage):
    await stage.listener()
    again = stage.connect()
    await again.hello("session-one")
    job = await stage.create()
    await stage.idle()
    assert (await stage.row(job)).holder is None
    await again.listen("**")
    assert await again.grant()


async def test_sessions_of_the_same_name_of_two_keys_are_two_sessions(stage):
    mine = await stage.listener(session="session-one")
    other = await stage.listener(session="session-one", actor=OTHER)
    assert (mine.closed, other.closed) == (None, None)


async def test_the_first_connection_is_not_heard_any_more(stage):
    first = await stage.listener()
    second = stage.connect()
    await second.hello()
    first.frames.clear()
    first.say(type="listen", jobs=[{"job": "**"}], credit=5, id=7)
    first.say(type="create", job={"type": "a", "operation": "b"}, id=8)
    first.peer.gone()
    await stage.idle()
    assert not first.seen("ok", "error")
    assert not await stage.events()
    assert not stage.node.dispatch.takers
    assert await second.ask(type="publish", event={"topic": "a:b"})


async def test_a_grant_that_lands_before_hello_is_answered_is_told_after_it_and_once(stage):
    listener = await stage.listener()
    made = asyncio.create_task(stage.create())
    await stage.in_flight()
    again = stage.connect()
    again.say(type="hello", session="session-one", id=1)
    job = await made
    await stage.idle()
    frames = again.seen("welcome", "grants")
    assert [frame["type"] for frame in frames] == ["welcome", "grants"]
    (grant,) = frames[1]["jobs"]
    assert (grant["job"]["id"], grant["fence"], grant["again"]) == (encode("jb", job.id), 1, True)
    assert not listener.seen("grants")


async def test_a_cancel_that_lands_before_hello_is_answered_is_told_once(stage):
    found = await reach(stage, "executing")
    canceled = asyncio.create_task(stage.do(*act("cancel", found.job)))
    await stage.in_flight()
    again = stage.connect()
    again.say(type="hello", session="session-one", held=[{"job": found.grant["job"]["id"], "fence": 1}])
    await canceled
    await stage.idle()
    assert len(again.seen("cancel")) == 1
    assert not found.listener.seen("cancel")


async def test_undeliverable_grants_go_to_somebody_else_with_the_attempt_given_back(stage):
    listener = await stage.listener()
    made = asyncio.create_task(stage.create())
    await stage.in_flight()
    listener.peer.gone()
    job = await made
    await stage.idle()
    row = await stage.row(job)
    assert (row.holder, row.attempt, row.status) == (None, 0, "ready")
    other = await stage.listener(session="session-two")
    assert (await other.grant())["attempt"] == 1


async def test_grants_of_one_commit_are_one_frame_for_each_connection(stage):
    listeners = [await stage.listener(session=f"session-{n}") for n in range(2)]
    await asyncio.gather(*(stage.create() for _ in range(6)))
    for listener in listeners:
        (frame,) = listener.seen("grants")
        assert len(frame["jobs"]) == 3


async def test_answers_come_before_events_of_the_same_commit(stage):
    listener = stage.connect()
    await listener.hello()
    listener.say(type="subscribe", sub="s", topics=["**"])
    listener.say(type="create", id=5, job={"type": "a", "operation": "b"})
    await stage.idle()
    assert [frame["type"] for frame in listener.seen("ok", "events")] == ["ok", "events"]


def test_an_error_frame_says_what_is_known_and_nothing_of_faults():
    refusal = Refusal("illegal_move", "No.", key="status", status="ready")
    assert error_frame(refusal, 7, {"job": "us_jb_1", "sub": None}) == {
        "type": "error",
        "id": 7,
        "job": "us_jb_1",
        "code": "illegal_move",
        "message": "No.",
        "key": "status",
        "status": "ready",
    }
    assert error_frame(StoreError("Try again."), None, {}) == {
        "type": "error",
        "code": "unavailable",
        "message": "Try again.",
    }
    assert error_frame(DiskFullError("Full."), None, {})["code"] == "disk_full"
    fault = error_frame(ZeroDivisionError("secret"), 3, {})
    assert (fault["code"], fault["id"]) == ("internal", 3)
    assert "secret" not in fault["message"]


def test_faults_of_what_nobody_waits_for_stand_in_the_servers_log(capsys):
    unanswered(None, Refusal("not_found", "gone"))
    unanswered(None, None)
    assert capsys.readouterr().out == ""
    unanswered(None, StoreError("no answer"))
    assert "no answer" in capsys.readouterr().out


async def test_a_session_that_comes_back_gets_jobs_again(stage):
    listener = await stage.listener()
    listener.peer.gone()
    await stage.idle()
    assert stage.node.dispatch.takers == {}
    again = await stage.listener()
    await stage.create()
    assert await again.grant()


async def test_leaving_is_of_one_connection(stage):
    listener = await stage.listener()
    await stage.do(sessions.LEAVE, sessions.Leave(listener.peer.holder, listener.peer.number - 1))
    job = await stage.create()
    assert (await listener.grant())["job"]["id"] == encode("jb", job.id)
    assert ADMIN.key_id in listener.peer.holder


async def test_a_leaving_that_did_not_reach_the_store_is_made_up_for(stage, monkeypatch):
    listener = await stage.listener()

    def full() -> None:
        monkeypatch.undo()
        raise StoreError("not now")

    monkeypatch.setattr(stage.node.writer._connection, "begin", full)
    listener.peer.gone()
    await stage.idle()
    assert listener.peer.holder in stage.node.dispatch.takers
    job = await stage.create()
    await stage.idle()
    assert stage.node.dispatch.takers == {}
    assert await stage.topics(job.id) == ["job:created", "job:ready", "job:ready"]
