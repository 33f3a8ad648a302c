"""A job as Conscia's clients read it: its id, one of three statuses, and what came of it."""

from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.lifecycle import Status

from ..core.jobs import JobRow
from ..store import jobs as sql
from .answers import json_answer
from .call import Call

STATUSES: Final = {Status.COMPLETE: "COMPLETED", Status.FAILED: "FAILED", Status.CANCELED: "FAILED"}
UNFINISHED: Final = "STARTED"


async def job(call: Call) -> web.Response:
    """One job."""
    job_id = call.number("jb", "job")
    row = await call.node.read(lambda reader: sql.load(reader, call.actor.space.id, job_id))
    if row is None:
        raise call.missing("job")
    return json_answer(orjson.dumps(job_view(row)))


def job_view(row: JobRow) -> dict[str, Any]:
    """The result is the job's own; of one that failed or was canceled it is what people are told of that."""
    status = STATUSES.get(Status(row.status), UNFINISHED)
    result: Any = orjson.loads(row.result) if row.result else None
    if status == "FAILED":
        result = row.info or f"The job is {row.status}."
    return {"jobId": encode("jb", row.id), "status": status, "result": result}
