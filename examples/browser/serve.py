"""A page with its own small server, which starts jobs and gives the browser tokens of them: the key stays here.

TICKWIRE_ALLOW_ORIGINS=http://127.0.0.1:8000 tickwire server
tickwire listen examples/browser/film.py
python examples/browser/serve.py
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from listener_sdk import Client

PAGE = Path(__file__).with_name("index.html")
PORT = int(os.environ.get("PAGE_PORT", "8000"))
TOKEN_S = 900
client = Client()


async def page(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE)


async def where(request: web.Request) -> web.Response:
    return web.json_response({"url": client.connection.url})


async def start(request: web.Request) -> web.Response:
    job = await client.jobs.create("film:develop", await request.json())
    return web.json_response({"job": job.id})


async def token(request: web.Request) -> web.Response:
    """A real server asks first whether the person who calls may see this job."""
    made = await client.tokens.create(job=request.match_info["job"], ttl_s=TOKEN_S)
    return web.json_response({"token": made.token})


async def calls(app: web.Application) -> AsyncIterator[None]:
    async with client:
        yield


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/server", where)
    app.router.add_post("/jobs", start)
    app.router.add_post("/jobs/{job}/token", token)
    app.cleanup_ctx.append(calls)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=PORT)
