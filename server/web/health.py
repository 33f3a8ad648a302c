"""Whether the server lives, and whether it takes work."""

from typing import Final

import orjson
from aiohttp import web

from ..engine.node import Node
from .answers import json_answer
from .call import Call

REASONS: Final = {
    "starting": "The server is starting.",
    "draining": "The server is stopping: it takes no new work, and leases are kept.",
}


async def live(call: Call) -> web.Response:
    """The process answers."""
    return json_answer(b'{"status":"ok"}')


async def ready(call: Call) -> web.Response:
    """200 when work is taken, else 503 and why not."""
    obstacle = _obstacle(call.node)
    if obstacle is None:
        return json_answer(b'{"status":"ready"}')
    status, reason = obstacle
    return json_answer(orjson.dumps({"status": status, "reason": reason}), 503, {"Retry-After": "1"})


def _obstacle(node: Node) -> tuple[str, str] | None:
    if node.state != "ready":
        return node.state, REASONS.get(node.state, node.state)
    if node.database.broken is not None:
        return "broken", node.database.broken
    if node.room.low is not None:
        return "disk_full", node.room.low
    trouble = node.writer.trouble or node.tail.trouble
    return None if trouble is None else ("store_away", trouble)
