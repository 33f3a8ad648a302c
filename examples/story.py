"""The story of the shop's workbook: a fresh server and listener, and its examples one after the other.

python examples/story.py              in a folder that goes away afterwards
python examples/story.py --keep DIR   the workbook, the exports and the server's data stay there
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from listener_sdk import Client
from listener_sdk.protocol.jobs import Job
from listener_sdk.protocol.plans import Edge, PlanField
from set_up import set_up
from webshop import WebShop
from webshop_calls import TOKEN

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"
PATIENCE_S = 120
SEEN_BY_A_PERSON = {"Client": "customer", "Remarks": "note"}
"""Columns of the orders whose names do not say where they go."""


@dataclass(slots=True)
class Shop:
    """What the steps share: the client, the web shop, and the files that were uploaded."""

    client: Client
    downloads: Path
    web: WebShop
    files: dict[str, str] = field(default_factory=dict)

    async def run(self, name: str, **given: Any) -> Job:
        """Create a job, and wait for its end."""
        return await self.client.jobs.wait((await self.client.jobs.create(name, given)).id)

    async def extract(self, file: str, into: str, **given: Any) -> Job:
        """Upload a file, and have its rows extracted."""
        self.files[into] = (await self.client.files.upload(FILES / file)).id
        job = await self.client.jobs.create("file:extract", {"into": into, **given}, file_id=self.files[into])
        return await self.client.jobs.wait(job.id)

    async def map_waiting(self, source: str, destination: str, **given: Any) -> Job:
        """Create a mapping that waits until its plan is accepted."""
        given |= {"source": source, "destination": destination}
        return await self.client.jobs.create(
            "workbook:map", given, trigger="manual", file_id=self.files[source]
        )

    async def map_by_rule(self, source: str, destination: str, accept_from: float) -> Job:
        """The listener plans the job, and lets it begin because it is as sure as it should be."""
        job = await self.map_waiting(source, destination, accept_from=accept_from, rows_a_part=100)
        return await self.client.jobs.wait(job.id)

    async def map_by_person(self, source: str, destination: str) -> Job:
        """The listener is not sure: a person looks at the plan, says where some more columns go, and lets the job begin."""
        job = await self.map_waiting(source, destination)
        async for _ in self.client.subscribe("job:*", where={"jobId": job.id}, after="oldest"):
            if (await self.client.jobs.get(job.id)).status == "planning":
                break
        plan = (await self.client.plans.get(job.id)).plan
        edges = [edge for edge in plan.field_mapping if edge.source_field.key not in SEEN_BY_A_PERSON]
        edges += [edge_of(*pair) for pair in SEEN_BY_A_PERSON.items()]
        await self.client.plans.patch(job.id, self.files[source], field_mapping=edges)
        await self.client.jobs.execute(job.id)
        return await self.client.jobs.wait(job.id)

    async def export(self, **given: Any) -> Job:
        """Export a sheet, and download the file."""
        job = await self.run("workbook:export", **given)
        return await self.downloaded(job)

    async def downloaded(self, job: Job) -> Job:
        if job.status == "complete":
            await self.client.files.download((job.outcome or {})["next"]["url"], self.downloads)
        return job

    async def set_up(self) -> Job:
        """A developer sets up what goes on by itself from now on; the first run of the import follows."""
        await self.client.secrets.set(TOKEN, self.web.token)
        await set_up(self.client, self.web.url)
        return await self.launch("orders-import")

    async def launch(self, code: str, day: str | None = None, **fields: Any) -> Job:
        """Launch a job of a definition, on some day at the web shop."""
        if day is not None:
            self.web.today = date.fromisoformat(day)
        return await self.client.jobs.wait((await self.client.definitions.execute(code, **fields)).id)

    async def launch_locked_out(self, code: str, day: str) -> Job:
        """The web shop has another token since the last run."""
        self.web.token = "open-barley"  # noqa: S105 - of a shop that sells nothing
        return await self.launch(code, day)

    async def launch_with_new_token(self, code: str) -> Job:
        await self.client.secrets.set(TOKEN, self.web.token)
        return await self.launch(code)

    async def remove_products(self, *skus: str) -> Job:
        """The web shop publishes that it has given up some products; the event starts the clean-up."""
        event = await self.client.events.publish("shop:products-removed", {"skus": skus})
        return await self.started_by(event.id, "remove-assets")

    async def press(self, button: str, **answers: Any) -> Job:
        """Press a button, and download the file that comes of it."""
        [action] = [one for one in await self.client.actions.list() if one.label == button]
        job = await self.client.actions.execute(action.id, answers)
        return await self.downloaded(await self.client.jobs.wait(job.id))

    async def told_webshop(self) -> Job:
        """The call that has started by itself with the end of the last export."""
        exports = await self.client.events.list(topics="job:completed", after="oldest", page_size=1000)
        [*_, last] = [one for one in exports.items if one.payload.get("job") == "workbook:export"]
        return await self.started_by(last.id, "tell-webshop")

    async def started_by(self, event_id: str, code: str) -> Job:
        """The job of a definition that an event has started, once it has ended."""
        seen = self.client.subscribe("job:created", where={"definition": code}, after="oldest")
        async with aclosing(seen) as events:
            async for event in events:
                job = await self.client.jobs.get(event.job_id or "")
                if (job.started_by or {}).get("eventId") == event_id:
                    return await self.client.jobs.wait(job.id)
        raise RuntimeError("a subscription ends only with its client")


def edge_of(column: str, key: str) -> Edge:
    return Edge(
        source_field=PlanField(type="string", key=column),
        destination_field=PlanField(type="string", key=key),
        metadata={"certainty": "absolute", "confidence": 1.0, "source": "person"},
    )


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done: a name, what a person wants, and how the server is asked for it."""

    name: str
    wish: str
    act: Callable[[Shop], Awaitable[Job]]
    ends: str = "complete"


