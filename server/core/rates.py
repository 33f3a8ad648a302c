"""How often: token buckets that know no clock."""

from dataclasses import dataclass, field
from math import ceil
from typing import Final


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: int


PATIENCE_MS: Final = 10_000
"""How long somebody may ask for more than the rate before it is too much."""


class Flow:
    """What one caller sends: ``rate_per_s``, at most ``burst`` at once; who sends more waits, who goes on is too much."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._bucket: _Bucket | None = None
        self._short_since: int | None = None

    def take(self, count: int, now: int) -> int | None:
        """Count these: the milliseconds to wait until more may come, or None when it was too much."""
        bucket = self._bucket = self._bucket or _Bucket(self._burst, now)
        gained = max(0, now - bucket.at) * self._rate_per_s / 1000
        bucket.tokens = min(self._burst, bucket.tokens + gained)
        bucket.at = now
        if bucket.tokens >= self._burst / 2:
            self._short_since = None
        bucket.tokens -= count
        if bucket.tokens >= 0:
            return 0
        self._short_since = now if self._short_since is None else self._short_since
        if bucket.tokens < -self._burst or now - self._short_since > PATIENCE_MS:
            return None
        return ceil(-bucket.tokens * 1000 / self._rate_per_s)


@dataclass(slots=True)
class Rates:
    """One bucket a name (a key, an address): ``rate_per_s`` tokens a second, at most ``burst`` at once.

    At most ``largest`` names are remembered; buckets that are full again say nothing and are forgotten first,
    then those that were used longest ago.
    """

    rate_per_s: float
    burst: float
    largest: int = 10_000
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, name: str, now: int) -> int:
        """Take a token: 0, or the milliseconds until there is one. ``now`` is in milliseconds."""
        wait = self.wait(name, now)
        if wait == 0:
            self._buckets[name].tokens -= 1
        return wait

    def give_back(self, name: str, now: int) -> None:
        """Undo a ``take``."""
        bucket = self._filled(name, now)
        bucket.tokens = min(self.burst, bucket.tokens + 1)

    def wait(self, name: str, now: int) -> int:
        """Milliseconds until a token could be taken; 0 for now."""
        bucket = self._filled(name, now)
        return 0 if bucket.tokens >= 1 else max(1, ceil((1 - bucket.tokens) * 1000 / self.rate_per_s))

    def __len__(self) -> int:
        return len(self._buckets)

    def _filled(self, name: str, now: int) -> _Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= self.largest:
                self._forget(now)
            bucket = self._buckets[name] = _Bucket(self.burst, now)
        # A clock that was put back must not take tokens away.
        gained = max(0, now - bucket.at) * self.rate_per_s / 1000
        bucket.tokens = min(self.burst, bucket.tokens + gained)
        bucket.at = now
        return bucket

    def _forget(self, now: int) -> None:
        full = [name for name in self._buckets if self._filled(name, now).tokens >= self.burst]
        oldest = list(self._buckets)[: self.largest // 10 + 1]
        for name in full or oldest:
            del self._buckets[name]
