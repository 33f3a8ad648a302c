"""Timings over REST: what one means, before anything is kept."""

from aiohttp import web

from listener_sdk.protocol.times import from_datetime
from listener_sdk.protocol.timings import PreviewAsked

from ..core.previews import preview
from .answers import data
from .call import Call


async def show(call: Call) -> web.Response:
    """A timing in words, and its next times."""
    asked = await call.body(PreviewAsked)
    at = call.node.clock() if asked.from_ is None else from_datetime(asked.from_)
    # Beside the loop: a hundred times that come seldom take some milliseconds.
    return data(await call.node.read(lambda _: preview(asked.timing(), at, asked.count)))
