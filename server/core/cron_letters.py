"""The signs of Quartz for days: ``L``, ``L-3``, ``15W``, ``LW``, ``6L`` and ``6#3``. ValueError says what is wrong with one."""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypedDict

SIGN: Final = re.compile(r".*[?#].*|l|lw|l-.*|.*[0-9]w|.*[0-9]l|(sun|mon|tue|wed|thu|fri|sat)l")
"""What of a field of days, in small letters, is no plain number, name or range."""
_DAY: Final = re.compile(r"(?P<last>l(-(?P<back>[0-9]{1,2}))?)(?P<w>w)?|(?P<near>[0-9]{1,2})w")
_WEEKDAY: Final = re.compile(r"(?P<day>[0-9a-z]+?)(l|#(?P<nth>[0-9]+))")
_MOST_BACK: Final = 30


class DaySigns(TypedDict):
    """Fields of `Days`."""

    from_last: frozenset[int]
    nearest: frozenset[int]
    nearest_last: frozenset[int]


class WeekdaySigns(TypedDict):
    """Fields of `Days`."""

    nth: frozenset[tuple[int, int]]
    last: frozenset[int]


def of_days(items: Iterable[str]) -> DaySigns:
    """What signs of the day of the month mean."""
    from_last: set[int] = set()
    nearest: set[int] = set()
    nearest_last: set[int] = set()
    for item in items:
        match = _DAY.fullmatch(item)
        if match is None:
            raise ValueError(f"{item[:40]!r} is none of L, L-3, LW and 15W.")
        value = int(match["near"] or match["back"] or 0)
        if not (1 <= value <= 31 if match["near"] else value <= _MOST_BACK):
            raise ValueError(f"{item!r}: days go from 1 to 31, and up to {_MOST_BACK} before the last one.")
        (nearest if match["near"] else nearest_last if match["w"] else from_last).add(value)
    return DaySigns(
        from_last=frozenset(from_last), nearest=frozenset(nearest), nearest_last=frozenset(nearest_last)
    )


def of_weekdays(items: Iterable[str], number: Callable[[str], int]) -> WeekdaySigns:
    """What signs of the weekday mean; ``number`` reads one weekday, Monday being 0."""
    nth, last = set(), set()
    for item in items:
        match = _WEEKDAY.fullmatch(item)
        if match is None:
            raise ValueError(f"{item[:40]!r} is none of 6L (the last Friday) and 6#3 (the third Friday).")
        if match["nth"] is None:
            last.add(number(match["day"]))
        elif 1 <= int(match["nth"]) <= 5:
            nth.add((number(match["day"]), int(match["nth"])))
        else:
            raise ValueError(f"{item[:40]!r}: a month has a first to a fifth of each weekday.")
    return WeekdaySigns(nth=frozenset(nth), last=frozenset(last))
