"""People are told of runs by real servers, a real mail server and a chat's webhook: killed in between, and two on one store."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from notified import SENDER, PostOffice, Receiver, post_office, receiver, text_of
from postgres import postgres
from processes import DEADLINE_S, Server, listener, server
from terminals import Terminal

from listener_sdk import Client
from listener_sdk.protocol.notifications import Notification
from listener_sdk.protocol.times import to_datetime
from server.engine.node import wall_ms

pytestmark = pytest.mark.must_run

KEY = "an-administrator-key-of-this-test-alone"
PUBLIC = "https://jobs.example.com"
SCRIPT = """
from listener_sdk import Fatal, Listener, Outcome, next_

listener = Listener()

@listener.job("import:rows")
def rows(job):
    if (job.input or {}).get("broken"):
        raise Fatal("The source <b>sends</b> no rows")
    return Outcome("All rows are there", counts={"total": 3, "ok": 3}, next=next_.url("https://shop.example.com/rows", label="Look at them"))

listener.run()
"""
FOR_ALL = {"TICKWIRE_API_KEY": KEY}
Seen = Callable[[], Awaitable[Any]]


async def until(seen: Seen, what: str) -> Any:
    """The first true value, asked for again and again."""
    found: Any = None
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not found:
                found = await seen()
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {DEADLINE_S:g} s: {what}") from None
    return found


async def arrived(found: list[Any], count: int, what: str) -> Any:
    async def seen() -> bool:
        return len(found) >= count

    return await until(seen, what)


@dataclass
class Slow(PostOffice):
    """It takes mails, but after the first few it lets the sender wait for the answer."""

    answered: int = 5
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.mails) > self.answered:
            await self.goes_on.wait()
        return answer


@dataclass
class Place:
    """Servers of one store with a listener, and a client of each."""

    homes: list[Server]
    clients: list[Client]

    @property
    def client(self) -> Client:
        return self.clients[0]

    async def run(self, code: str, number: int = 0, **params: Any) -> str:
        """A run that has ended; the job's id."""
        client = self.clients[number % len(self.clients)]
        job = await client.definitions.execute(code, params)
        await client.jobs.wait(job.id)
        return job.id


@asynccontextmanager
async def place(folder: Path, office: PostOffice, store: str | None = None) -> AsyncIterator[Place]:
    """One server with a store of its own, or two that share one."""
    settings = {
        "admin_key": KEY, "lease_s": 2, "smtp_url": office.url, "smtp_from": SENDER, "public_url": PUBLIC,
        "allow_addresses": "127.0.0.0/8",
    }  # fmt: skip
    if store is not None:
        settings["database_url"] = store
    script = folder / "rows.py"
    script.write_text(SCRIPT)
    async with AsyncExitStack() as stack:
        homes = [
            stack.enter_context(server(folder / str(n), **settings)) for n in range(1 if store is None else 2)
        ]
        stack.enter_context(listener(script, FOR_ALL | {"TICKWIRE_URL": homes[-1].url}))
        clients = [Client(home.url, KEY) for home in homes]
        for client in clients:
            stack.push_async_callback(client.close)

        async def declared() -> bool:
            return bool((await clients[0].job_types.list(q="import:rows")).items)

        await until(declared, "the listener has said what it can do")
        yield Place(homes, clients)


def mailed(*addresses: str, **fields: Any) -> dict[str, Any]:
    return {"channels": ["email"], "addresses": list(addresses), **fields}


# ---- a failure, and its end


