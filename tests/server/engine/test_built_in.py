"""What the built-in jobs do: calls, downloads, events, nothing."""

import asyncio
import hashlib
import json

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from own_jobs import allow_loopback, ended, having, outcome, ran, result, until, website
from stage import ADMIN, DEADLINE_S

from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.times import to_wire
from server.commands import jobs
from server.commands.outcomes import COMPLETE
from server.core.actors import SYSTEM
from server.core.sizes import bounded
from server.engine import built_in
from server.outbound.addresses import Guard, read_networks
from server.store import files

DATA = bytes(range(256)) * 4_000


def answering(**answer):
    async def handle(request):
        return web.Response(**answer)

    return handle


@pytest.fixture
async def allowed(stage):
    allow_loopback(stage)
    return stage


async def attempted(stage, code, params, **fields):
    """The job after its first attempt, which another may follow."""
    job = await stage.create(f"system:{code}", **{"input": params, "maxAttempts": 2, **fields})
    return await having(stage, job, "complete", "failed", "scheduled")


# ---- callWebserviceEndpoint


async def test_an_answer_is_the_result(allowed):
    async def search(request):
        return web.json_response({"body": await request.json(), "limit": request.query["limit"]})

    async with website(search) as url:
        row = await ran(allowed, "callWebserviceEndpoint", {
            "url": f"{url}/_query_?key=1", "method": "POST", "headers": {"Content-Type": "application/json"},
            "body": {"searchTerms": "running shoe"}, "searchParams": {"limit": 10},
        })  # fmt: skip
        found = result(row)
    assert found["url"] == f"{url}/_query_"
    assert (found["status"], found["bodyForm"], found["truncated"]) == (200, "json", False)
    assert found["body"] == {"body": {"searchTerms": "running shoe"}, "limit": "10"}
    assert outcome(row)["message"].startswith("127.0.0.1 answers 200 OK, after ")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 304])
async def test_another_status_is_final_and_the_answer_stands_in_the_jobs_log(allowed, status):
    async with website(answering(status=status, text="" if status == 304 else "what is wrong")) as url:
        row = await attempted(allowed, "callWebserviceEndpoint", {"url": f"{url}/x?key=secret"})
    assert (row.status, outcome(row)["code"]) == ("failed", "bad_answer")
    assert row.info.startswith(f"127.0.0.1 answers {status} ")
    assert "Mend the parameters" in row.info
    ((line,),) = await allowed.rows("SELECT message FROM job_log WHERE level = 'error'")
    assert line.startswith(f"GET {url}/x was answered {status}: ")
    assert "secret" not in line
    assert ("what is wrong" in line) is (status != 304)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
async def test_429_and_5xx_are_tried_again_when_the_other_server_wants_it(allowed, status):
    async with website(answering(status=status, headers={"Retry-After": "120"})) as url:
        row = await attempted(allowed, "callWebserviceEndpoint", {"url": url})
    assert (row.status, row.scheduled_at) == ("scheduled", allowed.clock() + 120_000)
    (failed,) = await allowed.events("job:attempt-failed")
    assert failed["payload"]["message"].endswith("and asks to be left alone for 120 s.")
    (scheduled,) = await allowed.events("job:scheduled")
    assert scheduled["payload"]["scheduledAt"] == to_wire(row.scheduled_at)


async def test_without_a_time_the_usual_back_off_counts_and_the_next_attempt_may_succeed(allowed):
    answers = [500, 200]

    async def recover(request):
        return web.Response(status=answers.pop(0))

    async with website(recover) as url:
        row = await attempted(allowed, "callWebserviceEndpoint", {"url": url})
        assert row.scheduled_at <= allowed.clock() + 10_000
        allowed.clock.forward(10)
        await allowed.look()
        assert result(await ended(allowed, row))["status"] == 200


async def test_a_server_that_is_not_there_is_tried_again(allowed):
    row = await attempted(allowed, "callWebserviceEndpoint", {"url": "http://127.0.0.1:1/"})
    assert row.status == "scheduled"
    assert "cannot be reached" in row.info


