"""The part of the commands' fake server that knows the history."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeRuns:
    """``runs`` as they are listed; ``asked`` is what lists were asked for, ``again`` what was run again, and with what."""

    def __init__(self, make_job: Callable[..., dict[str, Any]]) -> None:
        self.runs: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.again: list[tuple[str, dict[str, Any]]] = []
        self._make_job = make_job

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/runs", self._list),
            web.get("/v1/runs/export", self._export),
            web.get("/v1/runs/{id}", self._show),
            web.post("/v1/runs/{id}/_again", self._again),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        return web.json_response({"data": self.runs, "cursor": None, "asOf": "e:0"})

    async def _export(self, request: web.Request) -> web.Response:
        return web.Response(text=f"exported {request.query['format']} {request.query.get('result')}")

    async def _show(self, request: web.Request) -> web.Response:
        [found] = [one for one in self.runs if one["id"] == request.match_info["id"]]
        return web.json_response({"data": found})

    async def _again(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.again.append((request.match_info["id"], body))
        job = self._make_job(rerunOf=request.match_info["id"], input=body["params"])
        run = {"id": job["id"], "jobId": job["id"], "result": "running", "trigger": {"kind": "retry"}}
        return web.json_response({"data": {**run, "createdAt": AT}})
