"""Due times against an independent calendar and against cronsim: forty zones, 2000 to 2040, sixty expressions.

`make test-calendar` compares all of it; here, windows around a part of the clock changes of each zone. With the calendar there is no
difference. With cronsim 2.8 there are these, each of them tested to be nothing else:

- Expressions whose minute or hour begins with ``*`` miss times there, where clocks change by half an hour (Lord Howe), or not at a full
  hour (St. John's, Casey): it steps on by whole hours, and off the grid. Ours has them.
- At St. John's changes at one minute past midnight it gives one moment for ever, or steps for ever between two: what follows is not
  compared.
- Where a whole day is left out (Apia and Fakaofo, 30 December 2011) it runs at the midnight behind what we skip.
- It asks ``zoneinfo``, which reads the hour behind the last change that a zone's file states by the rule for later years (Nuuk, 28 October
  2023, 23:00 to 24:00, as if its first summer time were just over): it takes these times for ones that are left out, and runs behind.
- It does not read ``sat-sun``, Quartz's ``?``, ``W``, years and numbers of weekdays, and treats six fields as elapsed time: Quartz's days
  are compared in UTC, translated.
"""

import os
from datetime import UTC, datetime, timedelta
from itertools import product, takewhile

import pytest
import wall_calendar
from cron_cases import EXPRESSIONS, ZONES
from cronsim import CronSim

from listener_sdk.protocol.timings import Timing
from server.core.occurrences import occurrences

FULL = os.environ.get("CALENDAR") == "full"
BEGIN, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 12, 31, tzinfo=UTC)
AROUND = timedelta(hours=30)
CHANGES, COMPARISONS = (10_000, 20_000) if FULL else (6, 18)
"""Of a zone: how many changes are looked at, and how often; in turn, so that each expression meets every third change at least."""
SELDOM = 4
"""Expressions with so many times a day, or fewer, are compared over all years."""
STEPS = 10_000
"""From one time to the next: far more than it ever needs."""
POLICIES = [{"gap": gap, "fold": fold} for gap, fold in product(("next-valid", "skip"), ("first", "both"))]
UNIX = [text for text in EXPRESSIONS if len(text.split()) == 5]
OF_CRONSIM = {
    "0 0 9 ? * 2": "0 0 9 * * 1",
    "0 15 2 ? * 1": "0 15 2 * * 0",
    "0 0 3 L * ?": "0 0 3 L * *",
    "0 0 2 LW * ?": "0 0 2 LW * *",
    "0 30 2 ? 3,10,11 1L": "0 30 2 * 3,10,11 0L",
    "0 30 1 ? * 1#2": "0 30 1 * * 0#2",
    "0 0 9 ? * FRI-MON": "0 0 9 * * 5,6,0,1",
    "0 30 22-2 * * ?": "0 30 22,23,0,1,2 * * *",
    "0 0 2 ? NOV-FEB SUN#1": "0 0 2 * 11,12,1,2 0#1",
    "0 0 12 * * ?": "0 0 12 * * *",
    "0 0 0/2 * * ?": "0 0 0/2 * * *",
    "0/30 30 2 * * ?": "0/30 30 2 * * *",
}


def ours(text, zone, begin, end, **policy):
    """``[(instant, skipped)]`` between two times, both within."""
    dialect = "unix" if len(text.split()) == 5 else "quartz"
    found = occurrences(Timing(cron=text, dialect=dialect, time_zone=zone, **policy))
    last = end.timestamp() * 1000
    return [
        (datetime.fromtimestamp(one.at / 1000, UTC), one.skip is not None)
        for one in takewhile(lambda one: one.at <= last, found.each(int(begin.timestamp()) * 1000 - 1))
    ]


class BoundedCronSim(CronSim):
    steps = 0

    def tick(self, seconds=1):
        self.steps += 1
        if self.steps > STEPS:
            raise StopIteration
        super().tick(seconds)

    def __next__(self):
        self.steps = 0
        return super().__next__()


