"""Time zones: their names, and spans of time in which their clocks go evenly.

All of it is of the package tzdata, wherever the server runs: a machine's own files may be years older, and servers of one store must agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from importlib import import_module, resources
from typing import Final
from zoneinfo import ZoneInfo

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.near_names import did_you_mean

DAY_S: Final = 86_400
VERSION: Final = str(import_module("tzdata").IANA_VERSION)
"""Which zone data this is, such as ``2026a``: due times that were computed with another may be wrong."""
MOST_KEPT: Final = 16_384
_STRIDE_S: Final = 6 * DAY_S
"""Between two changes of any zone lie seven days, less an hour, at least (since 1945)."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """Time from ``start`` to before ``end`` (seconds since 1970), in which clocks are ``offset`` seconds ahead of UTC.

    ``before`` and ``after`` are the offsets on either side: clocks go forward at the start where ``before`` is less. A span ends with the
    month at the latest.
    """

    start: int
    end: int
    offset: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone. *Local* seconds are what its clocks show, counted as if they were UTC."""

    name: str

    def offset(self, second: int) -> int:
        """How many seconds clocks are ahead of UTC at an instant."""
        return _offset(_info(self.name), second)

    def shown(self, second: int) -> str:
        """An instant as clocks show it, with their offset: ``2026-03-29T03:00:00+02:00``."""
        offset = timezone(timedelta(seconds=self.offset(second)))
        return (_EPOCH + timedelta(seconds=second)).astimezone(offset).isoformat()

    def spans(self, second: int) -> Iterator[Span]:
        """The spans from the one that holds this instant on, without end."""
        moment = _EPOCH + timedelta(seconds=second)
        month = moment.year * 12 + moment.month - 1
        yield from (span for span in _spans(self.name, month) if span.end > second)
        while True:
            month += 1
            yield from _spans(self.name, month)

    def instants(self, local: int) -> list[int]:
        """When clocks show this: once, twice where they go back, never where they leave it out."""
        found = []
        for span in self.spans(local - 2 * DAY_S):
            if span.start > local + 2 * DAY_S:
                break
            if span.start <= local - span.offset < span.end:
                found.append(local - span.offset)
        return found

    def next_instant(self, local: int) -> int:
        """When clocks first show this or, where they leave it out, what comes after."""
        if found := self.instants(local):
            return found[0]
        spans = self.spans(local - 2 * DAY_S)
        return next(span.start for span in spans if span.start + span.offset > local)


def zone(name: str, key: str = "timeZone") -> Zone:
    """The zone of this name; Refusal ``bad_timing`` that names near ones."""
    if name not in names():
        raise Refusal("bad_timing", unknown_zone(name), key=key)
    return Zone(name)


def unknown_zone(name: str) -> str:
    """What is said of a name that no zone has."""
    alike = [one for one in names() if one.casefold() == name.casefold()]
    said = did_you_mean(name, alike or names()) or " Write one such as Europe/Paris."
    return f"{name!r} is no time zone of the IANA database.{said}"


@cache
def names() -> frozenset[str]:
    """All names of zones, old ones too."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@lru_cache(maxsize=1024)
def _info(name: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _offset(info: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, info).utcoffset()
    assert offset is not None
    return offset.days * DAY_S + offset.seconds


@lru_cache(maxsize=MOST_KEPT)
def _spans(name: str, month: int) -> tuple[Span, ...]:
    """Those of a month, which is counted from the year 0."""
    info = _info(name)
    first = _first_second(month)
    end = _first_second(month + 1)
    starts = [first, *_changes(info, first, end)]
    offsets = [_offset(info, first - 1), *(_offset(info, start) for start in starts), _offset(info, end)]
    ends = [*starts[1:], end]
    return tuple(
        Span(start, ends[index], offsets[index + 1], offsets[index], offsets[index + 2])
        for index, start in enumerate(starts)
    )


def _first_second(month: int) -> int:
    since = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _EPOCH
    return since.days * DAY_S


def _changes(info: ZoneInfo, first: int, end: int) -> Iterator[int]:
    """The instants between two at which the offset changes."""
    before = _offset(info, first)
    for low in range(first, end, _STRIDE_S):
        high = min(low + _STRIDE_S, end - 1)
        offset = _offset(info, high)
        if offset != before:
            yield _change(info, low, high, before)
            before = offset


def _change(info: ZoneInfo, low: int, high: int, before: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(info, middle) == before:
            low = middle
        else:
            high = middle
    return high
