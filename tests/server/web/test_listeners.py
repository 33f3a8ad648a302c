"""Listeners over REST, by real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from listener_sdk.protocol.listeners import ListenerSession

DEADLINE_S = 20.0


class Socket:
    def __init__(self, opened):
        self.opened = opened
        self.frames = []

    async def say(self, *frames):
        await self.opened.send(json.dumps(frames))

    async def want(self, test):
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for frame in self.frames:
                    if test(frame):
                        self.frames.remove(frame)
                        return frame
                self.frames += json.loads(await self.opened.recv())


@asynccontextmanager
async def listening(server, *names, key=None, credit=2, **hello):
    """A connection that takes jobs."""
    url = server.url.replace("http", "ws") + "/v1/stream"
    headers = {"Authorization": f"Bearer {key or server.listener}"}
    async with connect(url, additional_headers=headers, proxy=None) as opened:
        socket = Socket(opened)
        listen = {"type": "listen", "jobs": [{"job": name} for name in names], "credit": credit, "id": 2}
        await socket.say({"type": "hello", **hello}, listen)
        await socket.want(lambda frame: frame.get("id") == 2)
        yield socket


async def listed(server, query="", **how):
    return (await server.call("GET", f"/v1/listeners{query}", **how)).body


async def test_who_is_connected_is_listed_with_what_it_holds(server):
    assert (await listed(server))["data"] == []
    async with listening(server, "a:b", "c:*", client="sdk/1", host="box:7") as socket:
        job = await server.job(type="a", operation="b")
        await socket.want(lambda frame: frame["type"] == "grants")
        body = await listed(server)
        [shown] = [ListenerSession.model_validate(one) for one in body["data"]]
        assert (body["cursor"], body["asOf"]) == (None, str(server.node.log.head))
        assert (shown.client, shown.host, shown.state) == ("sdk/1", "box:7", "connected")
        assert [(one.job, one.online) for one in shown.jobs] == [("a:b", True), ("c:*", True)]
        assert (shown.credit, shown.in_flight, shown.job_ids) == (2, 1, [job["id"]])
        assert shown.server == server.node.hub.server_id
        assert shown.last_heard_at is not None


async def test_one_that_goes_with_jobs_in_its_hands_is_away(server):
    async with listening(server, "a:b") as socket:
        await server.job(type="a", operation="b")
        await socket.want(lambda frame: frame["type"] == "grants")
    async with asyncio.timeout(DEADLINE_S):
        while [one["state"] for one in (await listed(server))["data"]] != ["away"]:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
    [shown] = (await listed(server))["data"]
    assert shown["jobs"] == [{"job": "a:b", "online": False}]
    assert shown["leftAt"] == shown["lastHeardAt"]


async def test_one_is_drained_and_resumed(server):
    async with listening(server, "a:b") as socket:
        [shown] = (await listed(server))["data"]
        drained = (await server.call("POST", f"/v1/listeners/{shown['id']}/drain")).data
        assert (drained["state"], drained["jobs"]) == ("draining", [{"job": "a:b", "online": False}])
        assert drained["drainedBy"] == "us_key_0000000000"
        await server.job(type="a", operation="b")
        assert (await listed(server))["data"] == [drained | {"lastHeardAt": shown["lastHeardAt"]}]
        resumed = (await server.call("POST", f"/v1/listeners/{shown['id']}/resume")).data
        assert resumed["state"] == "connected"
        assert "drainedAt" not in resumed
        await socket.want(lambda frame: frame["type"] == "grants")
    lines = (await server.call("GET", "/v1/audit?action=listener:*")).data
    assert [(line["action"], line["before"], line["after"]) for line in lines] == [
        ("listener:resumed", {"drained": True}, {"drained": False}),
        ("listener:drained", {"drained": False}, {"drained": True}),
    ]
    assert {line["target"] for line in lines} == {shown["id"]}


async def test_pages(server):
    async with listening(server, "a:b"), listening(server, "c:d"), listening(server, "e:f"):
        first = await listed(server, "?pageSize=2")
        assert [one["jobs"][0]["job"] for one in first["data"]] == ["a:b", "c:d"]
        second = await listed(server, f"?pageSize=2&cursor={first['cursor']}")
        assert [one["jobs"][0]["job"] for one in second["data"]] == ["e:f"]
        assert second["cursor"] is None


@pytest.mark.parametrize("query", ["?state=away", "?pageSize=0", "?cursor=us_jb_0000000001"])
async def test_what_lists_do_not_take_is_refused(server, query):
    answer = await server.call("GET", f"/v1/listeners{query}")
    assert answer.status in {400, 422}
    assert answer.error["code"] in {"invalid", "bad_cursor"}


async def test_a_restricted_key_sees_its_own(server):
    body = {"name": "few", "role": "listener", "jobs": ["a:*"]}
    key = (await server.call("POST", "/v1/keys", body)).data["key"]
    async with listening(server, "c:d"), listening(server, "a:b", key=key):
        own, other = (await listed(server, key=key))["data"], (await listed(server))["data"]
        assert [one["jobs"][0]["job"] for one in own] == ["a:b"]
        [strange] = [one["id"] for one in other if one["id"] != own[0]["id"]]
        assert (await server.call("POST", f"/v1/listeners/{strange}/drain", key=key)).status == 404
        assert (await server.call("POST", f"/v1/listeners/{own[0]['id']}/drain", key=key)).status == 200


async def test_who_may_only_look_drains_nobody(server):
    key = (await server.call("POST", "/v1/keys", {"name": "v", "role": "viewer"})).data["key"]
    async with listening(server, "a:b"):
        [shown] = (await listed(server, key=key))["data"]
        refused = await server.call("POST", f"/v1/listeners/{shown['id']}/drain", key=key)
        assert (refused.status, refused.error["code"]) == (403, "forbidden")
