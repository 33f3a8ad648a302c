"""What a session does with its leases; what becomes of calls with a lease that it no longer has."""

import pytest
from situations import act, reach
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import LogLine
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import to_wire
from server.commands import leases, outcomes
from server.commands.leases import Held, Leases

HOLDER = f"{ADMIN.key_id}/session-one"


def lease(found, fence=1, holder=HOLDER, space=ADMIN.space.id):
    return Held(holder, space, found.job.id, fence)


CALLS = {
    "ack": lambda held: (leases.ACK, leases.AckLease(held, "hello")),
    "tick": lambda held: (leases.TICK, leases.TickLease(held, Progress(50.0), eta_given=False)),
    "log": lambda held: (leases.LOG, leases.LogLease(held, (LogLine(message="x"),))),
    "complete": lambda held: (outcomes.COMPLETE, outcomes.CompleteLease(held)),
    "fail": lambda held: (outcomes.FAIL, outcomes.FailLease(held, "broken")),
}


async def tick(stage, found, *, eta_given=False, points=(), **progress):
    item = leases.TickLease(lease(found), Progress(**progress), eta_given, tuple(points))
    return await stage.do(leases.TICK, item)


@pytest.mark.parametrize("place", ["granted", "executing"])
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_with_another_fence_or_by_another_holder_is_stale(stage, name, place):
    found = await reach(stage, place)
    events = await stage.events()
    wrong = [
        *(lease(found, fence) for fence in (0, 2, 2**63, 10**30)),
        lease(found, holder=f"{ADMIN.key_id}/session-two"),
        lease(found, holder=f"{OTHER.key_id}/session-one"),
        lease(found, holder=ADMIN.key_id),
    ]
    for held in wrong:
        with pytest.raises(Refusal) as refused:
            await stage.do(*CALLS[name](held))
        error = refused.value
        assert (error.code, error.details["status"]) == ("stale_lease", found.job.status)
        assert error.details["job"] == encode("jb", found.job.id)
    assert await stage.row(found.job) == found.job
    assert await stage.events() == events
    assert not await stage.rows("SELECT id FROM job_log")


@pytest.mark.parametrize("name", CALLS)
async def test_a_lease_of_another_space_is_not_there(stage, name):
    found = await reach(stage, "granted")
    for held in (lease(found, space=STRANGER.space.id), Held(HOLDER, ADMIN.space.id, 999, 1)):
        with pytest.raises(Refusal) as refused:
            await stage.do(*CALLS[name](held))
        assert (refused.value.code, refused.value.key) == ("not_found", "job")


# ---- begin


async def test_an_acknowledgement_begins_the_attempt_and_a_second_one_changes_nothing(stage):
    found = await reach(stage, "granted")
    stage.clock.forward(1)
    await found.ask("ack", info="Accepted")
    row = await stage.row(found.job)
    assert (row.status, row.started_at, row.attempt_started_at) == ("executing", stage.clock(), stage.clock())
    assert row.info == "Accepted"
    events = await stage.events()
    assert events[-1]["topic"] == "job:updated"
    assert (
        events[-1]["payload"] | {"status": "executing", "attempt": 1, "info": "Accepted"}
        == events[-1]["payload"]
    )
    stage.clock.forward(1)
    await found.ask("ack", info="again")
    assert await stage.row(found.job) == row
    assert await stage.events() == events


async def test_the_first_start_is_remembered_over_all_attempts(stage):
    found = await reach(stage, "executing")
    began = stage.clock()
    stage.clock.forward(5)
    await found.ask("fail", message="x", retryAt=to_wire(stage.clock()))
    await stage.look()
    again = await found.listener.grant()
    await found.listener.ask(**found.listener.about("ack", again))
    row = await stage.row(found.job)
    assert (row.started_at, row.attempt_started_at) == (began, began + 5000)


# ---- ticks


async def test_a_tick_begins_the_attempt_too(stage):
    found = await reach(stage, "granted")
    await tick(stage, found, percent=10.0)
    assert (await stage.row(found.job)).status == "executing"


async def test_ticks_merge_newest_wins_and_the_percent_never_goes_back(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, percent=60.0, text="sixty")
    merged, *_ = await tick(stage, found, percent=20.0, done=5.0)
    assert (merged.value(), merged.text, merged.done) == (60.0, "sixty", 5.0)
    row = await stage.row(found.job)
    assert (row.progress, row.info, row.done) == (60.0, "sixty", 5.0)
    last = (await stage.events())[-1]
    assert (last["topic"], last["payload"]["progress"], last["payload"]["done"]) == ("job:updated", 60, 5.0)


async def test_done_of_total_makes_the_percent(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, done=30.0, total=40.0)
    payload = (await stage.events())[-1]["payload"]
    assert (payload["progress"], payload["done"], payload["total"]) == (75, 30.0, 40.0)


async def test_a_given_estimate_stays_against_the_servers_own(stage):
    found = await reach(stage, "executing")
    await tick(stage, found, percent=1.0, eta_ms=5_000)
    assert (await stage.row(found.job)).eta_at == 5_000
    await tick(stage, found, percent=2.0, eta_ms=9_000, eta_given=True)
    await tick(stage, found, percent=3.0, eta_ms=7_000)
    assert (await stage.row(found.job)).eta_at == 9_000


