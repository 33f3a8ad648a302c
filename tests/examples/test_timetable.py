"""The timetable of examples/ with a real server and listener, on both databases: what comes of it when its times have come, row by row.

Nobody waits for a night: each schedule is kept as the example makes it, and is then told to be due in a moment.
"""

import asyncio
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from played_story import DEADLINE_S, facts, records
from postgres import postgres
from processes import ROOT, Started, server

import timetable
from listener_sdk import Client
from listener_sdk.protocol.times import from_datetime, to_datetime, to_wire
from server.engine.node import wall_ms
from set_up import set_up
from story import Shop
from tests.data.shop import make
from webshop import WebShop
from webshop_calls import TOKEN

pytestmark = pytest.mark.must_run

FIELDS = ("number", "ordered", "sku", "quantity", "customer", "email", "country", "paid", "note")
CODES = ("orders-import", "watch-webshop", "remove-assets")
AHEAD = timedelta(seconds=3)


@dataclass
class Lived:
    """What became of each run, and all records of the workbook after it."""

    web: WebShop
    told: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    made: dict = field(default_factory=dict)
    jobs: dict = field(default_factory=dict)
    due: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    health: dict = field(default_factory=dict)
    inbox: list = field(default_factory=list)
    runs: list = field(default_factory=list)


@dataclass
class Life:
    client: Client
    shop: Shop
    lived: Lived
    folder: object

    async def due_soon(self, name, code):
        """The schedule's next time comes in a moment; its job, once it has ended."""
        due = to_datetime(wall_ms()).replace(microsecond=0) + AHEAD
        await self.client.schedules.update(self.lived.made[code].id, once=due)
        self.lived.due[name] = to_wire(from_datetime(due))
        seen = self.client.subscribe("job:created", where={"definition": code}, after="oldest")
        async with asyncio.timeout(DEADLINE_S), aclosing(seen) as events:
            async for event in events:
                job = await self.client.jobs.get(event.job_id)
                if job.started_by.get("dueTime") == self.lived.due[name]:
                    break
            await self.ended(name, code, job)

    async def ended(self, name, code, job):
        self.lived.jobs[name] = await self.client.jobs.wait(job.id)
        self.lived.after[name] = records(self.folder / "workbook.db")
        self.lived.health[name] = (await self.client.definitions.get(code)).health

    async def whole(self):
        lived, client, shop = self.lived, self.client, self.shop
        await shop.run("space:configure")
        await shop.extract("products.csv", "products-file")
        await shop.map_by_rule("products-file", "products", 0.75)
        lived.after["begin"] = records(self.folder / "workbook.db")
        await client.secrets.set(TOKEN, lived.web.token)
        await set_up(client, lived.web.url)
        ada = await client.members.create("Ada", "ada@example.com", "operator")
        lived.told = await timetable.set_times(client)
        lived.again = await timetable.set_times(client)
        lived.made = {one.definition: one for one in (await client.schedules.list()).items}
        await self.due_soon("first", "orders-import")
        lived.web.today = date(2025, 6, 4)
        await self.due_soon("delta", "orders-import")
        await self.due_soon("call", "watch-webshop")
        await self.ended("event", "remove-assets", await shop.remove_products("too-001"))
        await self.due_soon("clean-up", "remove-assets")
        lived.web.token = "open-barley"
        await self.due_soon("locked out", "orders-import")
        lived.inbox = await self.told(ada.id)
        await client.secrets.set(TOKEN, lived.web.token)
        await self.due_soon("mended", "orders-import")
        lived.runs = [run async for run in client.runs.iterate(definition="orders-import")]

    async def told(self, member):
        """The inbox, once there is something in it."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = await self.client._http.get("/v1/notifications", {"member": member})
                if found["data"]:
                    return found["data"]
                await asyncio.sleep(0.05)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=pytest.mark.xdist_group("timetable-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("timetable-postgresql")),
    ],
)
def lived(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("timetable")
    settings = {"database_url": postgres().store()} if request.param == "postgresql" else {}
    with ExitStack() as ends:
        found = Lived(ends.enter_context(WebShop()))
        home = ends.enter_context(server(folder / "server", allow_addresses="127.0.0.1/32", **settings))
        env = {
            **home.environment, "WORKBOOK": str(folder / "workbook.db"), "WEBSHOP": found.web.url, "PYTHONPATH": str(ROOT),
            "TICKWIRE_AI_URL": "",
        }  # fmt: skip
        listener = Started(["-c", "listen", str(ROOT / "examples" / "shop.py")], env, folder, "sdk")
        ends.callback(listener.stop)

        async def whole():
            async with Client(home.url, home.key) as client:
                await Life(client, Shop(client, folder, found.web), found, folder).whole()

        asyncio.run(whole())
        assert "Traceback" not in listener.text, listener.text
        yield found


def orders(lived, name):
    return {row["values"]["number"]: row["values"] for row in lived.after[name]["orders"]}


def feed(day):
    """The web shop's orders since June as they are at the end of a day."""
    seen = [one for one in make.web_orders() if "2025-06-01" <= one["updated_at"] <= f"{day}T24"]
    return {one["number"]: {key: one[key] for key in FIELDS} for one in seen}


