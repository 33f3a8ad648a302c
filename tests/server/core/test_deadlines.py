"""Every deadline of a job, alone and together, and what a restart does to them."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener_sdk.protocol.lifecycle import FINAL, Status
from server.core.deadlines import Due, Limits, deadlines, due, next_due

T = 1_767_225_600_000
LIMITS = Limits(lease_ms=30_000, ack_ms=10_000, grace_ms=20_000)


@pytest.fixture
def held(job):
    """A job that runs under a lease of the stream."""
    return replace(
        job, status="executing", holder="us_key_1/s", granted_at=T, started_at=T, attempt_started_at=T,
        lease_expires_at=T + 30_000, run_timeout_ms=100_000, total_timeout_ms=500_000,
    )  # fmt: skip


def test_a_new_job_is_never_due(job):
    assert deadlines(job, LIMITS) == []
    assert next_due(job, LIMITS) is None
    assert due(job, T * 2, LIMITS) is None


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_job_that_has_ended_is_never_due(held, status):
    ended = replace(
        held, status=status.value, scheduled_at=T, cancel_requested_at=T, ready_at=T, queue_timeout_ms=1
    )
    assert deadlines(ended, LIMITS) == []
    assert due(ended, T * 2, LIMITS) is None


def test_a_scheduled_job_starts_at_its_time(job):
    row = replace(job, status="scheduled", scheduled_at=T + 5)
    assert deadlines(row, LIMITS) == [(T + 5, Due.START)]
    assert due(row, T + 4, LIMITS) is None
    assert due(row, T + 5, LIMITS) is Due.START


def test_a_start_time_counts_only_while_the_job_is_scheduled(job):
    assert deadlines(replace(job, status="ready", scheduled_at=T), LIMITS) == []


def test_a_waiting_job_gives_up_after_its_queue_time(job):
    row = replace(job, status="ready", ready_at=T, queue_timeout_ms=700)
    assert deadlines(row, LIMITS) == [(T + 700, Due.QUEUE)]
    assert deadlines(replace(row, queue_timeout_ms=None), LIMITS) == []
    assert deadlines(replace(row, status="scheduled"), LIMITS) == []


def test_a_granted_job_waits_in_no_queue(job):
    row = replace(
        job,
        status="ready",
        ready_at=T,
        queue_timeout_ms=700,
        holder="k/s",
        granted_at=T,
        lease_expires_at=T + 9,
    )
    assert Due.QUEUE not in {what for _, what in deadlines(row, LIMITS)}


def test_a_granted_job_must_be_acknowledged(job):
    row = replace(job, status="ready", holder="k/s", granted_at=T, lease_expires_at=T + 30_000)
    assert deadlines(row, LIMITS) == [(T + 10_000, Due.UNACKED), (T + 30_000, Due.LEASE)]
    assert due(row, T + 10_000, LIMITS) is Due.UNACKED


def test_an_acknowledged_job_is_not_unacknowledged(held):
    assert Due.UNACKED not in {what for _, what in deadlines(held, LIMITS)}


def test_a_running_job_has_a_lease_a_run_time_and_a_total_time(held):
    assert deadlines(held, LIMITS) == [
        (T + 30_000, Due.LEASE),
        (T + 100_000, Due.RUN),
        (T + 500_000, Due.TOTAL),
    ]


def test_a_lease_over_rest_ends_by_the_run_time_alone(held):
    row = replace(held, holder="us_key_1", lease_expires_at=None)
    assert deadlines(row, LIMITS) == [(T + 100_000, Due.RUN), (T + 500_000, Due.TOTAL)]


def test_a_cancel_that_was_asked_for_is_done_after_the_grace(held):
    row = replace(held, cancel_requested_at=T + 1)
    assert deadlines(row, LIMITS)[0] == (T + 20_001, Due.CANCEL)


def test_a_cancel_counts_only_while_somebody_holds_the_job(held):
    row = replace(
        held,
        status="scheduled",
        holder=None,
        lease_expires_at=None,
        cancel_requested_at=T,
        scheduled_at=T + 9,
    )
    assert deadlines(row, LIMITS) == [(T + 9, Due.START), (T + 500_000, Due.TOTAL)]


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.WAITING, Status.READY])
def test_the_total_time_runs_between_attempts_too(held, status):
    row = replace(held, status=status.value, holder=None, lease_expires_at=None)
    assert deadlines(row, LIMITS) == [(T + 500_000, Due.TOTAL)]


# ---- order


def test_the_oldest_deadline_comes_first(held):
    late = T + 10_000_000
    assert due(held, late, LIMITS) is Due.LEASE
    assert due(replace(held, lease_expires_at=late), late, LIMITS) is Due.RUN
    assert due(replace(held, lease_expires_at=late, run_timeout_ms=10**9), late, LIMITS) is Due.TOTAL


def test_of_deadlines_at_one_instant_a_cancel_is_done_first(held):
    row = replace(
        held,
        cancel_requested_at=T,
        lease_expires_at=T + 20_000,
        run_timeout_ms=20_000,
        total_timeout_ms=20_000,
    )
    assert due(row, T + 20_000, LIMITS) is Due.CANCEL


# ---- after a restart


@pytest.mark.parametrize("moment", [T + 1_000_000, T + 1_029_999])
def test_nothing_is_taken_from_a_holder_before_the_reaper_may(held, moment):
    limits = replace(LIMITS, reap_after=T + 1_030_000)
    unacked = replace(held, status="ready", started_at=None, attempt_started_at=None)
    over_rest = replace(held, holder="us_key_1", lease_expires_at=None)
    for row in (held, unacked, over_rest, replace(held, cancel_requested_at=T)):
        assert due(row, moment, limits) is None
        assert next_due(row, limits) == T + 1_030_000
        assert due(row, T + 1_030_000, limits) is not None


def test_what_nobody_holds_is_done_in_time_all_the_same(job):
    limits = replace(LIMITS, reap_after=T + 1_030_000)
    assert due(replace(job, status="scheduled", scheduled_at=T), T, limits) is Due.START
    assert due(replace(job, status="ready", ready_at=T, queue_timeout_ms=1), T + 1, limits) is Due.QUEUE
    late = replace(job, status="scheduled", scheduled_at=T + 10**8, started_at=T, total_timeout_ms=5)
    assert due(late, T + 5, limits) is Due.TOTAL


def test_a_lease_that_was_given_since_then_is_not_spared(held):
    limits = replace(LIMITS, reap_after=T + 30_000 - 1)
    assert due(replace(held, run_timeout_ms=5), T + 5, limits) is Due.RUN
    assert due(replace(held, status="ready", attempt_started_at=None), T + 10_000, limits) is Due.UNACKED


def test_a_lease_of_before_the_clock_was_set_back_is_spared(held):
    now = T - 3_600_000
    limits = replace(LIMITS, reap_after=now + 30_000)
    row = replace(held, lease_expires_at=now - 5)
    assert due(row, now, limits) is None
    assert due(row, now + 30_000, limits) is Due.LEASE


def test_deadlines_after_the_reaper_may_are_not_moved(held):
    limits = replace(LIMITS, reap_after=T + 40_000)
    assert deadlines(held, limits) == [
        (T + 40_000, Due.LEASE),
        (T + 100_000, Due.RUN),
        (T + 500_000, Due.TOTAL),
    ]


def test_a_job_stalls_at_its_time_while_it_is_held(held):
    row = replace(held, holder="us_key_1", lease_expires_at=None, stalls_at=T + 5)
    assert deadlines(row, LIMITS)[0] == (T + 5, Due.STALL)
    assert due(row, T + 4, LIMITS) is None
    assert due(row, T + 5, LIMITS) is Due.STALL
    assert due(replace(row, holder=None), T + 5, LIMITS) is None


TIMES = ("scheduled_at", "ready_at", "granted_at", "started_at", "attempt_started_at", "cancel_requested_at",
         "lease_expires_at", "queue_timeout_ms", "stalls_at")  # fmt: skip


@given(
    status=st.sampled_from([status.value for status in Status]),
    holder=st.sampled_from([None, "k", "k/s"]),
    times=st.fixed_dictionaries({name: st.none() | st.integers(0, 1_000) for name in TIMES}),
    run_ms=st.integers(0, 1_000),
    total_ms=st.integers(0, 1_000),
    now=st.integers(0, 3_000),
    reap_after=st.integers(0, 1_000),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_due_and_when_to_look_again_agree(
    job, status, holder, times, run_ms, total_ms, now, reap_after
):
    row = replace(
        job, status=status, holder=holder, run_timeout_ms=run_ms, total_timeout_ms=total_ms, **times
    )
    limits = Limits(300, 100, 200, reap_after)
    found = deadlines(row, limits)
    assert found == sorted(found)
    after = next_due(row, limits)
    assert (due(row, now, limits) is not None) == (after is not None and after <= now)
    if holder is not None and (row.granted_at is None or not reap_after - 300 < row.granted_at <= reap_after):
        assert all(at >= reap_after for at, _ in found)


def test_a_stall_that_nobody_saw_is_not_told_where_something_else_is_due(held):
    row = replace(held, stalls_at=T + 20_000)
    assert due(row, T + 20_000, LIMITS) is Due.STALL
    assert due(row, T + 30_000, LIMITS) is Due.LEASE
    assert next_due(row, LIMITS) == T + 20_000
