"""Runs of a definition whose job type has both modes, on a stage."""

from typing import Any

from defined import declare, define, start
from stage import ADMIN, Stage

from listener_sdk.protocol.jobs import JobAck, JobEnd
from server.commands import rest
from server.core.actors import Actor
from server.core.definitions import DefinitionRow
from server.core.jobs import JobRow
from server.core.watermarks import Watermark
from server.store import watermarks

DELTA = {"default": "delta"}


async def defined(stage: Stage, **modes: Any) -> DefinitionRow:
    """A definition with these modes, ``delta`` by default."""
    await declare(stage)
    return await define(stage, modes={**DELTA, **modes})


async def begun(stage: Stage, row: DefinitionRow, mode: str | None = None) -> JobRow:
    """A run that has begun over REST."""
    job = await start(stage, row, mode=mode)
    return await ack(stage, job)


async def ack(stage: Stage, job: JobRow, actor: Actor = ADMIN) -> JobRow:
    """Begin a ready job over REST."""
    taken: JobRow = await stage.do(rest.ACK, rest.AckJob(actor, job.id, JobAck()))
    return taken


async def complete(stage: Stage, job: JobRow, watermark: str | None = None, **body: Any) -> JobRow:
    """End it well."""
    end = JobEnd.model_validate({"watermark": watermark, **body})
    done: JobRow = await stage.do(rest.COMPLETE, rest.EndJob(ADMIN, job.id, end))
    return done


def goes_by(job: JobRow) -> tuple[str, str | None]:
    """The mode of a run, and from where on it reads."""
    told = job.described()
    return told["runMode"], told["watermark"]["since"]


async def mark(stage: Stage, row: DefinitionRow) -> Watermark | None:
    """The watermark as it is stored."""
    return (await stage.node.read(lambda reader: watermarks.load_many(reader, [row.id]))).get(row.id)
