"""Endpoints of the server that the commands' tests talk to."""

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeEndpoints:
    """What it was asked; endpoints are ``known`` by id, and a test ends as ``status`` says."""

    def __init__(self):
        self.asked = []
        self.known = {}
        self.status = 200

    def routes(self):
        at, of = "/v1/endpoints", "/v1/endpoint-deliveries"
        return [
            web.get(at, self._list),
            web.post(at, self._create),
            web.get(f"{at}/{{id}}", self._get),
            web.patch(f"{at}/{{id}}", self._change),
            web.delete(f"{at}/{{id}}", self._delete),
            web.post(f"{at}/{{id}}/rotate", self._rotate),
            web.post(f"{at}/{{id}}/test", self._test),
            web.post(f"{at}/{{id}}/replay", self._replay_many),
            web.post(f"{at}/{{id}}/replay-missed", self._replay_many),
            web.get(f"{at}/{{id}}/deliveries", self._deliveries),
            web.get(f"{of}/{{id}}", self._delivery),
            web.post(f"{of}/{{id}}/replay", self._delivery),
        ]

    def put(self, **fields):
        """One more endpoint."""
        number = f"us_ep_{len(self.known) + 1:010d}"
        self.known[number] = {
            "id": number, "url": "https://a.example/in", "topics": ["job:*"], "enabled": True, "version": 1, "createdAt": AT,
            "createdBy": "k", "updatedAt": AT, "updatedBy": "k", **fields,
        }  # fmt: skip
        return self.known[number]

    def delivery(self):
        delivered = self.status == 200
        said = {} if delivered else {"message": f"It was answered {self.status}."}
        attempt = {
            "number": 1,
            "at": AT,
            "durationMs": 7,
            "delivered": delivered,
            "status": self.status,
            **said,
        }
        return {
            "id": "us_msg_0000000001", "endpointId": "us_ep_0000000001", "topic": "job:failed", "attempt": 1, "createdAt": AT,
            "status": "delivered" if delivered else "failed", "last": attempt,
        } | {"body": {"type": "job:failed"}, "attempts": [attempt]}  # fmt: skip

    async def _list(self, request):
        self.asked.append(dict(request.query))
        return web.json_response({"data": list(self.known.values()), "cursor": None})

    async def _create(self, request):
        self.asked.append(await request.json())
        return web.json_response({"data": {**self.put(**self.asked[-1]), "secret": "whsec_new"}})

    async def _get(self, request):
        return web.json_response({"data": self.known[request.match_info["id"]]})

    async def _change(self, request):
        self.asked.append(await request.json())
        one = self.known[request.match_info["id"]]
        one.update(self.asked[-1])
        return web.json_response({"data": one})

    async def _delete(self, request):
        del self.known[request.match_info["id"]]
        return web.json_response({"data": {"success": True}})

    async def _rotate(self, request):
        self.asked.append(await request.json())
        one = self.known[request.match_info["id"]]
        until = {"oldSecretUntil": AT} if self.asked[-1]["overlapS"] else {}
        return web.json_response({"data": {**one, **until, "secret": "whsec_newer"}})

    async def _test(self, request):
        return web.json_response({"data": self.delivery()})

    async def _replay_many(self, request):
        self.asked.append(await request.json())
        first = "cursor" not in self.asked[-1]
        return web.json_response(
            {"data": {"replayed": 500 if first else 1, "cursor": "us_msg_1" if first else None}}
        )

    async def _deliveries(self, request):
        self.asked.append(dict(request.query))
        return web.json_response({"data": [self.delivery()], "cursor": None})

    async def _delivery(self, request):
        self.asked.append(request.path)
        return web.json_response({"data": self.delivery()})
