"""The part of the commands' fake server that knows listeners."""

from typing import Any

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeListeners:
    """Sessions that take jobs, by their ids."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def put(self, **fields: Any) -> dict[str, Any]:
        """One that is connected."""
        number = f"us_lsn_{len(self.rows) + 1:010d}"
        base = {
            "id": number, "keyId": "us_key_1", "host": "box:7", "client": "tickwire-python/1", "state": "connected", "server": "a1b2c3d4",
            "jobs": [{"job": "a:b", "online": True}], "jobCount": 1, "credit": 10, "inFlight": 0, "jobIds": [], "connectedAt": AT,
            "lastHeardAt": AT,
        }  # fmt: skip
        self.rows[number] = base | fields
        return self.rows[number]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/listeners", self._list),
            web.post("/v1/listeners/{id}/drain", self._drain),
            web.post("/v1/listeners/{id}/resume", self._resume),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [*self.rows.values()], "cursor": None})

    async def _drain(self, request: web.Request) -> web.Response:
        return self._turn(request, "draining")

    async def _resume(self, request: web.Request) -> web.Response:
        return self._turn(request, "connected")

    def _turn(self, request: web.Request, state: str) -> web.Response:
        found = self.rows.get(request.match_info["id"])
        if found is None:
            error = {"code": "not_found", "message": "There is no such listener.", "key": "id"}
            return web.json_response({"errors": [error]}, status=404)
        found["state"] = state
        return web.json_response({"data": found})
