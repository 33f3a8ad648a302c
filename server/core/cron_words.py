"""A cron expression in plain English. Expressions that differ in what they mean differ in their words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .cron import Cron
from .cron_days import Days

MOST_LISTED: Final = 8
"""Times of a day that are named one by one."""
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NTH: Final = ("first", "second", "third", "fourth", "fifth")
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORTEST: Final = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
_HOURS: Final = tuple(range(24))
_SIXTY: Final = tuple(range(60))
_NAMED: Final = {0: "midnight", 12 * 3600: "noon"}


def words(cron: Cron) -> str:
    """What the expression means, as a sentence without its full stop."""
    times, days = _times(cron), _days(cron)
    named = times.startswith("at ")
    if days:
        said = f"{times} {days}" if named and days.startswith(("on ", "every ")) else f"{times}, {days}"
    elif named and cron.hours != _HOURS:
        said = f"every day {times}"
    else:
        said = times if cron.hours == _HOURS or _every_hours(cron) else f"{times}, every day"
    return f"{said[:1].upper()}{said[1:]}"


# ---- times of day


def _times(cron: Cron) -> str:
    if cron.minutes == _SIXTY and cron.hours == _HOURS:
        return _through_the_day(cron)
    if len(cron.seconds) > 1 or (cron.seconds != (0,) and len(cron.times) > MOST_LISTED):
        return f"at {_counted('second', cron.seconds)} of {_minutes_of_hours(cron)}"
    if cron.hours == _HOURS:
        return _each_hour(cron)
    return _every_hours(cron) or _listed(cron)


def _through_the_day(cron: Cron) -> str:
    if cron.seconds == (0,):
        return "every minute"
    step = _step(cron.seconds, 60)
    if step is not None and cron.seconds[0] == 0:
        return f"every {step} seconds"
    return f"every minute at {_counted('second', cron.seconds)}"


def _each_hour(cron: Cron) -> str:
    if cron.seconds != (0,):
        return f"at {_counted('second', cron.seconds)} of {_minutes_of_hours(cron)}"
    step = _step(cron.minutes, 60)
    if cron.minutes == (0,):
        return "every hour, on the hour"
    if step is not None and cron.minutes[0] == 0:
        return f"every {step} minutes"
    return f"every hour at {_counted('minute', cron.minutes)}"


def _every_hours(cron: Cron) -> str:
    """Hours that are evenly spread over the day; empty for others."""
    step = _step(cron.hours, 24)
    if step is None or len(cron.minutes) > 1 or cron.seconds != (0,) or step == 1:
        return ""
    return f"every {step} hours: {_at(cron.times)}"


def _listed(cron: Cron) -> str:
    if len(cron.times) <= MOST_LISTED:
        return _at(cron.times)
    if len(cron.hours) == 1 and _is_run(cron.minutes):
        step: int | None = 1
    else:
        step = 60 if len(cron.minutes) == 1 else _step(cron.minutes, 60)
    if step is None or not _is_run(cron.hours):
        said = _minutes_of_hours(cron)
        return said if cron.minutes == _SIXTY else f"at {said}"
    unit = {1: "every minute", 60: "every hour"}.get(step, f"every {step} minutes")
    return f"{unit} from {clock(cron.times[0])} to {clock(cron.times[-1])}"


def _minutes_of_hours(cron: Cron) -> str:
    minutes = "every minute" if cron.minutes == _SIXTY else _counted("minute", cron.minutes)
    return f"{minutes} of {'every hour' if cron.hours == _HOURS else _counted('hour', cron.hours)}"


def _at(times: Sequence[int]) -> str:
    """``at noon``, ``at 09:00, 12:00 and 17:30``."""
    if len(times) == 1 and times[0] in _NAMED:
        return f"at {_NAMED[times[0]]}"
    return f"at {listed(clock(time) for time in times)}"


def clock(second: int) -> str:
    """A second of the day as clocks show it: ``09:00``, ``09:00:30``."""
    minute, rest = divmod(second, 60)
    return f"{minute // 60:02}:{minute % 60:02}" + (f":{rest:02}" if rest else "")


def _step(values: Sequence[int], span: int) -> int | None:
    """How far the values lie apart, where they do so evenly all around; None for others, and for a single one."""
    if len(values) < 2 or span % len(values):
        return None
    step = span // len(values)
    return step if values == tuple(range(values[0], span, step)) else None


# ---- days


def _days(cron: Cron) -> str:
    """On which days, empty for every one."""
    months = "" if len(cron.months) == len(MONTHS) else listed(runs(cron.months, MONTHS, first=1))
    said = _of_month(cron, months)
    if cron.years is not None:
        years = f"in {listed(runs(cron.years))}"
        said = f"{said}, {years}" if said else f"every day {years}"
    return said


def _of_month(cron: Cron, months: str) -> str:
    days = cron.days
    each = f"of {months}" if months else "of each month"
    inside = f", in {months}" if months else ""
    numbers = (
        ""
        if days.numbers is None
        else _numbers(days, "and" if days.either or days.weekdays is None else "or")
    )
    weekdays = "" if days.weekdays is None else _weekdays(days)
    if numbers and weekdays:
        joined = f"on {numbers} of the month and also {weekdays}"
        narrowed = f"{weekdays}, but only where that is {numbers} of the month"
        return f"{joined if days.either else narrowed}{inside}"
    if numbers:
        return f"on {numbers} {each}{_where_there_is(cron)}"
    if days.nth or days.last:
        return (
            f"{weekdays} of the month{inside}"
            if days.weekdays
            else f"{weekdays} {each}{_where_there_is(cron)}"
        )
    if weekdays:
        return f"{weekdays}{inside}"
    return f"every day in {months}" if months else ""


def _where_there_is(cron: Cron) -> str:
    """That some month has no such day."""
    days = cron.days
    longest = max({*(days.numbers or ()), *days.nearest, 5 in {nth for _, nth in days.nth} and 29}, default=0)
    return ", where there is one" if longest > min(_SHORTEST.get(month, 31) for month in cron.months) else ""


def _numbers(days: Days, word: str) -> str:
    named = []
    if days.numbers:
        named.append(f"the {listed(runs(sorted(days.numbers), ORDINALS, first=1), word)}")
    named += [_last_day(back) for back in sorted(days.from_last)]
    named += [f"the weekday (Monday to Friday) nearest to the {ordinal(day)}" for day in sorted(days.nearest)]
    named += [_last_weekday(back) for back in sorted(days.nearest_last)]
    return listed(named, word)


def _last_day(back: int) -> str:
    return f"the day {back} {'day' if back == 1 else 'days'} before the last one" if back else "the last day"


def _last_weekday(back: int) -> str:
    return (
        f"the weekday (Monday to Friday) nearest to {_last_day(back)}"
        if back
        else "the last weekday (Monday to Friday)"
    )


def _weekdays(days: Days) -> str:
    assert days.weekdays is not None
    plain = sorted(days.weekdays)
    special = [f"{NTH[nth - 1]} {WEEKDAYS[day]}" for day, nth in sorted(days.nth, key=lambda one: one[::-1])]
    special += [f"last {WEEKDAYS[day]}" for day in sorted(days.last)]
    if len(plain) > 2 and _is_run(plain) and not special:
        return f"{WEEKDAYS[plain[0]]} to {WEEKDAYS[plain[-1]]}"
    named = [f"{WEEKDAYS[day]}s" for day in plain] + [f"the {one}" for one in special]
    return f"on {listed(named)}"


# ---- lists


def listed(parts: Iterable[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *before, last = parts
    return f"{', '.join(before)} {word} {last}" if before else last


def runs(values: Sequence[int], names: Sequence[str] | None = None, first: int = 0) -> Iterator[str]:
    """The values by their names, ``first`` being that of the first name; three and more in a row as ``5 to 10``."""
    named = [str(value) if names is None else names[value - first] for value in values]
    begin = 0
    for index in range(1, len(values) + 1):
        if index < len(values) and values[index] == values[index - 1] + 1:
            continue
        if index - begin > 2:
            yield f"{named[begin]} to {named[index - 1]}"
        else:
            yield from named[begin:index]
        begin = index


def ordinal(number: int) -> str:
    """``1st``, ``22nd``, ``13th``."""
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _counted(noun: str, values: Sequence[int]) -> str:
    return f"{noun} {values[0]}" if len(values) == 1 else f"{noun}s {listed(runs(values))}"


def _is_run(values: Sequence[int]) -> bool:
    return values[-1] - values[0] == len(values) - 1


ORDINALS: Final = tuple(ordinal(number) for number in range(1, 32))
