"""Frames of a client: hello first, answers by id, refusals that name what they are about, promises of idempotency keys."""

import asyncio

import pytest
from situations import reach
from stage import ADMIN, STRANGER

from listener_sdk.protocol import globs
from listener_sdk.protocol.filters import MAX_SOCKET_GLOBS_SIZE
from listener_sdk.protocol.frames import CLIENT_FRAMES, VERSION, server_frame
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire
from server.store.database import StoreError

JOB = {"type": "workbook", "operation": "export"}


async def connected(stage, actor=ADMIN, session="session-one"):
    listener = stage.connect(actor)
    await listener.hello(session)
    return listener


# ---- hello


async def test_hello_is_answered_with_what_the_client_must_know(stage):
    listener = stage.connect()
    listener.say(type="hello", session="session-one", id=3)
    assert await listener.of_type("welcome") == {
        "type": "welcome",
        "id": 3,
        "version": VERSION,
        "session": "session-one",
        "server": stage.node.hub.server_id,
        "space": "default",
        "leaseS": 30.0,
        "graceS": 30.0,
        "now": to_wire(stage.clock()),
        "stale": [],
    }


async def test_without_a_session_the_server_makes_one(stage):
    found = set()
    for _ in range(2):
        listener = stage.connect()
        listener.say(type="hello")
        welcome = await listener.of_type("welcome")
        assert "id" not in welcome
        found.add(welcome["session"])
    assert len(found) == 2
    assert all(len(session) >= 16 for session in found)


FRAMES = [
    {"type": "listen", "credit": 1},
    {"type": "ack", "job": "us_jb_0000000001", "fence": 1},
    {"type": "tick", "job": "us_jb_0000000001", "fence": 1},
    {"type": "renew", "leases": []},
    {"type": "complete", "job": "us_jb_0000000001", "fence": 1},
    {"type": "fail", "job": "us_jb_0000000001", "fence": 1, "message": "x"},
    {"type": "release", "leases": [{"job": "us_jb_0000000001", "fence": 1}]},
    {"type": "log", "job": "us_jb_0000000001", "fence": 1, "lines": [{"message": "x"}]},
    {"type": "create", "job": JOB},
    {"type": "publish", "event": {"topic": "a:b"}},
    {"type": "subscribe", "sub": "s"},
    {"type": "secrets", "job": "us_jb_0000000001", "fence": 1, "names": ["a"]},
    {"type": "acked", "sub": "s", "position": "e:7"},
    {"type": "unsubscribe", "sub": "s"},
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame["type"])
async def test_every_other_frame_must_wait_for_hello(stage, frame):
    listener = stage.connect()
    listener.say(**frame)
    (error,) = listener.seen("error")
    assert error["code"] == "hello_first"
    assert listener.closed is None
    await listener.hello()


async def test_a_client_of_another_version_is_told_and_closed_for_good(stage):
    listener = stage.connect()
    listener.say(type="hello", versions=[VERSION + 1, 99], id=1)
    (error,) = listener.seen("error")
    assert (error["code"], error["id"], error["key"]) == ("bad_version", 1, "versions")
    assert listener.closed == 4400
    assert not stage.node.hub.peers


async def test_one_of_several_versions_is_enough(stage):
    listener = stage.connect()
    listener.say(type="hello", versions=[99, VERSION])
    assert (await listener.of_type("welcome"))["version"] == VERSION


async def test_hello_counts_once(stage):
    listener = await connected(stage)
    listener.say(type="hello", session="session-two", id=4)
    (error,) = listener.seen("error")
    assert (error["code"], error["id"]) == ("bad_request", 4)
    assert listener.peer.session == "session-one"


@pytest.mark.parametrize("name", ["default", "us_sp_default", "us_env_default"])
async def test_hello_may_name_the_space_in_which_the_upgrade_acts(stage, name):
    listener = stage.connect()
    listener.say(type="hello", space=name)
    assert (await listener.of_type("welcome"))["space"] == "default"


async def test_a_hello_that_names_another_space_than_the_upgrade_ends_the_connection(stage):
    listener = stage.connect()
    listener.say(type="hello", space="elsewhere", id=1)
    answer = await listener.of_type("error")
    assert (answer["code"], answer["key"], listener.closed) == ("not_found", "space", 4401)
    assert listener.seen("welcome") == []


