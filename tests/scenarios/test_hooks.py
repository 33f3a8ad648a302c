"""Hooks of real servers: what proves a call is shown nowhere, and of two servers one starts what came to both."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
from postgres import postgres
from processes import DEADLINE_S, Server, server
from terminals import Terminal

from listener_sdk import Client
from listener_sdk.protocol.hooks import CreatedHook
from listener_sdk.protocol.signatures import sign, way_of
from server.app import running
from server.engine.node import Node
from server.settings import Settings

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
CANARY = "canary-93ae51-of-the-hooks"
BODY = b'{"number": 7}'
KINDS: list[Any] = ["github", "stripe", "slack", "bearer", {"kind": "hmac", "header": "X-Sign"}, {"kind": "bearer", "header": "X-Door"}]  # fmt: skip


def databases() -> list[Any]:
    return [
        pytest.param(dict, id="sqlite"),
        pytest.param(lambda: {"database_url": postgres().store()}, id="postgresql"),
    ]


def signed(hook: CreatedHook, secret: str, raw: bytes = BODY, id_: str = "msg_1") -> dict[str, str]:
    said = {name: value for name, value in hook.verification.items() if name != "kind"}
    way = way_of(hook.verification["kind"], said)
    return sign(way, secret, raw, at_s=int(time.time()), id_=id_)


# ---- what is secret


class Visitor:
    """Calls hooks, and keeps all that is answered, but for what a call itself shows once."""

    def __init__(self, home: Server, http: aiohttp.ClientSession) -> None:
        self.home = home
        self.http = http
        self.heard: list[str] = []

    async def knock(self, path: str, headers: dict[str, str], raw: bytes = BODY) -> int:
        sent = {"Content-Type": "application/json", **headers}
        async with self.http.post(self.home.url + path, data=raw, headers=sent) as answer:
            self.heard.append(await answer.text())
            return answer.status

    async def look(self, path: str) -> Any:
        async with self.http.get(
            self.home.url + path, headers={"Authorization": f"Bearer {self.home.key}"}
        ) as answer:
            assert answer.status == 200, await answer.text()
            self.heard.append(await answer.text())
            return json.loads(self.heard[-1])["data"]

    async def look_around(self, hooks: list[CreatedHook]) -> None:
        """At every list and thing that tells of hooks."""
        for path in ("/v1/hooks", "/v1/events?topics=**&pageSize=1000", "/v1/audit?pageSize=1000", "/v1/jobs", "/v1/secrets"):  # fmt: skip
            await self.look(path)
        for hook in hooks:
            await self.look(f"/v1/hooks/{hook.id}")
            for came in await self.look(f"/v1/hooks/{hook.id}/deliveries"):
                await self.look(f"/v1/hook-deliveries/{came['id']}")


async def use(visitor: Visitor, client: Client, number: int, verification: Any) -> CreatedHook:
    """A hook whose secret is given, called rightly and wrongly, off, by a body that fails, and with another secret."""
    secret, wrong = f"{CANARY}-{number}", f"{CANARY}-wrong-{number}"
    hook = await client.hooks.create(
        f"Shop {number}", verification, event="shop:called", params={"n": "{{ hook.body.number }}"}, secret=secret
    )  # fmt: skip
    path = f"{hook.path}?session={CANARY}-in-the-address"
    assert await visitor.knock(path, signed(hook, secret)) == 202, visitor.heard[-1]
    assert await visitor.knock(path, signed(hook, wrong)) == 401
    assert (
        await visitor.knock(path, {"Authorization": f"Basic {wrong}", "Cookie": wrong, "X-Sign": wrong})
        == 401
    )
    for raw in (b"{}", b"{"):
        await visitor.knock(path, signed(hook, secret, raw), raw)
    rotated = await client.hooks.rotate(hook.id, secret=f"{secret}-newer")
    assert await visitor.knock(path, signed(hook, f"{secret}-newer", b"[7]"), b"[7]") == 202
    (came, *_) = (await client.hooks.deliveries(hook.id)).items
    await client.hooks.replay(came.id)
    await client.hooks.update(hook.id, enabled=False)
    assert await visitor.knock(path, signed(hook, secret)) == 409
    assert rotated.secret == f"{secret}-newer"
    return hook


@pytest.mark.parametrize("database", databases())
async def test_no_secret_of_a_hook_is_shown_or_kept(
    tmp_path: Path, database: Callable[[], dict[str, str]]
) -> None:
    settings = database()
    with server(tmp_path / "home", log_level="debug", **settings) as home:
        async with Client(home.url, home.key) as client, aiohttp.ClientSession() as http:
            visitor = Visitor(home, http)
            hooks = [await use(visitor, client, number, kind) for number, kind in enumerate(KINDS)]
            await visitor.look_around(hooks)
        assert home.started is not None
        home.kill()
        told, stored = "\n".join(visitor.heard), rows(settings)
        for text in (told, home.started.text, stored):
            assert CANARY not in text
        assert "hook:rejected" in told
        assert CANARY.encode() not in b"".join(
            path.read_bytes() for path in home.folder.rglob("*") if path.is_file()
        )


def rows(settings: dict[str, str]) -> str:
    """The whole text of a database on PostgreSQL."""
    if "database_url" not in settings:
        return ""
    with psycopg.connect(settings["database_url"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert ("hook_delivery",) in tables
        return str([connection.execute(f'SELECT * FROM "{table}"').fetchall() for (table,) in tables])


# ---- from the command line


def tickwire(home: Server, *arguments: object) -> str:
    return Terminal(home).run(*map(str, arguments))


async def test_a_push_is_signed_sent_and_replayed_from_the_command_line(tmp_path: Path) -> None:
    body, secret = tmp_path / "push.json", tmp_path / "secret"
    body.write_text('{"ref": "refs/heads/main", "pusher": {"name": "ada"}}', encoding="utf-8")
    with server(tmp_path / "home") as home:
        param = ("-p", "ref={{ hook.body.reference }}")
        made = tickwire(
            home, "hooks", "create", "Pushes", "github", "--event", "git:push", *param
        ).splitlines()
        url, shown = made[-2:]
        secret.write_text(shown, encoding="utf-8")
        hook = tickwire(home, "hooks", "list").splitlines()[1].split()[0]
        headers = json.loads(
            tickwire(home, "hooks", "sign", "github", body, "--secret-file", secret, "--json")
        )
        sent = {"Content-Type": "application/json", "X-GitHub-Event": "push", **headers}
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data=body.read_bytes(), headers=sent) as answer,
        ):
            assert (answer.status, (await answer.json())["data"]["status"]) == (202, "failed")
        listed = tickwire(home, "hooks", "deliveries", hook, "--status", "failed")
        came = listed.splitlines()[1].split()[0]
        assert "params.ref" in tickwire(home, "hooks", "delivery", came)
        tickwire(home, "hooks", "update", hook, "-p", "ref={{ hook.body.ref }}")
        assert "refs/heads/main" in tickwire(home, "hooks", "try", hook, body, "-H", "X-GitHub-Event=push")
        assert "published" in tickwire(home, "hooks", "replay", came)
        assert "refs/heads/main" in tickwire(home, "events", "list", "git:*", "--json")


# ---- two servers of one store


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[list[tuple[Node, str]]]:
    url = postgres().store()
    one, two = (
        Settings(
            port=0, data_dir=tmp_path / name, drain_s=5, database_url=url, admin_key=KEY, master_key="ab" * 32
        )
        for name in ("one", "two")
    )
    async with running(one) as first, running(two) as second:
        yield [first, second]


async def post(http: aiohttp.ClientSession, url: str, raw: bytes, headers: dict[str, str]) -> Any:
    sent = {"Content-Type": "application/json", **headers}
    async with http.post(url, data=raw, headers=sent) as answer:
        return answer.status, await answer.json()


async def test_the_same_call_at_both_servers_at_once_starts_one_job(pair: list[tuple[Node, str]]) -> None:
    urls = [url for _, url in pair]
    async with (
        asyncio.timeout(DEADLINE_S),
        Client(urls[0], KEY) as client,
        aiohttp.ClientSession() as http,
    ):
        await client.definitions.create("web", "noop", enabled=True)
        made = await client.hooks.create("Shop", "standard", definition="web")
        assert made.secret is not None
        for number in range(20):
            raw = json.dumps({"number": number}).encode()
            headers = signed(made, made.secret, raw, f"msg_{number}")
            told = await asyncio.gather(
                *(post(http, url + str(made.path), raw, headers) for url in urls for _ in range(3))
            )
            assert sorted(status for status, _ in told) == [200] * 5 + [202], told
            assert len({answer["data"]["jobId"] for _, answer in told}) == 1
        assert len((await client.hooks.deliveries(made.id, page_size=100)).items) == 20
        jobs = await client.jobs.list(page_size=1)
        assert jobs.pagination is not None
        assert jobs.pagination["totalCount"] == 20


async def test_what_one_server_forbids_starts_nothing_at_the_other(pair: list[tuple[Node, str]]) -> None:
    (_, one), (_, two) = pair
    async with asyncio.timeout(DEADLINE_S), Client(one, KEY) as client, aiohttp.ClientSession() as http:

        async def knock(made: CreatedHook, secret: str | None) -> int:
            status, _ = await post(http, two + str(made.path), BODY, signed(made, secret or ""))
            return int(status)

        first, second = [
            await client.hooks.create(name, "bearer", event="shop:called") for name in ("one", "two")
        ]
        for made in (first, second):
            assert await knock(made, made.secret) == 202
        newer = (await client.hooks.rotate(first.id, overlap_s=0)).secret
        assert [await knock(first, first.secret), await knock(first, newer)] == [401, 202]
        await client.hooks.delete(first.id)
        assert await knock(first, newer) == 404
        await client.hooks.update(second.id, enabled=False)
        assert await knock(second, second.secret) == 409