KEEP_FIRST = {"sheet": "products", "duplicates_of": ["sku"], "at_most": 20}
STEPS = (
    Step("configure", "Set up the workbook", lambda shop: shop.run("space:configure")),
    Step("extract-products", "Read the supplier's CSV", lambda shop: shop.extract("products.csv", "products-file")),
    Step("extract-new", "Read the list of new products", lambda shop: shop.extract("products-new.csv", "new-file")),
    Step("extract-orders", "Read the orders, XLSX", lambda shop: shop.extract("orders.xlsx", "orders-file", sheet="Orders")),
    Step("map-products", "Map the supplier's columns: the rule accepts the plan", lambda shop: shop.map_by_rule("products-file", "products", 0.75)),
    Step("map-new", "Map the new products at once, without waiting", lambda shop: shop.run("workbook:map", source="new-file", destination="products")),
    Step("map-orders", "Map the orders: a person accepts the plan", lambda shop: shop.map_by_person("orders-file", "orders")),
    Step(
        "replace-kitchen",
        "Kitchenware is called Kitchen here",
        lambda shop: shop.run("sheet:find-replace", sheet="products", find="Kitchenware", replace="Kitchen", fields=["category"], whole_cell=True),
    ),
    Step(
        "replace-textiles",
        "Home textiles are Textiles",
        lambda shop: shop.run("sheet:find-replace", sheet="products", find="home textiles", replace="Textiles", fields=["category"], match_case=False),
    ),
    Step(
        "replace-circa",
        "About forty is forty",
        lambda shop: shop.run("sheet:find-replace", sheet="products", find="ca. ", fields=["stock"]),
    ),
    Step(
        "mutate-products",
        "SKUs in capitals, names without double blanks",
        lambda shop: shop.run(
            "sheet:mutate-records",
            sheet="products",
            changes=[
                {"do": "text", "field": "sku", "to": "upper"},
                {"do": "text", "field": "name", "to": "squeeze"},
            ],
            rows_a_part=100,
        ),
    ),
    Step(
        "mutate-prices",
        "Nordwerk is 5 % dearer",
        lambda shop: shop.run(
            "sheet:mutate-records",
            sheet="products",
            where=[{"field": "supplier", "value": "Nordwerk"}],
            changes=[{"do": "calculate", "field": "price", "times": 1.05, "digits": 2}],
        ),
    ),
    Step(
        "mutate-orders",
        "Mail addresses in small letters, Germany is DE, words are numbers",
        lambda shop: shop.run(
            "sheet:mutate-records",
            sheet="orders",
            changes=[
                {"do": "text", "field": "email", "to": "lower"},
                {"do": "translate", "field": "country", "table": {"Germany": "DE"}},
                {"do": "translate", "field": "quantity", "table": {"one": "1", "two": "2", "three": "3"}},
            ],
        ),
    ),
    Step("delete-products", "Delete products that are there twice", lambda shop: shop.run("sheet:delete-records", **KEEP_FIRST)),
    Step(
        "delete-orders",
        "Delete orders that are there twice",
        lambda shop: shop.run("sheet:delete-records", **{**KEEP_FIRST, "sheet": "orders", "duplicates_of": ["number"]}),
    ),
    Step(
        "ai-assist",
        "Find the category of products that have none",
        lambda shop: shop.run("sheet:ai-assist", sheet="products", field="category", from_fields=["name", "description"]),
    ),
    Step("export-products", "Export what is in order", lambda shop: shop.export(sheet="products", records="valid")),
    Step("export-orders", "Export all orders, with what is wrong", lambda shop: shop.export(sheet="orders", format="csv", problems=True)),
    Step("import-first", "Set up an import of the web shop's orders: the first run is full, from June on", lambda shop: shop.set_up()),
    Step("import-delta", "The next day, what is new and changed", lambda shop: shop.launch("orders-import", day="2025-06-04")),
    Step(
        "import-locked-out",
        "A day later the shop has another token: the run fails, and the watermark stays",
        lambda shop: shop.launch_locked_out("orders-import", day="2025-06-05"),
        ends="failed",
    ),
    Step("import-mended", "With the new token, what that run would have brought", lambda shop: shop.launch_with_new_token("orders-import")),
    Step("import-all", "All orders once, also those before June", lambda shop: shop.launch("orders-import", mode="full")),
    Step("remove-assets", "The shop gives up three products: an event starts the clean-up", lambda shop: shop.remove_products("TOO-001", "toy-012", "OLD-1")),
    Step("press-export", "Press a button: all orders as they are now", lambda shop: shop.press("Export", sheet="orders")),
    Step("tell-webshop", "The export has told the shop by itself", lambda shop: shop.told_webshop()),
)  # fmt: skip


