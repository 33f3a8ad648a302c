"""The watermark of a job definition over REST."""

from aiohttp import web

from listener_sdk.protocol.watermarks import WatermarkWrite

from ..commands import watermarks
from ..commands.watermarks import RESET_WATERMARK, SET_WATERMARK, ResetWatermark, SetWatermark
from ..core.watermarks import Watermark, watermark_wire
from .answers import data, success
from .call import Call


async def show(call: Call) -> web.Response:
    """How far the runs of a definition have come."""
    mark = await call.node.read(lambda reader: watermarks.read(reader, call.actor, _code(call)))
    return data(watermark_wire(mark))


async def put(call: Call) -> web.Response:
    """Say from where on the next delta run reads."""
    body = await call.body(WatermarkWrite)
    mark = await call.node.submit(SET_WATERMARK, SetWatermark(call.actor, _code(call), body.value))
    assert isinstance(mark, Watermark)
    return data(watermark_wire(mark))


async def reset(call: Call) -> web.Response:
    """Let the next run be as the first."""
    await call.node.submit(RESET_WATERMARK, ResetWatermark(call.actor, _code(call)))
    return success()


def _code(call: Call) -> str:
    return call.request.match_info["code"]
