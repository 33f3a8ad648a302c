"""Floods of calls that prove nothing, and bodies that come slowly or never end: they cost the server little, and others nothing."""

import asyncio
import contextlib
from collections import Counter
from types import SimpleNamespace

import pytest

from listener_sdk.protocol.signatures import sign, way_of
from server.engine.hooks import MOST_WRONG
from server.outbound.addresses import read_networks
from server.web.application import MOST_HOOK_BODIES

DEADLINE_S = 20.0
RAW = b'{"number":7}'
WRONG = {"X-Hub-Signature-256": "sha256=" + "0" * 64}


async def make(server, kind="github"):
    body = {"name": "Shop", "verification": {"kind": kind}, "event": "shop:called"}
    return (await server.call("POST", "/v1/hooks", body)).data


async def knock(server, hook, headers=WRONG, raw=RAW):
    sent = {"Content-Type": "application/json", **headers}
    return await server.call("POST", hook["path"], raw=raw, headers=sent, key=None)


def right(hook):
    return sign(way_of("github", {}), hook["secret"], RAW, at_s=0, id_="")


async def counts(server):
    """Rows of every table."""

    def read(reader):
        tables = [row[0] for row in reader.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: reader.rows(f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in tables}

    return await server.node.read(read)


async def rejections(server):
    """What was told of wrong calls, once all before this is committed."""
    assert (
        await server.call("POST", "/v1/events", {"topic": "test:barrier", "domain": "test"})
    ).status == 200
    found = (await server.call("GET", "/v1/events?topics=hook:rejected&pageSize=100")).data
    return [one["payload"] for one in found]


class TestFlood:
    @pytest.fixture
    def settings(self):
        return {"trusted_proxies": read_networks(["127.0.0.0/8", "::1"])}

    @pytest.fixture
    def moment(self, server, monkeypatch):
        """The clock of the doors, which stands still until it is moved."""
        found = SimpleNamespace(ms=server.clock())
        monkeypatch.setattr(server.node.doors, "_clock", lambda: found.ms)
        return found

    async def test_many_wrong_signatures_leave_one_event_and_no_row(self, server, moment):
        hook = await make(server)
        before = await counts(server)
        told = Counter()
        for first in range(0, 1_200, 100):
            answers = await asyncio.gather(
                *(
                    knock(server, hook, {**WRONG, "X-Forwarded-For": f"203.0.113.{number % 60}"})
                    for number in range(first, first + 100)
                )
            )
            told.update(answer.status for answer in answers)
        assert told == {401: 1_200}
        about = {"hookId": hook["id"], "name": "Shop", "reason": "wrong"}
        assert await rejections(server) == [{**about, "count": 1}]
        after = await counts(server)
        assert {name: after[name] - count for name, count in before.items() if after[name] != count} == {
            "event": 2  # the one that tells of it, and the barrier
        }
        moment.ms += 10_000
        assert (await knock(server, hook)).status == 401
        assert await rejections(server) == [{**about, "count": 1}, {**about, "count": 1_200}]
        assert (await knock(server, hook, right(hook))).status == 202

    @pytest.mark.usefixtures("moment")
    async def test_one_address_is_refused_before_its_body_is_read(self, server, heard):
        hook = await make(server)
        flood = {**WRONG, "X-Forwarded-For": "203.0.113.1"}
        statuses = [(await knock(server, hook, flood)).status for _ in range(MOST_WRONG + 1)]
        assert statuses == [401] * MOST_WRONG + [429]
        head = f"POST {hook['path']} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n"
        async with server.connection() as (reader, writer):
            writer.write(head.encode())
            answer = await heard(reader)
        assert (answer.status, answer.error["code"]) == (429, "rate_limited")
        assert int(answer.headers["Retry-After"]) >= 1
        assert (await knock(server, hook, right(hook))).status == 202


class TestSlowBodies:
    @pytest.fixture
    def settings(self):
        return {"hook_body_timeout_s": 0.2, "max_body_bytes": 10_000, "max_hook_bytes": 40_000}

    @pytest.mark.parametrize("length", ["Content-Length: 100", "Transfer-Encoding: chunked"])
    async def test_a_body_must_come_in_time(self, server, heard, length):
        hook = await make(server)
        async with server.connection() as (reader, writer):
            writer.write(f"POST {hook['path']} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
            answer = await heard(reader)
        assert (answer.status, answer.error["code"]) == (400, "bad_request")
        assert "0.2 s" in answer.error["message"]
        assert [one["reason"] for one in await rejections(server)] == ["bad_body"]
        assert (await counts(server))["hook_delivery"] == 0

    async def test_a_body_without_end_is_cut_off(self, server, heard):
        hook = await make(server)
        head = f"POST {hook['path']} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

        async def pour(writer):
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                    await writer.drain()

        async with server.connection() as (reader, writer):
            writer.write(head.encode())
            pouring = asyncio.create_task(pour(writer))
            answer = await heard(reader)
            pouring.cancel()
        assert (answer.status, answer.error["code"]) == (413, "too_large")
        assert (await counts(server))["hook_delivery"] == 0


class TestSlowSenders:
    @pytest.fixture
    def settings(self):
        return {"max_body_bytes": 10_000, "max_hook_bytes": 40_000}

    async def test_who_sends_slowly_holds_up_nobody_who_is_known(self, server, monkeypatch):
        hook = await make(server)
        entered = asyncio.Semaphore(0)
        opened = server.node.doors.open

        async def open_(name, address):
            found = await opened(name, address)
            entered.release()
            return found

        monkeypatch.setattr(server.node.doors, "open", open_)
        head = f"POST {hook['path']} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

        async def chunks():
            yield b'{"jobs": [{"type": "a", "operation": "b"}]}'

        async with contextlib.AsyncExitStack() as stack, asyncio.timeout(DEADLINE_S):
            for _ in range(MOST_HOOK_BODIES + 2):
                _, writer = await stack.enter_async_context(server.connection())
                writer.write(head.encode())
                await entered.acquire()
            assert (await server.call("POST", "/v1/jobs/bulk", raw=chunks())).status == 200
            assert (await knock(server, hook, right(hook))).status == 202