def cronsim(text, zone, begin, end):
    """Its times, up to the one at which it stands still, if it does."""
    start = (begin - timedelta(seconds=1)).astimezone(wall_calendar.zone(zone))
    found = []
    for one in BoundedCronSim(text.replace("sat-sun", "6-7"), start):
        moment = one.astimezone(UTC)
        if moment > end or moment in found[-1:]:
            break
        found.append(moment)
    return found


def windows(zone, expressions):
    """Expressions with the times between which they are compared: around changes, each in turn, or in the full run all of them."""
    changes = wall_calendar.changes(zone, BEGIN, END) or [BEGIN]
    chosen = changes[:: -(-len(changes) // CHANGES)]
    share = min(COMPARISONS // len(chosen), 20 if FULL else 9)
    first = ZONES.index(zone) * 7
    for number, change in enumerate(chosen):
        for index in range(first + share * number, first + share * (number + 1)):
            yield index + number, expressions[index % len(expressions)], change - AROUND, change + AROUND
    if FULL:
        for index, text in enumerate(expressions):
            if len(wall_calendar.read(text).times) <= SELDOM:
                yield index, text, BEGIN, END


@pytest.mark.timeout(7200 if FULL else 120)
@pytest.mark.parametrize("zone", ZONES)
def test_due_times_are_those_of_the_calendar(zone):
    compared = 0
    for number, text, begin, end in windows(zone, EXPRESSIONS):
        policy = POLICIES[number % len(POLICIES)]
        expected = wall_calendar.due(text, zone, begin, end, **policy)
        assert ours(text, zone, begin, end, **policy) == expected, (text, begin, policy)
        compared += len(expected)
    assert compared > 0


@pytest.mark.timeout(7200 if FULL else 120)
@pytest.mark.parametrize("zone", ZONES)
def test_due_times_are_those_of_cronsim_but_for_what_it_misses(zone):
    compared = 0
    for _, text, begin, end in windows(zone, UNIX):
        expected = set(cronsim(text, zone, begin, end))
        found = {instant for instant, skipped in ours(text, zone, begin, end) if not skipped}
        if found != expected:
            of_ours, of_cronsim = found - expected, expected - found
            missed = {moment for moment in of_ours if not misread(zone, moment)}
            assert missed == set() or (wall_calendar.read(text).elapsed and off_the_hour(zone, min(missed)))
            behind = {moment for moment in of_cronsim if not misread(zone, moment - timedelta(minutes=1))}
            assert all(after_a_lost_day(zone, moment) for moment in behind), (text, begin, behind)
        compared += len(expected)
    assert compared > 0


def off_the_hour(zone, moment):
    """Whether there was a change shortly before that was not by whole hours, or not at a full one."""
    place = wall_calendar.zone(zone)
    for change in wall_calendar.changes(zone, moment - timedelta(hours=8), moment + timedelta(hours=1)):
        before = (change - timedelta(minutes=1)).astimezone(place)
        after = change.astimezone(place)
        shift = after.utcoffset() - before.utcoffset()
        if shift % timedelta(hours=1) or after.minute or (before.minute + 1) % 60:
            return True
    return False


def after_a_lost_day(zone, moment):
    place = wall_calendar.zone(zone)
    before = (moment - timedelta(minutes=1)).astimezone(place)
    return moment.astimezone(place).utcoffset() - before.utcoffset() > timedelta(hours=3)


def misread(zone, moment):
    """Whether ``zoneinfo`` reads the local time of this moment as another one's."""
    place = wall_calendar.zone(zone)
    local = moment.astimezone(place).replace(fold=0)
    again = local.astimezone(UTC).astimezone(place)
    return again.replace(tzinfo=None) != local.replace(tzinfo=None)


@pytest.mark.timeout(7200 if FULL else 120)
@pytest.mark.parametrize("text", OF_CRONSIM)
def test_days_of_quartz_are_those_of_cronsim(text):
    end = END if FULL else datetime(2004, 3, 1, tzinfo=UTC)
    found = [instant for instant, _ in ours(text, "UTC", BEGIN, end)]
    assert found == cronsim(OF_CRONSIM[text], "UTC", BEGIN, end)
    assert len(found) > 10


def test_the_cases_are_as_many_as_said():
    assert (len(set(EXPRESSIONS)), len(set(ZONES))) == (60, 40)
