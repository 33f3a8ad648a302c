"""The part of the commands' fake server that knows job definitions."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeDefinitions:
    """Definitions by code; ``asked`` is what launches and dry runs were sent."""

    def __init__(self, make_job: Callable[..., dict[str, Any]]) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.past: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.shown: dict[str, Any] = {"params": {"url": "u"}, "places": [], "problems": []}
        self.watermark: dict[str, Any] = {"version": 0}
        self._make_job = make_job

    def routes(self) -> list[web.RouteDef]:
        at = "/v1/job-definitions"
        return [
            web.get(at, self._list),
            web.post(at, self._create),
            web.post(f"{at}/_dry-run", self._dry_run),
            web.get(f"{at}/{{code}}", self._get),
            web.patch(f"{at}/{{code}}", self._change),
            web.delete(f"{at}/{{code}}", self._delete),
            web.post(f"{at}/{{code}}/_execute", self._execute),
            web.post(f"{at}/{{code}}/_dry-run", self._dry_run),
            web.get(f"{at}/{{code}}/versions", self._versions),
            web.get(f"{at}/{{code}}/versions/{{number}}", self._one_version),
            web.get(f"{at}/{{code}}/watermark", self._watermark),
            web.put(f"{at}/{{code}}/watermark", self._set_watermark),
            web.delete(f"{at}/{{code}}/watermark", self._reset_watermark),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        enabled = request.query.get("enabled")
        found = [
            one for one in self.known.values() if enabled is None or str(one["enabled"]).lower() == enabled
        ]
        return web.json_response({"data": found, "cursor": None})

    async def _create(self, request: web.Request) -> web.Response:
        given = (await request.json())["jobDefinition"]
        facts = {
            "id": "us_def_0000000001",
            "name": given["jobDefinitionCode"],
            "enabled": False,
            "version": 1,
        }
        self.known[given["jobDefinitionCode"]] = (
            facts | {"createdAt": AT, "updatedAt": AT, "updatedBy": "k"} | given
        )
        self.past[given["jobDefinitionCode"]] = [_version(self.known[given["jobDefinitionCode"]])]
        return self._answer(given["jobDefinitionCode"])

    def _answer(self, code: str) -> web.Response:
        return web.json_response({"jobDefinition": self.known[code]})

    async def _get(self, request: web.Request) -> web.Response:
        if request.match_info["code"] not in self.known:
            error = {"code": "not_found", "message": "There is no such job definition."}
            return web.json_response({"errors": [error]}, status=404)
        return self._answer(request.match_info["code"])

    async def _change(self, request: web.Request) -> web.Response:
        one, given = self.known[request.match_info["code"]], (await request.json())["jobDefinition"]
        if one | given != one:
            one |= given | {"version": one["version"] + 1}
            self.past[one["jobDefinitionCode"]].insert(0, _version(one))
        return self._answer(request.match_info["code"])

    async def _delete(self, request: web.Request) -> web.Response:
        del self.known[request.match_info["code"]]
        return web.json_response({"data": {"success": True}})

    async def _execute(self, request: web.Request) -> web.Response:
        self.asked.append(("execute", await request.json()))
        job = self._make_job(definition=request.match_info["code"])
        return web.json_response({"jobId": job["id"]})

    async def _dry_run(self, request: web.Request) -> web.Response:
        self.asked.append((request.match_info.get("code", ""), await request.json()))
        return web.json_response({"data": self.shown})

    async def _versions(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self.past[request.match_info["code"]], "cursor": None})

    async def _one_version(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["number"])
        known = self.past[request.match_info["code"]]
        return web.json_response({"data": next(one for one in known if one["version"] == wanted)})

    async def _watermark(self, _: web.Request) -> web.Response:
        return web.json_response({"data": self.watermark})

    async def _set_watermark(self, request: web.Request) -> web.Response:
        self.watermark = {**await request.json(), "version": 1, "movedAt": AT}
        return await self._watermark(request)

    async def _reset_watermark(self, _: web.Request) -> web.Response:
        self.watermark = {"version": 2, "movedAt": AT}
        return web.json_response({"data": {"success": True}})


def _version(one: dict[str, Any]) -> dict[str, Any]:
    names = (
        "version",
        "jobType",
        "params",
        "schedule",
        "options",
        "target",
        "triggers",
        "modes",
        "notifications",
    )
    return {"at": AT, "actor": "us_key_1", **{name: one[name] for name in names if name in one}}
