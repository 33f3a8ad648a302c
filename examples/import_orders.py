"""Import the orders of a web shop: all of them, or those that are new or changed since the last run.

tickwire definitions launch orders-import                   delta; the first run is full, from the start date of the definition on
tickwire definitions launch orders-import --mode full       all that the shop has

The shop is at WEBSHOP in the environment, else http://127.0.0.1:8421.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic import Field as Bound

from listener_sdk import Fatal, Listener, Outcome, SyncJob
from rows import counted
from webshop_calls import TOKEN, asked
from workbook import Change, Result, Sheet, Workbook, opened

MOST_PAGES: Final = 10_000

listener = Listener()


class ImportOrders(BaseModel):
    sheet: str = Bound(default="orders", description="The sheet that takes them, by their number")


class Order(BaseModel):
    """An order in the feed. What else it says are values of the sheet's fields."""

    model_config = ConfigDict(extra="allow")
    number: str = Bound(min_length=1)
    updated_at: AwareDatetime


class FeedPage(BaseModel):
    orders: list[Order]
    more: bool


@listener.job(
    "shop:import-orders",
    label="Import the web shop's orders",
    modes=["full", "delta"],
    secrets=[TOKEN],
)
def import_orders(job: SyncJob[ImportOrders]) -> Outcome:
    """Read what has changed, write it by its number, and say up to which change all of it is here."""
    since = job.watermark.since
    with opened() as book:
        sheet = book.sheet(job.input.sheet)
        orders = latest(job, since)
        # An attempt may begin at another watermark than the one before it, and has something else to do then.
        done = book.once(f"{job.id} since {since}", lambda change: write(job, book, change, sheet, orders))
    if done["newest"]:
        job.watermark.advance(datetime.fromisoformat(done["newest"]))
    return told(job, sheet, done)


def latest(job: SyncJob[ImportOrders], since: str | None) -> list[Order]:
    """The orders that were made or changed at that moment or later, each once."""
    found: dict[str, Order] = {}
    for order in feed(job.secrets[TOKEN], since):
        job.tick(text=f"Reading orders: {len(found) + 1:,}")
        if order.number not in found or order.updated_at >= found[order.number].updated_at:
            found[order.number] = order
    return [*found.values()]


def feed(token: str, since: str | None) -> Iterator[Order]:
    """The orders, page by page."""
    for number in range(1, MOST_PAGES + 1):
        query = urlencode({**({"since": since} if since else {}), "page": number})
        page = asked(f"/orders?{query}", token, FeedPage, "feed of orders")
        yield from page.orders
        if not page.more:
            return
    raise Fatal(f"The shop's feed of orders has more than {MOST_PAGES:,} pages.")


def write(
    job: SyncJob[ImportOrders], book: Workbook, change: Change, sheet: Sheet, orders: list[Order]
) -> Result:
    """Add and change records; what an order does not say stays, and an older order changes nothing."""
    here = {record.values.get("number"): record for record in book.iterate(sheet.key)}
    done: Result = {"new": 0, "changed": 0, "unchanged": 0, "newest": None}
    for order in job.track(orders, "Writing orders"):
        moment = order.updated_at.astimezone(UTC).isoformat(timespec="microseconds")
        values, notes = values_of(order, sheet), {"updated": moment}
        done["newest"] = max(done["newest"] or moment, moment)
        record = here.get(order.number)
        if record is None:
            change.insert(sheet, values, notes=notes)
            done["new"] += 1
        elif record.notes.get("updated", "") > moment or change.update(record, values, notes) is record:
            done["unchanged"] += 1
        else:
            done["changed"] += 1
    return done


def values_of(order: Order, sheet: Sheet) -> dict[str, Any]:
    known = {field.key for field in sheet.fields}
    return {key: value for key, value in order.model_dump().items() if key in known}


def told(job: SyncJob[ImportOrders], sheet: Sheet, done: Result) -> Outcome:
    count = done["new"] + done["changed"] + done["unchanged"]
    return Outcome(
        f"{counted(done['new'], 'new order')}, {done['changed']:,} changed, {done['unchanged']:,} as they were, in {sheet.label or sheet.key}.",
        heading="All orders are here" if job.run_mode == "full" else "What is new is here",
        counts={"total": count, "ok": count},
        data=done,
    )
