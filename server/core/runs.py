"""Runs of definitions as history has them: by what they are found, and how they are ordered. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from listener_sdk.protocol.ids import LARGEST, WIDTH, decode, encode
from listener_sdk.protocol.lifecycle import Status

from .jobs import JobRow, Origin
from .later import later

if TYPE_CHECKING:
    from . import schedules
    from .missed import Missed
else:
    schedules = later(".schedules", __package__)

RUNNING: Final = "running"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
CANCELED: Final = "canceled"
SUCCESS: Final = "success"
PARTIAL: Final = "partial"
RETRY: Final = "retry"
SLOT_ID: Final = "slotId"
"""Names the run of a due time in what started the job that was made for it later."""
_UNSETTLED: Final = "-"
_PLACE: Final = "run"
_CURSOR: Final = f"us_{_PLACE}_"


class Facets(NamedTuple):
    """What lists are filtered by; ``mode`` None until it is settled."""

    result: str
    mode: str | None
    trigger: str

    @property
    def text(self) -> str:
        """As the store keeps it."""
        return _text(self.result, self.mode, self.trigger)

    @classmethod
    def read(cls, text: str) -> "Facets":
        """The facets of a text."""
        result, mode, trigger = text.split(" ", 2)
        return cls(result, None if mode == _UNSETTLED else mode, trigger)


def _text(result: str, mode: str | None, trigger: str) -> str:
    return f"{result} {mode or _UNSETTLED} {trigger}"


def facets_of(row: JobRow, result: str, origin: Origin, *, is_settled: bool) -> str:
    """The text of the `Facets` of a definition's job; whether ``is_settled`` in which mode it runs, if that was to be."""
    mode: str | None = origin.run_mode or "full"
    if origin.modes is not None:
        mode = row.described().get("runMode") if is_settled else None
    is_again = row.rerun_of is not None or SLOT_ID in origin.started_by
    return _text(result, mode, RETRY if is_again else str(origin.started_by.get("kind", "api")))


def mode_of(row: JobRow) -> str | None:
    """In which mode a job runs; None while that is not settled. One whose type knows no other is full."""
    told = row.told_mode
    return told if told is not None or row.run_modes is not None else "full"


def schedule_of(origin: Origin) -> int | None:
    """The schedule that has led to a job, by its number."""
    named = origin.started_by.get("scheduleId")
    return decode(schedules.KIND, named) if isinstance(named, str) else None


def result_of(row: JobRow) -> str:
    """What became of a job."""
    if not row.ended:
        return RUNNING
    if row.status != Status.COMPLETE:
        return str(row.status)
    told = orjson.loads(row.outcome) if row.outcome else {}
    return PARTIAL if told.get("result") == PARTIAL else SUCCESS


def chosen(
    facets: Iterable[str], results: frozenset[str], modes: frozenset[str], triggers: frozenset[str]
) -> list[str]:
    """Those of these facets that a filter lets pass; an empty set lets all pass."""
    return [
        text
        for text in facets
        if (one := Facets.read(text))
        and (not results or one.result in results)
        and (not modes or one.mode in modes)
        and (not triggers or one.trigger in triggers)
    ]


# ---- order


class Place(NamedTuple):
    """Where a run stands, the newest with the largest: of one instant jobs come first, each by its number."""

    at: int
    is_job: int
    first: int
    second: int = 0

    @property
    def text(self) -> str:
        """As a cursor."""
        return _CURSOR + "".join(
            encode(_PLACE, min(max(part, 0), LARGEST))[-WIDTH:]
            for part in (self.at, self.is_job, self.first, self.second)
        )

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """The place of a cursor; None when it is none."""
        parts = [text[at : at + WIDTH] for at in range(len(_CURSOR), len(text), WIDTH)]
        numbers = [decode(_PLACE, f"{_CURSOR}{part}") for part in parts]
        if not text.startswith(_CURSOR) or len(numbers) != 4 or None in numbers:
            return None
        return cls(*(number or 0 for number in numbers))


NEWEST: Final = Place(LARGEST, 2, LARGEST, LARGEST)
"""Before the first run of any list."""


def place_of_job(at: int, number: int) -> Place:
    """Where a job stands that was made then."""
    return Place(at, 1, number)


def place_of_missed(missed: "Missed") -> Place:
    """Where a due time stands."""
    return Place(missed.at, 0, missed.schedule_id, missed.due_at)
