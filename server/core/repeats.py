"""Repetitions on a grid of days: the next local time of every so many days, weeks or months."""

from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from listener_sdk.protocol.timings import WEEKDAYS, Repeat

from .cron import EPOCH, HORIZON_YEARS

_LAST_DAY: Final = (date(2300, 1, 1) - EPOCH).days
"""No timing is followed beyond."""


@dataclass(frozen=True)
class Grid:
    """The days of a repetition. Days are counted from 1970; ``first`` is the day of its start."""

    repeat: Repeat
    first: int

    def next(self, day: int) -> int | None:
        """The first of its days from ``day`` on; None when there is none within the horizon."""
        wanted = max(day, self.first)
        if self.repeat.unit == "days":
            return wanted + -(wanted - self.first) % self.repeat.every
        return self._of_weeks(wanted) if self.repeat.unit == "weeks" else self._of_months(wanted)

    def last(self, count: int) -> int | None:
        """The day of its last time, where it has so many; None when that is out of reach."""
        if self.repeat.unit == "days":
            return self.first + (count - 1) * self.repeat.every
        if self.repeat.unit == "weeks":
            return self._last_of_weeks(count)
        found = self.next(self.first)
        while count > 1 and found is not None and found < _LAST_DAY:
            found, count = self.next(found + 1), count - 1
        return found if count == 1 else None

    def _last_of_weeks(self, count: int) -> int:
        weekdays, monday = self._weekdays, self.first - _weekday(self.first)
        passed = bisect_left(weekdays, _weekday(self.first))
        weeks, at = divmod(count - 1 + passed, len(weekdays))
        return monday + weeks * self.repeat.every * 7 + weekdays[at]

    @property
    def _weekdays(self) -> list[int]:
        return sorted({WEEKDAYS.index(one) for one in self.repeat.weekdays or ()}) or [_weekday(self.first)]

    def _of_weeks(self, day: int) -> int:
        weekdays = self._weekdays
        monday = self.first - _weekday(self.first)
        weeks = (day - monday) // 7
        if weeks % self.repeat.every == 0:
            at = bisect_left(weekdays, _weekday(day))
            if at < len(weekdays):
                return monday + weeks * 7 + weekdays[at]
        return monday + (weeks + self.repeat.every - weeks % self.repeat.every) * 7 + weekdays[0]

    def _of_months(self, day: int) -> int | None:
        begin, wanted = _month_of(self.first), _month_of(day)
        month = wanted + -(wanted - begin) % self.repeat.every
        while month <= wanted + 12 * HORIZON_YEARS:
            found = self._in_month(month // 12, month % 12 + 1)
            if found is not None and found >= day:
                return found
            month += self.repeat.every
        return None

    def _in_month(self, year: int, month: int) -> int | None:
        first_weekday, length = monthrange(year, month)
        if self.repeat.weekday is not None:
            number = 1 + (WEEKDAYS.index(self.repeat.weekday) - first_weekday) % 7
            number += 7 * (
                (length - number) // 7 if self.repeat.nth == "last" else int(self.repeat.nth or 1) - 1
            )
        elif self.repeat.day == "last":
            number = length
        else:
            number = self.repeat.day or _date(self.first).day
        return (date(year, month, number) - EPOCH).days if number <= length else None


def _weekday(day: int) -> int:
    return (day + 3) % 7  # 1970 began on a Thursday


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _month_of(day: int) -> int:
    found = _date(day)
    return found.year * 12 + found.month - 1
