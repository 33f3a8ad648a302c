"""How far a definition's runs have come: what each run begins with, and what its end makes of it. See docs/run-modes.md.

A version names a value: whoever moves or resets the watermark raises it, and a run moves only what it began with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire_or_none

from .job_types import JobType, check_mode

FULL: Final = "full"
DELTA: Final = "delta"
SETTLED: Final = ("runMode", "watermark")
"""What a job's description has from its grant on."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """One row of table ``watermark``, its fields in the table's order; times are milliseconds.

    ``moved_at`` and ``job_id`` tell of the last move or reset (a person's has no job), ``succeeded_at`` of the first success since then
    that counts, None while there is none.
    """

    definition_id: int
    space_id: int
    value: str | None = None
    version: int = 0
    moved_at: int | None = None
    job_id: int | None = None
    succeeded_at: int | None = None

    @property
    def is_first(self) -> bool:
        """Whether the next run is as the first: none before it has succeeded, and nobody has said where to begin."""
        return self.succeeded_at is None and self.value is None


@dataclass(frozen=True, slots=True)
class Settled:
    """What one attempt goes by."""

    run_mode: str
    since: str | None
    version: int

    def wire(self) -> dict[str, Any]:
        """The same in the job's description."""
        return {"runMode": self.run_mode, "watermark": {"since": self.since, "version": self.version}}


class Verdict(StrEnum):
    """What a run that was complete does to the watermark, and why not."""

    MOVED = "moved"
    CHANGED = "changed"
    PARTIAL = "partial"


def noted(job_type: JobType, settings: Mapping[str, Any], asked: str | None) -> dict[str, Any]:
    """What a job's description says of its modes when it is made, as the definition says then; nothing where its type has no delta.

    Refusal ``invalid`` for a mode that the type does not have.
    """
    mode = asked or settings.get("default") or job_type.modes[0]
    check_mode(job_type, mode)
    if DELTA not in job_type.modes:
        return {} if asked is None else {"runMode": asked}
    start = (settings.get("delta") or {}).get("startDate")
    found = {
        "asked": mode,
        "startDate": start,
        "onPartial": settings.get("onPartial"),
        "first": None if FULL in job_type.modes else DELTA,
    }
    return {"modes": {name: value for name, value in found.items() if value is not None}}


def settled(modes: Mapping[str, Any], mark: Watermark | None) -> Settled:
    """The mode of an attempt that begins now, and from where on it reads; ``modes`` are what `noted` has said."""
    version = 0 if mark is None else mark.version
    start = modes.get("startDate")
    if mark is None or mark.is_first:
        return Settled(modes.get("first", FULL), start, version)
    if modes["asked"] == FULL:
        return Settled(FULL, None, version)
    return Settled(DELTA, mark.value or start, version)


def after_success(
    mark: Watermark, began_with: int, to: str | None, now: int, job_id: int, *, is_kept: bool
) -> tuple[Watermark, Verdict]:
    """The watermark after a run that was complete, and what became of the move ``to``; ``is_kept`` of one that does not count."""
    if is_kept:
        return mark, Verdict.PARTIAL
    if mark.version != began_with:
        return mark, Verdict.CHANGED
    known = replace(mark, succeeded_at=mark.succeeded_at or now)
    if to is None or to == mark.value:
        return known, Verdict.MOVED
    return replace(known, value=to, version=mark.version + 1, moved_at=now, job_id=job_id), Verdict.MOVED


def put(mark: Watermark, value: str, now: int) -> Watermark:
    """A person has said from where on the next delta run reads; runs that began before move nothing any more."""
    return replace(mark, value=value, version=mark.version + 1, moved_at=now, job_id=None)


def reset(mark: Watermark, now: int) -> Watermark:
    """As if no run had succeeded yet; runs that began before move nothing any more."""
    return Watermark(mark.definition_id, mark.space_id, version=mark.version + 1, moved_at=now)


def watermark_wire(mark: Watermark) -> dict[str, Any]:
    """The watermark as JSON object."""
    found = {
        "value": mark.value,
        "version": mark.version,
        "movedAt": to_wire_or_none(mark.moved_at),
        "jobId": None if mark.job_id is None else encode("jb", mark.job_id),
        "succeededAt": to_wire_or_none(mark.succeeded_at),
    }
    return {name: value for name, value in found.items() if value is not None}
