"""Open connections outlive the check of their key: a key that expires, or is revoked elsewhere, loses them within 5 s."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import structlog
from aiohttp import web

from listener_sdk.protocol.codes import CLOSES

from ..core.actors import Space
from ..core.keys import ADMINISTRATOR, KeyRow
from ..engine.node import Node
from ..store import keys
from ..store.database import Reader, StoreError
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
    """Close the connections of keys that open nothing any more; those keys."""
    # The operator's own administrator key has no row, and no end while the server runs.
    seen = node.sockets.keys() - ({ADMINISTRATOR} if node.settings.admin_key is not None else set())
    now = node.clock()

    def invalid(reader: Reader) -> set[str]:
        found = {key_id: keys.load_with_space(reader, key_id) for key_id in seen}
        return {key_id for key_id, (key, space) in found.items() if not _opens(key, space, now)}

    found = await node.read(invalid) if seen else set()
    for key_id in found:
        node.sockets.close_key(key_id, CLOSES["unauthorized"].code)
    return found


def _opens(key: KeyRow | None, space: Space | None, now: int) -> bool:
    return key is not None and space is not None and key.is_valid(now) and space.open