async def test_the_curve_grows_with_the_attempt_and_begins_anew_with_the_next(stage):
    found = await reach(stage, "executing")
    at = stage.clock()
    _, first, _ = await tick(stage, found, percent=10.0, points=[(at, 0.0), (at + 500, 10.0)])
    _, both, _ = await tick(stage, found, percent=20.0, points=[(at + 1000, 20.0)])
    assert first == [(at, 0.0), (at + 500, 10.0)]
    assert both == [*first, (at + 1000, 20.0)]
    stage.clock.forward(2)
    await found.ask("fail", message="x", retryAt=to_wire(stage.clock()))
    await stage.look()
    await found.listener.grant()
    row = await stage.row(found.job)
    assert (row.progress, row.done, row.total, row.eta_at, row.eta_given) == (None, None, None, None, 0)
    item = leases.TickLease(lease(found, 2), Progress(5.0), eta_given=False, points=((at + 3000, 5.0),))
    _, anew, _ = await stage.do(leases.TICK, item)
    assert anew == [(at + 3000, 5.0)]


# ---- renewal


async def test_a_renewal_keeps_the_lease_for_another_lease_time(stage):
    found = await reach(stage, "executing")
    for _ in range(5):
        stage.clock.forward(25)
        found.listener.say(**found.listener.leases("renew", found.grant))
        await stage.idle()
        await stage.look()
        assert (await stage.row(found.job)).lease_expires_at == stage.clock() + 30_000
    assert (await stage.row(found.job)).status == "executing"
    assert not found.listener.seen("stale")
    stage.clock.forward(30)
    await stage.look()
    assert (await stage.row(found.job)).status == "scheduled"


async def test_a_renewal_names_the_leases_that_are_lost_and_keeps_the_others(stage):
    found = await reach(stage, "executing")
    kept = await stage.create()
    await found.listener.grant()
    pairs = ((found.job.id, 7), (kept.id, 1), (999, 1))
    stage.clock.forward(5)
    lost = await stage.do(leases.RENEW, Leases(HOLDER, ADMIN.space.id, pairs))
    assert lost == [(found.job.id, 7), (999, 1)]
    assert (await stage.row(kept)).lease_expires_at == stage.clock() + 30_000
    assert (await stage.row(found.job)).lease_expires_at == stage.clock() + 25_000


async def test_nobody_renews_the_lease_of_another(stage):
    found = await reach(stage, "executing")
    for holder in (f"{OTHER.key_id}/session-one", f"{ADMIN.key_id}/session-two", ADMIN.key_id):
        pairs = ((found.job.id, 1),)
        assert await stage.do(leases.RENEW, Leases(holder, ADMIN.space.id, pairs)) == [*pairs]
        assert await stage.do(leases.RELEASE, Leases(holder, ADMIN.space.id, pairs)) == [*pairs]
    assert await stage.row(found.job) == found.job


# ---- release


@pytest.mark.parametrize("place", ["granted", "executing"])
async def test_a_released_job_is_ready_again_and_its_attempt_does_not_count(stage, place):
    found = await reach(stage, place)
    await found.listener.listen(credit=0)
    assert await found.listener.ask(**found.listener.leases("release", found.grant)) is None
    row = await stage.row(found.job)
    assert (row.status, row.attempt, row.holder, row.fence) == ("ready", 0, None, 1)
    ready = (await stage.events("job:ready"))[-1]
    assert ready["payload"]["reason"] == "released"
    assert not await stage.events("job:attempt-failed")
    other = await stage.listener(session="session-two")
    again = await other.grant()
    assert (again["fence"], again["attempt"]) == (2, 1)
    assert (await found.ask("complete"))["code"] == "stale_lease"


async def test_a_release_answers_which_leases_were_lost_already(stage):
    found = await reach(stage, "executing")
    await stage.do(*act("delete", found.job))
    await found.listener.of_type("stale")
    assert await found.listener.ask(**found.listener.leases("release", found.grant)) is None
    assert (await found.listener.of_type("stale"))["leases"] == [
        {"job": found.grant["job"]["id"], "fence": 1}
    ]


# ---- log


async def test_lines_go_to_the_jobs_log_with_their_attempt_and_never_from_the_future(stage):
    found = await reach(stage, "executing")
    now = stage.clock()
    lines = [
        {"message": "one", "at": to_wire(now - 50), "level": "warning", "fields": {"row": 3}},
        {"message": "two", "at": to_wire(now + 90_000)},
        {"message": "three"},
    ]
    found.listener.say(**found.frame("log", lines=lines))
    await stage.idle()
    assert await stage.rows("SELECT attempt, at, level, message, fields FROM job_log ORDER BY id") == [
        (1, now - 50, "warning", "one", '{"row":3}'),
        (1, now, "info", "two", None),
        (1, now, "info", "three", None),
    ]
    assert not found.listener.seen("error", "ok")
    assert (await stage.events())[-1]["topic"] == "job:updated", "lines of a job are no events"