async def test_a_failure_is_told_everywhere_and_so_is_the_recovery(tmp_path: Path) -> None:
    async with post_office() as office, receiver() as chat, place(tmp_path, office) as found:
        client = found.client
        ada = await client.members.create("Ada", "ada@example.com")
        failed = {
            "channels": ["inbox", "email", "slack"], "members": [ada.id], "addresses": ["team@example.com"],
            "slack": f"{chat.url}/hook",
        }  # fmt: skip
        recovered = {"on": "none", "recovered": True, "channels": ["inbox", "email"], "members": [ada.id]}
        await client.definitions.create(
            "nightly", "import:rows", name="Nightly import", enabled=True, notifications=[failed, recovered]
        )
        job_id = await found.run("nightly", broken=True)
        await arrived(office.mails, 2, "two mails")
        await arrived(chat.bodies, 1, "a post")
        await told_of_the_failure(client, job_id, ada.id, office, chat)
        await shown_on_the_terminal(found, job_id)

        again = await client.runs.again(job_id, {"broken": False})
        assert again.job_id is not None
        assert (await client.jobs.wait(again.job_id)).status == "complete"
        await arrived(office.mails, 4, "a mail of the recovery")
        assert office.to("root@example.com")[0]["Subject"] == "[Default] Mails of Tickwire reach you"
        mail = office.mails[-1]
        assert (mail["Subject"], mail["To"]) == ("[Default] Nightly import has recovered", "ada@example.com")
        assert "Look at them: https://shop.example.com/rows" in text_of(mail)
        assert (await client.definitions.get("nightly")).health == "ok"
        assert await client.notifications.unread(ada.id) == 2
        assert await client.notifications.read_all(ada.id) == 2
        assert (await client.notifications.list(member=ada.id, unread=True)).items == []
        assert len(chat.bodies) == 1


async def told_of_the_failure(
    client: Client, job_id: str, ada: str, office: PostOffice, chat: Receiver
) -> None:
    """Each by the own channel, with the same words; and the timeline of the run says who was told."""
    to_ada, to_team = office.to("ada@example.com")[0], office.to("team@example.com")[0]
    assert to_ada["Message-ID"] != to_team["Message-ID"]
    for mail in (to_ada, to_team):
        assert mail["Subject"] == "[Default] Nightly import failed"
        assert "The source <b>sends</b> no rows" in text_of(mail)
        assert "The source &lt;b&gt;sends&lt;/b&gt; no rows" in text_of(mail, "html")
        assert f'/console/jobs/{job_id}">Open the run</a>' in text_of(mail, "html")
    assert chat.bodies[0]["text"] == "Nightly import failed"
    [noted] = (await client.notifications.list(member=ada)).items
    assert isinstance(noted, Notification)
    assert (noted.title, noted.job_id, noted.read_at) == ("Nightly import failed", job_id, None)

    async def timeline() -> bool:
        told = (await client.events.list(topic="notification:delivered")).items
        channels = Counter(event.payload["channel"] for event in told if event.context["jobId"] == job_id)
        return channels == {"inbox": 1, "email": 2, "slack": 1}

    await until(timeline, "four deliveries on the timeline")
    assert (await client.definitions.get("nightly")).health == "failed"
    assert [one.job_id for one in (await client.runs.list(result="failed")).items] == [job_id]


async def shown_on_the_terminal(found: Place, job_id: str) -> None:
    """What a person sees who looks into it from a shell."""
    terminal = Terminal(found.homes[0], KEY)

    async def run(*words: str) -> str:
        return await asyncio.to_thread(terminal.run, *words)

    assert "*    us_nt_" in await run("inbox", "--member", "ada@example.com")
    assert "failed" in await run("runs", "--definition", "nightly")
    assert "enabled, failed" in await run("definitions")
    shown = await run("definitions", "nightly")
    assert "by inbox and email, team@example.com by email, Slack (127.0.0.1" in shown
    assert "mail          sent by smtp://127.0.0.1" in await run("doctor")
    assert "has taken a mail" in await run("notifications", "test", "root@example.com")


# ---- an owner who goes


