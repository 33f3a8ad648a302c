"""People at two servers on one PostgreSQL database: what one server lets in or out holds at the other within seconds."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from postgres import postgres
from processes import DEADLINE_S, server

from listener_sdk import Client

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[list[Client]]:
    url = postgres().store()
    with (
        server(tmp_path / "one", database_url=url, admin_key=KEY) as one,
        server(tmp_path / "two", database_url=url, admin_key=KEY) as two,
    ):
        clients = [Client(home.url, KEY) for home in (one, two)]
        yield clients
        for client in clients:
            await client.close()


async def log_in(browser: aiohttp.ClientSession, url: str, link: str) -> int:
    """The status of the answer; the browser has the cookie if it is 200."""
    body = {"link": link.partition("#")[2]}
    async with browser.post(f"{url}/v1/sessions", json=body, headers={"Origin": url}) as answer:
        return answer.status


async def status(browser: aiohttp.ClientSession, url: str) -> int:
    async with browser.get(f"{url}/v1/whoami") as answer:
        return answer.status


async def becomes(browser: aiohttp.ClientSession, url: str, wanted: int) -> None:
    """The session is let in, or no longer, before the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while await status(browser, url) != wanted:  # noqa: ASYNC110 - another process has no event here
            await asyncio.sleep(0.1)


async def test_a_session_holds_at_both_and_ends_at_both(pair: list[Client]) -> None:
    one, two = pair
    ada = await one.members.create("Ada", "ada@example.com", "operator")
    link = (await two.members.login_link(ada.id)).url
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        assert await log_in(browser, one.url, link) == 200
        assert await status(browser, one.url) == await status(browser, two.url) == 200
        socket = await browser.ws_connect(f"{two.url}/v1/stream", headers={"Origin": two.url})
        await socket.send_json({"type": "hello"})
        assert (await socket.receive_json())[0]["type"] == "welcome"
        await one.members.deactivate(ada.id)
        assert await status(browser, one.url) == 401
        await becomes(browser, two.url, 401)
        async with asyncio.timeout(DEADLINE_S):
            while (message := await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                assert message.type is aiohttp.WSMsgType.TEXT
        assert message.data == 4401


async def test_a_link_serves_once_over_both(pair: list[Client]) -> None:
    one, two = pair
    ada = await one.members.create("Ada", "ada@example.com")
    link = (await one.members.login_link(ada.id)).url
    async with aiohttp.ClientSession() as browser:
        found = await asyncio.gather(
            *(log_in(browser, client.url, link) for _ in range(4) for client in (one, two))
        )
    assert sorted(found) == [200] + [401] * 7


async def test_a_space_has_one_member_of_an_e_mail_whichever_server_adds_it(pair: list[Client]) -> None:
    made = await asyncio.gather(
        *(client.members.create("Ada", "ada@example.com") for _ in range(4) for client in pair),
        return_exceptions=True,
    )
    assert sorted(getattr(one, "code", "made") for one in made) == ["conflict"] * 7 + ["made"]