@pytest.mark.parametrize("body", [b"\xff\x00" * 131_072, b"\x01" * 262_144, b"a" * 1_048_576])
async def test_a_body_that_a_result_cannot_hold_is_cut_and_the_result_says_so(allowed, body):
    kind = "text/plain" if body[:1] != b"\xff" else "application/octet-stream"
    async with website(answering(body=body, content_type=kind)) as url:
        row = await ran(allowed, "callWebserviceEndpoint", {"url": url, "maxResponseBytes": 1_048_576})
    found = result(row)
    bounded({"result": found})
    assert found["truncated"]
    assert len(found["body"]) > 40_000
    assert "too large to be kept whole" in outcome(row)["message"]


async def test_a_cancel_aborts_the_call(allowed):
    came, gone = asyncio.Event(), asyncio.Event()

    async def hang(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        came.set()
        await reader.read()
        gone.set()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    job = await allowed.create("system:callWebserviceEndpoint", input={"url": f"http://127.0.0.1:{port}/"})
    async with asyncio.timeout(DEADLINE_S):
        await came.wait()
        await allowed.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
        assert (await ended(allowed, job)).status == "canceled"
        await gone.wait()
    server.close()


# ---- what may not be reached


class Names(AbstractResolver):
    """Resolves every name to these addresses, one a look-up; the last one stays."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=0):
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [{"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self):
        pass


class Trap:
    """A server that no packet may reach."""

    def __init__(self):
        self.connections = 0

    async def __call__(self, reader, writer):
        self.connections += 1
        writer.close()


@pytest.fixture
async def trap():
    found = Trap()
    server = await asyncio.start_server(found, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


SPELLINGS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.1", "127%2e0%2e0%2e1",
    "localhost", "any.localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "ada:pw@127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.parametrize("code", ["callWebserviceEndpoint", "downloadDataFile"])
async def test_a_forbidden_address_fails_for_good_and_no_packet_leaves(stage, trap, host, code):
    allow_loopback(stage, guard=Guard())
    row = await attempted(stage, code, {"url": f"http://{host}:{trap.port}/"})
    assert (row.status, row.attempt, outcome(row)["code"]) == ("failed", 1, "blocked_address")
    assert row.info.endswith("(blocked_address)")
    assert "TICKWIRE_ALLOW_ADDRESSES" in row.info
    assert trap.connections == 0


@pytest.mark.parametrize("code", ["callWebserviceEndpoint", "downloadDataFile"])
async def test_a_redirect_does_not_lead_there(stage, trap, code):
    other = f"http://127.0.0.2:{trap.port}/"
    async with website(answering(status=302, headers={"Location": other})) as url:
        allow_loopback(stage, guard=Guard(read_networks(["127.0.0.1/32"])))
        row = await attempted(stage, code, {"url": url})
    assert (row.status, outcome(row)["code"]) == ("failed", "blocked_address")
    assert trap.connections == 0


async def test_a_name_that_changes_its_address_does_not_lead_there(stage, trap):
    allow_loopback(stage, resolver=Names("93.184.216.34", "127.0.0.1"), guard=Guard())
    await stage.node.runner.outbound._resolver.resolve("a.example")
    row = await attempted(
        stage, "callWebserviceEndpoint", {"url": f"http://a.example:{trap.port}/", "timeoutS": 5}
    )
    assert (row.status, outcome(row)["code"]) == ("failed", "blocked_address")
    assert trap.connections == 0


# ---- downloadDataFile


async def test_a_download_is_a_file_of_the_space_that_the_outcome_offers(allowed):
    headers = {"Content-Disposition": 'attachment; filename="prices.csv"'}
    async with website(answering(body=DATA, headers=headers, content_type="text/csv")) as url:
        digest = hashlib.sha256(DATA).hexdigest()
        row = await ran(allowed, "downloadDataFile", {"url": url, "sha256": digest.upper()})
    found = result(row)
    assert found == {"fileId": found["fileId"], "name": "prices.csv", "size": len(DATA), "sha256": digest}
    told = outcome(row)
    assert told["next"] == {"type": "download", "fileId": found["fileId"], "fileName": "prices.csv"}
    kept = await stored(allowed, found["fileId"])
    assert (kept.name, kept.size, kept.content_type) == ("prices.csv", len(DATA), "text/csv")
    assert (kept.space_id, kept.job_id, kept.created_by) == (1, row.id, SYSTEM)
    assert allowed.node.blobs.path(kept.blob).read_bytes() == DATA
    (event,) = await allowed.events("file:created")
    assert event["context"]["actorId"] == SYSTEM


async def stored(stage, file_id):
    return await stage.node.read(lambda reader: files.load(reader, decode("fl", file_id)))


def on_disk(stage):
    return list(stage.node.blobs.folder.iterdir())


async def test_it_may_be_given_a_name_and_may_be_empty(allowed):
    async with website(answering(body=b"")) as url:
        row = await ran(allowed, "downloadDataFile", {"url": url, "fileName": "nothing.txt"})
    assert (result(row)["name"], result(row)["size"]) == ("nothing.txt", 0)


async def test_it_ticks_with_the_bytes_that_have_come(allowed):
    half = asyncio.Event()

    async def slow(request):
        response = web.StreamResponse(headers={"Content-Length": str(len(DATA))})
        await response.prepare(request)
        await response.write(DATA[: len(DATA) // 2])
        await half.wait()
        await response.write(DATA[len(DATA) // 2 :])
        return response

    async with website(slow) as url:
        job = await allowed.create("system:downloadDataFile", input={"url": url})

        async def half_way():
            lease = allowed.node.hub.ticks._running.get(job.id)
            return lease is not None and lease.progress.done == len(DATA) // 2

        await until(half_way, "half of the bytes have come")
        assert allowed.node.hub.ticks._running[job.id].progress.total == len(DATA)
        half.set()
        row = await ended(allowed, job)
    assert (row.status, row.done, row.progress) == ("complete", len(DATA), 100.0)


@pytest.mark.parametrize(
    ("answer", "params", "status", "code"),
    [
        ({"body": b"other"}, {"sha256": "0" * 64}, "failed", "bad_answer"),
        ({"body": b"other"}, {"md5": "0" * 32}, "failed", "bad_answer"),
        ({"status": 404}, {}, "failed", "bad_answer"),
        ({"status": 503, "headers": {"Retry-After": "7"}}, {}, "scheduled", None),
        ({"body": b"x" * 70_000}, {}, "failed", "too_large"),
    ],
)
async def test_a_download_that_fails_leaves_nothing(allowed, answer, params, status, code):
    object.__setattr__(allowed.node.runner._tools, "largest_file", 65_536)
    async with website(answering(**answer)) as url:
        row = await attempted(allowed, "downloadDataFile", {"url": url, **params})
    assert row.status == status
    assert (outcome(row) or {}).get("code") == code
    assert row.status != "scheduled" or row.scheduled_at == allowed.clock() + 7_000
    assert on_disk(allowed) == []
    assert await allowed.rows("SELECT id FROM file") == []


async def test_a_download_that_is_canceled_leaves_nothing(allowed):
    async def endless(request):
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(DATA)
            await asyncio.sleep(0.01)

    async with website(endless) as url:
        job = await allowed.create("system:downloadDataFile", input={"url": url})

        async def began():
            return bool(on_disk(allowed))

        await until(began, "bytes are on the disk")
        await allowed.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
        assert (await ended(allowed, job)).status == "canceled"

        async def clean():
            return not on_disk(allowed)

        await until(clean, "the bytes are gone")


async def test_one_that_breaks_off_is_gone_on_with(allowed, monkeypatch):
    monkeypatch.setattr("server.outbound.download.random.uniform", lambda *_: 0)
    tries = []

    async def broken(request):
        tries.append(request.headers.get("Range"))
        first = 0 if len(tries) == 1 else int(tries[-1][6:-1])
        status = 200 if first == 0 else 206
        headers = {"ETag": '"one"', "Content-Length": str(len(DATA) - first)}
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(DATA) - 1}/{len(DATA)}"
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        await response.write(DATA[first : first + 600_000])
        if first == 0:
            request.transport.abort()
        return response

    async with website(broken) as url:
        row = await ran(allowed, "downloadDataFile", {"url": url})
    assert result(row)["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert len(tries) > 1
    assert row.attempt == 1


async def test_a_file_that_an_attempt_left_which_did_not_get_to_its_end_is_removed(allowed, monkeypatch):
    async with website(answering(body=DATA)) as url:
        async with keeping(monkeypatch) as left:
            job = await allowed.create("system:downloadDataFile", input={"url": url})
            await left.wait()
            allowed.clock.forward(31)
            await allowed.look()
            await having(allowed, job, "scheduled")
        assert len(await allowed.rows("SELECT id FROM file")) == 1
        allowed.clock.forward(3600)
        await allowed.look()
        row = await ended(allowed, job)
    assert await allowed.rows("SELECT id FROM file") == [(decode("fl", result(row)["fileId"]),)]
    assert len(on_disk(allowed)) == 1


class keeping:  # noqa: N801 - used as a function
    """While this is entered, a download stands still once its file is stored, and is not undone: as of a server that was killed."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.before = built_in.WORKS["downloadDataFile"]

    async def __aenter__(self):
        stored = asyncio.Event()

        async def stand_still(work, params):
            await self.before(work, params)
            stored.set()
            await asyncio.Event().wait()

        self.monkeypatch.setitem(built_in.WORKS, "downloadDataFile", stand_still)
        return stored

    async def __aexit__(self, *_):
        self.monkeypatch.setitem(built_in.WORKS, "downloadDataFile", self.before)


async def test_a_file_is_taken_back_when_the_job_has_gone_on_without_it(allowed, monkeypatch):
    held = []
    submit = allowed.node.hub.post

    def post(command, item, done, once=None):
        if command is COMPLETE and not held:
            held.append((command, item, done, once))
        else:
            submit(command, item, done, once)

    async def told():
        return held

    async def gone():
        return len(await allowed.events("file:deleted")) == 1

    monkeypatch.setattr(allowed.node.hub, "post", post)
    async with website(answering(body=DATA)) as url:
        await allowed.create("system:downloadDataFile", input={"url": url}, maxAttempts=1)
        await until(told, "the end is told")
        assert len(on_disk(allowed)) == 1
        allowed.clock.forward(31)
        await allowed.look()
        submit(*held[0])
        await until(gone, "the file is removed")

    async def clean():
        return not on_disk(allowed)

    await until(clean, "the bytes are gone")
    assert await allowed.rows("SELECT id FROM file") == []


# ---- publishEvent


async def test_an_event_is_published_once_however_often_the_job_is_begun(stage, monkeypatch):
    before = built_in.WORKS["publishEvent"]
    begun = []

    async def lose_the_first(work, params):
        done = await before(work, params)
        begun.append(done)
        if len(begun) == 1:
            await asyncio.Event().wait()
        return done

    monkeypatch.setitem(built_in.WORKS, "publishEvent", lose_the_first)
    params = {"topic": "invoice:paid", "payload": {"n": 1}, "context": {"workbookId": "us_wb_1", "own": 2}}
    job = await stage.create("system:publishEvent", input=params)

    async def first():
        return len(begun) == 1

    await until(first, "the event is published")
    stage.clock.forward(31)
    await stage.look()
    stage.clock.forward(3600)
    await stage.look()
    row = await ended(stage, job)
    (event,) = await stage.events("invoice:paid")
    assert result(row) == {"eventId": event["id"], "position": event["position"], "topic": "invoice:paid"}
    assert event["payload"] == {"n": 1}
    context = event["context"]
    assert (context["workbookId"], context["own"], context["actorId"]) == ("us_wb_1", 2, SYSTEM)
    assert decode("jb", context["jobId"]) == job.id
    assert row.attempt == 2


@pytest.mark.parametrize("topic", ["job:ready", "system:x", "secret:created"])
async def test_the_servers_own_topics_are_refused(stage, topic):
    row = await ran(stage, "publishEvent", {"topic": topic})
    assert (row.status, outcome(row)["code"]) == ("failed", "invalid")
    assert "Only the server publishes" in row.info or "only the server publishes" in row.info
    assert [e for e in await stage.events(topic) if e["context"]["actorId"] == SYSTEM] == []


async def test_an_event_that_is_too_large_is_a_failure_for_good(stage):
    row = await ran(stage, "publishEvent", {"topic": "a:b", "payload": {"x": "y" * 70_000}}, maxAttempts=5)
    assert (row.status, row.attempt, outcome(row)["code"]) == ("failed", 1, "too_large")


# ---- noop


async def test_nothing_takes_as_long_as_it_is_asked_to_and_ticks(stage, monkeypatch):
    monkeypatch.setattr(built_in, "NOOP_TICK_S", 0.01)
    row = await ran(stage, "noop", {"seconds": 0.05, "echo": json.loads("[1.5]")})
    assert result(row) == {"echo": [1.5]}
    assert (row.done, row.total) == (0.05, 0.05)
