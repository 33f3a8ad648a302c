"""Open connections outlive the check of their key: one that ends, or is restricted anew elsewhere, loses them within 5 s."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import structlog
from aiohttp import web

from listener_sdk.protocol.codes import CLOSES

from ..engine.node import Node
from ..store.database import StoreError
from .auth import keyring
from .state import NODE

EVERY_S: Final = 5.0
_log = structlog.get_logger("tickwire.keys")


async def watch_keys(app: web.Application) -> AsyncIterator[None]:
    """Look again and again while the application runs (a cleanup context of aiohttp)."""
    task = asyncio.create_task(_watch(app[NODE]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _watch(node: Node) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await close_invalid(node)
        except StoreError as error:
            _log.warning("keys_unreadable", error=str(error))


async def close_invalid(node: Node) -> set[str]:
    """Close the connections of keys, tokens and sessions that open nothing any more, or other things than before; those keys and members.

    The others were used, which is written down.
    """
    keys, seen = keyring(node), node.sockets.shown()
    found = await keys.ended(seen)
    for shown, end in found.items():
        node.sockets.close_shown(shown, CLOSES[end].code)
    for shown in seen - found.keys():
        if shown.token_until is None and shown.login is None:
            keys.use(shown.key_id)
    return {shown.key_id for shown in found}
