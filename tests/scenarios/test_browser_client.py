"""The browser client in Node: its own tests, then real servers whose connections break and that start again."""

import asyncio
import subprocess

import aiohttp
import pytest
from node import NODE, SCRIPTS, client_in, following, needs_node
from processes import Server

from listener_sdk import Client
from server.app import running
from server.settings import Settings

pytestmark = [needs_node, pytest.mark.must_run]

DROPS = 100
LAST = "load:ended"


def test_its_own_tests_pass(tmp_path):
    tests = sorted(str(path) for path in SCRIPTS.glob("*.test.mjs"))
    assert len(tests) >= 3
    ran = subprocess.run(
        [NODE, "--test", *tests],
        env=client_in(tmp_path),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"


@pytest.fixture
async def served(tmp_path):
    """A server in this process."""
    async with running(Settings(port=0, data_dir=tmp_path, drain_s=5)) as (node, url):
        yield node, url, (tmp_path / "admin.key").read_text().strip()


class Calls:
    """A few calls, with a key."""

    def __init__(self, http, url, key):
        self._http, self._url, self._headers = http, url, {"Authorization": f"Bearer {key}"}

    async def __call__(self, method, path, body=None):
        async with self._http.request(method, self._url + path, json=body, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["data"]


@pytest.fixture
async def call(served):
    _, url, key = served
    async with aiohttp.ClientSession() as http:
        yield Calls(http, url, key)


def drop(node):
    """Break all lines of readers; how many there were."""
    readers = [peer for peer in node.sockets.peers if hasattr(peer, "_call")]
    for reader in readers:
        if reader._call.request.transport is not None:
            reader._call.request.transport.abort()
    return len(readers)


async def test_broken_lines_lose_nothing_and_double_nothing(served, call, tmp_path):
    node, url, key = served
    async with (
        following(tmp_path, url, key, topics="load:*", after="oldest") as found,
        Client(url, key) as client,
    ):
        await found.until("state", lambda state: state == "live")
        dropped = number = 0
        while dropped < DROPS:
            await call("POST", "/v1/events", {"topic": "load:step", "payload": {"n": number}})
            number += 1
            dropped += drop(node)
            await asyncio.sleep(0.002)
        await call("POST", "/v1/events", {"topic": LAST})
        await found.until("event", lambda event: event["topic"] == LAST)
        history = [one.position async for one in client.events.iterate(topics=["load:*"], page_size=500)]
    assert [event["position"] for event in found.all("event")] == history
    assert found.all("state").count("lost") >= DROPS // 4
    assert found.all("refusal") == []


@pytest.mark.parametrize(
    ("after", "code"), [("other:1", "epoch_changed"), ("{epoch}:99999", "cursor_ahead"), ("x", "bad_cursor")]
)
async def test_what_cannot_be_continued_is_handed_to_the_caller(served, tmp_path, after, code):
    node, url, key = served
    async with following(tmp_path, url, key, after=after.format(epoch=node.log.epoch)) as found:
        refused = await found.until("refusal")
    assert refused["code"] == code
    if code != "bad_cursor":
        assert refused["head"] == str(node.log.head)
        assert refused["oldest"]
    assert found.all("state") == ["connecting", "ended"]


async def test_a_wrong_token_is_told(served, tmp_path):
    _, url, _ = served
    async with following(tmp_path, url, "no token of ours") as found:
        assert (await found.until("refusal"))["code"] == "unauthorized"


async def test_a_token_of_a_job_shows_all_of_it(served, call, tmp_path):
    node, url, _ = served
    job = await call("POST", "/v1/jobs", {"type": "a", "operation": "b", "trigger": "immediate"})
    token = (await call("POST", "/v1/tokens", {"job": job["id"]}))["token"]
    path = f"/v1/jobs/{job['id']}"
    async with following(tmp_path, url, token, job=job["id"]) as found:
        assert (await found.until("job"))["status"] == "ready"
        await found.until("state", lambda state: state == "live")
        await call("POST", f"{path}/ack", {"progress": 0})
        await found.until("job", lambda one: one["status"] == "executing")
        for percent in (10, 35):
            await call("POST", f"{path}/ack", {"progress": percent, "info": f"at {percent}"})
            shown = await found.until("job", lambda one, percent=percent: one["progress"] == percent)
            assert shown["info"] == f"at {percent}"
        # Behind the back of the client.
        assert drop(node) == 1
        await call("POST", f"{path}/ack", {"progress": 80})
        await found.until("job", lambda one: one["progress"] == 80)
        await call("POST", f"{path}/complete", {"outcome": {"message": "Done", "heading": "It is done"}})
        last = await found.until("job", lambda one: one["status"] == "complete")
    assert (last["progress"], last["outcome"]["heading"]) == (100, "It is done")
    percents = [one.get("progress", 0) for one in found.all("job")]
    assert percents == sorted(percents)


async def test_a_job_is_watched_past_a_crash_of_the_server(tmp_path):
    home = Server(tmp_path / "home")
    await asyncio.to_thread(home.start)
    try:
        async with aiohttp.ClientSession() as http:
            call = Calls(http, home.url, home.key)
            job = await call("POST", "/v1/jobs", {"type": "a", "operation": "b", "trigger": "immediate"})
            async with following(tmp_path, home.url, home.key, job=job["id"]) as found:
                await found.until("state", lambda state: state == "live")
                await asyncio.to_thread(home.kill)
                await found.until("state", lambda state: state == "lost")
                await asyncio.to_thread(home.start)
                await call("POST", f"/v1/jobs/{job['id']}/ack", {"progress": 50})
                await call("POST", f"/v1/jobs/{job['id']}/cancel", {"info": "enough"})
                last = await found.until("job", lambda one: one["status"] == "canceled")
        assert last["info"] == "enough"
        assert found.all("refusal") == []
    finally:
        await asyncio.to_thread(home.stop)
