"""A listener for tests of the console: jobs say what they want to happen to them."""

import asyncio
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from listener_sdk import Fatal, Job, Listener, Outcome, next_

listener = Listener()


class Steps(BaseModel):
    """``steps`` ticks, ``pause_s`` apart; with ``fail`` the job ends with that message after them, else with what else is asked for."""

    steps: int = 10
    pause_s: float = 0.1
    fail: str = ""
    log: bool = False
    file: str = ""
    acknowledge: bool = False


@listener.job("play:steps", label="Go some steps")
async def steps(job: Job[Steps]) -> Outcome:
    """Tick, and end as told."""
    for step in range(job.input.steps):
        await asyncio.sleep(job.input.pause_s)
        if job.input.log:
            job.log.info("Went a step", step=step + 1)
        await job.tick(100 * (step + 1) / job.input.steps, f"Step {step + 1} of {job.input.steps}")
    if job.input.log:
        job.log.warning("That was the last one")
    if job.input.fail:
        raise ValueError(job.input.fail)
    following = (
        next_.download(await job.attach(job.input.file.encode(), "steps.csv"), label="Get it")
        if job.input.file
        else None
    )
    asked = {"acknowledge": True, "button_text": "Understood"} if job.input.acknowledge else {}
    return Outcome("All steps are done.", heading="Arrived", next=following, **asked)


class Import(BaseModel):
    """What a person sets: some of it has bounds, some is chosen."""

    source: Literal["crm", "shop"] = "crm"
    pages: int = Field(10, ge=1, le=500, description="At most so many pages are read.")
    owner: str = Field(min_length=2, title="Responsible")
    pause_s: float = 0.1


@listener.job("play:import", label="Import contacts", modes=["full", "delta"])
async def import_contacts(job: Job[Import]) -> Outcome:
    """Read pages, and keep how far that came."""
    for page in range(job.input.pages):
        await asyncio.sleep(job.input.pause_s)
        await job.tick(100 * (page + 1) / job.input.pages, f"Page {page + 1} of {job.input.pages}")
    job.watermark.advance("2026-11-19T03:00:00Z")
    return Outcome(f"{job.run_mode} run of {job.input.pages} pages for {job.input.owner}.")


class Row(BaseModel):
    """One line of an order."""

    sku: str = Field(min_length=1)
    count: int = Field(1, ge=1)


class Order(BaseModel):
    """One field of each kind."""

    title: str = Field(max_length=20)
    notes: str = Field("", json_schema_extra={"x-form": {"type": "textarea"}})
    amount: float = Field(gt=0, le=1000)
    urgent: bool = False
    due: date
    starts: datetime | None = None
    colour: Literal["red", "green"] = Field(
        "red",
        json_schema_extra={
            "x-form": {
                "options": [
                    {"value": "red", "label": "Red", "color": "crimson"},
                    {"value": "green", "label": "Green", "color": "rgb(0 128 0)", "description": "As grass"},
                ]
            }
        },
    )
    country: Literal["AT", "CH", "DE", "FR", "GB", "IT", "JP"] | None = None
    columns: list[Literal["name", "email"]] = Field(["name"], max_length=2)
    tags: list[str] = Field([], max_length=3)
    rows: list[Row] = []
    headers: dict[str, str] = {}
    attachment: str = Field(json_schema_extra={"format": "file"})
    extra: Any = None


@listener.job("play:order", label="Send an order")
async def order(job: Job[Order]) -> dict[str, Any]:
    """Give back what was given."""
    return {"order": job.input.model_dump(mode="json")}


class Failure(BaseModel):
    """What is said of it."""

    why: str = "No header"


@listener.job("play:fails", label="Fail at once", limits={"max_attempts": 1})
async def fails(job: Job[Failure]) -> None:
    """Fail for good."""
    raise ValueError(job.input.why)


class Several(BaseModel):
    """How many parts."""

    parts: int = 6


@listener.job("play:parts", label="Do several parts")
async def parts(job: Job[Several]) -> Outcome:
    """Split, and wait; the fourth part fails."""
    if job.is_part:
        await job.tick(50, "Half of it")
        if (job.part_data or {}).get("part") == 3:
            raise Fatal("This part is broken")
        return Outcome("This part is done.")
    await (await job.split(job.input.parts)).wait()
    return Outcome("All parts have ended.")
