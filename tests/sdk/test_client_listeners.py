"""Listeners by the client."""

import pytest

from listener_sdk.errors import ApiError
from tests.sdk.fake_server import AT

SHOWN = {
    "id": "us_lsn_1",
    "keyId": "us_key_1",
    "host": "box:7",
    "state": "connected",
    "server": "a1b2c3d4",
    "jobs": [{"job": "a:b", "online": True}],
    "jobCount": 1,
    "credit": 10,
    "inFlight": 2,
    "jobIds": ["us_jb_1", "us_jb_2"],
    "connectedAt": AT,
}


async def test_they_are_listed_drained_and_resumed(server, client):
    server.routes["GET", "/v1/listeners"] = {"data": [SHOWN], "cursor": "c", "asOf": "e:9"}
    drained = {"data": SHOWN | {"state": "draining", "drainedAt": AT, "drainedBy": "us_key_2"}}
    server.routes["POST", "/v1/listeners/us_lsn_1/drain"] = drained
    server.routes["POST", "/v1/listeners/us_lsn_1/resume"] = {"data": SHOWN}
    page = await client.listeners.list(page_size=1, cursor="b")
    assert (page.items[0].host, page.items[0].in_flight, page.cursor, page.as_of) == ("box:7", 2, "c", "e:9")
    assert server.requests[-1][1] == "/v1/listeners?pageSize=1&cursor=b"
    found = await client.listeners.drain("us_lsn_1")
    assert (found.state, found.drained_by) == ("draining", "us_key_2")
    assert (await client.listeners.resume("us_lsn_1")).state == "connected"
    with pytest.raises(ApiError):
        await client.listeners.drain("a/b")
