"""The websocket around a session, against a fake server."""

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosedError

from listener_sdk._leases import Start
from listener_sdk._stream import FLUSH_EVERY_S, Stream
from listener_sdk._version import __version__
from listener_sdk.errors import ApiError, ConnectionFailed, NotTickwire
from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.frames import Complete, Taking
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.settings import Connection
from tests.sdk.fake_server import DEADLINE_S, KEY, error, ok, serve, wire_job


async def ignore(call):
    assert call is not None


@asynccontextmanager
async def running(server, deliver=ignore, key=KEY):
    stream = Stream(Connection(server.url, key), deliver, chance=lambda: 0.0)
    task = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def refused(server):
    stream = Stream(Connection(server.url, KEY), ignore, chance=lambda: 0.0)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(ApiError) as caught:
            await stream.run()
    return caught.value


async def test_the_key_goes_with_the_upgrade_and_nothing_is_compressed(server):
    async with running(server):
        await server.until(lambda: server.hellos)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert "Sec-WebSocket-Extensions" not in server.headers[0]


async def test_hello_says_which_library_and_process_it_is(server):
    async with running(server):
        await server.until(lambda: server.hellos)
    assert server.hellos[0]["client"] == f"tickwire-python/{__version__}"
    assert server.hellos[0]["host"] == f"{socket.gethostname()[:100]}:{os.getpid()}"


async def test_what_is_said_in_one_turn_leaves_as_one_message(server):
    async with running(server) as stream:
        await stream.create(JobCreate(type="a", operation="b"))
        stream.session.listen([Taking(job="a:b")], 1)
        stream.wake()
        stream.session.listen([Taking(job="a:b")], 2)
        stream.wake()
        await server.until_said("listen", 2)
    assert [frame["credit"] for frame in server.messages[-1]] == [1, 2]


async def test_a_job_is_created_over_the_stream(server):
    async with running(server) as stream:
        job = await stream.create(JobCreate(type="a", operation="b", input={"x": None}))
    (create,) = server.said("create")
    assert job.job == "a:b"
    assert create["job"]["input"] == {"x": None}
    assert len(create["idempotencyKey"]) > 10


async def test_a_request_outlives_its_connection_with_the_same_idempotency_key(server):
    server.answers["publish"] = lambda _frame: []
    async with running(server) as stream:
        waiting = asyncio.create_task(stream.publish(EventCreate(topic="a:b")))
        await server.until_said("publish")
        server.answers["publish"] = lambda frame: [ok(frame, {"id": "us_ev_1"})]
        await server.drop(1012)
        assert await waiting == {"id": "us_ev_1"}
    first, second = server.said("publish")
    assert first == second


async def test_a_refused_request_raises_its_code(server):
    server.answers["create"] = lambda frame: [error(frame, "duplicate_job", "The key is taken.", job="x")]
    async with running(server) as stream:
        with pytest.raises(ApiError, match="The key is taken") as caught:
            await stream.create(JobCreate(type="a", operation="b"))
    assert (caught.value.status, caught.value.code, caught.value.may_retry) == (409, "duplicate_job", False)
    assert len(server.said("create")) == 1


async def test_a_request_that_may_be_taken_later_is_sent_again_with_the_same_idempotency_key(server):
    refusals = iter(["disk_full", "unavailable", "queue_full"])

    def answer(frame):
        code = next(refusals, None)
        return [error(frame, code)] if code else [ok(frame, {"id": "us_ev_1"})]

    server.answers["publish"] = answer
    async with running(server) as stream:
        assert await stream.publish(EventCreate(topic="a:b")) == {"id": "us_ev_1"}
    assert len({frame["idempotencyKey"] for frame in server.said("publish")}) == 1
    assert len(server.said("publish")) == 4


