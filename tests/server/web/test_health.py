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


async def test_a_server_without_room_on_its_disk_says_so_and_reads_go_on(server, monkeypatch):
    job = await server.job()
    monkeypatch.setattr(server.node.room, "low", "The disk of the store is nearly full.")
    answer = await server.call("GET", "/readyz", key=None)
    assert (answer.status, answer.body) == (
        503,
        {"status": "disk_full", "reason": "The disk of the store is nearly full."},
    )
    refused = await server.call("POST", "/v1/jobs", {"type": "a", "operation": "b", "source": "us_wb_1"})
    assert (refused.status, refused.error["code"]) == (507, "disk_full")
    upload = await server.call(
        "POST", "/v1/files?name=a", raw=b"x", headers={"Content-Type": "application/octet-stream"}
    )
    assert (upload.status, upload.error["code"]) == (507, "disk_full")
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).status == 200
    assert (await server.call("DELETE", f"/v1/jobs/{job['id']}")).status == 200


async def test_a_server_with_a_broken_store_says_so_and_writes_no_more(server, monkeypatch):
    job = await server.job()
    monkeypatch.setattr(server.node.database, "broken", "The store's file is damaged.")
    answer = await server.call("GET", "/readyz", key=None)
    assert (answer.status, answer.body["status"]) == (503, "broken")
    assert answer.body["reason"] == "The store's file is damaged."
    refused = await server.call("DELETE", f"/v1/jobs/{job['id']}")
    assert (refused.status, refused.error["code"]) == (503, "unavailable")
    assert refused.headers["Retry-After"]
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).status == 200


@pytest.mark.parametrize("who", ["writer", "tail"])
async def test_a_server_whose_store_is_away_says_so(server, who, monkeypatch):
    trouble = {"writer": "trouble", "tail": "_failed"}[who]
    # Whatever becomes of the batches that go on.
    away = property(lambda _: "The database does not answer.", lambda *_: None)
    monkeypatch.setattr(type(getattr(server.node, who)), trouble, away, raising=False)
    answer = await server.call("GET", "/readyz", key=None)
    assert (answer.status, answer.body) == (
        503,
        {"status": "store_away", "reason": "The database does not answer."},
    )
