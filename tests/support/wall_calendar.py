"""When cron expressions are due, told by looking at each day and each of its minutes on the wall: slow, plain, and sharing nothing with the server."""

from bisect import insort
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

LONGEST_GAP = timedelta(hours=3)
MINUTE = timedelta(minutes=1)
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
MONTHS = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@cache
def zone(name):
    """The zone of the same data as the server's."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def read(text):
    return Expression(text)


@dataclass
class Expression:
    """Six or seven fields are Quartz's, five unix's. Only what is valid."""

    text: str

    def __post_init__(self):
        fields = self.text.lower().split()
        self.quartz = len(fields) > 5
        if not self.quartz:
            fields = ["0", *fields]
        self.days = {}
        self.second, self.minute, self.hour, self.dom, self.month, self.dow, self.year = [*fields, "*"][:7]
        self.elapsed = self.minute[0] == "*" or self.hour[0] == "*"
        self.times = [
            (h, m, s)
            for h in range(24)
            if fits(self.hour, h, 0, 23)
            for m in range(60)
            if fits(self.minute, m, 0, 59)
            for s in range(60)
            if fits(self.second, s, 0, 59)
        ]

    def day(self, day):
        """Whether it is due on a date."""
        if day not in self.days:
            self.days[day] = self.is_day(day)
        return self.days[day]

    def is_day(self, day):
        if not fits(self.month, day.month, 1, 12, MONTHS) or not fits(self.year, day.year, 1970, 2099):
            return False
        of_month = any(self.is_number(item, day) for item in self.dom.split(","))
        of_week = any(self.is_weekday(item, day) for item in self.dow.split(","))
        binding = self.dom[0] in "*?" or self.dow[0] in "*?"
        return of_month and of_week if binding else of_month or of_week

    def is_number(self, item, day):
        last = date(day.year, day.month, monthrange(day.year, day.month)[1])
        if item == "?":
            return True
        if item.endswith("w"):
            aim = item[:-1]
            target = last - timedelta(int(aim[2:] or 0)) if aim[0] == "l" else None
            if target is None:
                if int(aim) > last.day:
                    return False
                target = day.replace(day=int(aim))
            # The working days of the month, the nearest one first.
            working = [one for one in month_of(day) if one.isoweekday() < 6]
            return day == min(working, key=lambda one: abs(one - target))
        if item.startswith("l"):
            return day == last - timedelta(int(item[2:] or 0))
        return fits(item, day.day, 1, 31)

    def is_weekday(self, item, day):
        if item == "?":
            return True
        number = day.isoweekday() % 7 + (1 if self.quartz else 0)
        lowest, highest = (1, 7) if self.quartz else (0, 7)
        names = ["", *DAYS] if self.quartz else DAYS
        alike = [one for one in month_of(day) if one.isoweekday() == day.isoweekday()]
        if item == "l":
            return day.isoweekday() == 6
        if item.endswith("l"):
            return value(item[:-1], names) == number and day == alike[-1]
        if "#" in item:
            one, nth = item.split("#")
            return value(one, names) == number and alike.index(day) + 1 == int(nth)
        same = [number, 7] if number == 0 else [number]
        return any(fits(item, one, lowest, highest, names) for one in same)


def month_of(day):
    return [day.replace(day=number) for number in range(1, monthrange(day.year, day.month)[1] + 1)]


def value(text, names):
    return names.index(text) if text in names else int(text)


def fits(field, number, lowest, highest, names=()):
    """Whether a number is one of a field's."""
    for item in field.split(","):
        base, _, step = item.partition("/")
        low, _, high = base.partition("-")
        first = lowest if low in {"*", ""} else value(low, names)
        end = value(high, names) if high else (highest if low == "*" or step else first)
        counted, at = [], first
        while True:
            counted.append(at)
            if at == end:
                break
            at = at + 1 if at < highest else lowest
        if number in counted[:: int(step or 1)]:
            return True
    return False


def due(text, name, begin, end, gap="next-valid", fold="first"):
    """``[(instant, skipped)]`` between two UTC times, both within."""
    expression, place = read(text), zone(name)
    found = {}
    day = begin.date() - timedelta(2)
    while day <= end.date() + timedelta(2):
        if expression.day(day):
            for time in expression.times:
                for instant, skipped in on_the_wall(
                    expression, place, datetime(day.year, day.month, day.day, *time), gap, fold
                ):
                    found[instant] = found.get(instant, True) and skipped
        day += timedelta(1)
    return [(instant, skipped) for instant, skipped in sorted(found.items()) if begin <= instant <= end]


def on_the_wall(expression, place, shown, gap, fold):
    """The instants that stand for what clocks show, or would."""
    seen = []
    for offset in {shown.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1)}:
        instant = shown.replace(tzinfo=UTC) - offset
        if instant.astimezone(place).replace(tzinfo=None) == shown:
            insort(seen, instant)
    if seen:
        return [(instant, False) for instant in (seen if expression.elapsed or fold == "both" else seen[:1])]
    if expression.elapsed:
        return []
    instant = (shown - timedelta(hours=30)).replace(tzinfo=UTC, second=0)
    while instant.astimezone(place).replace(tzinfo=None) < shown:
        instant += MINUTE
    before = (instant - MINUTE).astimezone(place).replace(tzinfo=None)
    length = instant.astimezone(place).replace(tzinfo=None) - before - MINUTE
    return [(instant, gap == "skip" or length > LONGEST_GAP)]


def changes(name, begin, end):
    """The UTC times between two at which clocks change, to the minute."""
    place, found = zone(name), []
    at, offset = begin, begin.astimezone(place).utcoffset()
    while at < end:
        later = at + timedelta(hours=8)
        if later.astimezone(place).utcoffset() != offset:
            while at.astimezone(place).utcoffset() == offset:
                at += MINUTE
            found.append(at)
            offset = at.astimezone(place).utcoffset()
        at = later
    return found
