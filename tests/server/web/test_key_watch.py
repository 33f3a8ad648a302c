"""Keys that end while their connections are open."""

import json
from datetime import UTC, datetime

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.core.keys import ADMINISTRATOR
from server.web.key_watch import close_invalid


async def opened(server, key):
    url = server.url.replace("http", "ws") + "/v1/stream"
    socket = await connect(url, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None)
    await socket.send(json.dumps({"type": "hello", "session": "key-watch"}))
    assert json.loads(await socket.recv())[0]["type"] == "welcome"
    return socket


async def test_an_expired_key_loses_its_connections_and_no_other_does(server):
    soon = datetime.fromtimestamp(server.clock() / 1000 + 60, UTC).isoformat()
    made = (
        await server.call("POST", "/v1/keys", {"name": "soon", "role": "listener", "expiresAt": soon})
    ).data
    short = await opened(server, made["key"])
    other = await opened(server, server.key)
    assert await close_invalid(server.node) == set()
    server.clock.forward(61)
    assert await close_invalid(server.node) == {made["id"]}
    with pytest.raises(ConnectionClosed) as ended:
        await short.recv()
    assert ended.value.rcvd.code == 4401
    assert ADMINISTRATOR in {shown.key_id for shown in server.node.sockets.shown()}
    await other.close()
