"""Takes docs/images: what the console shows of a shop's jobs, from a real server and listener in headless Chromium."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from chromium import BINARY  # noqa: E402 - it is found by the line above
from console import Home, Visit, browser  # noqa: E402 - it too
from playwright.sync_api import Page, expect  # noqa: E402 - it too
from processes import Started, server, until  # noqa: E402 - it too

SHOP: Final = """
import asyncio
from typing import Literal

from pydantic import BaseModel

from listener_sdk import Job, Listener, Outcome, next_

listener = Listener()

class Work(BaseModel):
    rows: int = 40
    rest_s: float = 0.0
    fail: str = ""

async def go(job, what):
    for row in range(job.input.rows):
        await asyncio.sleep(0.01)
        await job.tick(done=row + 1, total=max(job.input.rows, 1), text=f"{what} {row + 1}")
    await asyncio.sleep(job.input.rest_s)
    if job.input.fail:
        raise ValueError(job.input.fail)

@listener.job("orders:import", label="Import orders", modes=["full", "delta"])
async def orders(job: Job[Work]) -> Outcome:
    await go(job, "Order")
    job.watermark.advance("2026-11-19T03:00:00Z")
    return Outcome(f"{job.input.rows} orders came in.")

@listener.job("catalog:export", label="Export the catalog")
async def catalog(job: Job[Work]) -> Outcome:
    job.log.info("The catalog is read", products=job.input.rows)
    await go(job, "Product")
    file = await job.attach(b"sku,price\\n1001,19.90\\n", "catalog.csv")
    return Outcome("The catalog is ready.", heading="Exported", next=next_.download(file, label="Get the CSV"))

@listener.job("prices:update", label="Update prices")
async def prices(job: Job[Work]) -> Outcome:
    await go(job, "Price")
    return Outcome("Prices are up to date.")

listener.run(concurrency=20)
"""
JOBS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("catalog:export", "Catalog for Graz", {"rows": 120}),
    ("orders:import", "Orders of yesterday", {"rows": 240}),
    (
        "prices:update",
        "Prices of the winter sale",
        {"rows": 60, "fail": "Line 17: the price of 1017 is no number"},
    ),
    ("prices:update", "Prices of spare parts", {"rows": 90}),
    ("catalog:export", "Catalog for Linz", {"rows": 4_000}),
    ("orders:import", "Orders of the market place", {"rows": 9_000}),
    ("prices:update", "Prices by the hour", {"rows": 20_000}),
    ("stock:count", "Count of the northern store", {}),
]
DEFINITIONS: Final[list[tuple[str, str, str, dict[str, Any]]]] = [
    (
        "orders-nightly",
        "Orders, nightly",
        "orders:import",
        {"cron": "0 3 * * *", "timeZone": "Europe/Vienna"},
    ),
    (
        "orders-delta",
        "Orders, every ten minutes",
        "orders:import",
        {"cron": "*/10 * * * *", "timeZone": "Europe/Vienna"},
    ),
    (
        "catalog-weekly",
        "Catalog for partners",
        "catalog:export",
        {"cron": "30 6 * * 1", "timeZone": "America/New_York"},
    ),
    ("prices-hourly", "Prices", "prices:update", {"cron": "0 8-18 * * 1-5", "timeZone": "Europe/Vienna"}),
]


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, server(Path(folder)) as started, browser(BINARY) as chromium:
        script = Path(folder, "shop.py")
        script.write_text(SHOP, encoding="utf-8")
        listener = Started(
            [sys.executable, str(script)], {**started.environment, "PYTHONPATH": str(ROOT)}, Path(folder)
        )
        try:
            home = Home(started)
            exported = _furnish(home)
            _take(Visit(chromium, home, device_scale_factor=1), exported)
        finally:
            listener.stop()


def _furnish(home: Home) -> str:
    """Jobs in all states, and definitions with schedules; the id of an export that has ended."""
    home.declared("orders:import")
    for code, name, job_type, timing in DEFINITIONS:
        body = {"jobDefinitionCode": code, "name": name, "jobType": job_type, "params": {}, "enabled": True}
        home.call("POST", "/v1/job-definitions", {"jobDefinition": body})
        home.call("POST", f"/v1/job-definitions/{code}/schedules", timing)
    home.call("POST", "/v1/job-definitions/orders-nightly/_execute", {})
    made = []
    for name, label, given in JOBS:
        kind, operation = name.split(":")
        fields = {"type": kind, "operation": operation, "label": label, "input": given, "maxAttempts": 1}
        made.append(home.call("POST", "/v1/jobs", {**fields, "trigger": "immediate"})["data"]["id"])
    ended = ("complete", "failed")
    for one in made[:4]:
        until(lambda one=one: home.call("GET", f"/v1/jobs/{one}")["data"]["status"] in ended, one)
    return str(made[0])


def _take(visit: Visit, exported: str) -> None:
    page = visit.log_in("/jobs")
    expect(page.get_by_text("Orders of the market place")).to_be_visible()
    expect(page.get_by_text("left").first).to_be_visible()
    _keep(page, "console-jobs")
    page.goto("/console/schedules")
    expect(page.get_by_role("list", name="What the marks mean")).to_be_visible()
    _keep(page, "console-schedules")
    page.emulate_media(color_scheme="dark")
    page.goto(f"/console/jobs/{exported}")
    expect(page.get_by_role("link", name="Get the CSV")).to_be_visible()
    _keep(page, "console-job-dark")


def _keep(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
