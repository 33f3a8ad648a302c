"""When a delivery that failed is tried again, and when it is given up. Pure."""

from typing import Final

PAUSES_S: Final = (10, 60, 300, 900, 1_800, 3_600, 7_200, 14_400)
"""Between the attempts: nine within about eight hours."""
GIVE_UP_MS: Final = 12 * 3_600_000
"""After so long none begins, however few there were: a server that was away for a night does not tell what is over."""
SPREAD: Final = 0.2
LONGEST_ASKED_S: Final = 3_600.0
LONGEST_WAIT_MS: Final = int(max(*PAUSES_S, LONGEST_ASKED_S) * (1 + SPREAD) * 1000)
"""No delivery waits longer for its next attempt: one that seems to was put off before the clock was set back."""
LONGEST_NEW_MS: Final = 60_000
"""The same of one that nobody has begun, which is due when it is made: the clocks of two servers differ by less."""


def next_attempt_ms(attempts: int, age_ms: int, fraction: float, asked_s: float | None = None) -> int | None:
    """Milliseconds until the attempt that follows so many; None where none does.

    - ``age_ms``: since the message was made
    - ``fraction``: a random number in [0, 1), which spreads deliveries that failed together
    - ``asked_s``: how long the other server asks to be left alone
    """
    if attempts > len(PAUSES_S) or not age_ms < GIVE_UP_MS:
        return None
    pause = PAUSES_S[attempts - 1] * (1 - SPREAD + 2 * SPREAD * fraction)
    return int(max(pause, min(asked_s or 0.0, LONGEST_ASKED_S)) * 1000)