async def stored(stage):
    """The job's log as (fence, index, message)."""
    return await stage.rows("SELECT fence, line, message FROM job_log ORDER BY id")


def messages(*texts):
    return [{"message": text} for text in texts]


async def test_lines_with_an_id_are_answered_once_they_are_stored(stage):
    found = await reach(stage, "executing")
    assert await found.ask("log", lines=messages("a", "b"), first=0) is None
    assert await stored(stage) == [(1, 0, "a"), (1, 1, "b")]
    refused = await found.ask("log", lines=messages("c"), first=2, fence=7)
    assert (refused["code"], refused["job"]) == ("stale_lease", found.grant["job"]["id"])


@pytest.mark.parametrize(
    ("first", "texts", "added"),
    [
        (0, "abc", []),
        (1, "b", []),
        (1, "bcd", [(1, 3, "d")]),
        (3, "de", [(1, 3, "d"), (1, 4, "e")]),
        (7, "hi", [(1, 7, "h"), (1, 8, "i")]),
        (2**53, "z", [(1, 2**53, "z")]),
    ],
    ids=["repeat", "part of a repeat", "overlap", "next", "gap", "largest"],
)
async def test_each_index_is_stored_once(stage, first, texts, added):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages(*"abc"), first=0)
    assert await found.ask("log", lines=messages(*texts), first=first) is None
    assert await stored(stage) == [(1, 0, "a"), (1, 1, "b"), (1, 2, "c"), *added]


async def test_a_gap_is_filled_later(stage):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages("c"), first=2)
    await found.ask("log", lines=messages(*"abcd"), first=0)
    assert sorted(await stored(stage)) == [(1, 0, "a"), (1, 1, "b"), (1, 2, "c"), (1, 3, "d")]


async def test_a_repetition_in_the_same_batch_is_stored_once(stage):
    found = await reach(stage, "executing")
    for first, texts in ((0, "ab"), (0, "ab"), (1, "bc")):
        found.listener.say(**found.frame("log", lines=messages(*texts), first=first))
    await stage.idle()
    assert await stored(stage) == [(1, 0, "a"), (1, 1, "b"), (1, 2, "c")]
    assert not found.listener.seen("error", "stale")


async def test_lines_without_an_index_are_stored_as_they_come(stage):
    found = await reach(stage, "executing")
    for _ in range(2):
        assert await found.ask("log", lines=messages("a")) is None
    assert await stored(stage) == [(1, None, "a"), (1, None, "a")]


async def test_each_attempt_counts_its_lines_anew(stage):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages("first"), first=0)
    await found.ask("fail", message="x", detail="Traceback", retryAt=to_wire(stage.clock()))
    await stage.look()
    again = await found.listener.grant()
    await found.listener.ask(**found.listener.about("log", again, lines=messages("second"), first=0))
    assert await stored(stage) == [(1, 0, "first"), (None, None, "Traceback"), (2, 0, "second")]


@pytest.mark.parametrize("end", ["complete", "fail", "release"])
async def test_repeated_last_lines_are_accepted_after_the_end_and_new_ones_are_not(stage, end):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages("a", "b"), first=0)
    if end == "release":
        await found.listener.listen(credit=0)
        await found.listener.ask(**found.listener.leases("release", found.grant))
    else:
        await found.ask(end, **({"message": "x"} if end == "fail" else {}))
    before = await stage.row(found.job), await stored(stage)
    assert await found.ask("log", lines=messages("a", "b"), first=0) is None
    for lines, first in (("bc", 1), ("c", 2)):
        assert (await found.ask("log", lines=messages(*lines), first=first))["code"] == "stale_lease"
    assert (await found.ask("log", lines=messages("a")))["code"] == "stale_lease"
    assert (await stage.row(found.job), await stored(stage)) == before


async def test_a_repetition_is_accepted_while_another_holds_the_next_lease(stage):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages("a"), first=0)
    await found.ask("fail", message="x", retryAt=to_wire(stage.clock()))
    await stage.look()
    await found.listener.grant()
    assert await found.ask("log", lines=messages("a"), first=0) is None
    assert (await found.ask("log", lines=messages("b"), first=1))["code"] == "stale_lease"


async def test_nobody_repeats_lines_of_a_lease_that_another_holds(stage):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages("a"), first=0)
    strange = lease(found, space=STRANGER.space.id)
    for held, code in ((lease(found, holder=f"{OTHER.key_id}/s"), "stale_lease"), (strange, "not_found")):
        with pytest.raises(Refusal) as refused:
            await stage.do(leases.LOG, leases.LogLease(held, (LogLine(message="a"),), 0))
        assert refused.value.code == code


async def test_repeated_lines_of_a_deleted_job_are_not_found(stage):
    found = await reach(stage, "executing")
    await found.ask("log", lines=messages("a"), first=0)
    await stage.do(*act("delete", found.job))
    assert (await found.ask("log", lines=messages("a"), first=0))["code"] == "not_found"
