"""Durable subscriptions over REST, made by a real socket."""

import asyncio
import json
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect

DEADLINE_S = 20.0


@asynccontextmanager
async def following(server, name, key=None, **more):
    """A connection that follows; what it hears is its own."""
    url = server.url.replace("http", "ws") + "/v1/stream"
    headers = {"Authorization": f"Bearer {key or server.listener}"}
    async with connect(url, additional_headers=headers, proxy=None) as opened:
        subscribe = {"type": "subscribe", "sub": "s", "durable": name, "after": "oldest", "id": 2, **more}
        await opened.send(json.dumps([{"type": "hello"}, subscribe]))
        await want(opened, lambda frame: frame.get("id") == 2)
        yield opened


async def want(opened, test):
    async with asyncio.timeout(DEADLINE_S):
        while True:
            for frame in json.loads(await opened.recv()):
                if test(frame):
                    return frame


async def test_what_is_followed_is_listed_until_it_is_removed(server):
    async with following(server, "billing", topics=["job:*"], filter={"job": "a:*"}) as opened:
        listed = (await server.call("GET", "/v1/subscriptions")).body
        (shown,) = listed["data"]
        assert (shown["name"], shown["topics"], shown["filter"]) == ("billing", ["job:*"], {"job": "a:*"})
        assert (shown["connected"], shown["trouble"]) == (True, None)
        assert (listed["cursor"], listed["asOf"]) == (None, str(server.node.log.head))
        assert (await server.call("GET", "/v1/subscriptions/billing")).data == shown
        assert (await server.call("DELETE", "/v1/subscriptions/billing")).status == 200
        told = await want(opened, lambda frame: frame["type"] == "error")
        assert (told["code"], told["sub"]) == ("not_found", "s")
    assert (await server.call("GET", "/v1/subscriptions/billing")).error["code"] == "not_found"
    assert (await server.call("GET", "/v1/subscriptions")).data == []


async def test_pages(server):
    for name in ("a", "b", "c"):
        async with following(server, name):
            pass
    first = (await server.call("GET", "/v1/subscriptions?pageSize=2")).body
    assert [one["name"] for one in first["data"]] == ["a", "b"]
    second = (await server.call("GET", f"/v1/subscriptions?pageSize=2&cursor={first['cursor']}")).body
    assert ([one["name"] for one in second["data"]], second["cursor"]) == (["c"], None)


async def test_a_restricted_key_sees_its_own(server):
    body = {"name": "few", "role": "listener", "topics": ["invoice:*"]}
    key = (await server.call("POST", "/v1/keys", body)).data["key"]
    async with following(server, "all"), following(server, "own", key, topics=["invoice:*"]):
        listed = (await server.call("GET", "/v1/subscriptions", key=key)).data
        assert [one["name"] for one in listed] == ["own"]
        assert (await server.call("GET", "/v1/subscriptions/all", key=key)).status == 404


async def test_names_that_nobody_has_given_are_not_found(server):
    for name in ("x", "%00", "%FF", "us_sub_0000000001", "9" * 300):
        answer = await server.call("DELETE", f"/v1/subscriptions/{name}")
        assert (answer.status, answer.error["code"]) == (404, "not_found")


async def test_a_bad_name_is_refused_on_the_stream(server):
    url = server.url.replace("http", "ws") + "/v1/stream"
    async with connect(
        url, additional_headers={"Authorization": f"Bearer {server.key}"}, proxy=None
    ) as opened:
        frames = [{"type": "hello"}, {"type": "subscribe", "sub": "s", "durable": "a b", "id": 2}]
        await opened.send(json.dumps(frames))
        told = await want(opened, lambda frame: frame.get("id") == 2)
        assert (told["code"], told["key"]) == ("invalid", "durable")
