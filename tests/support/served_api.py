"""A fake API that is served beside the test."""

import asyncio
import threading

from aiohttp import web


class Served:
    """Serves a fake API from a thread of its own, because commands run their own loops."""

    def __init__(self, api):
        self._api = api
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self._api

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self):
        self._runner = web.AppRunner(self._api.application(), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._api.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