async def test_a_request_that_is_refused_for_too_long_raises_the_last_refusal(server, monkeypatch):
    monkeypatch.setattr("listener_sdk._stream.PATIENCE_S", 0)
    server.answers["create"] = lambda frame: [error(frame, "queue_full", "Too many jobs wait.")]
    async with running(server) as stream:
        with pytest.raises(ApiError, match="Too many jobs wait") as caught:
            await stream.create(JobCreate(type="a", operation="b"))
    assert (caught.value.status, caught.value.code, caught.value.may_retry) == (429, "queue_full", True)


async def test_a_request_that_waits_to_be_sent_again_ends_with_the_stream(server, monkeypatch):
    refused = asyncio.Event()

    def pause_s(*_):
        refused.set()
        return DEADLINE_S

    monkeypatch.setattr("listener_sdk._stream.backoff_s", pause_s)
    server.answers["create"] = lambda frame: [error(frame, "disk_full")]
    async with running(server) as stream:
        waiting = asyncio.create_task(stream.create(JobCreate(type="a", operation="b")))
        async with asyncio.timeout(DEADLINE_S):
            await refused.wait()
    with pytest.raises(ConnectionFailed, match="closed"):
        await waiting


async def test_after_the_end_of_the_stream_a_request_is_refused_at_once(server):
    async with running(server) as stream:
        await server.until(lambda: server.hellos)
    with pytest.raises(ConnectionFailed, match="closed"):
        await stream.create(JobCreate(type="a", operation="b"))


async def test_a_job_over_the_message_limit_is_refused_here(server):
    async with running(server) as stream:
        with pytest.raises(ApiError) as caught:
            await stream.create(JobCreate(type="a", operation="b", input={"text": "x" * 1_100_000}))
    assert caught.value.code == "too_large"


async def test_requests_end_with_the_stream(server):
    server.answers["create"] = lambda _frame: []
    async with running(server) as stream:
        waiting = asyncio.create_task(stream.create(JobCreate(type="a", operation="b")))
        await server.until_said("create")
    with pytest.raises(ConnectionFailed, match="closed"):
        await waiting


@pytest.mark.parametrize(
    ("code", "name"), [(4400, "bad_version"), (4401, "unauthorized"), (4429, "too_many"), (1008, "policy")]
)
async def test_some_close_codes_end_the_stream(server, code, name):
    closing = asyncio.create_task(server.until(lambda: server.sockets))
    task = asyncio.create_task(refused(server))
    await closing
    await server.drop(code)
    assert (await task).code == name


@pytest.mark.parametrize("code", [None, 1001, 1012, 4001, 4003, 4004])
async def test_other_ends_connect_again_as_the_same_session(server, code):
    async with running(server):
        await server.until(lambda: server.sockets)
        await server.drop(code)
        await server.until(lambda: len(server.hellos) == 2)
    assert server.hellos[0]["session"] == server.hellos[1]["session"]


async def test_a_refused_key_ends_the_stream_with_the_servers_words(server):
    server.refuse_upgrade = (401, {"errors": [{"code": "unauthorized", "message": "The key was revoked."}]})
    found = await refused(server)
    assert (found.status, found.code, found.message) == (401, "unauthorized", "The key was revoked.")
    server.refuse_upgrade = (403, {"errors": [{"code": "forbidden", "message": "Not with this role."}]})
    found = await refused(server)
    assert (found.status, found.code) == (403, "forbidden")


async def test_a_space_that_the_key_does_not_open_ends_the_stream(server):
    server.refuse_upgrade = (404, {"errors": [{"code": "not_found", "message": "No space 'nope'."}]})
    found = await refused(server)
    assert (found.status, found.code) == (404, "not_found")


@pytest.mark.parametrize("status", [200, 403, 404])
async def test_another_server_ends_a_stream_that_was_never_welcomed(server, status):
    server.refuse_upgrade = (status, "hello")
    stream = Stream(Connection(server.url, KEY), ignore, chance=lambda: 0.0)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(NotTickwire) as caught:
            await stream.run()
    assert f"(got other JSON from {server.url}/v1/stream): check TICKWIRE_URL" in str(caught.value)


