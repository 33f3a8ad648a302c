"""When a failed attempt is followed by another: full jitter over an exponential back-off.

Full jitter spreads retries of many jobs that failed together (AWS Architecture Blog, "Exponential Backoff And
Jitter").
"""

from typing import Final

FIRST_MS: Final = 5_000
LONGEST_MS: Final = 3_600_000


def backoff_ms(attempt: int, fraction: float) -> int:
    """Milliseconds until the attempt after ``attempt`` (1, 2, ...); ``fraction`` is a random number in [0, 1)."""
    bound = min(LONGEST_MS, FIRST_MS * 2 ** min(attempt, 20))
    return int(bound * fraction)


def may_retry(attempt: int, max_attempts: int) -> bool:
    """Whether attempts remain."""
    return attempt < max_attempts
