"""One look of a loop that must go on, whatever a look meets."""

from collections.abc import Awaitable, Callable
from typing import Any

from ..store.database import StoreError


async def calmly(look: Callable[[], Awaitable[object]], failed: str, log: Any) -> bool:
    """Look; whether it went well. A store that is out of reach, and a fault (``failed`` names it), stand in the server's log."""
    try:
        await look()
    except StoreError as error:
        log.warning("store_unreachable", error=str(error))
    except Exception:
        log.exception(failed)
    else:
        return True
    return False
