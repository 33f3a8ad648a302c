"""A timing explained: in words, and by the next times that something would run, with what clock changes do to them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import to_wire
from listener_sdk.protocol.timings import Timing

from .clock_notes import shifted
from .cron import HORIZON_YEARS
from .occurrences import Occurrences, occurrences
from .timing_words import words


def preview(timing: Timing, at: int, count: int) -> dict[str, Any]:
    """``Preview`` of the first times after an instant in milliseconds. Refusal or Refusals ``bad_timing``."""
    found = due(timing, at)
    return {"dialect": found.dialect, "words": words(timing), "times": list(islice(_times(found, at), count))}


def due(timing: Timing, at: int) -> Occurrences:
    """The due times of a timing by which something runs after an instant in milliseconds; Refusal or Refusals ``bad_timing``."""
    found = occurrences(timing)
    if found.runs_after(at) is None:
        kind = "cron" if timing.cron is not None else "repeat" if timing.repeat is not None else "once"
        raise Refusal("bad_timing", f"{kind}: {_why(timing, found, at)}", key=kind)
    return found


def _why(timing: Timing, found: Occurrences, at: int) -> str:
    """Why nothing runs after an instant."""
    if (skipped := found.after(at)) is not None:
        return f"it never runs. {skipped.note} Choose another time of day, or gap next-valid."
    if timing.once is not None:
        return f"it is due no more, since {words(timing).removeprefix('Once, on ')} has passed."
    year = datetime.fromtimestamp(at / 1000, UTC).year
    if found.cron is not None and found.last * 1000 > at and max(found.cron.years or (year + 1,)) > year:
        return f"it is not due within {HORIZON_YEARS} years."
    return "it is due no more, since its last time has passed."


def _times(found: Occurrences, at: int) -> Iterator[dict[str, Any]]:
    """Skipped times are told with the next one that runs."""
    offset = found.zone.offset(at // 1000)
    notes: list[str] = []
    for one in found.each(at):
        notes += [one.note] if one.note else []
        if one.skip is not None:
            continue
        before, offset = offset, found.zone.offset(one.at // 1000)
        if offset != before and not notes:
            notes = [shifted(before, offset)]
        told = {"note": " ".join(notes)} if notes else {}
        yield {"utc": to_wire(one.at), "local": found.local(one.at), **told}
        notes = []
