"""Which days of a month a cron expression means: numbers, weekdays, and Quartz's last, nearest and nth ones."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SATURDAY: Final = 5
SUNDAY: Final = 6
_None: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the month and days of the week, Monday being 0. None for either stands for all of them.

    - ``numbers``: days of the month
    - ``from_last``: so many days before the last one (``L`` is 0, ``L-3`` 3)
    - ``nearest``: the weekday, Monday to Friday, nearest to this day and in its month (``15W``)
    - ``nearest_last``: the same to the day so many days before the last one (``LW``)
    - ``weekdays``: days of the week
    - ``nth``: the first to fifth of a day of the week (``6#3``)
    - ``last``: the last of a day of the week (``6L``)
    - ``either``: a day of the month or one of the week will do, else it must be both
    """

    numbers: frozenset[int] | None = None
    from_last: frozenset[int] = _None
    nearest: frozenset[int] = _None
    nearest_last: frozenset[int] = _None
    weekdays: frozenset[int] | None = None
    nth: frozenset[tuple[int, int]] = frozenset()
    last: frozenset[int] = _None
    either: bool = False

    @property
    def any_number(self) -> bool:
        """Whether the day of the month does not matter."""
        return self.numbers is None

    @property
    def any_weekday(self) -> bool:
        """Whether the day of the week does not matter."""
        return self.weekdays is None

    def of_month(self, year: int, month: int) -> tuple[int, ...]:
        """The days of a month, in order."""
        return _of_month(self, year, month)


@lru_cache(maxsize=8_192)
def _of_month(days: Days, year: int, month: int) -> tuple[int, ...]:
    first_weekday, length = monthrange(year, month)
    numbers = set(_numbers(days, first_weekday, length))
    weekdays = set(_weekdays(days, first_weekday, length))
    return tuple(sorted(numbers | weekdays if days.either else numbers & weekdays))


def _numbers(days: Days, first_weekday: int, length: int) -> Iterator[int]:
    yield from range(1, length + 1) if days.numbers is None else days.numbers
    yield from (length - back for back in days.from_last)
    for day in (*days.nearest, *(length - back for back in days.nearest_last)):
        if 1 <= day <= length:
            yield _nearest(day, (first_weekday + day - 1) % 7, length)


def _nearest(day: int, weekday: int, length: int) -> int:
    if weekday == SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _weekdays(days: Days, first_weekday: int, length: int) -> Iterator[int]:
    for day in range(1, length + 1):
        weekday = (first_weekday + day - 1) % 7
        if (
            days.weekdays is None
            or weekday in days.weekdays
            or (weekday, (day + 6) // 7) in days.nth
            or (weekday in days.last and day + 7 > length)
        ):
            yield day
