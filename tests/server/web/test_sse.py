"""Server-sent events, read from a real socket."""

import asyncio
import contextlib
import json
from urllib.parse import quote

import pytest
from server_sent import event_source

from server.engine.log import too_old
from server.web import sse

DEADLINE_S = 20.0
PATH = "/v1/events/stream"


@contextlib.asynccontextmanager
async def source(server, query="", last="", key=None, **headers):
    async with event_source(
        server.http, f"{server.url}{PATH}{query}", key or server.key, last, **headers
    ) as found:
        yield found


async def publish(server, count=1, topic="invoice:paid", first=0, **payload):
    for n in range(first, first + count):
        answer = await server.call("POST", "/v1/events", {"topic": topic, "payload": {"n": n, **payload}})
        assert answer.status == 200, answer.raw


async def numbers(found, count):
    return [event["payload"]["n"] for event in await found.events(count)]


async def until(test):
    async with asyncio.timeout(DEADLINE_S):
        while not test():  # noqa: ASYNC110 - what it looks at has no event
            await asyncio.sleep(0.01)


# ---- what it says


async def test_events_come_as_they_happen(server):
    async with source(server) as found:
        headers = found.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")
        begun = await found.next()
        assert (begun.name, begun.id) == ("position", str(server.node.log.head))
        assert begun.data["position"] == begun.data["head"] == begun.id
        await publish(server)
        told = await found.next()
        assert (told.name, told.data["topic"], told.data["payload"]) == ("message", "invoice:paid", {"n": 0})
        assert told.id == told.data["position"]


@pytest.mark.parametrize("after", ["oldest", "position"])
async def test_history_comes_first(server, after):
    start = str(server.node.log.head)
    await publish(server, 3)
    async with source(server, f"?topics=invoice:*&after={after if after == 'oldest' else start}") as found:
        await publish(server, 2, first=3)
        assert await numbers(found, 5) == [0, 1, 2, 3, 4]


async def test_what_a_list_has_shown_does_not_come_again(server):
    await publish(server, 2)
    listed = (await server.call("GET", "/v1/events?topic=invoice:paid")).body
    await publish(server, 1, first=2)
    async with source(server, f"?after={listed['asOf']}&topic=invoice:paid") as found:
        assert await numbers(found, 1) == [2]


@pytest.mark.parametrize(
    "query",
    [
        "?topic=order:made",
        "?topics=order:*",
        "?topics=x:*,order:**",
        "?topics=x:*&topics=order:made",
        "?domain=order",
        "?filter=" + quote(json.dumps({"payload": {"of": "b"}})),
        "?domain=order&filter=" + quote(json.dumps({"of": ["b", "c"]})),
    ],
)
async def test_filters_are_those_of_the_stream(server, query):
    async with source(server, query) as found:
        await publish(server, 1, "invoice:paid", of="a")
        await publish(server, 1, "order:made", first=7, of="b")
        assert await numbers(found, 1) == [7]


async def test_progress_is_asked_for(server):
    job = await server.job()
    async with source(
        server, f"?progress=true&topics=x:y&filter={quote(json.dumps({'jobId': job['id']}))}"
    ) as found:
        await found.next("position")
        tick = {"id": job["id"], "percent": 40}
        event = {"topic": "x:y", "context": {"jobId": job["id"]}, "payload": {}}
        server.node.subscriptions.progress([(1, tick, event)])
        told = await found.next("progress")
        assert (told.data, told.id) == ({"jobs": [tick]}, found.last)


async def test_a_cursor_that_stands_idle_moves_on(server):
    async with source(server, "?topics=order:*") as found:
        begun = await found.next()
        await publish(server, 3)
        await until(lambda: server.node.log.seq >= 3)
        server.node.rest()
        moved = await found.next()
        assert (moved.name, moved.data["prev"]) == ("position", begun.id)
        assert moved.id == moved.data["position"] == str(server.node.log.head)


# ---- where it resumes


async def test_it_resumes_behind_the_last_event_that_was_seen(server):
    async with source(server, "?topics=invoice:*") as found:
        await publish(server, 2)
        assert await numbers(found, 2) == [0, 1]
        last = found.last
    await publish(server, 3, first=2)
    # The address is that of the first call: what the browser saw last counts.
    async with source(server, "?topics=invoice:*&after=oldest", last) as found:
        assert await numbers(found, 3) == [2, 3, 4]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?after=later", 400, "bad_cursor"),
        ("?after=other:1", 410, "epoch_changed"),
        ("?after=E:99999", 410, "cursor_ahead"),
        ("?topics=a%20b", 400, "bad_filter"),
        ("?topics=" + ",".join(["a:b"] * 33), 400, "invalid"),
        ("?filter=%7B", 400, "bad_json"),
        ("?filter=[]", 400, "bad_filter"),
        ("?filter=" + quote(json.dumps({"a": {"b": {"c": {"d": {"e": 1}}}}})), 400, "bad_filter"),
        ("?filter=" + quote(json.dumps({"a": ["x" * 100] * 60})), 400, "invalid"),
        ("?progress=perhaps", 400, "invalid"),
        ("?topcs=job:*", 400, "invalid"),
        ("?token=x", 400, "key_in_address"),
        ("?spaceId=us_sp_elsewhere", 404, "not_found"),
    ],
)
async def test_what_cannot_be_given_is_refused_before_anything_is_sent(server, query, status, code):
    answer = await server.call("GET", PATH + query.replace("E:", f"{server.node.epoch}:"))
    assert (answer.status, answer.error["code"]) == (status, code)
    assert not server.node.sockets.peers


