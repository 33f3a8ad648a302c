"""Other servers on the same store: their events tell this one which jobs wait, and what has become of its leases."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import orjson

from ..commands.leases import Held
from ..commands.neighbours import LOOK, Look
from ..core.deadlines import Due
from ..store.log import Stored

_SILENCE: Final = frozenset({Due.LEASE.value, Due.UNACKED.value})
SEEK_EVERY_S: Final = 2.0
"""How often the queues are sought in the store itself, should an event have been missed or a claim been in vain."""


class Neighbours:
    """``lease`` names the lease that a session of this server has of a job; ``post`` is the writer's."""

    def __init__(
        self, post: Callable[..., Any], lease: Callable[[int], Held | None], done: Callable[..., None]
    ) -> None:
        self._post = post
        self._lease = lease
        self._done = done

    def heard(self, events: list[Stored]) -> None:
        """Events that other servers have committed, in log order."""
        jobs = [event.job_id for event in events if event.job_id is not None]
        leases = {job_id: lease for job_id in jobs if (lease := self._lease(job_id)) is not None}
        cancels = frozenset(e.job_id for e in events if e.job_id in leases and _asks_to_stop(e))
        silent = frozenset(e.job_id for e in events if e.job_id in leases and _tells_silence(e))
        ready = {
            event.job_id: None for event in events if event.topic == "job:ready" and event.job_id is not None
        }
        if ready or leases:
            self._post(LOOK, Look(tuple(ready), tuple(leases.values()), cancels, silent), self._done)

    async def run(self) -> None:
        """Seek the queues again and again, until cancelled."""
        while True:
            await asyncio.sleep(SEEK_EVERY_S)
            self.seek()

    def seek(self) -> None:
        """Look for jobs that wait, in the store itself."""
        self._post(LOOK, Look(whole=True), self._done)


def _tells_silence(event: Stored) -> bool:
    return event.topic == "job:attempt-failed" and orjson.loads(event.body)["payload"]["reason"] in _SILENCE


def _asks_to_stop(event: Stored) -> bool:
    return event.topic == "job:updated" and "cancelRequestedAt" in orjson.loads(event.body)["payload"]
