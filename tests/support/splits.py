"""Split jobs on the stage: how they are made, how their parts go on, and what was told of them."""

from typing import Any

from situations import act
from stage import ADMIN, Stage

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobSplit
from server.commands import parts, rest
from server.core.actors import Actor
from server.core.jobs import JobRow


async def split(
    stage: Stage, job: JobRow, given: Any = 3, *, parallel: bool = False, actor: Actor = ADMIN
) -> JobRow:
    """Split a job into so many parts, or into parts with this data."""
    body = JobSplit.model_validate({"parts": given, "runInParallel": parallel})
    row = await stage.do(parts.SPLIT, parts.SplitJob(actor, job.id, body))
    assert isinstance(row, JobRow)
    return row


async def children(stage: Stage, job: JobRow) -> list[JobRow]:
    """The parts of a job as they are stored now, in the order of their numbers."""
    found = await stage.rows(
        "SELECT id FROM job WHERE parent_id = :id AND part IS NOT NULL ORDER BY part", id=job.id
    )
    return [await stage.row(row[0]) for row in found]


async def statuses(stage: Stage, job: JobRow) -> list[str]:
    """Where the parts stand."""
    return [part.status for part in await children(stage, job)]


async def end(stage: Stage, job: JobRow, how: str = "complete") -> None:
    """Begin a ready job over REST, and end it."""
    await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck()))
    await stage.do(*act(how, job))


async def tick(stage: Stage, job: JobRow, percent: float) -> None:
    """Begin a ready job over REST, or report its progress."""
    await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck(progress=percent)))


async def completed(stage: Stage, job: JobRow) -> list[dict[str, int]]:
    """What was told of the ends of a job's parts."""
    events = await stage.events("job:parts-completed")
    return [e["payload"]["parts"] for e in events if e["context"]["jobId"] == encode("jb", job.id)]
