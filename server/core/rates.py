"""How often: token buckets that know no clock."""

from dataclasses import dataclass, field
from math import ceil


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: int


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
