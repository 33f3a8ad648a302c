"""The Idempotency-Key header: a POST that is sent again is answered as the first time, and done once."""

import re
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal

from ..core.actors import Actor
from ..store.command import Once

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255


def once(
    request: web.Request, actor: Actor, body_hash: str, answer: Callable[[Any], str]
) -> Once[Any] | None:
    """The promise that the header asks for; None without it. It holds for this key, method and path."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not re.fullmatch(rf"[\x20-\x7e]{{1,{LONGEST}}}", key):
        raise Refusal("invalid", f"{HEADER} takes 1 to {LONGEST} printable ASCII characters.", key=HEADER)
    return Once(f"{actor.scope} {request.method} {request.path}", key, body_hash, answer)
