"""The loop of retention over a stage's node, by the clock that is moved by hand; and files that it may remove."""

import asyncio
import time

from stage import ADMIN

from server.commands.files import CREATE_FILE, CreateFile
from server.core.retention import DAY_MS, Retention
from server.engine.retention import RetentionLoop


async def no_rest(seconds):
    await asyncio.sleep(0)


def loop(
    stage,
    *,
    busy=lambda: False,
    sleep=no_rest,
    submit=None,
    read=None,
    remove_bytes=None,
    timer=lambda: 0.0,
    **rules,
):
    """The loop over the stage's node, by the clock that is moved by hand."""

    return RetentionLoop(
        Retention(**rules),
        submit or stage.node.submit,
        read or stage.node.read,
        busy=busy,
        forget=stage.node.log.forget,
        remove_bytes=remove_bytes or stage.node.blobs.remove,
        clock=stage.clock,
        monotonic_ms=lambda: stage.clock.monotonic_ms,
        sleep=sleep,
        timer=timer,
    )


async def stored(stage, name, actor=ADMIN):
    async def chunks():
        yield b"bytes"

    stage.node.blobs.prepare(set(), time.time(), 30 * DAY_MS / 1000)
    blob = await stage.node.blobs.write(chunks(), 100)
    return await stage.do(CREATE_FILE, CreateFile(actor, name, blob.size, "text/csv", blob.name))
