"""What a timing means, in plain English."""

from datetime import datetime
from typing import Final

from listener_sdk.protocol.times import from_datetime
from listener_sdk.protocol.timings import WEEKDAYS, Repeat, Timing

from .cron_words import MONTHS, NTH, listed, ordinal
from .cron_words import WEEKDAYS as NAMES
from .cron_words import words as cron_words
from .occurrences import occurrences
from .zones import Zone

_UNITS: Final = {"minutes": "minute", "hours": "hour", "days": "day", "weeks": "week", "months": "month"}


def words(timing: Timing) -> str:
    """The meaning as a sentence without its full stop, but for the zone. Refusal or Refusals ``bad_timing``, as of `occurrences`."""
    found = occurrences(timing)
    if found.cron is not None:
        said = cron_words(found.cron)
    elif timing.repeat is not None:
        said = _repeat(timing.repeat, found.zone)
    else:
        assert timing.once is not None
        said = f"Once, on {_moment(timing.once, weekday=True)}"
    begins = f", from {_moment(timing.start)}" if timing.start else ""
    ends = f", until {_moment(timing.end)}" if timing.end else ""
    return f"{said}{begins}{ends}"


def _repeat(repeat: Repeat, place: Zone) -> str:
    unit = _UNITS[repeat.unit]
    every = f"Every {unit}" if repeat.every == 1 else f"Every {repeat.every} {unit}s"
    start = datetime.fromisoformat(repeat.start)
    first = repeat.start
    if start.tzinfo is not None:
        # What it fixes is a time of day of the zone, which its own offset does not follow through clock changes.
        first = place.shown(from_datetime(start) // 1000)[: len("2026-12-24T09:00:00")]
        start = datetime.fromisoformat(first)
    at = "" if repeat.unit in {"minutes", "hours"} else f" at {_clock(start)}"
    begins = f", starting {_moment(first, weekday=repeat.unit == 'weeks')}"
    ends = f", until {_moment(repeat.until)}" if repeat.until else ""
    count = {None: "", 1: ", once"}.get(repeat.count, f", {repeat.count} times")
    return f"{every}{_days(repeat, start)}{at}{begins}{count}{ends}"


def _days(repeat: Repeat, start: datetime) -> str:
    if repeat.unit == "weeks":
        days = sorted({WEEKDAYS.index(one) for one in repeat.weekdays or (WEEKDAYS[start.weekday()],)})
        return f" on {listed(NAMES[day] for day in days)}"
    if repeat.unit != "months":
        return ""
    if repeat.weekday is not None:
        nth = "last" if repeat.nth == "last" else NTH[int(repeat.nth or 1) - 1]
        return f" on the {nth} {NAMES[WEEKDAYS.index(repeat.weekday)]}{_perhaps(repeat.nth == 5)}"
    if repeat.day == "last":
        return " on the last day"
    day = repeat.day or start.day
    return f" on the {ordinal(day)}{_perhaps(day > 28)}"


def _perhaps(rare: bool) -> str:
    return ", where there is one," if rare else ""


def _moment(text: str, *, weekday: bool = False) -> str:
    """``Thursday 24 December 2026 at 09:00``; a date alone without a time, and an instant with its offset."""
    moment = datetime.fromisoformat(text)
    day = f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
    named = f"{NAMES[moment.weekday()]} {day}" if weekday else day
    return f"{named} at {_clock(moment)}" if "T" in text else named


def _clock(moment: datetime) -> str:
    shown = f"{moment:%H:%M:%S}".removesuffix(":00")
    return f"{shown} ({moment.tzname()})" if moment.tzinfo else shown
