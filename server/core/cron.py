"""A cron expression as sets of numbers, and the next local time that it means.

croniter reads what is plain in an expression: lists, ranges and steps of numbers. All else is not asked of it, because it answers
otherwise than our dialects say (7.0.0, measured): it takes the seconds of six fields for the last one, 1 for Monday in Quartz's weekdays,
an equal range such as ``5-5`` for all values, does not know ``LW`` and ``6L``, runs fixed times twice where clocks go back, and raises
where an expression with years has come to its end. So names, signs and ranges that wrap are made numbers before it sees them. Which day
and time comes next is looked up in the sets, without a zone: zones are the part of `occurrences`.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise, product
from typing import Final

from croniter import croniter

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.timings import Dialect

from .cron_days import Days
from .cron_letters import SIGN, of_days, of_weekdays
from .refusals import Refusals

SHORTEST_INTERVAL_S: Final = 10
HORIZON_YEARS: Final = 8
"""What is not due within so many years is never due."""
DAY_S: Final = 86_400
EPOCH: Final = date(1970, 1, 1)
_CYCLE_YEARS: Final = 28
"""Within so many years, 1900 and 2100 not among them, each month has begun on each weekday."""
_CYCLE_BEGINS: Final = date(2000, 1, 1)
_ITEM: Final = re.compile(
    r"(?P<low>\*|[a-z]+|[0-9]{1,4})(-(?P<high>[a-z]+|[0-9]{1,4}))?(/(?P<step>[0-9]{1,4}))?",
    re.IGNORECASE,
)
_OPEN: Final = frozenset({"*", "?"})


@dataclass(frozen=True, slots=True)
class Place:
    """One field of an expression: the numbers that it takes, the names of those from ``lowest`` on, and what croniter takes more or less."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    shift: int = 0

    def number(self, text: str) -> int:
        """The number that stands or is named here; ValueError."""
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.lowest
        if not text.isdigit() or not self.lowest <= int(text) <= self.highest:
            named = f" or names such as {self.names[1].upper()}" if self.names else ""
            raise ValueError(f"{text[:40]!r} is no number from {self.lowest} to {self.highest}{named}.")
        return int(text)


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CLOCK: Final = (Place("second", 0, 59), Place("minute", 0, 59), Place("hour", 0, 23))
_DAY: Final = Place("day of month", 1, 31)
_MONTH: Final = Place("month", 1, 12, _MONTHS)
_WEEKDAY: Final = {
    "unix": Place("weekday", 0, 7, _WEEKDAYS),
    "quartz": Place("weekday", 1, 7, _WEEKDAYS, shift=-1),
}
_YEAR: Final = Place("year", 1970, 2099)
_WHOLE: Final = (range(60), range(60), range(24), range(1, 32), range(1, 13), range(7), range(1970, 2100))