@asynccontextmanager
async def peer(said):
    """A server that says the same to everybody, and hangs up; its address, and a queue of the lines that it was asked."""
    asked = asyncio.Queue()

    async def answer(reader, writer):
        asked.put_nowait(await reader.readline())
        writer.write(said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked


@pytest.mark.parametrize("said", [b"HTTP/1.0 404 Not Found\r\n\r\n<html>", b"SSH-2.0-OpenSSH_9.6\r\n"])
async def test_what_speaks_no_websocket_ends_a_stream_that_was_never_welcomed(said):
    async with peer(said) as (url, _), asyncio.timeout(DEADLINE_S):
        with pytest.raises(NotTickwire, match=f"got no websocket from {url}/v1/stream"):
            await Stream(Connection(url, KEY), ignore, chance=lambda: 0.0).run()


async def test_a_connection_that_breaks_in_its_first_line_is_tried_again():
    async with peer(b"HT") as (url, asked), asyncio.timeout(DEADLINE_S):
        task = asyncio.create_task(Stream(Connection(url, KEY), ignore, chance=lambda: 0.0).run())
        for _ in range(3):
            assert (await asked.get()).startswith(b"GET /v1/stream")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_page_of_a_proxy_does_not_end_a_stream_that_was_welcomed(server):
    async with running(server):
        await server.until(lambda: server.sockets)
        server.refuse_upgrade = (404, "default backend")
        await server.drop()
        await server.until(lambda: len(server.headers) >= 3)
        server.refuse_upgrade = None
        await server.until(lambda: len(server.hellos) == 2)
    assert server.hellos[0]["session"] == server.hellos[1]["session"]


async def test_a_busy_server_is_asked_again_and_the_outage_is_logged_once(server, caplog):
    server.refuse_upgrade = (503, {})
    async with running(server):
        await server.until(lambda: len(server.headers) >= 4)
        server.refuse_upgrade = None
        await server.until(lambda: server.hellos)
    assert caplog.text.count("cannot reach") == 1
    assert "503" in caplog.text


async def test_the_server_may_come_later(unused_tcp_port, server):
    server.url = f"http://127.0.0.1:{unused_tcp_port}"
    async with running(server):
        runner = await serve(server, unused_tcp_port)
        await server.until(lambda: server.hellos)
    await runner.cleanup()


async def test_flushes_are_some_time_apart(server):
    stream = Stream(Connection(server.url, KEY), ignore)
    stream.flush_soon()
    first = stream._flush_timer
    stream.flush_soon()
    assert stream._flush_timer is first
    stream._flush()
    stream.flush_soon()
    assert stream._flush_timer.when() >= stream._flushed_at + FLUSH_EVERY_S
    stream._flush_timer.cancel()


async def test_frames_that_cannot_be_read_are_skipped_and_named(server, caplog):
    async with running(server):
        await server.send({"type": "of-the-future", "x": 1}, {"type": "grants", "jobs": "none"})
        await server.send({"type": "error", "code": "invalid", "message": "a tick was odd"})
        await server.drop(1012)
        await server.until(lambda: len(server.hellos) == 2)
    assert "of-the-future" in caplog.text
    assert "'grants'" in caplog.text
    assert "a tick was odd (invalid)" in caplog.text


async def test_a_server_that_does_not_speak_json_is_tried_again(server, caplog):
    async with running(server):
        await server.until(lambda: server.sockets)
        await server.sockets[-1].send_str("{nonsense")
        await server.until(lambda: len(server.hellos) == 2)
    assert "no JSON" in caplog.text


async def test_a_listen_that_the_server_cannot_take_yet_is_sent_again_and_told_once(
    server, monkeypatch, caplog
):
    monkeypatch.setattr("listener_sdk._stream.AGAIN_AFTER_S", 0.01)
    refusals = iter(["disk_full", "unavailable"])

    def answer(frame):
        code = next(refusals, None)
        return [error(frame, code, f"The store says {code}.")] if code else [ok(frame)]

    server.answers["listen"] = answer
    async with running(server) as stream:
        stream.session.listen([Taking(job="a:b")], 1)
        first, *others = await server.until_said("listen", 3)
        assert others == [first, first]
    assert caplog.text.count("not taken yet") == 1
    assert "The store says disk_full." in caplog.text


async def test_refusals_of_a_listen_that_was_sent_twice_are_one_reason_to_send_it_again(server, monkeypatch):
    monkeypatch.setattr("listener_sdk._stream.AGAIN_AFTER_S", 0.01)
    refusals = iter([2, 1])

    def answer(frame):
        return [error(frame, "disk_full")] * next(refusals, 0) or [ok(frame)]

    server.answers["listen"] = answer
    async with running(server) as stream:
        stream.session.listen([Taking(job="a:b")], 1)
        await server.until_said("listen", 3)
        await stream.create(JobCreate(type="a", operation="b"))
    assert len(server.said("listen")) == 3


async def test_a_newer_listen_that_is_refused_too_is_the_one_that_is_sent_again(server, monkeypatch):
    monkeypatch.setattr("listener_sdk._stream.AGAIN_AFTER_S", 0.01)
    refusals = iter(["disk_full", "disk_full"])

    def answer(frame):
        code = next(refusals, None)
        return [error(frame, code)] if code else [ok(frame)]

    server.answers["listen"] = answer
    async with running(server) as stream:
        stream.session.listen([Taking(job="a:b")], 1)
        stream.session.listen([Taking(job="a:b")], 2)
        stream.wake()
        await server.until_said("listen", 2, credit=2)


async def test_a_listen_that_is_refused_for_good_ends_the_stream(server):
    server.answers["listen"] = lambda frame: [error(frame, "bad_filter", "The filter is malformed.")]
    stream = Stream(Connection(server.url, KEY), ignore, chance=lambda: 0.0)
    stream.session.listen([Taking(job="a:b", filter={"x": {}})], 1)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(ApiError, match="malformed") as caught:
            await stream.run()
    assert caught.value.code == "bad_filter"


async def test_a_server_that_cannot_greet_yet_is_connected_to_again(server, caplog):
    refusals = iter(["disk_full", "unavailable"])

    def answer(_frame):
        code = next(refusals, None)
        return [{"type": "error", "code": code, "message": f"The store says {code}."}] if code else []

    server.answers["hello"] = answer
    async with running(server) as stream:
        await stream.create(JobCreate(type="a", operation="b"))
    assert len(server.hellos) == 3
    assert caplog.text.count("The store says") == 1
    assert "cannot reach" in caplog.text


async def test_an_ending_that_the_server_cannot_store_yet_is_sent_again(server, monkeypatch):
    monkeypatch.setattr("listener_sdk._stream.AGAIN_AFTER_S", 0.01)
    answers = iter([[{"code": "disk_full"}], []])

    def answer(frame):
        return [error(frame, "disk_full")] if next(answers) else [ok(frame)]

    async def hear(call):
        if isinstance(call, Start):
            stream.session.begin(call.lease)
            stream.session.end(call.lease, Complete(job=call.lease.job, fence=1))

    server.answers["complete"] = answer
    async with running(server, hear) as stream:
        stream.session.listen([Taking(job="workbook:export")], 1)
        await server.grant(wire_job())
        first, second = await server.until_said("complete", 2)
        async with asyncio.timeout(DEADLINE_S):
            await stream.settled()
    assert first == second


async def test_a_connection_that_ends_before_its_upgrade_is_tried_again(server, monkeypatch):
    @asynccontextmanager
    async def broken():
        raise ConnectionClosedError(None, None)
        yield

    true_socket, tries = Stream._socket, []

    def socket(stream):
        tries.append(1)
        return broken() if len(tries) == 1 else true_socket(stream)

    monkeypatch.setattr(Stream, "_socket", socket)
    async with running(server), asyncio.timeout(DEADLINE_S):
        await server.until(lambda: server.hellos)
    assert len(tries) == 2
