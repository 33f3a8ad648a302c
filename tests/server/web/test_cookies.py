"""What a page must show beside its cookie, so that no page of another site can use it."""

import json

import aiohttp
import pytest
from browser import COOKIE, Browser, logged_in
from yarl import URL

ABROAD = (
    "null",
    "",
    "https://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1.evil.example",
    "http://evil.127.0.0.1",
    "http://localhost:{port}",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}.evil.example",
    "http://user@127.0.0.1:{port}",
    "\u00e4",
)
JOB = {"type": "a", "operation": "b"}


def refused(answer, key):
    return (answer.status, answer.error["code"], answer.error["key"]) == (403, "csrf", key)


def abroad(server, origin):
    return origin.format(port=URL(server.url).port)


async def upgrade(server, headers):
    async with server.http.ws_connect(f"{server.url}/v1/stream", headers=headers) as socket:
        await socket.send_json({"type": "hello", "id": 1})
        return (await socket.receive_json())[0]


class TestWrites:
    async def test_the_page_s_own_go_through(self, server):
        browser = await logged_in(server)
        assert (await browser.call("POST", "/v1/jobs", JOB)).status == 200
        assert (await browser.call("POST", "/v1/jobs", JOB, origin=server.url.upper())).status == 200

    @pytest.mark.parametrize("origin", ABROAD)
    async def test_those_of_another_origin_do_not(self, server, origin):
        browser = await logged_in(server)
        for method, path in (
            ("POST", "/v1/jobs"),
            ("DELETE", "/v1/sessions/current"),
            ("PATCH", "/v1/jobs/x"),
        ):
            answer = await browser.call(method, path, JOB, origin=abroad(server, origin))
            assert refused(answer, "Origin"), (method, answer.raw)
        assert (await browser.call("GET", "/v1/jobs")).data == []

    async def test_those_without_an_origin_do_not(self, server):
        browser = await logged_in(server)
        answer = await browser.call("POST", "/v1/jobs", JOB, origin=None)
        assert refused(answer, "Origin")
        assert "TICKWIRE_PUBLIC_URL" in answer.error["message"]

    async def test_the_token_is_the_session_s_own(self, server):
        browser, other = await logged_in(server), await logged_in(server, "Bob")
        wrong = browser.csrf[:-1] + ("0" if browser.csrf[-1] != "0" else "1")
        for csrf in (None, "", "x", wrong, browser.csrf.upper(), other.csrf, browser.cookie, "\u00e4"):
            answer = await browser.call("POST", "/v1/jobs", JOB, csrf=csrf)
            assert refused(answer, "X-CSRF-Token"), csrf
        await browser.by_link((await browser.call("GET", "/v1/members/me")).data["id"])
        assert refused(await browser.call("POST", "/v1/jobs", JOB, csrf=wrong), "X-CSRF-Token")

    async def test_a_session_that_has_ended_is_told_first(self, server):
        browser = await logged_in(server)
        kept = browser.cookie
        await browser.call("DELETE", "/v1/sessions/current")
        assert (await browser.call("POST", "/v1/jobs", JOB, cookie=kept, csrf=None)).status == 401

    async def test_a_key_needs_none_of_it_and_comes_before_the_cookie(self, server):
        browser = await logged_in(server)
        sent = browser.headers(csrf=None, origin="https://evil.example")
        job = (await server.call("POST", "/v1/jobs", JOB, headers=sent)).data
        assert job["createdBy"] == "us_key_0000000000"
        wrong = await server.call("GET", "/v1/jobs", key="x", headers=browser.headers())
        assert (wrong.status, wrong.error["code"]) == (401, "unauthorized")


