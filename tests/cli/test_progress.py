from datetime import UTC, datetime, timedelta

import pytest

from listener_sdk.cli.progress import Rate, Seen, counts, eta, line
from listener_sdk.protocol.jobs import Job
from listener_sdk.subscription import LiveTick

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def test_events_add_to_what_is_known_and_what_they_leave_out_stays():
    seen = Seen("executing", 10.0, 100, 1000, "Writing")
    newer = seen.updated({"progress": 20, "done": 200, "estimatedCompletionAt": "2026-01-01T12:00:08.000Z"})
    assert newer == Seen("executing", 20, 200, 1000, "Writing", NOW + timedelta(seconds=8))


@pytest.mark.parametrize(
    ("seen", "percent"),
    [
        (Seen(), None),
        (Seen(percent=12.5), 12.5),
        (Seen(percent=33, done=1, total=3), pytest.approx(100 / 3)),
        (Seen(percent=40, done=1, total=3), 40),
        (Seen(done=5, total=0, percent=7), 7),
        (Seen(done=7, total=5), 100.0),
    ],
)
def test_counts_tell_the_percent_more_exactly_unless_it_is_further(seen, percent):
    assert seen.fraction() == percent


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (Seen("executing"), "estimating"),
        (Seen("executing", ends_at=NOW + timedelta(seconds=8)), "8 s left"),
        (Seen("executing", ends_at=NOW - timedelta(seconds=8)), "0 s left"),
        (Seen("executing", ends_at=NOW, stalled_since=NOW - timedelta(seconds=40)), "stalled for 40 s"),
        (Seen("ready"), "ready"),
    ],
)
def test_the_eta_is_the_servers_estimate(seen, text):
    assert eta(seen, NOW).startswith(text)


def test_the_time_of_day_can_be_left_out():
    assert eta(Seen("executing", ends_at=NOW + timedelta(seconds=8)), NOW, at=False) == "8 s left"


def test_the_rate_is_that_of_the_last_ten_seconds():
    rate = Rate()
    assert rate.text() == ""
    for second in range(30):
        rate.add(Seen(done=1000 * second if second < 15 else 15_000 + 10 * second), float(second))
    assert rate.text() == "10.0/s"


def test_a_rate_without_counts_is_in_percent():
    rate = Rate()
    rate.add(Seen(percent=10), 0.0)
    rate.add(Seen(percent=10), 1.0)
    rate.add(Seen(percent=18.4), 2.0)
    assert rate.text() == "4.2 %/s"


def test_counts_after_percents_start_the_rate_anew():
    rate = Rate()
    rate.add(Seen(percent=10), 0.0)
    rate.add(Seen(done=1000), 1.0)
    assert rate.text() == ""
    rate.add(Seen(done=4120), 2.0)
    assert rate.text() == "3,120/s"


def test_a_line_tells_all_that_is_known():
    seen = Seen("executing", None, 12_340, 28_298, "Writing rows", NOW + timedelta(seconds=5))
    text = line("workbook:export", seen, "3,120/s", NOW)
    assert text.startswith("workbook:export  43 %  12,340 of 28,298  3,120/s  5 s left (")
    assert text.endswith(")  Writing rows")


def test_a_hundred_percent_is_not_shown_before_all_is_done():
    assert "  99 %  " in line("a:b", Seen("executing", done=9_999, total=10_000), "", NOW)


def test_counts_without_a_total_stand_alone():
    assert counts(Seen(done=5)) == "5"


def test_a_part_of_a_small_amount_is_not_rounded_up_to_the_whole():
    assert counts(Seen(done=1.5, total=2)) == "1.5 of 2"
    assert counts(Seen(done=12_340.5, total=28_298)) == "12,340 of 28,298"


def test_a_new_attempt_begins_with_nothing_of_the_last():
    failed = Seen("scheduled", percent=90.0, done=9, total=10, text="Busy.")
    assert failed.updated({"status": "executing", "attempt": 2}) == Seen("executing")
    assert failed.updated({"status": "executing", "attempt": 1, "reason": "failed"}).percent == 90.0


def test_a_stall_takes_the_estimate_away_and_progress_takes_the_stall_away():
    seen = Seen("executing", 40.0, ends_at=NOW)
    stalled = seen.updated({"progress": 40, "stalledSince": "2026-01-01T12:00:00.000Z"})
    assert (stalled.ends_at, stalled.stalled_since) == (None, NOW)
    assert stalled.updated({"info": "cancel asked for"}).stalled_since == NOW, "says nothing of the progress"
    moving = stalled.updated({"progress": 41, "estimatedCompletionAt": "2026-01-01T12:00:08.000Z"})
    assert (moving.ends_at, moving.stalled_since) == (NOW + timedelta(seconds=8), None)


def test_a_live_tick_tells_a_stall_and_its_end():
    stalled = Seen("executing", 40.0, ends_at=NOW).ticked(LiveTick(job_id="us_jb_1", stalled_since=NOW))
    assert (stalled.ends_at, stalled.stalled_since) == (None, NOW)
    assert stalled.ticked(LiveTick(job_id="us_jb_1", percent=41)).stalled_since is None


def test_the_job_itself_tells_a_stall():
    facts = {
        "id": "us_jb_1",
        "type": "a",
        "operation": "b",
        "job": "a:b",
        "status": "executing",
        "source": "s",
    }
    at = "2026-01-01T12:00:00.000Z"
    job = Job.model_validate({**facts, "createdAt": at, "updatedAt": at, "stalledSince": at})
    assert Seen.of(job).stalled_since == NOW


def test_parts_that_ended_badly_are_counted_beside_those_that_ended():
    seen = Seen("executing").updated(
        {"done": 3, "total": 5, "partCounts": {"completed": 1, "failed": 0, "canceled": 2}}
    )
    assert counts(seen) == "3 of 5, 2 canceled"
    job = {"done": 2, "total": 2, "partCounts": {"completed": 0, "failed": 2, "canceled": 0}}
    assert counts(Seen().updated(job)) == "2 of 2, 2 failed"