@dataclass(frozen=True)
class Cron:
    """What an expression means. ``years`` None is any year."""

    dialect: Dialect
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: tuple[int, ...]
    years: tuple[int, ...] | None = None
    elapsed: bool = field(default=False, compare=False)
    """Whether it follows elapsed time where clocks change: its minute or hour begins with ``*``. Else its times are fixed."""

    @cached_property
    def times(self) -> Sequence[int]:
        """The seconds of a day."""
        return array(
            "i", (h * 3600 + m * 60 + s for h, m, s in product(self.hours, self.minutes, self.seconds))
        )

    def next(self, local: int, years: int = HORIZON_YEARS) -> int | None:
        """The first time from ``local`` on, both seconds since 1970 as a clock shows them; None when there is none for so many years."""
        today, second = divmod(local, DAY_S)
        for first, year, month in self._months(EPOCH + timedelta(days=today), years):
            for number in self.days.of_month(year, month):
                day = first + number - 1
                at = bisect_left(self.times, second) if day == today else 0
                if day >= today and at < len(self.times):
                    return day * DAY_S + self.times[at]
        return None

    def _months(self, begin: date, years: int) -> Iterator[tuple[int, int, int]]:
        """From the month of a day on: the number of its first day since 1970, its year and itself."""
        for index in range(begin.year * 12 + begin.month - 1, (begin.year + years) * 12 + begin.month):
            year, month = index // 12, index % 12 + 1
            if month in self.months and (self.years is None or year in self.years):
                yield (date(year, month, 1) - EPOCH).days, year, month

    def is_possible(self) -> bool:
        """Whether there is any such day in any of its years."""
        if self.years is None:
            begins = (_CYCLE_BEGINS - EPOCH).days * DAY_S
            return self.next(begins, _CYCLE_YEARS) is not None
        return any(self.days.of_month(year, month) for year in self.years for month in self.months)

    def shortest_s(self) -> int:
        """The fewest seconds between two of its times; from one day to the next, whether or not both days have some."""
        within = min((later - earlier for earlier, later in pairwise(self.seconds)), default=60)
        if within < SHORTEST_INTERVAL_S:
            return within  # before a day of seconds is written out
        return min(later - earlier for earlier, later in pairwise([*self.times, self.times[0] + DAY_S]))


def bad(message: str) -> Refusal:
    """The refusal of an expression."""
    return Refusal("bad_timing", f"cron: {message}", key="cron")


def make(dialect: Dialect, fields: Sequence[str]) -> Cron:
    """The meaning of seven fields, seconds first and years last. Refusals ``bad_timing`` that name all that is wrong with them."""
    written = [text.lower() for text in fields]
    places = (*_CLOCK, _DAY, _MONTH, _WEEKDAY[dialect], _YEAR)
    problems: list[Refusal] = []
    plain: list[list[str]] = []
    signs: list[list[str]] = []
    for place, text in zip(places, fields, strict=True):
        try:
            numbers, others = _split(place, text, dialect)
        except ValueError as error:
            problems.append(bad(f"{place.name} {text[:40]!r}: {error}"))
        else:
            plain.append(numbers)
            signs.append(others)
    if problems:
        raise Refusals(problems)
    return _checked(_made(dialect, written, _expanded(plain), signs))


# ---- what is written


def _split(place: Place, text: str, dialect: Dialect) -> tuple[list[str], list[str]]:
    """The items of a field that croniter may read, and Quartz's signs; ValueError says what is wrong."""
    numbers: list[str] = []
    signs: list[str] = []
    for item in text.split(","):
        if place.name not in {"day of month", "weekday"} or not SIGN.fullmatch(item.lower()):
            numbers += _numbers(place, item, dialect)
        elif dialect == "unix":
            raise ValueError(
                "?, L, W and # are signs of quartz, which has the seconds first: 0 0 9 ? * MON#1."
            )
        else:
            signs.append(item.lower())
    if "?" in text and text != "?":
        raise ValueError("? stands alone: it says that the field does not matter.")
    if place.name == "day of month":
        of_days(item for item in signs if item != "?")
    return numbers, signs


def _numbers(place: Place, item: str, dialect: Dialect) -> Iterator[str]:
    if dialect == "quartz" and item.startswith("/"):
        item = f"{place.lowest}{item}"
    match = _ITEM.fullmatch(item)
    if match is None or (match["low"] == "*" and match["high"]):
        raise ValueError(
            f"{item[:40]!r} is no number, no range such as 1-5 and no *; a step follows it as in */5."
        )
    step = _step(place, match["step"])
    if match["low"] == "*":
        yield f"*/{step}" if match["step"] else "*"
        return
    low = place.number(match["low"])
    high = _high(place, match, low)
    if low > high:
        yield from _wrapped(place, low, high, step, dialect)
    elif low == high:
        yield str(low + place.shift)
    else:
        yield f"{low + place.shift}-{high + place.shift}/{step}"