class TestReads:
    async def test_they_need_no_origin_but_a_wrong_one_is_refused(self, server):
        browser = await logged_in(server)
        assert (await browser.call("GET", "/v1/jobs", origin=None, csrf=None)).status == 200
        assert (await browser.call("HEAD", "/v1/jobs", origin=None, csrf=None)).status == 200
        assert refused(await browser.call("GET", "/v1/jobs", origin="https://evil.example"), "Origin")

    async def test_two_cookies_are_one_too_many(self, server):
        browser = await logged_in(server)
        for header in (
            f"{COOKIE}={browser.cookie}; {COOKIE}=x",
            f"{COOKIE}=x; a=b;{COOKIE}={browser.cookie}",
        ):
            answer = await server.call("GET", "/v1/jobs", key=None, headers={"Cookie": header})
            assert refused(answer, "Cookie")

    @pytest.mark.parametrize("cookie", ["", "x", "x" * 8000, '"', "\u00e4", "twc_0000000001_" + "0" * 64])
    async def test_odd_ones_open_nothing(self, server, cookie):
        answer = await server.call("GET", "/v1/jobs", key=None, headers={"Cookie": f"{COOKIE}={cookie}"})
        assert (answer.status, answer.error["code"]) == (401, "unauthorized")

    async def test_other_cookies_say_nothing(self, server):
        for header in ("", ";", "a", f"x{COOKIE}=1", "=", "\u00e4=\u00e4"):
            answer = await server.call("GET", "/v1/jobs", headers={"Cookie": header})
            assert answer.status == 200, header

    async def test_a_file_is_opened_by_it_or_by_a_link_whatever_it_says(self, server):
        browser = await logged_in(server)
        file = (await server.call("POST", "/v1/files?name=a.txt", raw=b"abc")).data
        path = f"/v1/files/{file['id']}/content"
        assert (await browser.call("GET", path)).raw == b"abc"
        signed = file["url"].removeprefix(server.url)
        assert (await browser.call("GET", signed, cookie="x")).raw == b"abc"
        assert (await browser.call("GET", path, cookie="x")).status == 401


class TestLoggingIn:
    async def test_it_is_the_page_s_own_to_do(self, server):
        browser = await logged_in(server)
        me = (await browser.call("GET", "/v1/members/me")).data["id"]
        made = await server.call("POST", "/v1/login-links", {"member": me})
        link = {"link": made.data["url"].partition("#")[2]}
        for origin in ("null", "https://evil.example"):
            assert refused(await browser.call("POST", "/v1/sessions", link, origin=origin), "Origin")
        assert (await Browser(server).call("POST", "/v1/sessions", link, origin=None)).status == 200

    async def test_the_cookie_is_kept_from_scripts_and_other_sites(self, server):
        browser = Browser(server)
        header = (await browser.by_link()).headers["Set-Cookie"]
        name, *facts = header.split("; ")
        assert name.startswith(f"{COOKIE}=twc_")
        assert {fact.lower() for fact in facts if not fact.startswith("expires")} == {
            "httponly",
            "max-age=604800",
            "path=/",
            "samesite=lax",
        }
        assert "Access-Control-Allow-Credentials" not in (await browser.call("GET", "/v1/jobs")).headers


