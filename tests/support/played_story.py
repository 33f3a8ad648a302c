"""The story of examples/, played once on each database: what became of every step, and of some acts that follow it."""

import asyncio
import csv
import io
import json
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from processes import ROOT, Started, server

import set_up
import story
from listener_sdk import ApiError, Client
from webshop import WebShop

DEADLINE_S = 60


@dataclass
class Told:
    """What became of a step: its job, the files it lists, and all records of the workbook after it, by sheet."""

    job: object
    before: dict
    after: dict
    errors: list = field(default_factory=list)

    def values(self, sheet):
        return [row["values"] for row in self.after[sheet]]

    def changed(self, sheet):
        """The records that are not as they were, but for the version and time."""
        old = {row["id"]: row for row in self.before[sheet]}
        return [row for row in self.after[sheet] if facts(row) != facts(old.get(row["id"]))]


def facts(row):
    return row and (row["values"], row["problems"], row["notes"])


def records(path):
    """All records of the workbook, read past the examples."""
    found = {}
    if path.exists():
        with closing(sqlite3.connect(path)) as database:
            for (key,) in database.execute("SELECT key FROM sheet"):
                found[key] = []
            rows = database.execute(
                "SELECT id, sheet, data, problems, notes, version FROM record ORDER BY id"
            )
            for id_, sheet, *texts, version in rows:
                values, problems, notes = map(json.loads, texts)
                found[sheet].append(
                    {"id": id_, "values": values, "problems": problems, "notes": notes, "version": version}
                )
    return found


def counts(step):
    """How many were done, as the job tells."""
    return {name: step.job.outcome["counts"].get(name, 0) for name in ("total", "ok", "failed", "skipped")}


@dataclass
class Played:
    """The whole story."""

    folder: Path
    web: WebShop
    told: dict = field(default_factory=dict)
    jobs: list = field(default_factory=list)
    events: list = field(default_factory=list)
    later: dict = field(default_factory=dict)
    """What `afterwards` found."""


async def play(client, played):
    shop = story.Shop(client, played.folder, played.web)
    after = {}
    for step in story.STEPS:
        before = after
        async with asyncio.timeout(DEADLINE_S):
            job = await step.act(shop)
        after = records(played.folder / "workbook.db")
        told = played.told[step.name] = Told(job, before, after)
        for link in (job.outcome or {}).get("errorFiles") or []:
            told.errors = await lines(client, link["fileId"], played.folder)
    played.jobs, played.events = await history(client)
    async with asyncio.timeout(DEADLINE_S):
        played.later = await afterwards(client, shop, played)


async def lines(client, file_id, folder):
    path = await client.files.download(file_id, folder)
    return [*csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))]


async def history(client):
    jobs = [job async for job in client.jobs.iterate(page_size=1000)]
    events = [event async for event in client.events.iterate(topics="**", after="oldest", page_size=1000)]
    return jobs, events


async def afterwards(client, shop, played):
    """What is done once more, by whom it may be done, and what a disabled definition starts."""
    found = {"exports": {**shop.web.exports}, "actions": await client.actions.list()}
    found["watermark"] = await client.definitions.watermark("orders-import")
    found["copy"] = await lines(
        client, played.told["remove-assets"].job.outcome["next"]["fileId"], shop.downloads
    )
    found["again"] = await as_role(client, shop, "developer")
    try:
        await as_role(client, shop, "listener")
    except ApiError as error:
        found["refused"] = error.code
    given = {"skus": ["gar-001", "TOO-001", " gar-001 "]}
    events = [
        await client.events.publish("shop:products-removed", given, idempotency_key="gone") for _ in range(2)
    ]
    found["second"] = await shop.started_by(events[0].id, "remove-assets")
    found["events"] = [event.id for event in events]
    await client.definitions.disable("remove-assets")
    await client.events.publish("shop:products-removed", {"skus": ["GAR-002"]})
    # Triggers follow the log in order: once a later event has started its job, the one before it starts none.
    export = await client.actions.execute(found["actions"][1].id, {"sheet": "products"})
    await client.jobs.wait(export.id)
    await shop.told_webshop()
    found["clean-ups"] = [job async for job in client.jobs.iterate(definition="remove-assets")]
    found["products"] = records(played.folder / "workbook.db")["products"]
    return found


async def as_role(client, shop, role):
    """Set up once more with another key; what it tells."""
    made = await client.keys.create(role, role=role)
    async with Client(client.url, made.key) as other:
        return await set_up.set_up(other, shop.web.url)


@contextmanager
def played_story(folder, **settings):
    """A server and a listener of their own; the workbook itself is always a file."""
    with ExitStack() as ends:
        played = Played(folder, ends.enter_context(WebShop()))
        home = ends.enter_context(server(folder / "server", allow_addresses="127.0.0.1/32", **settings))
        env = {
            **home.environment,
            "WORKBOOK": str(folder / "workbook.db"),
            "WEBSHOP": played.web.url,
            "PYTHONPATH": str(ROOT),
            "TICKWIRE_AI_URL": "",
        }
        listener = Started(["-c", "listen", str(ROOT / "examples" / "shop.py")], env, folder, "sdk")
        try:

            async def run():
                async with Client(home.url, home.key) as client:
                    await play(client, played)

            asyncio.run(run())
        finally:
            assert listener.stop() == 0, listener.text
        assert "Traceback" not in listener.text, listener.text
        yield played
