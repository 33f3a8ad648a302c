"""Hooks of the server that the commands' tests talk to."""

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"
PROBLEM = {"path": "params.echo", "message": "there is no such field", "code": "invalid"}


class FakeHooks:
    """What it was asked; hooks are ``known`` by id, and what comes or is tried ends as ``status`` says."""

    def __init__(self):
        self.asked = []
        self.known = {}
        self.status = "started"

    def routes(self):
        at, of = "/v1/hooks", "/v1/hook-deliveries"
        return [
            web.get(at, self._list),
            web.post(at, self._create),
            web.get(f"{at}/{{id}}", self._get),
            web.patch(f"{at}/{{id}}", self._change),
            web.delete(f"{at}/{{id}}", self._delete),
            web.post(f"{at}/{{id}}/rotate", self._rotate),
            web.post(f"{at}/{{id}}/try", self._try),
            web.get(f"{at}/{{id}}/deliveries", self._deliveries),
            web.get(f"{of}/{{id}}", self._delivery),
            web.post(f"{of}/{{id}}/replay", self._replay),
        ]

    def put(self, **fields):
        """One more hook."""
        number = f"us_hk_{len(self.known) + 1:010d}"
        target = {} if {"definition", "jobType", "event"} & fields.keys() else {"definition": "web"}
        self.known[number] = {
            "id": number, "name": "Shop", "enabled": True, "path": "/v1/hooks/abc", "url": "http://a.example/v1/hooks/abc",
            "verification": {"kind": "github"}, "accepts": "auto", "replayBy": "body", "waitS": 0, "version": 1, "createdAt": AT,
            "createdBy": "k", "updatedAt": AT, "updatedBy": "k", **target, **fields,
        }  # fmt: skip
        return self.known[number]

    def delivery(self):
        said = (
            {"problems": [PROBLEM]}
            if self.status == "failed"
            else {"jobId": "us_jb_0000000001", "problems": []}
        )
        return {
            "id": "us_hd_0000000001", "hookId": "us_hk_0000000001", "at": AT, "status": self.status, "size": 2048,
            "headers": {"x-github-event": "push", "authorization": "***"}, "query": {"a": "b"}, **said,
        }  # fmt: skip

    async def _list(self, request):
        self.asked.append(dict(request.query))
        return web.json_response({"data": list(self.known.values()), "cursor": None})

    async def _create(self, request):
        self.asked.append(await request.json())
        made = {name: value for name, value in self.asked[-1].items() if name != "secret"}
        secret = {} if made["verification"]["kind"] == "none" else {"secret": "the-new-secret"}
        return web.json_response({"data": {**self.put(**made), **secret}})

    async def _get(self, request):
        return web.json_response({"data": self.known[request.match_info["id"]]})

    async def _change(self, request):
        self.asked.append(await request.json())
        one = self.known[request.match_info["id"]]
        one.update(self.asked[-1] | {"version": one["version"] + 1})
        return web.json_response({"data": one})

    async def _delete(self, request):
        del self.known[request.match_info["id"]]
        return web.json_response({"data": {"success": True}})

    async def _rotate(self, request):
        self.asked.append(await request.json())
        one = self.known[request.match_info["id"]]
        until = {"oldSecretUntil": AT} if self.asked[-1]["overlapS"] else {}
        return web.json_response({"data": {**one, **until, "secret": "the-newer-secret"}})

    async def _try(self, request):
        self.asked.append(await request.json())
        found = {"ignored": False, "hook": {"body": 1}, "params": {"echo": 7}, "problems": []}
        if self.status == "failed":
            found |= {"params": None, "problems": [PROBLEM]}
        return web.json_response({"data": found | {"ignored": self.status == "ignored"}})

    async def _deliveries(self, request):
        self.asked.append(dict(request.query))
        return web.json_response({"data": [self.delivery()], "cursor": None})

    async def _delivery(self, request):
        self.asked.append(request.path)
        return web.json_response({"data": self.delivery() | {"body": '{"ref":\n"main"}'}})

    async def _replay(self, request):
        self.asked.append(request.path)
        done = {"deliveryId": "us_hd_0000000002", "status": self.status}
        return web.json_response(
            {"data": done | ({} if self.status == "failed" else {"jobId": "us_jb_0000000002"})}
        )
