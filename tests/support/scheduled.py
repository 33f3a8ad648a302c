"""Schedules on a stage: made, changed, and seen to when time has passed."""

from typing import Any

from defined import declare, define
from stage import ADMIN, Stage

from listener_sdk.protocol.schedules import ScheduleCreate, ScheduleUpdate
from server.commands.schedules import (
    CREATE_SCHEDULE,
    DELETE_SCHEDULE,
    UPDATE_SCHEDULE,
    CreateSchedule,
    DeleteSchedule,
    UpdateSchedule,
)
from server.core.actors import Actor
from server.core.schedules import ScheduleRow
from server.store import schedules as sql

ANY = {"type": "object"}


async def schedule(
    stage: Stage, actor: Actor = ADMIN, *, definition: str = "nightly", **fields: Any
) -> ScheduleRow:
    """A schedule of a definition is made."""
    body = ScheduleCreate.model_validate({"cron": "0 * * * *", "timeZone": "UTC", **fields})
    made: ScheduleRow = await stage.do(CREATE_SCHEDULE, CreateSchedule(actor, definition, body))
    return made


async def scheduled(
    stage: Stage, actor: Actor = ADMIN, *, code: str = "nightly", **fields: Any
) -> ScheduleRow:
    """The same of a new definition, whose jobs take any parameters."""
    await declare(stage, actor, name=f"{code}:run", code=code, inputSchema=ANY)
    await define(stage, actor, jobDefinitionCode=code, jobType=code, params={})
    return await schedule(stage, actor, definition=code, **fields)


async def edit(stage: Stage, row: ScheduleRow, actor: Actor = ADMIN, **fields: Any) -> ScheduleRow:
    """A schedule is changed."""
    body = ScheduleUpdate.model_validate(fields)
    changed: ScheduleRow = await stage.do(UPDATE_SCHEDULE, UpdateSchedule(actor, row.id, body))
    return changed


async def remove(stage: Stage, row: ScheduleRow, actor: Actor = ADMIN) -> None:
    """A schedule is removed."""
    await stage.do(DELETE_SCHEDULE, DeleteSchedule(actor, row.id))


async def now(stage: Stage, row: ScheduleRow) -> ScheduleRow:
    """The schedule as it stands by now."""
    found = await stage.node.read(lambda reader: sql.load(reader, row.space_id, row.id))
    assert found is not None
    return found


async def look(stage: Stage, at: int | None = None) -> int:
    """See to what is due by now, or at a time: how many jobs were made."""
    if at is not None:
        stage.clock.ms = at
    return await stage.node.schedules.look()


async def slots(stage: Stage, row: ScheduleRow | None = None) -> list[Any]:
    """What became of due times: (due, job, result, reason, count)."""
    where = "" if row is None else f"WHERE schedule_id = {row.id}"
    return await stage.rows(f"SELECT due_at, job_id, result, reason, count FROM slot {where} ORDER BY due_at")
