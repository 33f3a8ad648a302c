"""Which due times run, which are left out, and which is next."""

import pytest

from listener_sdk.protocol.timings import Timing
from server.core.due_times import DealtWith, Rules, Skip, latest_of, left_out, planned
from server.core.missed import CLOCK_CHANGE, LATE, MOST_COUNTED
from server.core.occurrences import occurrences

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOON = 1_767_268_800_000
"""2026-01-01T12:00Z."""
GAP = 1_774_746_000_000
"""2026-03-29T01:00Z: clocks of Paris go from 02:00 to 03:00."""


def of(cron, **fields):
    return occurrences(Timing.model_validate({"cron": cron, "timeZone": "UTC", **fields}))


def plan(cron, now, *, late="latest", first=NOON, **fields):
    return planned(of(cron), Rules(1, late, **fields), first, now)


def test_nothing_is_due_before_its_time():
    assert plan("0 * * * *", NOON - 1) == plan("0 * * * *", NOON - HOUR)
    assert (plan("0 * * * *", NOON - 1).due, plan("0 * * * *", NOON - 1).next_at) == ((), NOON)


@pytest.mark.parametrize("late", ["latest", "all", "none"])
def test_on_time_all_run(late):
    found = plan("* * * * *", NOON + MINUTE, late=late)
    assert (found.due, found.skips, found.next_at) == ((NOON, NOON + MINUTE), (), NOON + 2 * MINUTE)


@pytest.mark.parametrize(
    ("late", "due", "skips"),
    [
        ("latest", (2,), [(0, 1, 2)]),
        ("all", (0, 1, 2), []),
        ("none", (), [(0, 2, 3)]),
    ],
)
def test_late_ones_go_by_the_policy(late, due, skips):
    found = plan("0 * * * *", NOON + 2 * HOUR + 2 * MINUTE, late=late)
    assert found.due == tuple(NOON + n * HOUR for n in due)
    assert found.skips == tuple(Skip(NOON + a * HOUR, NOON + b * HOUR, n, LATE) for a, b, n in skips)
    assert found.next_at == NOON + 3 * HOUR


def test_what_is_older_than_a_day_is_not_made_up_for():
    found = plan("0 * * * *", NOON + 30 * HOUR, late="all")
    assert found.due == tuple(NOON + n * HOUR for n in range(6, 31))
    assert [one.times for one in found.skips] == [6]


def test_no_more_than_a_hundred_are_made_up_for():
    found = plan("*/5 * * * *", NOON + 20 * HOUR + 2 * MINUTE, late="all")
    assert (len(found.due), found.due[-1]) == (100, NOON + 20 * HOUR)
    assert sum(one.times for one in found.skips) == 20 * 12 + 1 - 100


@pytest.mark.parametrize("late", ["latest", "none", "all"])
def test_of_very_many_the_newest_are_found(late):
    now = NOON + 400 * DAY + 90_000
    found = plan("* * * * *", now, late=late)
    assert found.next_at == NOON + 400 * DAY + 2 * MINUTE
    assert found.due[-1] == NOON + 400 * DAY + MINUTE
    assert len(found.due) == (101 if late == "all" else 1)
    [skip] = found.skips
    assert (skip.due_at, skip.times) == (NOON, MOST_COUNTED)


def test_the_newest_of_many_is_found_though_it_is_old():
    ended = occurrences(
        Timing.model_validate({"cron": "*/10 * * * *", "timeZone": "UTC", "end": "2026-06-01T00:00"})
    )
    found = planned(ended, Rules(1, "latest"), NOON, NOON + 400 * DAY)
    assert (found.due, found.next_at) == ((1_780_272_000_000,), None)


def test_what_was_due_while_it_slept_is_told_alone():
    found = plan("0 * * * *", NOON + 3 * HOUR, asleep="definition_disabled", woken_at=NOON + HOUR)
    assert found.skips[0] == Skip(NOON, NOON + HOUR, 2, "definition_disabled")
    assert found.due == (NOON + 3 * HOUR,)


def test_a_time_that_clocks_leave_out_is_told():
    found = occurrences(
        Timing.model_validate({"cron": "30 2 * * *", "timeZone": "Europe/Paris", "gap": "skip"})
    )
    plan = planned(found, Rules(1, "latest"), GAP, GAP)
    assert (plan.due, plan.skips) == ((), (Skip(GAP, GAP, 1, CLOCK_CHANGE),))
    assert plan.next_at == GAP + 23 * HOUR + 30 * MINUTE


@pytest.mark.parametrize(
    ("late", "due", "dropped"),
    [("latest", [45], [(-45, 15, 3)]), ("all", [-45, -15, 15, 45], []), ("none", [], [(-45, 45, 4)])],
)
def test_a_time_that_clocks_leave_out_is_not_late_though_no_server_was_there(late, due, dropped):
    found = occurrences(
        Timing.model_validate({"cron": "15,45 1-3 * * *", "timeZone": "Europe/Paris", "gap": "skip"})
    )
    plan = planned(found, Rules(1, late), GAP - 45 * MINUTE, GAP + 10 * HOUR)
    skips = [Skip(GAP + a * MINUTE, GAP + b * MINUTE, n, LATE) for a, b, n in dropped]
    assert plan.due == tuple(GAP + n * MINUTE for n in due)
    assert plan.skips == (*skips, Skip(GAP, GAP, 1, CLOCK_CHANGE))