async def test_administrators_are_told_that_an_owner_has_gone_and_the_next_owner_is_told_of_runs(
    tmp_path: Path,
) -> None:
    async with post_office() as office, place(tmp_path, office) as found:
        client = found.client
        bob = await client.members.create("Bob", "bob@example.com", "developer")
        eve = await client.members.create("Eve", "eve@example.com", "developer")
        await client.members.create("Root", "root@example.com", "admin")
        await client.definitions.create("nightly", "import:rows", enabled=True, params={"broken": True})
        own = {"on": "all", "channels": ["email"], "members": [bob.id]}

        async def due_soon() -> str:
            at = to_datetime(wall_ms()).replace(microsecond=0) + timedelta(seconds=3)
            repeat = {"every": 1, "unit": "days", "start": at.isoformat()}
            made = await client.schedules.create("nightly", repeat=repeat, notifications=[own])
            handed = await client.schedules.hand_over(made.id, bob.id)
            assert handed.still_recipient == 0
            return made.id

        schedule = await due_soon()
        await client.members.deactivate(bob.id)
        await arrived(office.mails, 1, "the administrators are told")
        [mail] = office.mails
        assert mail["To"] == "root@example.com"
        assert f"tickwire schedules hand-over {schedule} --to MEMBER" in text_of(mail)
        handed = await client.schedules.hand_over_all(bob.id, eve.id, replace_recipient=True)
        assert handed.schedules == [schedule]
        await client.jobs.wait((await client.schedules.run(schedule)).id)
        await arrived(office.mails, 2, "the new owner is told")
        assert [str(mail["To"]) for mail in office.mails] == ["root@example.com", "eve@example.com"]


# ---- killed in between


async def test_a_kill_in_the_middle_of_deliveries_loses_none_and_keeps_their_ids(tmp_path: Path) -> None:
    async with post_office(Slow()) as office, place(tmp_path, office) as found:
        assert isinstance(office, Slow)
        people = [f"p{n}@example.com" for n in range(30)]
        await found.client.definitions.create(
            "nightly", "import:rows", enabled=True, notifications=[mailed(*people)]
        )
        await found.run("nightly", broken=True)
        await arrived(office.mails, office.answered + 3, "some are taken, and some of them answered")
        home = found.homes[0]
        await asyncio.to_thread(home.kill)
        assert len(office.mails) < len(people)
        with closing(sqlite3.connect(home.folder / "data" / "tickwire.db")) as store, store:
            # As if the two minutes of their leases were over.
            left = store.execute("UPDATE notification_delivery SET due_at = 0").rowcount
        assert left >= len(people) - office.answered
        office.goes_on.set()
        await asyncio.to_thread(home.start)

        async def all_told() -> bool:
            return {*people} == {str(mail["To"]) for mail in office.mails}

        await until(all_told, "everybody is told")
        ids = {(str(mail["To"]), mail["Message-ID"]) for mail in office.mails}
        assert len(ids) == len({one for _, one in ids}) == len(people)
        assert len(people) < len(office.mails) <= len(people) + 16 + office.answered


# ---- two servers


async def test_two_servers_send_each_message_once(tmp_path: Path) -> None:
    store = postgres().store()
    async with post_office() as office, place(tmp_path, office, store) as found:
        codes = [f"d{n}" for n in range(15)]
        for code in codes:
            await found.client.definitions.create(
                code,
                "import:rows",
                enabled=True,
                notifications=[mailed(f"{code}@example.com", "all@example.com")],
            )
        await asyncio.gather(*(found.run(code, n, broken=True) for n, code in enumerate(codes)))
        await arrived(office.mails, 2 * len(codes), "all mails")

        async def done() -> bool:
            async with await psycopg.AsyncConnection.connect(store) as connection:
                rows = await connection.execute("SELECT COUNT(*) FROM notification_delivery")
                return (await rows.fetchone()) == (0,)

        await until(done, "nothing is on its way")
        assert {*Counter(mail["Message-ID"] for mail in office.mails).values()} == {1}
        assert Counter(str(mail["To"]) for mail in office.mails) == {
            "all@example.com": len(codes), **{f"{code}@example.com": 1 for code in codes},
        }  # fmt: skip
