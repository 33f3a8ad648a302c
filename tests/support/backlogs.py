"""Jobs that wait, and which of them a listener was granted: each named by its number alone."""

import asyncio
from typing import Any

from stage import Listener, Stage

from listener_sdk.protocol.ids import decode, encode


async def backlog(stage: Stage, count: int, name: str = "workbook:export", **fields: Any) -> list[int]:
    """So many new jobs, all alike, made at the same time."""
    return [job.id for job in await asyncio.gather(*(stage.create(name, **fields) for _ in range(count)))]


def numbers(listener: Listener) -> list[int]:
    """The jobs of all grants so far, in order; they are taken off the list."""
    frames = listener.seen("grants")
    listener.frames = [frame for frame in listener.frames if frame["type"] != "grants"]
    return [decode("jb", grant["job"]["id"]) for frame in frames for grant in frame["jobs"]]


async def granted(stage: Stage, listener: Listener) -> list[int]:
    """The same, once all that was posted so far is committed and delivered."""
    await stage.idle()
    return numbers(listener)


def lease(job_id: int, fence: int = 1) -> dict[str, Any]:
    """A lease as frames name it."""
    return {"job": encode("jb", job_id), "fence": fence}
