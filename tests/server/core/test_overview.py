"""How the overview is cut into buckets, and what it says."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.overview import LONGEST_HOURS, Overview
from server.core.activity import STRETCH_MS, Tally
from server.core.overview import HOUR_MS, Late, Standing, buckets_of, failures_of, overview_wire, percentile

NOW = 1_767_225_600_000 + 5 * HOUR_MS + 17 * 60_000
CALM = Standing(NOW, 0, 0, None, (), 0, 0, 0, 0)


def shown(hours=24, tallies=None, standing=CALM):
    buckets = buckets_of(NOW, hours)
    return Overview.model_validate(overview_wire(buckets, hours, tallies or {}, standing, []))


@pytest.mark.parametrize("hours", range(1, LONGEST_HOURS + 1))
def test_buckets_reach_back_as_far_as_was_asked_and_end_with_now(hours):
    buckets = buckets_of(NOW, hours)
    assert buckets.total <= 48
    assert buckets.size_ms % STRETCH_MS == 0
    assert buckets.first % buckets.size_ms == 0
    assert buckets.end - buckets.size_ms <= NOW < buckets.end
    assert NOW - hours * HOUR_MS < buckets.first + buckets.size_ms


def test_stretches_are_put_together():
    buckets = buckets_of(NOW, 24)
    tallies = {(1, buckets.first + place * STRETCH_MS): Tally(created=1, failed=1) for place in range(4)}
    found = shown(tallies=tallies).buckets
    assert [one.created for one in found[:3]] == [3, 1, 0]
    assert sum(one.failed for one in found) == 4


def test_what_lies_before_is_left_out():
    buckets = buckets_of(NOW, 1)
    assert (
        sum(one.created for one in shown(1, {(1, buckets.first - STRETCH_MS): Tally(created=1)}).buckets) == 0
    )


def test_whatever_waits_has_waited_all_the_time():
    standing = replace(CALM, waiting=1, oldest_ready_at=NOW - 25 * 60_000)
    ages = [one.queue_age_s for one in shown(1, standing=standing).buckets]
    assert ages[-1] == 25 * 60
    assert ages[-2] == 25 * 60 - 7 * 60
    assert ages[0] == 0
    known = {(1, buckets_of(NOW, 1).first): Tally(waited_ms=90_000)}
    assert shown(1, known, standing).buckets[0].queue_age_s == 90


def test_how_late_schedules_were():
    late = [Late(NOW - n * 60_000, n * 1_000) for n in range(100)]
    found = shown(standing=replace(CALM, late=late, ran=100, skipped=3, failed=2))
    assert (found.schedules.due, found.schedules.late_p95_s) == (105, 94)
    assert found.buckets[-1].late_s == 17
    assert found.buckets[0].late_s is None


@pytest.mark.parametrize(
    ("values", "expected"), [((), None), ((5,), 5), ((1, 2, 3, 4), 4), (range(1, 21), 19)]
)
def test_a_percentile(values, expected):
    assert percentile([*values], 95) == expected


def test_the_last_failures_come_first():
    tallies = {(1, 0): Tally(failures=[1, 2]), (1, STRETCH_MS): Tally(failures=[3, 4])}
    assert failures_of(tallies) == [4, 3, 2, 1]
    assert failures_of(tallies, 3) == [4, 3, 2]