async def test_a_hello_that_names_no_job_may_be_said_again(stage):
    listener = stage.connect()
    listener.say(type="hello", session="session-one", held=[{"job": "us_wb_1", "fence": 1}], id=1)
    (error,) = listener.seen("error")
    assert (error["code"], error["id"]) == ("not_found", 1)
    listener.frames.clear()
    assert await listener.hello()


async def test_a_store_that_does_not_answer_hello_ends_the_connection_to_be_tried_again(stage, monkeypatch):
    listener = stage.connect()
    monkeypatch.setattr(
        listener.peer.hub, "post", lambda _command, _item, done, _once: done(None, StoreError("gone"))
    )
    listener.say(type="hello", id=1)
    (error,) = listener.seen("error")
    assert (error["code"], error["id"], listener.closed) == ("unavailable", 1, 1012)


# ---- answers


async def test_only_requests_with_an_id_are_answered(stage):
    listener = await connected(stage)
    listener.say(type="create", job=JOB)
    listener.say(type="publish", event={"topic": "a:b"})
    listener.say(type="listen", credit=0)
    await stage.idle()
    assert not listener.seen("ok", "error")
    assert (await listener.ask(type="create", job=JOB))["operation"] == "export"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "ack"},
        {"type": "tick", "percent": 1},
        {"type": "complete"},
        {"type": "fail", "message": "x"},
        {"type": "log", "lines": [{"message": "x"}]},
    ],
    ids=lambda frame: frame["type"],
)
async def test_a_refusal_without_an_id_names_its_job(stage, frame):
    listener = await connected(stage)
    for job in ("us_wb_1", encode("jb", 99)):
        listener.say(**{"fence": 1, "job": job, **frame})
        await stage.idle()
        (answer,) = listener.seen("error", "stale")
        assert answer.get("job") == job or answer["leases"] == [{"job": job, "fence": 1}]
        listener.frames.clear()


async def test_every_answer_is_a_frame_of_the_protocol(stage):
    found = await reach(stage, "executing")
    listener = found.listener
    for frame in FRAMES:
        listener.say(**frame, id=1)
    listener.say(type="subscribe", sub="x", after="nonsense", id=2)
    listener.say(type="create", job={**JOB, "parentId": "x"}, id=3)
    await stage.idle()
    listener._read()
    assert len(listener.frames) >= 10
    for frame in listener.frames:
        parsed = server_frame.validate_python(frame)
        assert parsed.type == frame["type"]


async def test_frames_are_done_in_the_order_in_which_they_came(stage):
    found = await reach(stage, "granted")
    for kind, more in (
        ("ack", {}),
        ("tick", {"percent": 40}),
        ("log", {"lines": [{"message": "x"}]}),
        ("complete", {}),
    ):
        found.listener.say(**found.frame(kind, **more))
    await stage.idle()
    assert not found.listener.seen("error", "stale")
    assert await stage.topics(found.job.id) == [
        "job:created",
        "job:ready",
        "job:updated",
        "job:updated",
        "job:completed",
    ]


# ---- listen


async def test_a_malformed_filter_refuses_the_whole_listen(stage):
    listener = await stage.listener("a:b")
    answer = await listener.ask(
        type="listen", jobs=[{"job": "c:d"}, {"job": "e:f", "filter": {"x": [{}]}}], credit=5
    )
    assert (answer["code"], answer["key"]) == ("bad_filter", "filter.x")
    await stage.create("c:d")
    await stage.create("a:b")
    assert (await listener.grant())["job"]["job"] == "a:b", "what was taken before goes on"


# ---- globs

FULL = [f"*{n:0247}" for n in range(4)]
"""The globs of one filter: a connection has room for 16 of these."""
ROOM = MAX_SOCKET_GLOBS_SIZE // (4 * 256)


async def test_a_connection_has_room_for_so_many_globs_in_all_it_subscribes_to(stage):
    listener = await connected(stage)
    for number in range(ROOM):
        listener.say(type="subscribe", sub=f"s{number}", filter={"x": FULL})
    assert len(listener.seen("subscribed")) == ROOM
    for more in ({"filter": {"x": "a*"}}, {"topics": ["job:*"]}):
        answer = await listener.ask(type="subscribe", sub="more", **more)
        assert (answer["code"], answer["key"], answer["sub"]) == ("limit", "filter", "more")
    listener.say(type="subscribe", sub="more", filter={"x": "a"}, topics=["**"])
    assert len(listener.seen("subscribed")) == ROOM + 1, "what has no globs needs no room"


