"""Bad days: every promise holds, one seed has one trace, and what is broken on purpose is found."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from server.commands import ends, leases, outcomes
from server.core import deadlines
from server.engine.subscriptions import Subscriptions
from server.store.sqlite import SqliteConnection
from server.store.transaction import Transaction
from server.virtual.day import Plan, day
from server.virtual.world import run

SHORT = Plan(jobs=80, listeners=5, hours=0.4, trouble_s=40)


def lived(seed, plan=SHORT):
    async def scenario(world):
        await day(world, plan)
        return world.trace.hash

    return run(scenario, seed)


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_day_breaks_no_promise(seed):
    lived(seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_on_a_bad_day_with_schedules_every_due_time_is_known(seed):
    lived(seed, replace(SHORT, jobs=20, schedules=3))


def test_a_due_time_of_which_nothing_is_known_is_found(monkeypatch):
    monkeypatch.setattr(
        "server.virtual.day.SLOTS", "SELECT schedule_id, due_at, until_at FROM slot WHERE due_at < 0"
    )
    with pytest.raises(AssertionError, match="nothing is known of the due times"):
        lived(0, replace(SHORT, jobs=5, trouble_s=0, schedules=1))


def test_a_seed_has_one_trace_and_another_seed_another():
    assert lived(3) == lived(3)
    assert lived(3) != lived(4)


def test_another_process_has_the_same_trace():
    """What is in a set or a dict comes in an order of its own in each process, unless told otherwise."""
    command = [
        sys.executable,
        "-m",
        "server.virtual",
        "--seeds",
        "5-5",
        "--jobs",
        "60",
        "--hours",
        "0.3",
        "--traces",
    ]

    def told(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=100, check=True
        )
        return next(line for line in done.stdout.splitlines() if line.startswith("seed 5: "))

    assert told("1") == told("2")


# ---- what is broken on purpose


def fences_are_ignored(patch):
    def own(tx, lease):
        return tx.job(lease.job_id)

    for module in (leases, outcomes):
        patch.setattr(module, "own", own)


def leases_end_early(patch):
    whole = deadlines.due

    def due(row, now, limits):
        return whole(row, now + 25_000 if row.lease_expires_at else now, limits)

    patch.setattr("server.commands.due.due", due)


def attempts_have_no_end(patch):
    patch.setattr(ends, "may_retry", lambda attempt, most: attempt <= most)


def events_get_lost(patch):
    whole = Transaction.say

    def say(tx, topic, row, actor, /, **extra):
        if not (topic == "job:completed" and row.id % 20 == 0):
            whole(tx, topic, row, actor, **extra)

    patch.setattr(Transaction, "say", say)


def the_log_has_gaps(patch):
    whole = SqliteConnection.append_log

    def append_log(connection, events):
        if len(events) == 3:
            connection.run("UPDATE log_head SET seq = seq + 1 WHERE id = 1")
        return whole(connection, events)

    patch.setattr(SqliteConnection, "append_log", append_log)


def commits_get_lost(patch):
    whole, count = SqliteConnection.commit, iter(range(10**9))

    def commit(connection, events=()):
        if events and next(count) % 50 == 49:
            first = connection.append_log(events)
            connection.rollback()
            return first
        return whole(connection, events)

    patch.setattr(SqliteConnection, "commit", commit)


def subscribers_are_not_told_of_all(patch):
    whole = Subscriptions.publish
    patch.setattr(
        Subscriptions, "publish", lambda self, entries: whole(self, entries) if entries[-1].seq % 40 else None
    )


PLANTED = {
    fences_are_ignored: {"I4"},
    leases_end_early: {"I5"},
    attempts_have_no_end: {"I6"},
    events_get_lost: {"I3", "I14"},
    the_log_has_gaps: {"I8"},
    commits_get_lost: {"I1", "I2", "I8"},
    subscribers_are_not_told_of_all: {"I9"},
}


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.__name__)
def test_what_is_broken_on_purpose_is_found(bug, monkeypatch):
    bug(monkeypatch)
    found = set()
    for seed in range(12):
        try:
            lived(seed)
        except AssertionError as error:
            found = {promise for promise in PLANTED[bug] if f"{promise}: " in str(error)}
            if found:
                break
    assert found, f"none of {PLANTED[bug]} was found broken"
