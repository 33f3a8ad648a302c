"""Logging in and out: links and passwords that do, and all that does not."""

import asyncio

import pytest
from browser import Browser, logged_in, member

from server.commands import logins as commands
from server.core.logins import LINK_MS
from server.security import passwords
from server.web import logins
from server.web.auth import keyring

PASSWORD = "correct horse battery"


@pytest.fixture
def settings():
    return {"auth_failures_per_minute": 1000}


async def link(server, member_id=None, key=""):
    body = {"member": member_id} if member_id else {}
    return (await server.call("POST", "/v1/login-links", body, key=key)).data["url"].partition("#")[2]


async def with_password(server, name="Ada", role="operator"):
    """The browser of a new member who has a password."""
    browser = await logged_in(server, name, role)
    await browser.call("PUT", "/v1/members/me/password", {"new": PASSWORD})
    return browser


async def used(server, browser):
    """The session is used, and the store knows it."""
    assert (await browser.call("GET", "/v1/whoami")).status == 200
    await server.node.writer._idle.wait()


def by_password(name="Ada", password=PASSWORD, **more):
    return {"email": f"{name.lower()}@example.com", "password": password} | more


class TestLinks:
    async def test_a_link_logs_a_member_in(self, server):
        ada = await member(server)
        made = (await server.call("POST", "/v1/login-links", {"member": ada["id"]})).data
        assert made["url"].startswith(f"{server.url}/console/login#twl_")
        browser = Browser(server)
        found = (await browser.log_in(link=made["url"].partition("#")[2])).data
        assert (found["member"]["id"], found["role"], found["space"]) == (ada["id"], "operator", "default")
        who = (await browser.call("GET", "/v1/whoami")).data
        assert (who["keyId"], who["memberId"], who["role"]) == (ada["id"], ada["id"], "operator")
        job = (await browser.call("POST", "/v1/jobs", {"type": "a", "operation": "b"})).data
        assert job["createdBy"] == ada["id"]

    async def test_a_key_makes_one_for_itself(self, server):
        browser = Browser(server)
        made = (await server.call("POST", "/v1/keys", {"name": "v", "role": "viewer"})).data
        found = (await browser.by_link(key=made["key"])).data
        assert (found["member"], found["role"]) == (None, "viewer")
        assert (await browser.call("GET", "/v1/whoami")).data["role"] == "viewer"
        assert (await browser.call("GET", "/v1/keys")).status == 403

    async def test_a_key_of_a_program_makes_none(self, server):
        answer = await server.call("POST", "/v1/login-links", {}, key=server.listener)
        assert (answer.status, answer.error["code"]) == (403, "forbidden")
        assert "for programs alone" in answer.error["message"]

    async def test_the_session_of_a_key_of_the_whole_store_acts_where_it_says(self, server):
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        browser = Browser(server)
        await browser.by_link()
        assert (await browser.call("GET", "/v1/whoami", space="acme")).data["space"] == "acme"
        assert (await browser.call("GET", "/v1/whoami")).data["space"] == "default"

    async def test_it_serves_once(self, server):
        token, first, second = await link(server), Browser(server), Browser(server)
        assert (await first.log_in(link=token)).status == 200
        answer = await second.log_in(link=token)
        assert (answer.status, answer.error["code"]) == (401, "unauthorized")
        assert "tickwire login-link" in answer.error["message"]

    async def test_of_many_at_once_one_is_let_in(self, server):
        token = await link(server)
        found = await asyncio.gather(*(Browser(server).log_in(link=token) for _ in range(20)))
        assert sorted(answer.status for answer in found) == [200] + [401] * 19

    async def test_it_ends_after_a_quarter_of_an_hour(self, server):
        token = await link(server)
        server.clock.forward(LINK_MS / 1000)
        assert (await Browser(server).log_in(link=token)).status == 401

    async def test_what_was_altered_opens_nothing(self, server):
        token = await link(server)
        kind, number, secret = token.split("_")
        other = "0" if secret[-1] != "0" else "1"
        for wrong in (
            f"{kind}_{number}_{secret[:-1]}{other}",
            f"{kind}_000000zzzz_{secret}",
            f"twt_{number}_{secret}",
            f"twc_{number}_{secret}",
            token.upper(),
            token[:-1],
            token + "0",
            "x",
        ):
            assert (await Browser(server).log_in(link=wrong)).status == 401, wrong
        assert (await Browser(server).log_in(link=token)).status == 200

    async def test_links_of_others_are_the_administrators_to_make(self, server):
        ada = await member(server)
        answer = await server.call("POST", "/v1/login-links", {"member": ada["id"]}, key=server.listener)
        assert (answer.status, answer.error["code"]) == (403, "forbidden")
        browser = Browser(server)
        await browser.by_link(ada["id"])
        assert (await browser.call("POST", "/v1/login-links", {"member": ada["id"]})).status == 403

    async def test_a_session_lets_none_begin_that_would_outlive_it(self, server):
        browser = Browser(server)
        await browser.by_link()
        answer = await browser.call("POST", "/v1/login-links", {})
        assert (answer.status, answer.error["key"]) == (400, "member")

    @pytest.mark.parametrize("named", ["us_mem_000000zzzz", "us_key_0000000000", "x", "\u00e4"])
    async def test_a_member_that_is_not_there_is_not_found(self, server, named):
        answer = await server.call("POST", "/v1/login-links", {"member": named})
        assert (answer.status, answer.error["key"]) == (404, "member")

    async def test_one_of_another_space_is_not_found(self, server):
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        ada = await member(server, headers={"X-Customer-Code": "acme"})
        assert (await server.call("POST", "/v1/login-links", {"member": ada["id"]})).status == 404

    async def test_so_many_may_wait_and_no_more(self, server):
        ada = await member(server)
        for _ in range(100):
            await link(server, ada["id"])
        answer = await server.call("POST", "/v1/login-links", {"member": ada["id"]})
        assert (answer.status, answer.error["code"]) == (409, "limit")
        server.clock.forward(LINK_MS / 1000)
        assert await link(server, ada["id"])
        assert (await server.node.read(lambda reader: reader.rows("SELECT COUNT(*) FROM login_pass")))[0][
            0
        ] == 1

    async def test_a_repeated_call_does_not_show_it_again(self, server):
        for path in ("/v1/login-links", "/v1/stream-tickets"):
            first = await server.call("POST", path, {}, headers={"Idempotency-Key": "once"})
            again = await server.call("POST", path, {}, headers={"Idempotency-Key": "once"})
            assert (first.status, again.status, again.error["code"]) == (200, 409, "conflict")


