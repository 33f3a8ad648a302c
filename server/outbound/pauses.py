"""When another server wants to be called again."""

import re
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_PAUSE_S: Final = 3_600.0
AGAIN: Final = frozenset({429, *range(500, 600)})
"""Statuses that ask for another try of the same call."""


def pause_s(retry_after: str | None, date: str | None, now_s: float) -> float | None:
    """Seconds until the next try by ``Retry-After``, an hour at most; None when it says nothing of use.

    A moment is counted from the answer's own ``Date``, where it has one: the other server's clock may be wrong, its span is not.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,18}", text):
        return min(float(text), LONGEST_PAUSE_S)
    then = _seconds(text)
    if then is None:
        return None
    since = _seconds(date or "")
    return min(max(0.0, then - (now_s if since is None else since)), LONGEST_PAUSE_S)


def _seconds(date: str) -> float | None:
    """Seconds since 1970 of an HTTP date."""
    try:
        return parsedate_to_datetime(date[:64]).timestamp()
    except (ValueError, OverflowError):
        return None
