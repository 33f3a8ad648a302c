"""The parts of a split job: what a handler holds of them while they run, and what became of them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ._awaited import Calls
from ._channel import Channel
from ._text import check_json
from .protocol.jobs import MOST_PARTS, JsonObject
from .protocol.jobs import Job as RawJob
from .protocol.lifecycle import Status

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PartsResult:
    """What became of the parts of a job, once all of them have ended."""

    total: int
    """How many parts there were; each of them counts once, as completed, failed or canceled."""
    jobs: list[RawJob] = field(repr=False)
    """The parts in their order, with ``part``, ``part_data``, ``status``, ``outcome``, ``result`` (the dict that the handler returned,
    or its outcome's ``data``) and ``info``. Of a part that was run again, the newest run; one that was deleted is missing."""
    completed: int
    """How many completed, in part too."""
    failed: int
    """How many failed."""
    canceled: int
    """How many were canceled, or deleted."""


class Parts:
    """What `Job.split` gives: the parts of the job, which run on their own."""

    total: int
    """How many there are."""

    def __init__(self, parent: RawJob, channel: Channel, calls: Calls, go_on: Callable[[], None]) -> None:
        self.total = parent.parts or 0
        self._channel = channel
        self._calls = calls
        self._go_on = go_on

    def wait(self) -> Coroutine[Any, Any, PartsResult]:
        """Wait until all parts have ended, each in whatever way; what became of them.

        Nothing is asked of the server meanwhile, and a restart of it is waited out. While a handler waits here its job holds no
        slot of the listener: its parts may run in the same one, even if that takes one job at a time.

        CancelledError when the job was asked to stop; if the job is canceled, so are its unfinished parts.
        """
        return self._calls.make("parts.wait", self._wait)

    async def _wait(self) -> PartsResult:
        self._go_on()
        return await self._channel.parts_ended()

    def list(self) -> Coroutine[Any, Any, "RawJobs"]:
        """The parts as they stand now, in their order: jobs with ``part``, ``status``, ``progress``, ``result`` ..."""
        return self._calls.make("parts.list", self._channel.parts)


class SyncParts:
    """What `SyncJob.split` gives: as `Parts`, without ``await``."""

    total: int
    """How many there are."""

    def __init__(
        self, parent: RawJob, channel: Channel, waited: Callable[[Callable[[], Awaitable[Any]]], Any]
    ) -> None:
        self.total = parent.parts or 0
        self._channel = channel
        self._waited = waited

    def wait(self) -> PartsResult:
        """As `Parts.wait`; Canceled when the job was asked to stop."""
        found: PartsResult = self._waited(self._channel.parts_ended)
        return found

    def list(self) -> "RawJobs":
        """As `Parts.list`."""
        found: RawJobs = self._waited(self._channel.parts)
        return found


# Inside the classes the word list is a method.
RawJobs = list[RawJob]
PartData = list[JsonObject]


def result_of(jobs: Iterable[RawJob], total: int | None) -> PartsResult:
    """Count the children of a job that are its parts."""
    parts = newest(jobs)
    found = Counter(job.status for job in parts)
    whole = max(total or 0, len(parts))
    completed, failed = found[Status.COMPLETE], found[Status.FAILED]
    return PartsResult(whole, parts, completed, failed, whole - completed - failed)


def newest(jobs: Iterable[RawJob]) -> RawJobs:
    """The parts among the children of a job, in their order; of those that were run again the newest."""
    by_number = {job.part: job for job in sorted(jobs, key=lambda job: job.id) if job.part is not None}
    return [by_number[number] for number in sorted(by_number)]


def parts_body(parts: int | Iterable[Any]) -> int | PartData:
    """How to split, as it travels: a number, or an object for each part; ValueError for what the server would refuse."""
    if isinstance(parts, int) and not isinstance(parts, bool):
        _check_count(parts)
        return parts
    several = [_part_data(part, number) for number, part in enumerate(_listed(parts))]
    _check_count(len(several))
    return several


def _listed(parts: object) -> Iterable[Any]:
    if isinstance(parts, str | bytes | dict) or not isinstance(parts, Iterable):
        what = f"parts are a number, or a list with a dict for each part, not {parts!r:.80}"
        raise ValueError(what)  # noqa: TRY004 - as for all else that cannot be split
    return parts


def _part_data(part: Any, number: int) -> JsonObject:
    found = part.model_dump(mode="json", by_alias=True) if hasattr(part, "model_dump") else part
    if found is None:
        return {}
    if not isinstance(found, dict):
        what = f"part {number} is {part!r:.80}: what a part shall work on is a dict or a pydantic model"
        raise ValueError(what)  # noqa: TRY004 - a value of the data
    check_json(found, f"parts[{number}]")
    return found


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_PARTS:
        raise ValueError(
            f"a job is split into 1 to {MOST_PARTS:,} parts, not {count:,}: give each part more to do, or split parts again"
        )
