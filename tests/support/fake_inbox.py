"""The part of the commands' fake server that knows inboxes and mail."""

from typing import Any

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeInbox:
    """One inbox, whoever's; ``asked`` is what lists were asked for, ``mail`` whether and how mails are sent, ``problem`` why none is."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.read: list[dict[str, Any]] = []
        self.tested: list[str] = []
        self.mail: dict[str, Any] = {"configured": False}
        self.checked = False
        self.problem: str | None = None

    def put(self, **fields: Any) -> None:
        """Something new in the inbox."""
        number = f"us_nt_{len(self.notes) + 1:010d}"
        base = {"id": number, "at": AT, "title": "Nightly failed", "result": "failed", "memberId": "us_mem_1"}
        self.notes.insert(0, base | fields)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/notifications", self._list),
            web.get("/v1/notifications/channels", self._channels),
            web.post("/v1/notifications/read", self._read_all),
            web.post("/v1/notifications/test", self._test),
            web.post("/v1/notifications/{id}/read", self._read),
        ]

    def _unread(self) -> list[dict[str, Any]]:
        return [one for one in self.notes if "readAt" not in one]

    async def _list(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        found = self._unread() if request.query.get("unread") == "true" else self.notes
        return web.json_response({"data": found, "cursor": None, "unread": len(self._unread())})

    async def _channels(self, request: web.Request) -> web.Response:
        self.checked = request.query.get("check") == "true"
        return web.json_response({"data": self.mail})

    async def _read(self, request: web.Request) -> web.Response:
        [found] = [one for one in self.notes if one["id"] == request.match_info["id"]]
        found["readAt"] = AT
        return web.json_response({"data": found})

    async def _read_all(self, request: web.Request) -> web.Response:
        self.read.append(await request.json())
        unread = self._unread()
        for one in unread:
            one["readAt"] = AT
        return web.json_response({"data": {"read": len(unread)}})

    async def _test(self, request: web.Request) -> web.Response:
        if self.problem is not None:
            error = {"code": "bad_answer", "message": self.problem}
            return web.json_response({"errors": [error]}, status=502)
        self.tested.append((await request.json())["address"])
        return web.json_response({"data": {"address": self.tested[-1], "delivered": True}})
