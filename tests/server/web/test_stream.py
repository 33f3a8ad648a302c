"""The websocket's shell, spoken to by a real client on a real socket."""

import asyncio
import json
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.engine.intake import MOST_BYTES
from server.web.stream import SILENT

DEADLINE_S = 20.0
WAITING = WeakKeyDictionary()
HELLO = {"type": "hello", "session": "stream-test-1", "id": 1}


@asynccontextmanager
async def socket(server, key=None, **options):
    """A connection; ``key`` False sends none with the upgrade. One that is cut need not say goodbye."""
    headers = {} if key is False else {"Authorization": f"Bearer {key or server.key}"}
    url = server.url.replace("http", "ws") + "/v1/stream"
    async with connect(url, additional_headers=headers, proxy=None, close_timeout=1, **options) as opened:
        yield opened


async def say(opened, *frames):
    await opened.send(json.dumps(frames if len(frames) != 1 else frames[0]))


async def want(opened, test):
    """The first frame that passes; those before it are dropped, those after it wait."""
    waiting = WAITING.setdefault(opened, [])
    async with asyncio.timeout(DEADLINE_S):
        while True:
            while waiting:
                frame = waiting.pop(0)
                if test(frame):
                    return frame
            waiting += json.loads(await opened.recv())


async def of_type(opened, kind):
    return await want(opened, lambda frame: frame["type"] == kind)


async def closed(opened):
    """The close code that the server sends."""
    async with asyncio.timeout(DEADLINE_S):
        try:
            while True:
                await opened.recv()
        except ConnectionClosed:
            return opened.close_code


async def test_a_job_from_create_to_outcome_in_one_connection(server):
    async with socket(server) as opened:
        await say(
            opened,
            HELLO,
            {"type": "listen", "jobs": [{"job": "a:b"}], "credit": 1},
            {"type": "create", "id": 2, "job": {"type": "a", "operation": "b", "input": {"n": 1}}},
        )
        welcome = await of_type(opened, "welcome")
        assert (welcome["version"], welcome["session"], welcome["space"]) == (1, "stream-test-1", "default")
        grant = (await of_type(opened, "grants"))["jobs"][0]
        lease = {"job": grant["job"]["id"], "fence": grant["fence"]}
        await say(
            opened,
            {"type": "ack", **lease},
            {"type": "tick", "percent": 40, **lease},
            {"type": "complete", "id": 3, "outcome": {"message": "done"}, **lease},
        )
        assert await want(opened, lambda frame: frame.get("id") == 3) == {"type": "ok", "id": 3, "data": None}
    found = (await server.call("GET", f"/v1/jobs/{lease['job']}")).data
    assert (found["status"], found["outcome"]) == ("complete", {"message": "done"})


async def test_a_wrong_key_is_refused_at_the_upgrade(server):
    with pytest.raises(InvalidStatus) as refused:
        async with socket(server, key="tw_0000000000_" + "0" * 64):
            pass
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["errors"][0]["code"] == "unauthorized"


async def test_the_key_may_stand_in_hello(server):
    async with socket(server, key=False) as opened:
        await say(opened, {**HELLO, "key": server.key})
        assert (await of_type(opened, "welcome"))["id"] == 1


@pytest.mark.parametrize(
    "first",
    [{**HELLO, "key": "nonsense"}, HELLO, {"type": "subscribe", "sub": "a"}],
    ids=["wrong key", "no key", "no hello"],
)
async def test_without_a_valid_key_nothing_is_done(server, first):
    async with socket(server, key=False) as opened:
        await say(opened, first)
        assert (await of_type(opened, "error"))["code"] == "unauthorized"
        assert await closed(opened) == 4401


class TestHelloTimeout:
    @pytest.fixture
    def settings(self):
        return {"hello_timeout_s": 0.2}

    async def test_a_silent_socket_is_closed(self, server):
        async with socket(server) as opened:
            assert await closed(opened) == 4003

    async def test_one_that_has_said_hello_may_be_silent_longer(self, server):
        async with socket(server) as greeted, socket(server) as silent:
            await say(greeted, HELLO)
            assert await closed(silent) == 4003
            await say(greeted, {"type": "dance"})
            assert (await of_type(greeted, "error"))["code"] == "unknown_frame"

    @pytest.mark.parametrize("noise", ["[]", "ping"])
    async def test_noise_without_a_hello_does_not_keep_it_open(self, server, noise):
        async with socket(server, key=False) as opened:
            async with asyncio.timeout(DEADLINE_S):
                while opened.close_code is None:
                    try:
                        await (opened.ping() if noise == "ping" else opened.send(noise))
                    except ConnectionClosed:
                        break
                    await asyncio.sleep(0)
            assert await closed(opened) == 4003


