"""The part of the commands' fake server that knows members."""

from aiohttp import web

AT = "2026-01-01T12:00:00.000Z"


class FakeMembers:
    """Members by id, and the links that were made for them."""

    members: dict
    links: list
    url: str

    async def _list_members(self, request):
        query = request.query
        found = [
            member
            for member in self.members.values()
            if all(member[name] == query[name] for name in ("email", "role") if name in query)
            and str(member["active"]).lower() == query.get("active", str(member["active"]).lower())
        ]
        after = int(query.get("cursor", 0))
        cursor = str(after + 1) if after + 1 < len(found) else None
        return web.json_response({"data": found[after : after + 1], "cursor": cursor})

    async def _add_member(self, request):
        number = f"us_mem_{len(self.members) + 1}"
        facts = {"id": number, "active": True, "createdAt": AT, "updatedAt": AT}
        self.members[number] = facts | await request.json()
        return web.json_response({"data": self.members[number]})

    async def _change_member(self, request):
        member = self.members[request.match_info["id"]]
        member |= await request.json()
        return web.json_response({"data": member})

    async def _remove_member(self, request):
        member = self.members[request.match_info["id"]]
        member |= {"email": None, "active": False, "deletedAt": AT}
        return web.json_response({"data": {"success": True}})

    async def _member(self, request):
        return web.json_response({"data": self.members[request.match_info["id"]]})

    async def _log_out(self, request):
        self.members[request.match_info["id"]]["loggedOut"] = True
        return web.json_response({"data": {"success": True}})

    async def _link(self, request):
        self.links.append((await request.json()).get("member"))
        return web.json_response({"data": {"url": f"{self.url}/console/login#twl_1", "expiresAt": AT}})
