"""Subscriber tokens: one job or the whole space, read only, for as long as the key that made them."""

import asyncio
import base64
import json

import aiohttp
import pytest

from listener_sdk.protocol.times import from_wire
from server.core.tokens import Claims, OfSpace
from server.security.tokens import Tokens
from server.web import auth
from server.web.key_watch import close_invalid
from server.web.reaching import OF_A_JOB, OF_A_SPACE
from server.web.routes import ROUTES
from tests.server.web.test_routes_access import SAMPLES


async def token(server, key="", **scope):
    return (await server.call("POST", "/v1/tokens", scope or {"space": True}, key=key)).data["token"]


async def backend(server, role="operator", **fields):
    return (await server.call("POST", "/v1/keys", {"name": "backend", "role": role, **fields})).data


async def read(server, key, path="/v1/events"):
    return (await server.call("GET", path, key=key)).status


class Browser:
    """A socket whose key stands in hello."""

    def __init__(self, server, key):
        self._context = server.http.ws_connect(f"{server.url}/v1/stream")
        self._key = key
        self.frames = []

    async def __aenter__(self):
        self.socket = await self._context.__aenter__()
        await self.say(type="hello", id=0, key=self._key)
        await self.want(lambda frame: frame["type"] == "welcome")
        return self

    async def __aexit__(self, *error):
        await self._context.__aexit__(*error)

    async def say(self, **frame):
        await self.socket.send_json(frame)

    async def want(self, test):
        async with asyncio.timeout(20):
            while not (found := [frame for frame in self.frames if test(frame)]):
                self.frames += await self.socket.receive_json()
        self.frames.remove(found[0])
        return found[0]

    async def ask(self, **frame):
        await self.say(**frame, id=77)
        return await self.want(
            lambda got: got.get("id") == 77 and got["type"] in {"ok", "error", "subscribed"}
        )

    async def events_until(self, topic):
        """All events up to the first with this topic."""
        found = []
        while not found or found[-1]["topic"] != topic:
            found += (await self.want(lambda frame: frame["type"] == "events"))["events"]
        return found

    async def closed(self):
        async with asyncio.timeout(20):
            while (message := await self.socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
        return message.data


# ---- making one


async def test_a_token_says_when_it_ends(server):
    before = server.clock()
    made = (await server.call("POST", "/v1/tokens", {"space": True})).data
    assert set(made) == {"token", "expiresAt"}
    assert made["token"].startswith("tws_")
    assert 3_600_000 <= from_wire(made["expiresAt"]) - before < 3_660_000
    short = (await server.call("POST", "/v1/tokens", {"space": True, "ttlS": 60})).data
    assert from_wire(short["expiresAt"]) - server.clock() <= 60_000


@pytest.mark.parametrize(
    "body",
    [{}, {"space": False}, {"job": "us_jb_0000000001", "space": True}, {"space": True, "ttlS": 0}, {"space": True, "ttlS": 86_401},
     {"space": True, "ttlS": "x"}, {"tag": "x", "space": True}, {"tag": "x*"}, {"job": 7}, {"job": "x" * 65}],
)  # fmt: skip
async def test_bodies_that_name_no_one_thing_are_refused(server, body):
    answer = await server.call("POST", "/v1/tokens", body)
    assert (answer.status, answer.error["code"]) == (400, "invalid")


@pytest.mark.parametrize("job", ["us_jb_00000zzzzz", "x", ""])
async def test_a_job_must_be_there(server, job):
    answer = await server.call("POST", "/v1/tokens", {"job": job})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (404, "not_found", "job")


async def test_no_token_is_made_of_another_s_job_nor_beyond_a_restriction(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    job = await server.job(type="export")
    for key, headers in (
        ("", {"X-Customer-Code": "acme"}),
        ((await backend(server, jobs=["import:*"]))["key"], {}),
    ):
        answer = await server.call("POST", "/v1/tokens", {"job": job["id"]}, key=key, headers=headers)
        assert (answer.status, answer.error["key"]) == (404, "job")


async def test_who_only_looks_makes_none_and_a_token_makes_no_other(server):
    viewer = (await backend(server, role="viewer"))["key"]
    for key in (viewer, await token(server)):
        assert (await server.call("POST", "/v1/tokens", {"space": True}, key=key)).status == 403


# ---- what it opens over REST


async def test_a_token_of_a_job_opens_what_is_told_of_that_job(server):
    mine, other = await server.job(), await server.job()
    key = await token(server, job=mine["id"])
    for path in ("", "/log", "/attempts", "/progress"):
        assert await read(server, key, f"/v1/jobs/{mine['id']}{path}") == 200
        assert await read(server, key, f"/v1/jobs/{other['id']}{path}") == 404
    listed = (await server.call("GET", "/v1/events?topics=**", key=key)).data
    assert [event["topic"] for event in listed] == ["job:created", "job:ready"]
    assert {event["context"]["jobId"] for event in listed} == {mine["id"]}


async def test_its_parts_are_seen_too(server):
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    await server.call("POST", f"/v1/jobs/{job['id']}/split", {"parts": 2})
    parts = (await server.call("GET", f"/v1/jobs?parentId={job['id']}")).data
    key = await token(server, job=job["id"])
    assert [await read(server, key, f"/v1/jobs/{part['id']}") for part in parts] == [200, 200]
    listed = (await server.call("GET", "/v1/events?topics=job:created", key=key)).data
    assert {event["context"]["jobId"] for event in listed} == {job["id"], *(part["id"] for part in parts)}


async def test_the_files_of_an_outcome_come_by_their_links(server):
    job = await server.job()
    file = (await server.call("POST", f"/v1/files?name=a.csv&jobId={job['id']}", raw=b"a,b")).data
    await server.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    outcome = {"message": "done", "next": {"type": "download", "fileId": file["id"]}}
    await server.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": outcome})
    key = await token(server, job=job["id"])
    shown = (await server.call("GET", f"/v1/jobs/{job['id']}", key=key)).data
    link = shown["outcome"]["next"]["url"].removeprefix(server.url)
    assert (await server.call("GET", link, key=None)).raw == b"a,b"
    assert await read(server, key, f"/v1/files/{file['id']}") == 403


@pytest.mark.parametrize("of_job", [True, False])
async def test_every_other_route_is_closed(server, of_job):
    job = await server.job()
    key = await (token(server, job=job["id"]) if of_job else token(server))
    opens = OF_A_JOB if of_job else OF_A_SPACE
    for route in ROUTES:
        if route.auth in {"public", "stream"} or f"{route.method} {route.path}" in opens:
            continue
        path = route.path.replace("{id}", job["id"]).replace("{version}", "1")
        path = path.replace("{code}", "noop").replace("{name}", "noop")
        answer = await server.call(route.method, path, key=key, raw=b"{}")
        assert (answer.status, answer.error["code"]) == (403, "forbidden"), route
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).data["status"] == "ready"


async def test_a_token_of_a_space_opens_its_jobs_events_and_files_and_no_other_space(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    job = await server.job()
    key = await token(server)
    assert [one["id"] for one in (await server.call("GET", "/v1/jobs", key=key)).data] == [job["id"]]
    for path in ("/v1/files", "/v1/events", f"/v1/jobs/{job['id']}/plan"):
        assert await read(server, key, path) == 200
    there = await server.call("GET", "/v1/jobs", key=key, headers={"X-Customer-Code": "acme"})
    assert (there.status, there.error["code"]) == (404, "not_found")
    theirs = (
        await server.call("POST", "/v1/tokens", {"space": True}, headers={"X-Customer-Code": "acme"})
    ).data["token"]
    assert (await server.call("GET", "/v1/whoami", key=theirs)).data["space"] == "acme"
    assert await read(server, theirs, f"/v1/jobs/{job['id']}") == 404


async def test_a_token_reaches_no_further_than_its_key(server):
    maker = await backend(server, jobs=["import:*"])
    job = await server.job(type="export")
    key = await token(server, maker["key"])
    assert await read(server, key, f"/v1/jobs/{job['id']}") == 404
    whole = await backend(server)
    later = await token(server, whole["key"], job=job["id"])
    assert await read(server, later, f"/v1/jobs/{job['id']}") == 200
    await server.call("PATCH", f"/v1/keys/{whole['id']}", {"jobs": ["import:*"]})
    assert await read(server, later, f"/v1/jobs/{job['id']}") == 404


# ---- the stream


async def test_a_browser_hears_of_its_job_alone(server):
    mine, other = await server.job(trigger="manual"), await server.job(trigger="manual")
    async with Browser(server, await token(server, job=mine["id"])) as browser:
        for after in ("oldest", "now"):
            answer = await browser.ask(type="subscribe", sub=after, topics=["**"], after=after, progress=True)
            assert answer["type"] == "subscribed"
        for job in (other, mine):
            await server.call("POST", f"/v1/jobs/{job['id']}/execute", {})
            await server.call("POST", f"/v1/jobs/{job['id']}/ack", {"progress": 50})
            await server.call("POST", f"/v1/jobs/{job['id']}/complete", {})
        told = await browser.events_until("job:completed")
        assert {event["context"]["jobId"] for event in told} == {mine["id"]}


async def test_live_ticks_of_its_job_alone_come(server):
    jobs = [await server.job() for _ in range(2)]
    async with (
        Browser(server, server.listener) as listener,
        Browser(server, await token(server, job=jobs[0]["id"])) as browser,
        Browser(server, await token(server)) as wide,
    ):
        for one in (browser, wide):
            await one.ask(type="subscribe", sub="s", topics=["**"], progress=True)
        await listener.say(type="listen", jobs=[{"job": "**"}], credit=2)
        grants = []
        while len(grants) < 2:
            grants += (await listener.want(lambda frame: frame["type"] == "grants"))["jobs"]
        for grant in sorted(grants, key=lambda grant: grant["job"]["id"] == jobs[0]["id"]):
            await listener.say(type="tick", job=grant["job"]["id"], fence=grant["fence"], percent=30)
        seen = set()
        while len(seen) < 2:
            seen |= {
                job["id"] for job in (await wide.want(lambda frame: frame["type"] == "progress"))["jobs"]
            }
        told = (await browser.want(lambda frame: frame["type"] == "progress"))["jobs"]
        assert [job["id"] for job in told] == [jobs[0]["id"]]


async def test_frames_that_change_something_are_refused(server):
    async with Browser(server, await token(server)) as browser:
        for kind in sorted(SAMPLES.keys() - {"hello", "subscribe", "unsubscribe"}):
            await browser.say(type=kind, **SAMPLES[kind])
            assert (await browser.want(lambda frame: frame["type"] == "error"))["code"] == "forbidden", kind


async def test_a_token_cannot_take_over_a_session_of_its_key(server):
    maker = await backend(server, role="listener")
    job = await server.job()
    headers = {"Authorization": f"Bearer {maker['key']}"}
    async with server.http.ws_connect(f"{server.url}/v1/stream", headers=headers) as socket:
        await socket.send_json(
            [
                {"type": "hello", "session": "the-session"},
                {"type": "listen", "jobs": [{"job": "**"}], "credit": 1},
            ]
        )
        while not any(frame["type"] == "grants" for frame in await socket.receive_json(timeout=10)):
            pass
        async with server.http.ws_connect(f"{server.url}/v1/stream") as thief:
            held = [{"job": job["id"], "fence": 1}]
            await thief.send_json(
                {
                    "type": "hello",
                    "session": "the-session",
                    "key": await token(server, maker["key"]),
                    "held": held,
                }
            )
            (welcome,) = await thief.receive_json(timeout=10)
            assert welcome["stale"] == held
        await socket.send_json({"type": "complete", "job": job["id"], "fence": 1, "id": 5})
        while not any(frame.get("id") == 5 for frame in await socket.receive_json(timeout=10)):
            pass
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).data["status"] == "complete"


# ---- its end


async def test_a_token_ends_at_its_instant(server):
    short = (await server.call("POST", "/v1/tokens", {"space": True, "ttlS": 60})).data["token"]
    async with Browser(server, short) as browser:
        server.clock.forward(61)
        answer = await server.call("GET", "/v1/events", key=short)
        assert (answer.status, answer.error["code"]) == (401, "unauthorized")
        assert "past its time" in answer.error["message"]
        await close_invalid(server.node)
        assert await browser.closed() == 4401


async def test_tokens_that_have_run_out_hold_up_nobody(server):
    short = (await server.call("POST", "/v1/tokens", {"space": True, "ttlS": 60})).data["token"]
    server.clock.forward(61)
    assert {await read(server, short) for _ in range(15)} == {401}
    assert await read(server, (await backend(server))["key"]) == 200


@pytest.mark.parametrize("end", ["revoked", "rotated", "expired", "revoked elsewhere"])
async def test_a_token_ends_with_the_key_that_made_it(server, end):
    from server.commands.keys import REVOKE_KEY, RevokeKey

    maker = await backend(server, expiresAt=auth_time(server, 600))
    key = await token(server, maker["key"])
    async with Browser(server, key) as browser:
        assert await read(server, key) == 200
        if end == "revoked":
            await server.call("DELETE", f"/v1/keys/{maker['id']}")
        elif end == "rotated":
            await server.call("POST", f"/v1/keys/{maker['id']}/rotate", {"overlapS": 0})
        elif end == "expired":
            server.clock.forward(601)
            await close_invalid(server.node)
        else:
            await server.node.submit(REVOKE_KEY, RevokeKey(await server.actor(server.key), maker["id"]))
            server.clock.forward(auth.REMEMBERED_MS / 1000)
            await close_invalid(server.node)
        assert await read(server, key) == 401
        assert await browser.closed() == 4401


def auth_time(server, seconds):
    from listener_sdk.protocol.times import to_wire

    return to_wire(server.clock() + seconds * 1000)


async def test_a_token_lasts_as_long_as_the_overlap_of_its_secret(server):
    maker = await backend(server)
    old = await token(server, maker["key"])
    rotated = (await server.call("POST", f"/v1/keys/{maker['id']}/rotate", {"overlapS": 600})).data["key"]
    new = await token(server, rotated)
    assert [await read(server, key) for key in (old, new)] == [200, 200]
    server.clock.forward(601)
    assert [await read(server, key) for key in (old, new)] == [401, 200]


async def test_a_token_of_a_deleted_space_opens_nothing(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    made = (
        await server.call("POST", "/v1/tokens", {"space": True}, headers={"X-Customer-Code": "acme"})
    ).data
    assert await read(server, made["token"]) == 200
    await server.call("DELETE", "/v1/spaces/acme")
    assert await read(server, made["token"]) == 401


# ---- forged ones


async def test_who_brings_a_wrong_one_is_told_nothing_of_keys(server):
    answer = await server.call("GET", "/v1/events", key="tws_wrong")
    assert answer.status == 401
    assert "ask who gave it" in answer.error["message"]
    assert "admin.key" not in answer.error["message"]


async def test_no_part_of_it_may_be_altered(server):
    key = await token(server)
    facts, signature = key.removeprefix("tws_").split(".")
    said = json.loads(base64.urlsafe_b64decode(facts + "=" * (-len(facts) % 4)))
    forged = []
    for name, value in (
        ("e", said["e"] + 10**9),
        ("s", 2),
        ("k", "us_key_0000000001"),
        ("h", "0" * 16),
        ("job", 1),
    ):
        text = base64.urlsafe_b64encode(json.dumps(said | {name: value}).encode()).decode().rstrip("=")
        forged.append(f"tws_{text}.{signature}")
    forged += [
        key[:-1],
        key + "0",
        key[4:],
        f"tws_{facts}.",
        f"tws_.{signature}",
        f"tws_{facts}.{signature.upper()}",
        key.replace("tws_", "tw_"),
    ]
    for one in forged:
        server.clock.forward(60)
        assert await read(server, one) == 401, one
    assert await read(server, key) == 401 or server.clock.ahead_ms < 3_600_000


async def test_facts_that_are_signed_but_untrue_open_nothing(server):
    tokens = Tokens(server.node.meta.link_secret)
    ends, maker = server.clock() + 60_000, (await backend(server))["id"]
    for key_id, space in (("us_key_00000zzzzz", 1), (maker, 1), (maker, 2), ("us_key_0000000000", 99)):
        written = tokens.write(Claims(key_id, "0" * 16, space, ends, OfSpace()))
        assert await read(server, written) == 401


async def test_forged_tokens_are_guesses(server):
    codes = [await read(server, f"tws_{'A' * 40}.{'0' * 64}") for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2


@pytest.mark.parametrize("name", ["token", "access_token", "key", "apiKey"])
async def test_a_token_in_the_address_is_refused_and_not_repeated(server, name, capfd):
    key = await token(server)
    for path in ("/v1/events", "/v1/stream"):
        answer = await server.call("GET", f"{path}?{name}={key}", key=None)
        assert (answer.status, answer.error["code"]) == (400, "key_in_address")
        assert key.encode() not in answer.raw
    assert key not in "".join(capfd.readouterr())


# ---- how much


class TestRates:
    @pytest.fixture
    def settings(self):
        return {"rate_per_token": 5, "frames_per_token": 5, "sockets_per_token": 2}

    async def test_calls_are_bounded_and_the_key_s_own_are_not(self, server):
        key = await token(server)
        answers = [await server.call("GET", "/v1/whoami", key=key) for _ in range(16)]
        assert [answer.status for answer in answers[:10]] == [200] * 10
        refused = [answer for answer in answers if answer.status != 200]
        assert {(answer.status, answer.error["code"]) for answer in refused} == {(429, "rate_limited")}
        assert "token" in refused[0].error["message"]
        assert {(await server.call("GET", "/v1/whoami")).status for _ in range(16)} == {200}

    async def test_sockets_are_bounded(self, server):
        key = await token(server)
        async with Browser(server, key), Browser(server, key):
            async with server.http.ws_connect(f"{server.url}/v1/stream") as third:
                await third.send_json({"type": "hello", "key": key})
                assert (await third.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
                assert third.close_code == 4429
            async with Browser(server, await token(server)):
                pass

    async def test_frames_over_the_rate_wait(self, server):
        async with Browser(server, await token(server)) as browser:
            for number in range(12):
                await browser.say(type="unsubscribe", sub="x", id=number + 1)
            answers = [
                await browser.want(lambda frame, n=number: frame.get("id") == n + 1) for number in range(12)
            ]
            assert {answer["type"] for answer in answers} == {"ok"}

    async def test_who_sends_far_more_is_sent_away(self, server):
        async with Browser(server, await token(server)) as browser:
            await browser.socket.send_json([{"type": "unsubscribe", "sub": "x"}] * 30)
            assert await browser.closed() == 4429
