"""The door of every route: errors become answers, stores that fail are named, and calls are logged without secrets."""

import asyncio

import pytest
import structlog

from listener_sdk.protocol.codes import ERRORS
from server.store.database import DiskFullError, StoreError
from server.web.routes import ROUTES

DEADLINE_S = 20.0


@pytest.fixture
def said():
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as found:
        yield found


def calls(said):
    return [record for record in said if record["event"] == "call"]


async def test_calls_are_logged_with_their_duration_key_and_path_alone(server, said):
    await server.call("GET", "/v1/jobs?source=secret")
    (record,) = calls(said)
    assert (record["method"], record["path"], record["status"]) == ("GET", "/v1/jobs", 200)
    assert record["key"] == "us_key_0000000000"
    assert record["ms"] >= 0
    assert record["log_level"] == "debug"
    assert "secret" not in str(said)


async def test_the_key_of_one_call_does_not_stand_in_the_log_of_the_next(server, said):
    await server.call("GET", "/v1/jobs")
    await server.call("GET", "/v1/jobs", key=None)
    assert "key" not in calls(said)[1]
    assert calls(said)[1]["log_level"] == "info"


async def test_what_is_refused_before_any_route_is_logged_too(server, said):
    answer = await server.say(b"GET /v1/jobs HTTP/1.1\r\nHost: x\r\nUpgrade: \xff\r\n\r\n")
    assert answer.status == 400
    assert [record["status"] for record in calls(said)] == [400]


@pytest.mark.parametrize(
    ("error", "code"), [(StoreError("away"), "unavailable"), (DiskFullError("full"), "disk_full")]
)
async def test_a_store_that_fails_is_named_on_every_call(server, monkeypatch, error, code):
    assert (await server.call("GET", "/v1/whoami")).status == 200

    async def fail(*args, **how):
        raise error

    monkeypatch.setattr(server.node, "submit", fail)
    monkeypatch.setattr(server.node, "read", fail)
    for method, path, body in (
        ("GET", "/v1/jobs", None),
        ("POST", "/v1/jobs", {"type": "a", "operation": "b"}),
        ("GET", "/v1/files", None),
        ("POST", "/v1/files?name=a&x=", b"x"),
    ):
        raw = body if isinstance(body, bytes) else None
        answer = await server.call(method, path, None if raw else body, raw=raw)
        assert (answer.status, answer.error["code"]) == (ERRORS[code].status, code)


async def test_a_fault_of_ours_is_logged_with_its_traceback_and_told_without(server, monkeypatch, said):
    async def fail(*args, **how):
        raise ZeroDivisionError("inside")

    await server.call("GET", "/v1/whoami")
    monkeypatch.setattr(server.node, "read", fail)
    answer = await server.call("GET", "/v1/jobs")
    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert b"inside" not in answer.raw
    (record,) = [record for record in said if record["event"] == "request_failed"]
    assert isinstance(record["exc_info"], ZeroDivisionError)


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/files?name=a"])
async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault(server, said, path):
    await server.call("GET", "/v1/whoami")
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\nContent-Length: 1000\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    writer.write(head.encode() + b"{")
    await writer.drain()
    await server.call("GET", "/v1/whoami")
    writer.transport.abort()
    async with asyncio.timeout(DEADLINE_S):
        while not [record for record in calls(said) if record["status"] == 499]:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)
    assert reader.at_eof() or reader.exception() is not None
    assert {record["log_level"] for record in said} <= {"debug", "info"}


def test_every_route_of_the_table_is_served(server):
    served = {(route.method, route.resource.canonical) for route in _router(server).routes()}
    assert {(route.method, route.path) for route in ROUTES} <= served


def _router(server):
    from pathlib import Path

    from server.store.blobs import Blobs
    from server.web.application import make_application

    return make_application(server.node, Blobs(Path("unused"))).router


@pytest.mark.parametrize("level", ["debug", "info"])
async def test_the_address_of_a_hook_does_not_stand_in_the_log(server, said, level):
    body = {"name": "Shop", "verification": {"kind": "none"}, "event": "shop:called"}
    made = (await server.call("POST", "/v1/hooks", body)).data
    kind = "text/plain" if level == "debug" else "image/png"
    answer = await server.call("POST", made["path"], raw=b"x", key=None, headers={"Content-Type": kind})
    assert answer.status == (202 if level == "debug" else 415)
    [record] = [one for one in said if one.get("path") == "/v1/hooks/***"]
    assert record["log_level"] == level
    assert made["path"] not in str(said)