class TestUpgrades:
    async def test_the_page_s_own_opens_a_stream(self, server):
        browser = await logged_in(server)
        told = await upgrade(server, browser.headers(csrf=None))
        assert (told["type"], told["space"]) == ("welcome", "default")

    @pytest.mark.parametrize("origin", [None, *ABROAD[:-1]])
    async def test_that_of_another_site_is_refused_before_it(self, server, origin):
        browser = await logged_in(server)
        headers = browser.headers(csrf=None, origin=origin and abroad(server, origin))
        for sent in (headers, headers | {"Cookie": f"{COOKIE}=x"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await upgrade(server, sent)
            assert refusal.value.status == 403

    async def test_a_session_that_has_ended_opens_none(self, server):
        browser = await logged_in(server)
        sent = browser.headers(csrf=None)
        await browser.call("DELETE", "/v1/sessions/current")
        told = await upgrade(server, sent)
        assert (told["type"], told["code"]) == ("error", "unauthorized")

    async def test_the_session_of_a_key_of_the_whole_store_says_its_space_in_hello(self, server):
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        browser = Browser(server)
        await browser.by_link()
        sent = browser.headers(csrf=None)
        async with server.http.ws_connect(f"{server.url}/v1/stream", headers=sent) as socket:
            await socket.send_json({"type": "hello", "space": "acme"})
            assert (await socket.receive_json())[0]["space"] == "acme"

    async def test_each_frame_asks_for_the_member_s_own_permission(self, server):
        browser = await logged_in(server, role="viewer")
        async with server.http.ws_connect(f"{server.url}/v1/stream", headers=browser.headers()) as socket:
            await socket.send_json([{"type": "hello"}, {"type": "create", "id": 5, "job": JOB}])
            told = []
            while not any(frame.get("id") == 5 for frame in told):
                told += await socket.receive_json()
        assert [frame["code"] for frame in told if frame["type"] == "error"] == ["forbidden"]


class TestTickets:
    async def hello(self, server, ticket, **headers):
        async with server.http.ws_connect(f"{server.url}/v1/stream", headers=headers) as socket:
            await socket.send_json({"type": "hello", "ticket": ticket})
            told = (await socket.receive_json())[0]
            return told["type"] if told["type"] == "welcome" else told["code"]

    async def test_it_opens_one_stream(self, server):
        browser = await logged_in(server)
        ticket = (await browser.call("POST", "/v1/stream-tickets")).data["ticket"]
        assert await self.hello(server, ticket) == "welcome"
        assert await self.hello(server, ticket) == "unauthorized"

    async def test_it_ends_after_a_minute(self, server):
        browser = await logged_in(server)
        made = (await browser.call("POST", "/v1/stream-tickets")).data
        server.clock.forward(60)
        assert await self.hello(server, made["ticket"]) == "unauthorized"

    async def test_it_ends_with_its_session(self, server):
        browser = await logged_in(server)
        ticket = (await browser.call("POST", "/v1/stream-tickets")).data["ticket"]
        await browser.call("DELETE", "/v1/sessions/current")
        assert await self.hello(server, ticket) == "unauthorized"

    async def test_a_key_makes_them_too(self, server):
        made = (await server.call("POST", "/v1/keys", {"name": "k", "role": "viewer"})).data
        tickets = [
            (await server.call("POST", "/v1/stream-tickets", key=made["key"])).data["ticket"]
            for _ in range(2)
        ]
        assert await self.hello(server, tickets[0]) == "welcome"
        await server.call("DELETE", f"/v1/keys/{made['id']}")
        assert await self.hello(server, tickets[1]) == "unauthorized"

    async def test_what_is_none_opens_nothing(self, server):
        link = (await server.call("POST", "/v1/login-links", {})).data["url"].partition("#")[2]
        ticket = (await server.call("POST", "/v1/stream-tickets", {})).data["ticket"]
        for wrong in (
            "x",
            ticket[:-1],
            ticket + "0",
            ticket.replace("twt", "twl"),
            link,
            link.replace("twl", "twt"),
        ):
            assert await self.hello(server, wrong) == "unauthorized", wrong
        assert await self.hello(server, ticket, Origin="https://evil.example") == "welcome"


class TestPublicAddress:
    @pytest.fixture
    def settings(self):
        return {
            "public_url": "https://Jobs.example.com:443/tick",
            "allow_origins": ("https://app.example.com",),
        }

    async def test_its_origin_alone_counts_and_the_cookie_is_sent_over_tls_alone(self, server):
        browser = Browser(server)
        made = (await server.call("POST", "/v1/login-links", {})).data
        assert made["url"].startswith("https://Jobs.example.com:443/tick/console/login#twl_")
        browser.origin = "https://jobs.example.com"
        answer = await browser.log_in(link=made["url"].partition("#")[2])
        assert "; Secure" in answer.headers["Set-Cookie"]
        assert (await browser.call("POST", "/v1/jobs", JOB)).status == 200
        for origin in (server.url, "http://jobs.example.com", "https://app.example.com"):
            assert refused(await browser.call("POST", "/v1/jobs", JOB, origin=origin), "Origin")

    async def test_pages_that_may_call_by_key_have_no_use_of_the_cookie(self, server):
        browser = Browser(server)
        browser.origin = "https://jobs.example.com"
        await browser.by_link()
        sent = browser.headers(csrf=None, origin="https://app.example.com")
        told = await upgrade(server, sent)
        assert (told["type"], told["code"]) == ("error", "unauthorized")
        async with server.http.ws_connect(f"{server.url}/v1/stream", headers=sent) as socket:
            await socket.send_json({"type": "hello", "key": server.key})
            assert (await socket.receive_json())[0]["type"] == "welcome"
        answer = await browser.call("GET", "/v1/jobs", origin="https://app.example.com")
        assert refused(answer, "Origin")
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert json.loads(answer.raw)["errors"]
