"""A listener for pictures of the console: the jobs of a shop, which take and do as they are told."""

import asyncio

from pydantic import BaseModel

from listener_sdk import Job, Listener, Outcome, next_

listener = Listener()


class Work(BaseModel):
    """So many rows, ``pause_s`` apart; with ``fail`` the job ends with that message after them, with ``broken`` some were left out."""

    rows: int = 40
    pause_s: float = 0.01
    rest_s: float = 0.0
    fail: str = ""
    broken: int = 0
    acknowledge: bool = False


async def go(job: Job[Work], what: str) -> None:
    """Count the rows."""
    for row in range(job.input.rows):
        await asyncio.sleep(job.input.pause_s)
        await job.tick(done=row + 1, total=max(job.input.rows, 1), text=f"{what} {row + 1}")
    await asyncio.sleep(job.input.rest_s)
    if job.input.fail:
        raise ValueError(job.input.fail)


@listener.job("orders:import", label="Import orders", modes=["full", "delta"])
async def orders(job: Job[Work]) -> Outcome:
    """Orders come in, or most of them."""
    await go(job, "Order")
    job.watermark.advance("2026-11-19T03:00:00Z")
    rows, broken = job.input.rows, job.input.broken
    if not broken:
        return Outcome(f"{rows} orders came in.")
    counts = {"total": rows, "ok": rows - broken, "failed": broken}
    errors = await job.attach(b"order,why\n1017,No postcode\n", "left-out.csv")
    return Outcome(
        f"{rows - broken} of {rows} orders came in; the others have no postcode.",
        heading="Most orders came in",
        result="partial",
        counts=counts,
        errors=errors,
        next=next_.retry(label="Try the others again"),
    )


@listener.job("catalog:export", label="Export the catalog")
async def catalog(job: Job[Work]) -> Outcome:
    """A file of products."""
    job.log.info("The catalog is read", products=job.input.rows)
    await go(job, "Product")
    file = await job.attach(b"sku,price\n1001,19.90\n", "catalog.csv")
    asked = {"acknowledge": True, "button_text": "Understood"} if job.input.acknowledge else {}
    following = next_.download(file, label="Get the CSV")
    return Outcome("The catalog is ready.", heading="Exported", next=following, **asked)


@listener.job("prices:update", label="Update prices", limits={"max_attempts": 1})
async def prices(job: Job[Work]) -> Outcome:
    """Prices of the shop."""
    await go(job, "Price")
    return Outcome("Prices are up to date.")


@listener.job("pictures:resize", label="Resize the pictures of the catalog for phones, tablets and prints")
async def pictures(job: Job[Work]) -> Outcome:
    """In parts, of which one fails and some take long."""
    if job.is_part:
        number = int((job.part_data or {}).get("part", 0))
        if number == 3:
            raise ValueError("The picture 1003.tiff cannot be read: it ends after 12 of 4,096 rows")
        await go(job, "Picture")
        if number > 20:
            await asyncio.sleep(job.input.rest_s or 3_600)
        return Outcome("These pictures are done.")
    await (await job.split(28)).wait()
    return Outcome("All pictures are done.")