class TestPasswords:
    async def test_a_member_logs_in_by_its_own(self, server):
        await with_password(server)
        browser = Browser(server)
        found = await browser.log_in(**by_password(email="ADA@Example.com"))
        assert found.data["member"]["name"] == "Ada"
        assert (await browser.call("GET", "/v1/members/me")).data["passwordSetAt"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"password": PASSWORD + " "},
            {"password": ""},
            {"password": "x" * 1024},
            {"email": "nobody@example.com"},
            {"email": "ada@example.com "},
            {"space": "elsewhere"},
            {"space": "acme"},
        ],
    )
    async def test_whatever_is_wrong_the_answer_is_the_same(self, server, wrong):
        await with_password(server)
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        answer = await Browser(server).log_in(**by_password(**wrong))
        assert (answer.status, answer.error["code"]) == (401, "unauthorized")
        assert answer.error["message"] == "E-mail, password and space do not belong together."
        assert "Set-Cookie" not in answer.headers

    async def test_who_has_none_or_is_set_aside_is_not_told_apart(self, server):
        bob = await member(server, "Bob")
        browser = await with_password(server)
        ada = (await browser.call("GET", "/v1/members/me")).data
        await server.call("PATCH", f"/v1/members/{ada['id']}", {"active": False})
        seen = [(await Browser(server).log_in(**by_password(name))) for name in ("Ada", "Bob", "Carol")]
        assert {answer.raw for answer in seen} == {seen[0].raw}
        assert bob["passwordSetAt"] is None

    async def test_every_try_takes_one_comparison(self, server, monkeypatch):
        await with_password(server)
        compared = []
        real = passwords._verified

        def counted(stored, password):
            compared.append(real(stored, password))
            return compared[-1]

        monkeypatch.setattr(passwords, "_verified", counted)
        for name in ("Ada", "Nobody"):
            await Browser(server).log_in(**by_password(name, "wrong password"))
        assert compared == [False, False]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"email": "ada@example.com"},
            {"password": PASSWORD},
            by_password(link="x"),
            by_password(password="x" * 1025),
            by_password("a" * 260),
            {"link": ""},
            {"link": 5},
            {"link": "x" * 129},
        ],
    )
    async def test_bodies_that_are_no_log_in_are_refused_without_a_comparison(
        self, server, monkeypatch, body
    ):
        monkeypatch.delattr(passwords.Passwords, "matches")
        answer = await Browser(server).log_in(**body)
        assert (answer.status, answer.error["code"]) == (400, "invalid")
        assert PASSWORD.encode() not in answer.raw


