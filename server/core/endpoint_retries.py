"""When a delivery to an endpoint that failed is tried again, and when an endpoint is given up. Pure."""

from typing import Final

PAUSES_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between the attempts, as the specification of Standard Webhooks proposes: ten within 76 hours."""
SPREAD: Final = 0.2
GIVEN_UP_MS: Final = 5 * 86_400_000
"""After so long without any success an endpoint is disabled."""
TOLD_AFTER: Final = 3
"""The attempt of one delivery whose failure makes it news that an endpoint fails: the pauses before it take five minutes."""


def next_attempt_ms(tries: int, fraction: float, asked_s: float | None = None) -> int | None:
    """Milliseconds until the attempt that follows so many; None where none does.

    - ``fraction``: a random number in [0, 1), which spreads deliveries that failed together
    - ``asked_s``: how long the other server asks to be left alone
    """
    if tries > len(PAUSES_S):
        return None
    pause = PAUSES_S[tries - 1] * (1 - SPREAD + 2 * SPREAD * fraction)
    return int(max(pause, asked_s or 0.0) * 1000)


def is_given_up(failing_since: int | None, now: int) -> bool:
    """Whether an endpoint that fails once more has failed for too long."""
    return failing_since is not None and now - failing_since >= GIVEN_UP_MS