async def test_a_subscription_that_is_replaced_or_ended_gives_its_room_back(stage):
    listener = await connected(stage)
    for number in range(ROOM):
        listener.say(type="subscribe", sub=f"s{number}", filter={"x": FULL})
    listener.say(type="subscribe", sub="s0", filter={"x": "a*"})
    listener.say(type="subscribe", sub="more", filter={"x": FULL[:3]})
    listener.say(type="unsubscribe", sub="s1")
    listener.say(type="subscribe", sub="last", filter={"x": FULL})
    assert len(listener.seen("subscribed")) == ROOM + 3
    assert not listener.seen("error")


async def test_a_subscription_that_is_refused_takes_no_room(stage):
    listener = await connected(stage)
    for number in range(2 * ROOM):
        listener.say(type="subscribe", sub=f"s{number}", filter={"x": FULL}, after="nonsense")
    assert {error["code"] for error in listener.seen("error")} == {"bad_cursor"}
    listener.say(type="subscribe", sub="s", filter={"x": FULL})
    assert len(listener.seen("subscribed")) == 1


async def test_what_a_session_listens_for_shares_the_room(stage):
    listener = await connected(stage)
    takings = [{"job": f"q:{number}", "filter": {"x": FULL}} for number in range(ROOM)]
    assert await listener.ask(type="listen", credit=1, jobs=takings) is None
    assert await listener.ask(type="listen", credit=1, jobs=takings) is None, "it is replaced"
    answer = await listener.ask(type="subscribe", sub="s", topics=["job:*"])
    assert answer["code"] == "limit"
    for more in ({"job": "q:*"}, {"job": "q:x", "filter": {"x*": 1}}):
        answer = await listener.ask(type="listen", credit=1, jobs=[*takings, more])
        assert (answer["code"], answer["key"]) == ("limit", "jobs")
    assert await listener.ask(type="listen", credit=0) is None
    listener.say(type="subscribe", sub="s", topics=["job:*"])
    assert len(listener.seen("subscribed")) == 1


async def test_a_job_name_with_too_many_wildcards_refuses_the_listen(stage):
    listener = await connected(stage)
    answer = await listener.ask(type="listen", credit=1, jobs=[{"job": "a:" + "?" * 9}])
    assert (answer["code"], answer["key"]) == ("bad_filter", "jobs")


async def test_nothing_is_compiled_before_it_is_needed(stage, monkeypatch):
    compiled = []
    monkeypatch.setattr(globs, "_compiled", lambda *given: compiled.append(given))
    listener = await connected(stage)
    for number in range(100):
        listener.say(type="subscribe", sub="s", filter={"x": f"{number}*"}, topics=[f"a:{number}*"])
    takings = [{"job": f"q:{number}*", "filter": {"x": f"{number}*"}} for number in range(100)]
    assert await listener.ask(type="listen", credit=1, jobs=takings) is None
    assert len(listener.seen("subscribed")) == 100
    assert compiled == []


# ---- create and publish


async def test_create_answers_with_the_stored_job_and_is_immediate_by_default(stage):
    listener = await connected(stage)
    job = await listener.ask(type="create", job={**JOB, "input": {"a": 1}})
    assert (job["status"], job["trigger"], job["createdBy"]) == ("ready", "immediate", ADMIN.key_id)
    assert (job["id"], job["input"]) == ("us_jb_0000000001", {"a": 1})


async def test_an_idempotency_key_makes_one_job(stage):
    listener = await connected(stage)
    frame = {"type": "create", "job": JOB, "idempotencyKey": "k1"}
    first = await listener.ask(**frame)
    both = await asyncio.gather(listener.ask(**frame), listener.ask(**frame))
    assert both == [first, first]
    for other in ({"job": {**JOB, "label": "x"}}, {"job": {**JOB, "operation": "map"}}):
        answer = await listener.ask(**{**frame, **other})
        assert (answer["code"], answer["key"]) == ("idempotency_mismatch", "Idempotency-Key")
    assert len(await stage.events("job:created")) == 1


async def test_equal_requests_in_one_commit_make_one_job(stage):
    listener = await connected(stage)
    frame = {"type": "create", "job": JOB, "idempotencyKey": "k1"}
    found = await asyncio.gather(*(listener.ask(**frame) for _ in range(5)))
    assert found == [found[0]] * 5
    assert len(await stage.events("job:created")) == 1