def _high(place: Place, match: re.Match[str], low: int) -> int:
    if not match["high"]:
        return place.highest if match["step"] else low
    high = place.number(match["high"])
    # sat-sun: of a week that begins with Sunday, it is the 7 as well as the 0.
    return 7 if match["high"].lower() == "sun" and place.lowest == 0 < low else high


def _wrapped(place: Place, low: int, high: int, step: int, dialect: Dialect) -> Iterator[str]:
    if dialect == "unix" or place is _YEAR:
        raise ValueError(f"the range goes backwards. Write {low}-{place.highest},{place.lowest}-{high}.")
    span = place.highest - place.lowest + 1
    for value in range(low, high + span + 1, step):
        yield str((value - place.lowest) % span + place.lowest + place.shift)


def _step(place: Place, text: str | None) -> int:
    step = int(text or 1)
    widest = place.highest - place.lowest
    if not 1 <= step <= widest:
        raise ValueError(
            f"a step lies within 1 to {widest}, since the field begins anew behind {place.highest}. Take repeat for longer intervals."
        )
    return step


# ---- what it means


def _expanded(plain: list[list[str]]) -> list[tuple[int, ...]]:
    """The numbers of each field, none where it has no items; weekdays are croniter's, Sunday being 0."""
    text = " ".join(",".join(items) or "*" for items in plain)
    expanded, _ = croniter.expand(text, second_at_beginning=True)
    # croniter moves the seconds behind the weekday.
    ordered = (expanded[5], *expanded[:5], expanded[6])
    return [
        () if not items else tuple(whole) if "*" in values else tuple(sorted(map(int, values)))
        for items, values, whole in zip(plain, ordered, _WHOLE, strict=True)
    ]


def _made(dialect: Dialect, written: list[str], sets: list[tuple[int, ...]], signs: list[list[str]]) -> Cron:
    day, weekday = written[3], written[5]
    if dialect == "quartz":
        _check_one_is_open(day, weekday)
    try:
        weekday_signs = of_weekdays((item for item in signs[5] if item not in {"?", "l"}), _weekday_number)
    except ValueError as error:
        raise bad(f"weekday {weekday[:40]!r}: {error}") from None
    saturday = frozenset({5} if "l" in signs[5] else ())  # in Quartz, the last day of a week
    days = Days(
        numbers=None if day in _OPEN else frozenset(sets[3]),
        weekdays=None if weekday in _OPEN else frozenset((value + 6) % 7 for value in sets[5]) | saturday,
        # The rule of Vixie's cron: a field that begins with * narrows the other, else they are added.
        either=not (day in _OPEN or weekday in _OPEN or day.startswith("*") or weekday.startswith("*")),
        **of_days(item for item in signs[3] if item != "?"),
        **weekday_signs,
    )
    return Cron(
        dialect=dialect,
        seconds=sets[0],
        minutes=sets[1],
        hours=sets[2],
        days=days,
        months=sets[4],
        years=None if written[6] == "*" else sets[6],
        elapsed=written[1].startswith("*") or written[2].startswith("*"),
    )


def _weekday_number(text: str) -> int:
    # Quartz's Sunday is 1; here Monday is 0.
    return (_WEEKDAY["quartz"].number(text) + 5) % 7


def _check_one_is_open(day: str, weekday: str) -> None:
    if day == weekday == "?":
        raise bad("one of day of month and weekday may be ?, not both. Write * for every day: 0 0 9 * * ?")
    if day not in _OPEN and weekday not in _OPEN:
        raise bad(
            f"quartz takes either the day of month ({day[:40]}) or the weekday ({weekday[:40]}). Write ? in the place of the other."
        )


def _checked(made: Cron) -> Cron:
    if (shortest := made.shortest_s()) < SHORTEST_INTERVAL_S:
        raise bad(
            f"it would be due every {shortest} s; {SHORTEST_INTERVAL_S} s are the least, such as */{SHORTEST_INTERVAL_S} in the seconds."
        )
    if not made.is_possible():
        raise bad("it is never due: no month that it names has such a day.")
    return made