@contextmanager
def process(log: Path, *words: str, **env: str) -> Iterator[Path]:
    """A process of the command line that ends with the context; what it says goes to a file."""
    order = [sys.executable, "-m", "listener_sdk.cli", *words]
    with log.open("w") as file:
        started = subprocess.Popen(order, env={**os.environ, **env}, stdout=file, stderr=file)  # noqa: S603 - the words are this script's
        try:
            yield log
        finally:
            started.terminate()
            started.wait(PATIENCE_S)


def address(log: Path) -> str:
    """Where the server is ready, once it is."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := re.search(r"tickwire ready (\S+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise SystemExit(f"The server has not started:\n{log.read_text()}")


async def tell(shop: Shop) -> bool:
    """Do all steps and print what became of each; whether all went well."""
    for number, step in enumerate(STEPS, start=1):
        print(f"\n{number}. {step.wish}", flush=True)
        async with asyncio.timeout(PATIENCE_S):
            job = await step.act(shop)
        outcome = job.outcome or {}
        print(f"   {job.job}  {job.status}{' (in part)' * (outcome.get('result') == 'partial')}")
        print(f"   {outcome.get('message') or job.info or ''}")
        for link in outcome.get("errorFiles") or []:
            print(f"   listed in {(await shop.client.files.get(link['fileId'])).name}")
        if job.status != step.ends:
            return False
    print(
        f"\nDownloaded to {shop.downloads}: {', '.join(sorted(path.name for path in shop.downloads.iterdir()))}"
    )
    return True


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep everything in this folder, which is new or empty"
    )
    keep: Path | None = options.parse_args().keep
    if keep is not None and keep.exists() and any(keep.iterdir()):
        options.error(f"{keep} is not empty: the story begins with an empty workbook")
    with ExitStack() as ends:
        folder = (keep or Path(ends.enter_context(TemporaryDirectory(prefix="tickwire-story-")))).resolve()
        (folder / "downloads").mkdir(parents=True)
        web = ends.enter_context(WebShop())
        # Calls to the outside do not reach this machine unless they are allowed to: here is the web shop.
        settings = {"TICKWIRE_ALLOW_ADDRESSES": "127.0.0.1/32", "TICKWIRE_PORT": "0"}
        settings["TICKWIRE_DATA_DIR"] = str(folder / "data")
        url = address(ends.enter_context(process(folder / "server.log", "server", **settings)))
        key = (folder / "data" / "admin.key").read_text().strip()
        env = {
            "TICKWIRE_URL": url,
            "TICKWIRE_API_KEY": key,
            "WORKBOOK": str(folder / "workbook.db"),
            "WEBSHOP": web.url,
        }
        ends.enter_context(process(folder / "listener.log", "listen", str(HERE / "shop.py"), **env))
        went_well = asyncio.run(played(url, key, folder / "downloads", web))
        if keep is None:
            print("These files are gone now. Keep them: make story ARGS='--keep DIR'")
        return 0 if went_well else 1


async def played(url: str, key: str, downloads: Path, web: WebShop) -> bool:
    async with Client(url, key) as client:
        return await tell(Shop(client, downloads, web))


if __name__ == "__main__":
    sys.exit(main())