class TestFewSocketsOfStrangers:
    @pytest.fixture
    def settings(self):
        return {"max_sockets": 2}

    async def test_connections_without_a_key_count_too(self, server):
        async with socket(server, key=False), socket(server, key=False), socket(server) as third:
            assert await closed(third) == 4429
        async with socket(server) as opened:
            await say(opened, HELLO)
            await of_type(opened, "welcome")


@pytest.mark.parametrize("text", ["{", '{"type": "dance"}', '"' + "x" * 70_000 + '"'])
async def test_a_stranger_is_given_one_try(server, text):
    async with socket(server, key=False) as opened:
        await opened.send(text)
        assert (await of_type(opened, "error"))["code"] in {"bad_json", "unknown_frame", "too_large"}
        assert await closed(opened) in {1008, 4401}


async def test_a_client_that_sends_faster_than_commits_are_made_is_not_read_on(server):
    async with socket(server) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        job = {"type": "a", "operation": "b", "trigger": "manual", "input": {"x": "y" * 250_000}}
        message = json.dumps([{"type": "create", "job": job}] * 4)
        for _ in range(60):
            await opened.send(message)
            assert server.node.hub.total.size <= MOST_BYTES + 1024 * 1024 + 64
        await say(opened, {"type": "create", "id": 9, "job": {**job, "input": {}}})
        assert (await want(opened, lambda frame: frame.get("id") == 9))["type"] == "ok"
    listed = await server.call("GET", "/v1/jobs?pageSize=1")
    assert listed.body["pagination"]["totalCount"] == 241


async def test_frames_before_hello_are_refused_and_survived(server):
    async with socket(server) as opened:
        await say(opened, {"type": "listen", "jobs": [], "credit": 1, "id": 7})
        refused = await of_type(opened, "error")
        assert (refused["code"], refused["id"]) == ("hello_first", 7)
        await say(opened, HELLO)
        await of_type(opened, "welcome")


async def test_no_common_version_closes_for_good(server):
    async with socket(server) as opened:
        await say(opened, {**HELLO, "versions": [99]})
        assert (await of_type(opened, "error"))["code"] == "bad_version"
        assert await closed(opened) == 4400


async def test_unknown_frames_are_answered_and_survived(server):
    async with socket(server) as opened:
        await say(opened, HELLO, *({"type": "dance", "id": n} for n in range(2, 8)))
        for n in range(2, 8):
            refused = await of_type(opened, "error")
            assert (refused["code"], refused["id"]) == ("unknown_frame", n)
        await say(opened, {"type": "create", "id": 9, "job": {"type": "a", "operation": "b"}})
        assert (await want(opened, lambda frame: frame.get("id") == 9))["type"] == "ok"


@pytest.mark.parametrize(
    ("frame", "key"),
    [
        ({"type": "tick", "job": "us_jb_0000000001", "fence": -1}, "fence"),
        ({"type": "listen", "jobs": [], "credit": 1001}, "credit"),
        ({"type": "create", "job": {"type": "A", "operation": "b"}}, "job.type"),
        ({"type": "subscribe", "sub": ""}, "sub"),
    ],
)
async def test_a_frame_with_a_wrong_field_is_refused_by_its_name(server, frame, key):
    async with socket(server) as opened:
        await say(opened, HELLO, {**frame, "id": 5})
        refused = await of_type(opened, "error")
        assert (refused["code"], refused["key"], refused["id"]) == ("invalid", key, 5)


async def test_three_malformed_messages_in_a_row_end_the_connection(server):
    async with socket(server) as opened:
        await say(opened, HELLO)
        await opened.send("{")
        await opened.send("[1]")
        await say(opened, {"type": "renew", "leases": []})
        for text in ('{"a": NaN}', "\x00", "[" * 100):
            await opened.send(text)
        codes = [(await of_type(opened, "error"))["code"] for _ in range(5)]
        assert codes == ["bad_json"] * 5
        assert await closed(opened) == 1008


async def test_a_message_over_the_limit_ends_the_connection(server):
    async with socket(server, max_size=None) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        await opened.send(" " * (1024 * 1024 + 2))
        assert await closed(opened) == 1009


async def test_binary_messages_are_json_too(server):
    async with socket(server) as opened:
        await opened.send(json.dumps(HELLO).encode())
        await of_type(opened, "welcome")


async def test_links_lead_to_where_the_client_came(server):
    async with socket(server) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        (peer,) = server.node.sockets.peers
        assert peer.shell.link("us_fl_1")[0].startswith(f"{server.url}/v1/files/us_fl_1/content?")


