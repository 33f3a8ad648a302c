"""Times on the command line: a span from now or before it, or an ISO time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from .failures import Misuse

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def ahead(text: str, option: str, now: datetime) -> datetime:
    """A time to come: a span from now, or an ISO time (without a zone: that of this machine)."""
    found = _moment(text, option, now, 1)
    if found <= now:
        raise Misuse(f"{option} {text!r} has passed. Give a time to come.")
    return found


def ago(text: str, option: str, now: datetime) -> datetime:
    """A time gone by: a span before now, or an ISO time (without a zone: that of this machine)."""
    found = _moment(text, option, now, -1)
    if found > now:
        raise Misuse(f"{option} {text!r} is to come. Give a time gone by.")
    return found


def moment(text: str, option: str, now: datetime) -> datetime:
    """Any time: a span from now, or an ISO time (without a zone: that of this machine)."""
    return _moment(text, option, now, 1)


def span(text: str, option: str, most_days: int) -> timedelta:
    """A span of time, so many days at most; 0 for none."""
    start = datetime.fromtimestamp(0, UTC)
    found = timedelta() if text == "0" else ahead(text, option, start) - start
    if found > timedelta(days=most_days):
        raise Misuse(f"{option} {text!r} is too long: {most_days}d at most.")
    return found


def _moment(text: str, option: str, now: datetime, sign: int) -> datetime:
    try:
        if spelled := re.fullmatch(r"([1-9]\d{0,5})([smhdw])", text):
            return now + sign * int(spelled[1]) * _UNITS[spelled[2]]
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise Misuse(
            f"{option} {text!r} is no span or time. Write 30d, 12h, 45m, 2w or 2030-01-31."
        ) from error
