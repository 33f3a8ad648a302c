"""Health: alive without a key, ready only while work is taken."""

import pytest


async def test_alive_and_ready_without_a_key(server):
    assert (await server.call("GET", "/healthz", key=None)).body == {"status": "ok"}
    assert (await server.call("GET", "/readyz", key=None)).body == {"status": "ready"}


@pytest.mark.parametrize("state", ["starting", "draining"])
async def test_a_server_that_takes_no_work_says_why(server, state, monkeypatch):
    monkeypatch.setattr(server.node, "state", state)
    answer = await server.call("GET", "/readyz", key=None)
    assert answer.status == 503
    assert answer.body["status"] == state
    assert answer.body["reason"]
    assert answer.headers["Retry-After"] == "1"
    assert (await server.call("GET", "/healthz", key=None)).status == 200
