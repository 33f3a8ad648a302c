"""Runs of a definition on a stage, and due times that became none."""

from typing import Any

from defined import start
from modes import ack, complete
from stage import ADMIN, Stage

from listener_sdk.protocol.jobs import JobEnd
from server.commands import rest
from server.core.definitions import DefinitionRow
from server.core.jobs import JobRow
from server.core.missed import Missed
from server.core.runs import Place
from server.store import run_pages
from server.store.command import Command
from server.store.run_pages import RunFilter
from server.store.schedules import SLOT

KEEP_SLOTS = Command("keep_slots", lambda tx, slots: tx.connection.insert_many("slot", SLOT, slots))


async def succeeded(stage: Stage, row: DefinitionRow, result: str = "success", **started: Any) -> JobRow:
    """A run that has ended well."""
    job = await ack(stage, await start(stage, row, **started))
    outcome = {"message": "Done.", "result": result, "counts": {"total": 2, "ok": 2}}
    return await complete(stage, job, outcome=outcome)


async def failed(stage: Stage, row: DefinitionRow, message: str = "No.", **started: Any) -> JobRow:
    """A run that has failed."""
    return await fail(stage, await start(stage, row, **started), message)


async def fail(stage: Stage, job: JobRow, message: str = "No.") -> JobRow:
    """It ends badly."""
    taken = await ack(stage, job)
    end = JobEnd.model_validate({"info": message})
    done: JobRow = await stage.do(rest.FAIL, rest.EndJob(ADMIN, taken.id, end))
    return done


def slot(
    schedule_id: int, due_at: int, definition_id: int | None, *, space_id: int = 1, at: int | None = None, job_id: int | None = None,
    result: Any = "skipped", reason: str | None = "overlap", times: int = 1,
) -> Missed:  # fmt: skip
    """A row of table ``slot``."""
    when = due_at if at is None else at
    return Missed(schedule_id, due_at, space_id, definition_id, when, job_id, result, reason, times, None)


async def missed(stage: Stage, *slots: Missed) -> None:
    """Due times are kept."""
    await stage.do(KEEP_SLOTS, slots)


async def listed(
    stage: Stage, size: int = 100, before: Place = run_pages.NEWEST, space_id: int = 1, **wanted: Any
) -> list[str]:
    """The results of the runs of a filter, newest first."""
    rows, _ = await stage.node.read(
        lambda reader: run_pages.page(reader, space_id, RunFilter(**wanted), size, before)
    )
    return [
        row.job.status if row.job is not None else row.missed.result for row in rows if row.job or row.missed
    ]
