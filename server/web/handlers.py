"""Handlers of routes that few servers need: their modules are imported by the first call of one of them."""

import asyncio
from importlib import import_module

from aiohttp import web

from .call import Call, Handler


class Handlers:
    """Stands for a module of this package in the table of routes. Its import, once, takes a thread: the loop goes on."""

    def __init__(self, module: str) -> None:
        self.module = f"{__package__}.{module}"

    def __getattr__(self, name: str) -> Handler:
        found: Handler | None = None

        async def handle(call: Call) -> web.StreamResponse:
            nonlocal found
            if found is None:
                module = await asyncio.to_thread(import_module, self.module)
                found = getattr(module, name)
            return await found(call)

        handle.__name__ = name
        handle.__module__ = self.module
        return handle
