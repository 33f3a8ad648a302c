import asyncio
import os
import signal

import pytest

from listener_sdk import Job, Listener
from listener_sdk.errors import ApiError, RegistrationError, SettingsError
from tests.sdk.fake_server import DEADLINE_S, KEY, wire_event, wire_job


async def handler(job: Job) -> None: ...
async def other(job: Job) -> None: ...


def test_two_handlers_of_one_job_are_refused_with_both_places():
    listener = Listener()
    listener.job("a:b")(handler)
    with pytest.raises(
        RegistrationError,
        match=r"test_listener\.py:\d+: a:b has a handler already, at .*test_listener\.py:\d+",
    ):
        listener.job("a:b")(other)


def test_mounting_finds_them_too_and_filters_tell_them_apart():
    first, second, outer = Listener(), Listener(), Listener()
    first.job("a:b")(handler)
    second.filter({"spaceId": "x"}).job("a:b")(handler)
    outer.use(first)
    outer.use(second)
    assert [one.filter for one in outer.handlers] == [None, {"spaceId": "x"}]
    assert outer.job_names == ("a:b",)
    with pytest.raises(RegistrationError, match="already"):
        outer.use(first)


def test_decorators_hand_the_function_back():
    listener = Listener("mine")
    assert listener.job("a:b")(handler) is handler
    assert listener.on("a:b")(handler) is handler
    assert listener.name == "mine"


async def test_a_listener_without_handlers_says_so():
    with pytest.raises(RegistrationError, match="has no handlers"):
        await Listener().serve("http://127.0.0.1:1", KEY)


async def test_it_needs_a_key_and_a_sensible_concurrency(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listener = Listener()
    listener.job("a:b")(handler)
    with pytest.raises(SettingsError):
        await listener.serve()
    with pytest.raises(ValueError, match="concurrency"):
        await listener.serve("http://127.0.0.1:1", KEY, concurrency=0)


async def test_a_refused_key_ends_serve_with_the_servers_words(server):
    listener = Listener()
    listener.job("a:b")(handler)
    listener.on("a:b")(handler)
    server.refuse_upgrade = (401, {"errors": [{"code": "unauthorized", "message": "The key was revoked."}]})
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(ApiError, match="The key was revoked"):
            await listener.serve(server.url, KEY)


async def test_the_client_exists_while_it_serves_in_inner_listeners_too(server):
    listener, inner = Listener(), Listener()
    seen = []
    deep = inner.filter({"job": "workbook:*"})

    @deep.job("workbook:export")
    async def export(job: Job) -> None:
        seen.append(deep.client is listener.client is job.client)

    listener.use(inner)
    stop = asyncio.Event()
    task = asyncio.create_task(listener.serve(server.url, KEY, stop=stop))
    await server.grant(wire_job())
    await server.until_said("complete")
    stop.set()
    await task
    assert seen == [True]
    with pytest.raises(RuntimeError, match="not being served"):
        _ = deep.client


async def _signalled(server, listener, monkeypatch, signals):
    """Run the listener as `run` does, and send this process the signals once its job is acked."""
    task = asyncio.create_task(listener._run(server.url, KEY, 10, DEADLINE_S))
    await server.grant(wire_job())
    await server.until_said("ack")
    for number in signals:
        os.kill(os.getpid(), number)
        await server.until_said("listen", credit=0)
    return task


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_lets_running_jobs_finish(server, monkeypatch, number):
    listener, go_on = Listener(), asyncio.Event()
    before = signal.getsignal(number)

    @listener.job("workbook:export")
    async def export(job: Job) -> str:
        await go_on.wait()
        return "finished"

    task = await _signalled(server, listener, monkeypatch, [number])
    go_on.set()
    await task
    assert server.said("complete")[0]["outcome"]["message"] == "finished"
    assert signal.getsignal(number) is before


async def test_a_second_signal_stops_at_once_and_gives_the_job_back(server, monkeypatch):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        await asyncio.Event().wait()

    task = await _signalled(server, listener, monkeypatch, [signal.SIGTERM, signal.SIGTERM])
    async with asyncio.timeout(DEADLINE_S):
        await task
    assert len(server.said("release")) == 1


async def test_outside_the_main_thread_it_runs_without_signals(server):
    listener = Listener()
    server.refuse_upgrade = (401, {"errors": [{"code": "unauthorized", "message": "No."}]})
    listener.job("a:b")(handler)
    with pytest.raises(ApiError, match="No"):
        await asyncio.to_thread(listener.run, server.url, KEY)


async def test_callbacks_and_jobs_work_side_by_side(server):
    listener = Listener()
    watched = asyncio.Event()

    @listener.on("invoice:paid", where={"amount": 3})
    async def paid(event) -> None:
        assert event.payload == {"amount": 3}
        await listener.client.jobs.list()
        watched.set()

    listener.job("workbook:export")(handler)
    server.routes["GET", "/v1/jobs"] = {"data": []}
    stop = asyncio.Event()
    task = asyncio.create_task(listener.serve(server.url, KEY, stop=stop))
    await server.until_said("subscribe")
    await server.until_said("listen")
    for socket in server.sockets:
        await socket.send_json(
            [
                {
                    "type": "events",
                    "sub": "events",
                    "prev": "e:0",
                    "events": [wire_event(1), wire_event(2, payload={"amount": 3})],
                }
            ]
        )
    async with asyncio.timeout(DEADLINE_S):
        await watched.wait()
    stop.set()
    await task
    assert server.said("subscribe")[0]["topics"] == ["invoice:paid"]
