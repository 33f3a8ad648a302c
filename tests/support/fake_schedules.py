"""Schedules of the server that the commands' tests talk to."""

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import from_datetime, from_wire
from listener_sdk.protocol.timings import PreviewAsked
from server.core.previews import preview

NOW = "2026-01-01T12:00:00.000Z"


class FakeSchedules:
    """What it was asked; previews are the server's own, at a fixed time."""

    def __init__(self):
        self.asked = []

    def routes(self):
        return [web.post("/v1/schedules/preview", self._preview)]

    async def _preview(self, request):
        self.asked.append(await request.json())
        asked = PreviewAsked.model_validate(self.asked[-1])
        at = from_wire(NOW) if asked.from_ is None else from_datetime(asked.from_)
        try:
            return web.json_response({"data": preview(asked.timing(), at, asked.count)})
        except Refusal as refusal:
            return web.json_response({"errors": [refusal.as_wire()]}, status=refusal.error.status)
