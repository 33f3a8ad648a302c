"""Whether the server lives, and whether it takes work."""

from typing import Final

import orjson
from aiohttp import web

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
    state = call.node.state
    if state == "ready":
        return json_answer(b'{"status":"ready"}')
    body = {"status": state, "reason": REASONS.get(state, state)}
    return json_answer(orjson.dumps(body), 503, {"Retry-After": "1"})