def test_of_very_many_no_fewer_are_counted_where_clocks_leave_one_out():
    found = occurrences(
        Timing.model_validate({"cron": "5-59/5 1-22 * * *", "timeZone": "Europe/Paris", "gap": "skip"})
    )
    plan = planned(found, Rules(1, "latest"), GAP - 55 * MINUTE, GAP + 60 * DAY)
    assert [(one.times, one.reason) for one in plan.skips] == [(MOST_COUNTED, LATE), (1, CLOCK_CHANGE)]


@pytest.mark.parametrize("late", ["latest", "none", "all"])
@pytest.mark.parametrize("jitter_s", [0, 1_200])
def test_of_very_many_the_same_run_as_of_few(late, jitter_s):
    """Also when clocks leave out the newest, or its jitter has not passed yet."""
    found = occurrences(
        Timing.model_validate({"cron": "5-55/10 0-2 * * *", "timeZone": "Europe/Paris", "gap": "skip"})
    )
    rules = Rules(7, late, jitter_s)
    for minutes in range(-20, 60, 5):
        now = GAP + minutes * MINUTE
        many, few = (planned(found, rules, GAP - days * DAY - 15 * MINUTE, now) for days in (700, 30))
        assert (many.due, many.next_at) == (few.due, few.next_at)
        gaps = [[one for one in plan.skips if one.reason == CLOCK_CHANGE] for plan in (many, few)]
        assert [one for one in gaps[0] if one.due_at >= GAP] == gaps[1]
        [late_ones] = [one for one in many.skips if one.reason == LATE]
        assert late_ones.times == MOST_COUNTED


def test_a_due_time_that_is_none_any_more_runs_still():
    found = plan("0 * * * *", NOON + 10 * MINUTE, first=NOON + 10 * MINUTE)
    assert (found.due, found.next_at) == ((NOON + 10 * MINUTE,), NOON + HOUR)


def test_jitter_is_the_same_for_the_same_due_time():
    rules = Rules(7, "latest", jitter_s=600)
    hourly = of("0 * * * *")
    times = [rules.fires_at(hourly, NOON + n * HOUR) - n * HOUR - NOON for n in range(50)]
    assert times == [rules.fires_at(hourly, NOON + n * HOUR) - n * HOUR - NOON for n in range(50)]
    assert all(0 <= one <= 600_000 for one in times)
    assert len(set(times)) > 40
    assert Rules(8, "latest", jitter_s=600).fires_at(hourly, NOON) != rules.fires_at(hourly, NOON)


@pytest.mark.parametrize("jitter_s", [60, 300, 3_600])
def test_jitter_that_is_longer_than_the_time_to_the_next_due_time_loses_none(jitter_s):
    found, rules = of("* * * * *"), Rules(7, "latest", jitter_s=jitter_s)
    times = [rules.fires_at(found, NOON + n * MINUTE) for n in range(120)]
    assert all(0 <= at - NOON - n * MINUTE < MINUTE for n, at in enumerate(times))
    assert len({at % MINUTE for at in times}) > 100


def test_jitter_is_whole_where_nothing_follows():
    once = occurrences(Timing.model_validate({"once": "2026-01-01T12:00", "timeZone": "UTC"}))
    late = [Rules(one, "latest", jitter_s=3_600).fires_at(once, NOON) - NOON for one in range(50)]
    assert max(late) > HOUR // 2


@pytest.mark.parametrize("late", ["latest", "none", "all"])
def test_what_was_dealt_with_is_passed_over(late):
    known = DealtWith()
    known.add(NOON, None)
    known.add(NOON + 2 * HOUR, NOON + 4 * HOUR)
    found = planned(of("0 * * * *"), Rules(1, late), NOON, NOON + 4 * HOUR + 1, known)
    one = NOON + HOUR
    assert (found.due, found.skips) == (((), (Skip(one, one, 1, LATE),)) if late == "none" else ((one,), ()))
    assert found.next_at == NOON + 5 * HOUR


def test_all_up_to_now_are_left_out_for_a_reason():
    hourly = of("0 * * * *")
    assert left_out(hourly, "why", NOON, NOON + 2 * HOUR) == (Skip(NOON, NOON + 2 * HOUR, 3, "why"),)
    known = DealtWith({NOON})
    assert left_out(hourly, "why", NOON, NOON + HOUR, known) == (Skip(NOON + HOUR, NOON + HOUR, 1, "why"),)
    assert left_out(hourly, "why", NOON, NOON - 1) == ()


def test_lateness_counts_from_when_it_was_to_be_seen_to():
    rules = Rules(7, "none", jitter_s=600)
    now = rules.fires_at(of("0 * * * *"), NOON) + MINUTE
    assert planned(of("0 * * * *"), rules, NOON, now).due == (NOON,)
    assert planned(of("0 * * * *"), rules, NOON, now + 1).due == ()


@pytest.mark.parametrize("high", [NOON, NOON + 1, NOON + HOUR - 1, NOON + 77 * HOUR + 5])
def test_the_last_due_time_is_found(high):
    assert latest_of(of("0 * * * *"), NOON - DAY, high) == high - high % HOUR


def test_there_may_be_no_last_one():
    assert latest_of(of("0 * * * *"), NOON, NOON + HOUR - 1) is None