def test_the_timetable_is_kept_once(lived):
    made = [lived.made[code] for code in CODES]
    assert [one.words for one in made] == [
        "Every day at 02:15", "Every 5 minutes", "At 01:45 on Sundays",
    ]  # fmt: skip
    assert [one.time_zone for one in made] == ["Europe/Paris"] * 3
    assert lived.told == [f"{one.definition}: {one.words}, {one.id}" for one in made]
    assert lived.again == [f"{one.definition}: as it was, {one.id}" for one in made]


def test_jobs_say_which_schedule_has_started_them_and_for_when(lived):
    by = {name: lived.jobs[name].started_by for name in lived.due}
    codes = {"call": "watch-webshop", "clean-up": "remove-assets"}
    for name, due in lived.due.items():
        one = lived.made[codes.get(name, "orders-import")]
        assert by[name] == {"kind": "schedule", "scheduleId": one.id, "name": one.name, "dueTime": due}


def test_the_first_import_is_full_and_the_next_brings_what_is_new_and_changed(lived):
    first, delta = lived.jobs["first"], lived.jobs["delta"]
    assert (first.run_mode, first.result["new"]) == ("full", 25)
    assert orders(lived, "first") == feed("2025-06-03")
    assert (delta.run_mode, delta.result["new"], delta.result["changed"]) == ("delta", 6, 2)
    assert orders(lived, "delta") == feed("2025-06-04")
    assert lived.after["delta"]["products"] == lived.after["begin"]["products"]


def test_a_failed_import_changes_nothing_and_is_told(lived):
    assert lived.jobs["locked out"].status == "failed"
    assert lived.after["locked out"] == lived.after["clean-up"]
    [told] = lived.inbox
    assert (told["title"], told["result"]) == ("Orders of the web shop failed", "failed")
    assert [one["jobId"] for one in told["runs"]] == [lived.jobs["locked out"].id]


def test_the_definition_is_well_again_with_the_next_success(lived):
    health = [lived.health[name] for name in ("first", "delta", "locked out", "mended")]
    assert health == ["ok", "ok", "failed", "ok"]
    assert lived.jobs["mended"].watermark["since"] == lived.jobs["delta"].watermark["to"]
    shown = [(run.job_id, run.result, run.trigger["kind"], run.mode) for run in reversed(lived.runs)]
    assert shown == [
        (lived.jobs[name].id, result, "schedule", mode)
        for name, result, mode in (
            ("first", "success", "full"), ("delta", "success", "delta"),
            ("locked out", "failed", "delta"), ("mended", "success", "delta"),
        )
    ]  # fmt: skip


def test_the_call_says_for_which_time_it_asks_and_keeps_the_answer(lived):
    call = lived.jobs["call"]
    assert (call.result["status"], call.result["body"]) == (
        200,
        {"at": lived.due["call"], "open": True, "orders": len(make_numbers("2025-06-04"))},
    )
    assert lived.web.asked.count(lived.due["call"]) == 1
    assert lived.web.token not in call.model_dump_json()


def make_numbers(day):
    return {one["number"] for one in make.web_orders() if one["updated_at"] <= f"{day}T24"}


def without(rows, *skus):
    return [facts(row) for row in rows if row["values"]["sku"].upper() not in skus]


def test_the_event_and_the_timetable_clean_up_side_by_side(lived):
    products = lived.after["begin"]["products"]
    by_event, by_time = lived.jobs["event"], lived.jobs["clean-up"]
    assert by_event.started_by["kind"] == "event"
    assert [facts(row) for row in lived.after["event"]["products"]] == without(products, "TOO-001")
    # What no event has told of: the shop has given up these two as well by the 4th of June.
    assert by_time.result["missing"] == ["TOO-001"]
    assert [facts(row) for row in lived.after["clean-up"]["products"]] == without(
        products, "TOO-001", "TOY-012", "GAR-003"
    )
    assert lived.after["clean-up"]["orders"] == lived.after["event"]["orders"]
    assert by_time.input["skus"] is None
