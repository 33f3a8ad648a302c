"""The overview of a space: how its buckets are cut, and what is made of what was counted. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.overview import MOST_FAILURES
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .activity import STRETCH_MS, Tallies, Tally
from .jobs import JobRow

HOUR_MS: Final = 3_600_000
_STEPS: Final = ((6, 1), (24, 3), (72, 12), (168, 24))
"""Up to so many hours a bucket has so many stretches: there are 48 buckets at most."""
LONGEST_MESSAGE: Final = 500


class Buckets(NamedTuple):
    """``total`` buckets of ``size_ms`` from ``first`` on; the last is the one that goes on."""

    first: int
    size_ms: int
    total: int

    @property
    def end(self) -> int:
        """When the last one ends."""
        return self.first + self.total * self.size_ms

    def place(self, at: int) -> int:
        """In which bucket a time lies."""
        return (at - self.first) // self.size_ms


class Late(NamedTuple):
    """A due time that became a job: when that was made, and how late."""

    at: int
    ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is found of a space at one moment, beside what was counted. ``ran``, ``skipped`` and ``failed`` are due times."""

    now: int
    waiting: int
    running: int
    oldest_ready_at: int | None
    late: Sequence[Late]
    ran: int
    skipped: int
    failed: int
    listeners: int


def buckets_of(now: int, hours: int) -> Buckets:
    """The buckets of the last hours."""
    stretches = next(size for most, size in _STEPS if hours <= most)
    size_ms = stretches * STRETCH_MS
    count = ceil(hours * HOUR_MS / size_ms)
    last = now - now % size_ms
    return Buckets(last - (count - 1) * size_ms, size_ms, count)


def failures_of(tallies: Tallies, most: int = 2 * MOST_FAILURES) -> list[int]:
    """The jobs that failed last, the newest first; more than are shown, since some may be gone."""
    newest = (tallies[key] for key in sorted(tallies, key=lambda key: -key[1]))
    found = [number for tally in newest for number in reversed(tally.failures)]
    return list(dict.fromkeys(found))[:most]


def overview_wire(
    buckets: Buckets, hours: int, tallies: Tallies, standing: Standing, failed: Iterable[JobRow]
) -> dict[str, Any]:
    """The answer."""
    due = standing.ran + standing.skipped + standing.failed
    late = percentile([one.ms for one in standing.late], 95)
    schedules = {"due": due, "ran": standing.ran, "skipped": standing.skipped, "failed": standing.failed}
    oldest = {"oldestReadyAt": to_wire_or_none(standing.oldest_ready_at)}
    return {
        "since": to_wire(buckets.first),
        "until": to_wire(standing.now),
        "hours": hours,
        "bucketS": buckets.size_ms // 1000,
        "buckets": _buckets(buckets, tallies, standing),
        "queue": {"waiting": standing.waiting, "running": standing.running, **_said(oldest)},
        "failures": [_failure(row) for row in failed][:MOST_FAILURES],
        "schedules": {**schedules, **_said({"lateP95S": None if late is None else late / 1000})},
        "listeners": standing.listeners,
    }


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The least value that so many of a hundred do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


def _buckets(buckets: Buckets, tallies: Tallies, standing: Standing) -> list[dict[str, Any]]:
    found = [Tally() for _ in range(buckets.total)]
    for (_, at), tally in tallies.items():
        if 0 <= (place := buckets.place(at)) < buckets.total:
            found[place].join(tally)
    late: dict[int, int] = {}
    for one in standing.late:
        place = buckets.place(one.at)
        late[place] = max(one.ms, late.get(place, 0))
    return [
        _bucket(buckets.first + place * buckets.size_ms, buckets, tally, late.get(place), standing)
        for place, tally in enumerate(found)
    ]


def _bucket(
    at: int, buckets: Buckets, tally: Tally, late_ms: int | None, standing: Standing
) -> dict[str, Any]:
    # Nobody looks at a queue in which nothing happens: whatever waits still has waited all the time.
    since, until = standing.oldest_ready_at, min(at + buckets.size_ms, standing.now)
    waited_ms = tally.waited_ms if since is None else max(tally.waited_ms, until - since)
    return _said({
        "at": to_wire(at),
        "created": tally.created,
        "completed": tally.completed,
        "failed": tally.failed,
        "canceled": tally.canceled,
        "queueAgeS": waited_ms / 1000,
        "lateS": None if late_ms is None else late_ms / 1000,
    })  # fmt: skip


def _failure(row: JobRow) -> dict[str, Any]:
    outcome = orjson.loads(row.outcome) if row.outcome else {}
    message = outcome.get("message") or outcome.get("heading") or row.info
    return _said({
        "jobId": encode("jb", row.id),
        "job": row.name,
        "label": row.described().get("label"),
        "message": None if message is None else str(message)[:LONGEST_MESSAGE],
        "at": to_wire(row.finished_at or row.updated_at),
    })  # fmt: skip


def _said(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}
