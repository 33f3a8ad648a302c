"""What the application carries for its handlers."""

from typing import Final

from aiohttp import web

from ..engine.node import Node
from ..security.passwords import Passwords
from ..store.blobs import Blobs
from .turns import Turns

NODE: Final = web.AppKey("node", Node)
BLOBS: Final = web.AppKey("blobs", Blobs)
LARGE_BODIES: Final = web.AppKey("large_bodies", Turns)
"""Bytes of bodies that are larger than usual, and are read at a time."""
HOOK_BODIES: Final = web.AppKey("hook_bodies", Turns)
"""The same of calls of hooks, whose senders are not known yet: they must not hold up those that are."""
MANY_JOBS: Final = web.AppKey("many_jobs", Turns)
"""Jobs that calls about many jobs have given to the store at a time."""
PASSWORDS: Final = web.AppKey("passwords", Passwords)
