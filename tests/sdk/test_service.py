import asyncio
import threading

from listener_sdk import Job, Listener
from listener_sdk.service import call
from tests.sdk.fake_server import DEADLINE_S, KEY, error, wire_event


async def handler(job: Job) -> None: ...


async def serving(listener, server, **options):
    stop = asyncio.Event()
    return stop, asyncio.create_task(listener.serve(server.url, KEY, stop=stop, **options))


def events(*seqs, prev):
    return {
        "type": "events",
        "sub": "events",
        "prev": f"e:{prev}",
        "events": [wire_event(seq) for seq in seqs],
    }


async def test_a_handler_with_its_own_concurrency_has_its_own_session(server):
    listener = Listener()
    listener.job("a:b")(handler)
    listener.job("a:c")(handler)
    listener.job("a:d", concurrency=2)(handler)
    stop, task = await serving(listener, server, concurrency=7)
    listens = await server.until_said("listen", 2)
    stop.set()
    await task
    taken = {frame["credit"]: [taking["job"] for taking in frame["jobs"]] for frame in listens}
    assert taken == {7: ["a:b", "a:c"], 2: ["a:d"]}
    assert len({hello["session"] for hello in server.hellos}) == 2


async def test_callbacks_may_finish_before_the_stop_and_no_further_event_begins(server):
    listener = Listener()
    began, go_on, seen = asyncio.Event(), asyncio.Event(), []

    @listener.on("**")
    async def slow(event):
        began.set()
        await go_on.wait()
        seen.append(event.position)

    listener.job("a:b")(handler)
    stop, task = await serving(listener, server)
    await server.until_said("subscribe")
    await server.until_said("listen")
    for socket in server.sockets:
        await socket.send_json([events(1, 2, prev=0)])
    await began.wait()
    stop.set()
    await server.until_said("listen", credit=0)
    go_on.set()
    async with asyncio.timeout(DEADLINE_S):
        await task
    assert seen == ["e:1"]


async def test_a_callback_that_does_not_finish_in_time_is_cancelled(server, caplog):
    listener = Listener()
    began = asyncio.Event()

    @listener.on("**")
    async def endless(event):
        began.set()
        await asyncio.Event().wait()

    stop, task = await serving(listener, server, grace_s=0)
    await server.until_said("subscribe")
    await server.send(events(1, prev=0))
    await began.wait()
    stop.set()
    async with asyncio.timeout(DEADLINE_S):
        await task
    assert "did not finish within 0 s" in caplog.text


async def test_missed_events_are_said_and_the_oldest_are_taken(server, caplog):
    listener = Listener()
    seen = asyncio.Event()
    listener.on("**")(lambda _event: loop.call_soon_threadsafe(seen.set))
    loop = asyncio.get_running_loop()
    server.answers["subscribe"] = lambda frame: _too_old_once(server, frame)
    stop, task = await serving(listener, server)
    _, again = await server.until_said("subscribe", 2)
    await server.send(events(1, prev=0))
    async with asyncio.timeout(DEADLINE_S):
        await seen.wait()
    stop.set()
    await task
    assert again["after"] == "oldest"
    assert "events were missed: Too old." in caplog.text


def _too_old_once(server, frame):
    del server.answers["subscribe"]
    return [error(frame, "cursor_too_old", "Too old.", sub="events")]


async def test_plain_callbacks_run_in_a_thread_and_may_return_an_awaitable():
    threads = []

    def plain(event):
        threads.append(threading.current_thread())
        return asyncio.sleep(0, "awaited")

    assert await call(plain, None) == "awaited"
    assert threads[0] is not threading.current_thread()
