"""Calls that outlast a restart of the server: that must not fail a handler's whole attempt."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from .errors import ApiError, ConnectionFailed, NotTickwire

PATIENCE_S: Final = 60.0
LONGEST_PAUSE_S: Final = 5.0
SHORTEST_S: Final = 0.1

Result = TypeVar("Result")


def backoff_s(failures: int, longest_s: float, chance: float) -> float:
    """Full jitter: ``chance`` (0 to 1) of a ceiling that doubles from 0.1 s with each failure."""
    return chance * min(longest_s, SHORTEST_S * 2.0 ** min(failures, 20))


async def patiently(
    call: Callable[[], Awaitable[Result]],
    *,
    repeatable: bool,
    idempotent: bool = False,
    give_up: bool = True,
) -> Result:
    """Make a call again while the server restarts, for a minute, or without ``give_up`` for as long as it takes.

    What was refused for now is sent again only if it is ``repeatable``: its body can be read once more. What may have been done,
    because the connection broke before the answer, is done again only if it is ``idempotent``.
    """
    failures = 0
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + (PATIENCE_S if give_up else math.inf)
    while True:
        try:
            return await call()
        except ConnectionFailed as error:
            may = error.unreached or (idempotent and not isinstance(error, NotTickwire))
            if not may or loop.time() >= give_up_at:
                raise
        except ApiError as error:
            if not (repeatable and error.may_retry) or loop.time() >= give_up_at:
                raise
        failures += 1
        chance = random.random()  # noqa: S311 - jitter is no secret
        await asyncio.sleep(backoff_s(failures, LONGEST_PAUSE_S, chance))