class TestGuesses:
    @pytest.fixture
    def settings(self):
        return {"auth_failures_per_minute": 5}

    async def test_an_address_may_guess_so_often(self, server):
        seen = [await Browser(server).log_in(link=f"x{n}") for n in range(7)]
        assert [answer.status for answer in seen] == [401] * 5 + [429] * 2
        assert int(seen[-1].headers["Retry-After"]) <= 12

    async def test_wrong_passwords_hold_up_no_key_no_link_and_nobody_elsewhere(self, server):
        await with_password(server)
        ada = (await server.call("GET", "/v1/members")).data[0]["id"]
        fresh = (await server.call("POST", "/v1/keys", {"name": "n", "role": "viewer"})).data["key"]
        for _ in range(60):
            await Browser(server).log_in(**by_password(password="wrong password"))
        refused = await Browser(server).log_in(**by_password())
        assert refused.status == 429
        assert "A link logs in meanwhile" in refused.error["message"]
        assert (await server.call("GET", "/v1/whoami", key=fresh)).status == 200
        assert (await Browser(server).by_link(ada)).status == 200

    async def test_wrong_links_hold_up_no_password_and_no_other_link(self, server):
        await with_password(server)
        for number in range(60):
            await Browser(server).log_in(link=f"x{number}")
        assert (await Browser(server).log_in(**by_password())).status == 200
        ada = (await server.call("GET", "/v1/members")).data[0]["id"]
        assert (await Browser(server).by_link(ada)).status == 200

    async def test_a_hundred_at_once_are_bounded(self, server):
        await with_password(server)
        seen = await asyncio.gather(
            *(Browser(server).log_in(**by_password(password=f"wrong {n}")) for n in range(100))
        )
        assert [answer.status for answer in seen].count(401) <= 5
        assert {answer.status for answer in seen} == {401, 429}

    async def test_an_e_mail_is_guessed_at_so_often_from_wherever(self, server, monkeypatch):
        await with_password(server)
        addresses = iter(range(100))
        monkeypatch.setattr(logins, "address_of", lambda _: f"10.0.0.{next(addresses)}")
        seen = [await Browser(server).log_in(**by_password(password="wrong password")) for _ in range(7)]
        assert [answer.status for answer in seen] == [401] * 5 + [429] * 2
        other = await Browser(server).log_in(**by_password("Nobody"))
        assert other.status == 401
        server.clock.forward(60)
        assert (await Browser(server).log_in(**by_password())).status == 200

    async def test_who_is_right_is_no_guesser(self, server):
        await with_password(server)
        assert {(await Browser(server).log_in(**by_password())).status for _ in range(12)} == {200}

    async def test_a_cookie_that_has_ended_is_one_guess_however_often_it_comes(self, server):
        browser = await logged_in(server)
        kept = browser.cookie
        await browser.call("DELETE", "/v1/sessions/current")
        assert {(await browser.call("GET", "/v1/jobs", cookie=kept)).status for _ in range(20)} == {401}
        fresh = (await server.call("POST", "/v1/keys", {"name": "n", "role": "viewer"})).data["key"]
        assert (await server.call("GET", "/v1/whoami", key=fresh)).status == 200