async def test_a_key_is_known_after_a_restart_and_forgotten_after_a_day(stage):
    frame = {"type": "create", "job": JOB, "idempotencyKey": "k1"}
    listener = await connected(stage)
    first = await listener.ask(**frame)
    await stage.restart()
    listener = await connected(stage)
    assert await listener.ask(**frame) == first
    stage.clock.forward(86_400)
    assert (await listener.ask(**frame))["id"] != first["id"]


async def test_keys_are_told_apart_by_api_key_and_by_kind(stage):
    mine, strange = await connected(stage), await connected(stage, STRANGER)
    frame = {"type": "create", "job": JOB, "idempotencyKey": "k1"}
    assert (await mine.ask(**frame))["id"] != (await strange.ask(**frame))["id"]
    assert (await mine.ask(type="publish", event={"topic": "a:b"}, idempotencyKey="k1"))["id"].startswith(
        "us_ev_"
    )


async def test_a_refused_request_leaves_its_key_free(stage):
    listener = await connected(stage)
    refused = await listener.ask(type="create", job={**JOB, "parentId": "x"}, idempotencyKey="k1")
    assert refused["code"] == "not_found"
    assert (await listener.ask(type="create", job=JOB, idempotencyKey="k1"))["operation"] == "export"


async def test_a_repetition_without_an_id_is_not_answered_either(stage):
    listener = await connected(stage)
    await listener.ask(type="create", job=JOB, idempotencyKey="k1")
    listener.say(type="create", job=JOB, idempotencyKey="k1")
    await stage.idle()
    assert not listener.seen("ok", "error")


async def test_publish_answers_where_the_event_stands_also_when_repeated(stage):
    listener = await connected(stage)
    await stage.create()
    frame = {"type": "publish", "event": {"topic": "invoice:paid"}, "idempotencyKey": "p"}
    first = await listener.ask(**frame)
    assert first == {"id": "us_ev_0000000003", "position": f"{stage.node.epoch}:3"}
    assert await listener.ask(**frame) == first
    assert [event["id"] for event in await stage.events("invoice:paid")] == [first["id"]]


async def test_a_reserved_topic_is_refused_by_its_id(stage):
    listener = await connected(stage)
    answer = await listener.ask(type="publish", event={"topic": "job:ready"})
    assert (answer["code"], answer["key"]) == ("reserved_topic", "topic")


async def test_a_session_whose_word_did_not_reach_the_store_is_heard_with_the_next(stage, monkeypatch):
    found = await reach(stage, "granted")
    listener = found.listener
    stage.clock.forward(10)
    await stage.look()
    assert listener.peer.lost_one
    begin = stage.node.writer._connection.begin

    def locked():
        monkeypatch.setattr(stage.node.writer._connection, "begin", begin)
        raise StoreError("not now")

    monkeypatch.setattr(stage.node.writer._connection, "begin", locked)
    listener.say(type="renew", leases=[])
    await stage.idle()
    assert listener.peer.lost_one
    listener.say(type="renew", leases=[])
    await stage.idle()
    assert not listener.peer.lost_one
    await stage.create()
    assert await listener.grant()


# ---- the end


async def test_a_connection_that_ended_leaves_nothing_but_its_leases(stage):
    found = await reach(stage, "executing")
    found.listener.say(type="subscribe", sub="s")
    found.listener.peer.gone()
    await stage.idle()
    assert stage.node.hub.peers == {}
    assert stage.node.subscriptions.all() == []
    assert stage.node.dispatch.takers == {}
    assert (await stage.row(found.job)).holder == f"{ADMIN.key_id}/session-one"
    found.listener.say(type="subscribe", sub="s")
    assert stage.node.subscriptions.all() == []


def test_every_frame_of_the_protocol_is_handled(stage):
    peer = stage.connect().peer
    kinds = {frame["type"] for frame in FRAMES} | {"hello"}
    assert kinds == {frame.model_fields["type"].default for frame in CLIENT_FRAMES}
    assert all(callable(getattr(peer, f"on_{kind}")) for kind in kinds)


async def test_ticks_of_unknown_leases_count_among_what_the_client_has_asked_for(stage):
    listener = await stage.listener()
    listener.peer.intake.message(100)
    for fence in range(3):
        listener.say(type="tick", job="us_jb_0000000009", fence=fence, percent=1)
    assert stage.node.hub.total.size == 100
    await listener.of_type("stale")
    await stage.idle()
    assert stage.node.hub.total.size == 0