class TestFewSockets:
    @pytest.fixture
    def settings(self):
        return {"sockets_per_key": 1, "subscriptions_per_socket": 1}

    async def test_a_key_has_only_so_many_sockets(self, server):
        async with socket(server), socket(server, key=server.listener), socket(server) as third:
            assert await closed(third) == 4429
        async with socket(server) as again:
            await say(again, HELLO)
            await of_type(again, "welcome")

    async def test_a_socket_has_only_so_many_subscriptions(self, server):
        async with socket(server) as opened:
            await say(
                opened, HELLO, {"type": "subscribe", "sub": "a"}, {"type": "subscribe", "sub": "b", "id": 4}
            )
            refused = await of_type(opened, "error")
            assert (refused["code"], refused["id"], refused["sub"]) == ("limit", 4, "b")


async def test_revoking_a_key_ends_its_sockets(server):
    made = (await server.call("POST", "/v1/keys", {"name": "short", "role": "listener"})).data
    async with socket(server, key=made["key"]) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        await server.call("DELETE", f"/v1/keys/{made['id']}")
        assert await closed(opened) == 4401


async def test_a_reader_that_stands_still_is_cut_and_the_others_go_on(server):
    async with socket(server, max_queue=1) as stuck, socket(server, key=server.listener) as reader:
        for opened, session in ((stuck, "stuck-reader"), (reader, "good-reader")):
            await say(
                opened, {**HELLO, "session": session}, {"type": "subscribe", "sub": "a", "topics": ["big:*"]}
            )
            await of_type(opened, "subscribed")
        stuck.transport.pause_reading()
        seen = 0
        sent = 0
        payload = {"text": "x" * 60_000}
        async with asyncio.timeout(60):
            while len(server.node.sockets.peers) > 1:
                await server.call(
                    "POST", "/v1/events", {"topic": "big:one", "payload": payload, "context": {}}
                )
                sent += 1
                assert sent < 2_000, "the stuck reader was never cut"
                while seen < sent:
                    frame = await of_type(reader, "events")
                    seen += len(frame["events"])
        assert seen == sent


async def until(test):
    async with asyncio.timeout(DEADLINE_S):
        while not test():  # noqa: ASYNC110 - what is waited for tells nobody that it changed
            await asyncio.sleep(0)


async def test_a_client_that_is_silent_is_asked_and_stays_when_it_answers(server):
    async with socket(server) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        (peer,) = server.node.sockets.peers
        for _ in range(3):
            for _ in range(SILENT):
                peer.shell.beat()
            await until(lambda: peer.shell._protocol.silent == 0)
        await say(opened, {"type": "dance"})
        assert (await of_type(opened, "error"))["code"] == "unknown_frame"


async def test_when_a_client_was_heard_last_is_known_to_within_a_beat(server):
    async with socket(server) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        (peer,) = server.node.sockets.peers
        said_at = peer.heard_at
        server.clock.forward(100)
        peer.shell.beat()
        heard_at = peer.heard_at
        assert heard_at - said_at >= 100_000, "hello came since the last beat"
        server.clock.forward(100)
        peer.shell.beat()
        assert peer.heard_at == heard_at, "nothing came"


async def test_a_client_that_does_not_answer_is_cut(server):
    async with socket(server) as opened:
        await say(opened, HELLO)
        await of_type(opened, "welcome")
        opened.transport.pause_reading()
        for _ in range(SILENT):
            server.node.rest()
        assert server.node.sockets.peers, "it may still answer"
        server.node.rest()
        await until(lambda: not server.node.sockets.peers)


async def test_a_reader_that_pauses_gets_all_and_then_the_close_that_was_meant_meanwhile(server):
    async with socket(server, max_queue=1) as opened:
        await say(opened, HELLO, {"type": "subscribe", "sub": "a", "topics": ["big:*"]})
        await of_type(opened, "subscribed")
        opened.transport.pause_reading()
        (peer,) = server.node.sockets.peers
        for _ in range(20):
            await server.call(
                "POST", "/v1/events", {"topic": "big:one", "payload": {"text": "x" * 60_000}, "context": {}}
            )
        assert peer.outbox, "more than the buffers between take"
        server.node.sockets.drain(1012)
        opened.transport.resume_reading()
        seen = 0
        while seen < 20:
            seen += len((await of_type(opened, "events"))["events"])
        assert await closed(opened) == 1012


async def test_one_that_leaves_while_much_waits_for_it_is_let_go(server):
    async with socket(server, max_queue=1) as opened:
        await say(opened, HELLO, {"type": "subscribe", "sub": "a", "topics": ["big:*"]})
        await of_type(opened, "subscribed")
        opened.transport.pause_reading()
        (peer,) = server.node.sockets.peers
        for _ in range(20):
            await server.call(
                "POST", "/v1/events", {"topic": "big:one", "payload": {"text": "x" * 60_000}, "context": {}}
            )
        assert peer.outbox
        server.node.sockets.drain(1012)
        opened.transport.abort()
        async with asyncio.timeout(DEADLINE_S):
            await peer.outbox.until_empty()
            while server.node.sockets.peers:
                await server.call("GET", "/healthz")
