"""Bulk life cycles while 0, 1 and 10 subscribers watch every event: what that slows, in turns on one server."""

from urllib.parse import urlsplit

import jobs
import jobs_tickwire
from fan import Subscribers
from marks import cal_ms

WATCHERS = (0, 1, 10)
TURNS = 3


class Watched(jobs.Run):
    async def jobs(self):
        out = {"cal_ms": [cal_ms()]} | {f"life_watched_by_{n}": [] for n in WATCHERS}
        await self.p.setup()
        try:
            await self.start_worker()
            await self.ready()
            await self.life(self.batched, self.p.n_life)
            for _ in range(TURNS):
                for watchers in WATCHERS:
                    out[f"life_watched_by_{watchers}"].append(await self.watched_life(watchers))
        finally:
            self.stop_worker()
            await self.p.close()
        out["cal_ms"].append(cal_ms())
        return out

    async def watched_life(self, watchers):
        """Each watcher must have seen each job end: what is not delivered costs nothing."""
        subscribers = Subscribers("tickwire", urlsplit(self.p.server.url).port, "/v1/stream")
        try:
            subscribers.ask("connect", watchers)
            found, n = await self.life(self.batched, self.p.n_life)
            seen = subscribers.ask("watch")["completed"]
            if seen != n * watchers:
                raise RuntimeError(f"{watchers} watchers saw {seen} of {n * watchers} ends")
            return found
        finally:
            subscribers.end()


class TickwireWatched(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"
    n_life = 10_000


class TickwirePgWatched(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"
    n_life = 10_000


if __name__ == "__main__":
    jobs.main(TickwireWatched, TickwirePgWatched, run=Watched, kind="watched")
