"""Schedules of the server that the commands' tests talk to."""

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import from_wire
from listener_sdk.protocol.timings import PreviewAsked
from server.core.occurrences import occurrences
from server.core.previews import preview

NOW = "2026-01-01T12:00:00.000Z"


class FakeSchedules:
    """What it was asked; previews are the server's own, at a fixed time. Schedules are ``known`` by id."""

    def __init__(self, make_job):
        self.asked = []
        self.known = {}
        self.still_recipient = 0
        self.still_told_by = []
        self._make_job = make_job
        self.neighbours = None

    def routes(self):
        at = "/v1/schedules"
        return [
            web.post(f"{at}/preview", self._preview),
            web.post(f"{at}/hand-over", self._hand_over),
            web.get(at, self._list),
            web.post(at, self._create),
            web.get(f"{at}/{{id}}", self._get),
            web.patch(f"{at}/{{id}}", self._change),
            web.delete(f"{at}/{{id}}", self._delete),
            web.post(f"{at}/{{id}}/run", self._run),
            web.post(f"{at}/{{id}}/owner", self._hand_over),
        ]

    def put(self, **fields):
        """One more schedule."""
        number = f"us_sch_{len(self.known) + 1:010d}"
        self.known[number] = {
            "id": number, "name": "At 09:00", "origin": "own", "definition": "nightly", "enabled": True, "state": "active",
            "words": "At 09:00", "timeZone": "Europe/Paris", "late": "latest", "overlap": "skip", "owner": "us_mem_0000000001",
            "version": 1, "createdAt": NOW, "createdBy": "k", "updatedAt": NOW, "updatedBy": "k", "nextAt": NOW, "nextLocal": "2026-01-01T13:00:00+01:00", **fields,
        }  # fmt: skip
        return self.known[number]

    async def _list(self, request):
        self.asked.append(dict(request.query))
        return web.json_response({"data": list(self.known.values()), "cursor": None})

    async def _create(self, request):
        self.asked.append(await request.json())
        return web.json_response({"data": self.put(**self.asked[-1])})

    async def _get(self, request):
        return web.json_response({"data": self.known[request.match_info["id"]]})

    async def _change(self, request):
        self.asked.append(await request.json())
        one = self.known[request.match_info["id"]]
        one.update(self.asked[-1])
        return web.json_response({"data": {name: value for name, value in one.items() if value is not None}})

    async def _delete(self, request):
        del self.known[request.match_info["id"]]
        return web.json_response({"data": {"success": True}})

    async def _run(self, request):
        return web.json_response({"data": {"jobId": self._make_job()["id"]}})

    async def _hand_over(self, request):
        self.asked.append(await request.json())
        found = {"schedules": list(self.known), "owner": self.asked[-1].get("owner")}
        still = {"stillRecipient": self.still_recipient, "definitions": self.still_told_by}
        return web.json_response({"data": {**found, **still}})

    async def _preview(self, request):
        self.asked.append(await request.json())
        asked = PreviewAsked.model_validate(self.asked[-1])
        try:
            at = from_wire(NOW) if asked.from_ is None else occurrences(asked.timing()).instant(asked.from_)
            beside = {} if self.neighbours is None else {"neighbours": self.neighbours}
            return web.json_response({"data": preview(asked.timing(), at, asked.count) | beside})
        except Refusal as refusal:
            return web.json_response({"errors": [refusal.as_wire()]}, status=refusal.error.status)
