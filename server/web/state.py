"""What the application carries for its handlers."""

from typing import Final

from aiohttp import web

from ..engine.node import Node
from ..store.blobs import Blobs

NODE: Final = web.AppKey("node", Node)
BLOBS: Final = web.AppKey("blobs", Blobs)