@pytest.mark.parametrize("text", ["{", "{a:1}", '{"jobId":1,"jobId":2}', '{"a":"\\u0000"}'])
async def test_a_filter_that_is_no_json_is_named(server, text):
    error = (await server.call("GET", f"{PATH}?filter={quote(text)}")).error
    assert (error["code"], error["key"]) == ("bad_json", "filter")
    assert error["message"].startswith("filter: ")


async def test_a_position_that_has_been_removed_says_where_the_log_begins(server):
    await publish(server, 3)
    server.node.log.forget(3)
    answer = await server.call("GET", PATH, headers={"Last-Event-ID": f"{server.node.epoch}:1"})
    assert (answer.status, answer.error["code"]) == (410, "cursor_too_old")
    assert answer.error["oldest"] == f"{server.node.epoch}:2"


async def test_head_says_what_it_would_be(server):
    answer = await server.call("HEAD", PATH)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")


# ---- who may, and how long


async def test_a_token_follows_its_job_alone(server):
    mine, other = await server.job(), await server.job()
    token = (await server.call("POST", "/v1/tokens", {"job": mine["id"]})).data["token"]
    async with source(server, "?after=oldest", key=token) as found:
        assert {event["context"]["jobId"] for event in await found.events(2)} == {mine["id"]}
        await server.call("POST", f"/v1/jobs/{other['id']}/cancel", {})
        await server.call("POST", f"/v1/jobs/{mine['id']}/cancel", {})
        assert {event["context"]["jobId"] for event in await found.events(2)} == {mine["id"]}


async def test_a_revoked_key_loses_its_readers(server):
    made = (await server.call("POST", "/v1/keys", {"name": "eye", "role": "viewer"})).data
    async with source(server, key=made["key"]) as found:
        await found.next()
        await server.call("DELETE", f"/v1/keys/{made['id']}")
        await found.ended()
    assert not server.node.sockets.peers


async def test_readers_count_among_the_connections_of_their_key(server):
    server.node.sockets._most_per_key = 1
    async with source(server) as found:
        await found.next()
        answer = await server.call("GET", PATH)
        assert (answer.status, answer.error["code"]) == (429, "rate_limited")
        assert answer.headers["Retry-After"]
    await until(lambda: not server.node.sockets.peers)
    async with source(server) as found:
        await found.next()


async def test_who_leaves_is_forgotten(server):
    async with source(server) as found:
        await found.next()
        assert len(server.node.subscriptions.all()) == 1
    await until(lambda: not server.node.sockets.peers)
    assert server.node.subscriptions.all() == []


async def test_a_server_that_drains_ends_its_readers(server):
    async with source(server) as found:
        await found.next()
        server.node.sockets.drain(1012)
        await found.ended()


async def test_silence_is_broken_by_comments(server):
    async with source(server) as found:
        await found.next()
        server.node.rest()
        line = await asyncio.wait_for(found.response.content.readline(), DEADLINE_S)
        assert line.decode() == sse.BEAT[:-1]


class TestSlowReaders:
    @pytest.fixture
    def settings(self):
        return {"send_queue_bytes": 64 * 1024, "slow_reader_s": 0.1}

    async def test_a_reader_that_stands_still_is_cut_and_resumes_without_a_gap(self, server):
        async with (
            source(server, "?topics=invoice:*") as found,
            source(server, "?topics=invoice:*") as healthy,
        ):
            await found.next()
            found.response.content._low_water = found.response.content._high_water = 0
            read = asyncio.create_task(numbers(healthy, 400))
            sent = 0
            async with asyncio.timeout(DEADLINE_S):
                while len(server.node.sockets.peers) == 2:
                    await publish(server, 20, first=sent, filler="x" * 30_000)
                    sent += 20
                    server.node.rest()
            assert sent <= 400
            await publish(server, 400 - sent, first=sent)
            seen = []
            with contextlib.suppress(Exception):
                while True:
                    seen += await numbers(found, 1)
            last = found.last
            assert await read == [*range(400)]
        async with source(server, "?topics=invoice:*", last) as found:
            seen += await numbers(found, 400 - len(seen))
        assert seen == [*range(400)]


async def test_one_that_cannot_go_on_is_told_and_ends(server):
    async with source(server) as found:
        await found.next()
        server.node.subscriptions.end(server.node.subscriptions.all()[0], too_old(server.node.log.ends))
        assert (await found.next("refused")).data["code"] == "cursor_too_old"
        await found.ended()


class TestOtherOrigins:
    @pytest.fixture
    def settings(self):
        return {"allow_origins": ("https://shop.example",)}

    async def test_pages_that_may_call_may_read_it(self, server):
        async with source(server, Origin="https://shop.example") as found:
            assert found.response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        async with source(server, Origin="https://other.example") as found:
            assert "Access-Control-Allow-Origin" not in found.response.headers