class TestSessions:
    async def test_what_it_is_can_be_asked(self, server):
        browser = Browser(server)
        begun = (await browser.by_link((await member(server))["id"])).data
        assert (await browser.call("GET", "/v1/sessions/current")).data == begun
        assert browser.csrf == begun["csrfToken"]

    async def test_each_log_in_gives_a_new_one_and_ends_the_older_of_that_browser(self, server):
        browser = await with_password(server)
        first, csrf = browser.cookie, browser.csrf
        await browser.log_in(**by_password())
        assert browser.cookie not in {None, first}
        assert browser.csrf != csrf
        assert (await browser.call("GET", "/v1/whoami", cookie=first)).status == 401

    async def test_a_cookie_that_somebody_else_has_chosen_is_not_taken_over(self, server):
        browser, chosen = await with_password(server), "twc_0000000001_" + "0" * 64
        await browser.call("POST", "/v1/sessions", by_password(), cookie=chosen)
        assert browser.cookie != chosen
        assert (await browser.call("GET", "/v1/whoami", cookie=chosen)).status == 401

    async def test_it_ends_when_one_logs_out(self, server):
        browser = await logged_in(server)
        kept = browser.cookie
        answer = await browser.call("DELETE", "/v1/sessions/current")
        assert answer.data == {"success": True}
        assert browser.cookie is None
        assert (await browser.call("GET", "/v1/whoami", cookie=kept)).status == 401

    async def test_it_ends_when_nothing_is_done_for_long(self, server):
        browser = await logged_in(server)
        for _ in range(3):
            server.clock.forward(11 * 3600)
            await used(server, browser)
        server.clock.forward(12 * 3600)
        assert (await browser.call("GET", "/v1/whoami")).status == 401

    async def test_it_ends_after_a_week_whatever_is_done(self, server):
        browser = await logged_in(server)
        for _ in range(6 * 4 + 3):
            server.clock.forward(6 * 3600)
            await used(server, browser)
        server.clock.forward(6 * 3600)
        assert (await browser.call("GET", "/v1/whoami")).status == 401

    async def test_of_one_member_so_many_go_on_and_the_oldest_end(self, server, monkeypatch):
        monkeypatch.setattr(commands, "MOST_SESSIONS", 3)
        await with_password(server)
        first = Browser(server)
        await first.log_in(**by_password())
        for _ in range(3):
            await Browser(server).log_in(**by_password())
        server.clock.forward(6)
        assert (await first.call("GET", "/v1/whoami")).status == 401

    async def test_a_key_has_none(self, server):
        for method in ("GET", "DELETE"):
            answer = await server.call(method, "/v1/sessions/current")
            assert (answer.status, answer.error["key"]) == (404, "session")

    async def test_that_of_a_key_ends_with_the_key(self, server):
        made = (await server.call("POST", "/v1/keys", {"name": "k", "role": "admin"})).data
        browser = Browser(server)
        await browser.by_link(key=made["key"])
        assert (await browser.call("GET", "/v1/whoami")).status == 200
        await server.call("DELETE", f"/v1/keys/{made['id']}")
        assert (await browser.call("GET", "/v1/whoami")).status == 401

    async def test_that_of_a_key_ends_with_the_secret_by_which_it_began(self, server):
        made = (await server.call("POST", "/v1/keys", {"name": "k", "role": "admin"})).data
        first, second = Browser(server), Browser(server)
        await first.by_link(key=made["key"])
        rotated = (await server.call("POST", f"/v1/keys/{made['id']}/rotate", {"overlapS": 60})).data
        await second.by_link(key=rotated["key"])
        for browser in (first, second):
            assert (await browser.call("GET", "/v1/whoami")).status == 200
        server.clock.forward(66)
        assert (await first.call("GET", "/v1/whoami")).status == 401
        assert (await second.call("GET", "/v1/whoami")).status == 200

    async def test_that_of_a_key_reaches_no_further_than_the_key(self, server):
        body = {"name": "k", "role": "operator", "jobs": ["import:*"]}
        made = (await server.call("POST", "/v1/keys", body)).data
        hidden = await server.job()
        browser = Browser(server)
        await browser.by_link(key=made["key"])
        assert (await browser.call("GET", f"/v1/jobs/{hidden['id']}")).status == 404
        assert (await browser.call("GET", "/v1/jobs")).data == []
        job = (await browser.call("POST", "/v1/jobs", {"type": "import", "operation": "all"})).data
        assert (await browser.call("GET", f"/v1/jobs/{job['id']}")).status == 200

    async def test_it_makes_no_tokens(self, server):
        browser, token = await logged_in(server), {"space": True}
        assert (await browser.call("POST", "/v1/tokens", token)).status == 403

    async def test_a_token_logs_nobody_in(self, server):
        token = (await server.call("POST", "/v1/tokens", {"space": True})).data["token"]
        for path in ("/v1/login-links", "/v1/stream-tickets"):
            assert (await server.call("POST", path, {}, key=token)).status == 403
        assert (await Browser(server).log_in(link=token[:128])).status == 401

    async def test_it_opens_no_other_space(self, server):
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        browser = await logged_in(server)
        answer = await browser.call("GET", "/v1/whoami", space="acme")
        assert (answer.status, answer.error["code"]) == (404, "not_found")

    async def test_it_ends_with_its_space(self, server):
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        inside = {"X-Customer-Code": "acme"}
        ada = await member(server, headers=inside)
        made = await server.call("POST", "/v1/login-links", {"member": ada["id"]}, headers=inside)
        browser = Browser(server)
        await browser.log_in(link=made.data["url"].partition("#")[2])
        assert (await browser.call("GET", "/v1/whoami")).data["space"] == "acme"
        await server.call("DELETE", "/v1/spaces/acme")
        assert (await browser.call("GET", "/v1/whoami")).status == 401

    async def test_it_may_call_so_often_and_no_more(self, server):
        browser = await logged_in(server)
        keyring(server.node)._browser_calls.rate_per_s = 0.001
        seen = [(await browser.call("GET", "/v1/whoami")).status for _ in range(205)]
        assert seen == [200] * 200 + [429] * 5
        assert (await server.call("GET", "/v1/whoami")).status == 200

    async def test_it_is_no_key(self, server):
        browser = await logged_in(server)
        assert (await browser.call("GET", "/v1/whoami")).status == 200
        assert (await server.call("GET", "/v1/whoami", key=browser.cookie)).status == 401

    async def test_no_secret_of_it_is_stored_or_told(self, server):
        browser = await with_password(server)
        ticket = (await browser.call("POST", "/v1/stream-tickets")).data["ticket"]
        secrets = [browser.cookie, browser.cookie.split("_")[2], browser.csrf, ticket.split("_")[2], PASSWORD]
        events = (await server.call("GET", "/v1/events?topics=**&pageSize=1000")).raw
        audit = await server.node.read(lambda reader: reader.rows("SELECT * FROM audit"))
        told = events + str(audit).encode()
        for path in server.settings.data_dir.rglob("*"):
            told += path.read_bytes() if path.is_file() else b""
        assert [secret for secret in secrets if secret.encode() in told] == []

    async def test_the_audit_says_who_logged_in_and_out(self, server):
        browser = await logged_in(server)
        await browser.call("DELETE", "/v1/sessions/current")
        lines = await server.node.read(
            lambda reader: reader.rows("SELECT action, actor, address FROM audit ORDER BY id")
        )
        who = (await server.call("GET", "/v1/members")).data[0]["id"]
        assert lines[-3:] == [
            ("login-link:created", "us_key_0000000000", "127.0.0.1"),
            ("session:begun", who, "127.0.0.1"),
            ("session:ended", who, "127.0.0.1"),
        ]


class TestOwnAdministratorsKey:
    @pytest.fixture
    def settings(self):
        return {"admin_key": "an-administrators-own-key-of-32-characters"}

    async def test_it_has_sessions_too_which_end_when_another_is_given(self, server):
        browser = Browser(server)
        assert (await browser.by_link()).data["keyId"] == "us_key_0000000000"
        who = (await browser.call("GET", "/v1/whoami")).data
        assert (who["role"], who["everySpace"]) == ("admin", True)
        keyring(server.node)._own_admin = "another"
        server.clock.forward(6)
        assert (await browser.call("GET", "/v1/whoami")).status == 401
