"""The part of the commands' fake server that knows actions."""

from typing import Any

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeActions:
    """What the fake server holds of actions: ``actions``, what was ``pressed`` and ``changed``."""

    actions: list[dict[str, Any]]
    pressed: list[tuple[str, dict[str, Any]]]
    changed: list[dict[str, Any]]
    problems: list[dict[str, Any]]

    def action_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/actions", self._list_actions),
            web.post("/v1/actions", self._make_action),
            web.get("/v1/actions/{id}", self._show_action),
            web.patch("/v1/actions/{id}", self._change_action),
            web.delete("/v1/actions/{id}", self._delete_action),
            web.post("/v1/actions/{id}/execute", self._press),
        ]

    async def _list_actions(self, request: web.Request) -> web.Response:
        names = {"targetId", "domain", "operation"} & request.query.keys()
        return web.json_response([
            one for one in self.actions if all(one[name] == request.query[name] for name in names)
        ])  # fmt: skip

    async def _make_action(self, request: web.Request) -> web.Response:
        body = await request.json()
        domain = body["mount"]["type"]
        self.actions.append({
            "id": f"us_ac_{len(self.actions) + 1:010d}", "targetId": "us_sp_default", "domain": domain,
            "job": f"{domain}:{body['operation']}", "createdAt": AT, "updatedAt": AT, **body,
        })  # fmt: skip
        return web.json_response(self.actions[-1])

    def _action(self, request: web.Request) -> dict[str, Any]:
        return next(one for one in self.actions if one["id"] == request.match_info["id"])

    async def _show_action(self, request: web.Request) -> web.Response:
        return web.json_response(self._action(request))

    async def _change_action(self, request: web.Request) -> web.Response:
        self.changed.append(await request.json())
        return web.json_response(self._action(request) | self.changed[-1])

    async def _delete_action(self, request: web.Request) -> web.Response:
        self.actions.remove(self._action(request))
        return web.json_response({"data": {"success": True}})

    async def _press(self, request: web.Request) -> web.Response:
        action, body = self._action(request), await request.json()
        self.pressed.append((action["id"], body))
        if self.problems:
            return web.json_response({"errors": self.problems}, status=400)
        return self._created({"type": action["domain"], "operation": action["operation"]})
