"""One running job in memory: what it tells, when it stalls, and how the store's past joins in."""

from dataclasses import replace

import pytest
from stage import SPACE, START_MS

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.progress import Progress
from listener_sdk.protocol.times import to_wire
from server.commands.leases import Held
from server.commands.recall import Past
from server.core.estimate import Told
from server.core.pace import Pace
from server.engine.running import Running, begun, live_tick

LEASE = Held("us_key_1/s", 1, 7, 1)
T = START_MS


@pytest.fixture
async def job_row(stage):
    return await stage.row(await stage.create())


@pytest.fixture
def running(job_row):
    return begun(LEASE, job_row, SPACE, T)


def go(running, *steps):
    for at, percent in steps:
        running.merge(Progress(percent))
        running.draw(T + at, running.progress.value())


def test_a_tick_says_something_new_or_not(running):
    assert running.merge(Progress(10.0))
    assert not running.merge(Progress(10.0))
    assert not running.merge(Progress(5.0))
    assert running.merge(Progress(text="one"))
    assert running.merge(Progress(eta_ms=T))
    assert running.given


def test_an_estimate_is_made_once_for_each_newest_tick(running):
    go(running, (1_000, 10.0))
    first = running.estimate()
    assert first == T + 10_000
    running.pace = Pace(500_000, tuple(n / 20 for n in range(21)))
    assert running.estimate() == first
    go(running, (2_000, 20.0))
    assert first < running.estimate() <= first + 9_000 // 4


def test_the_handlers_own_estimate_counts(running):
    go(running, (1_000, 10.0))
    running.merge(Progress(eta_ms=T + 77))
    assert running.estimate() == T + 77


def test_a_job_that_stalls_promises_nothing_and_begins_anew(running):
    go(running, (1_000, 10.0), (2_000, 20.0))
    assert running.stalls_at() == T + 12_000
    running.stalled_at = T + 2_000
    assert (running.estimate(), running.stalls_at()) == (None, None)
    _, tick, _ = live_tick(running)
    assert tick == {
        "id": encode("jb", 7), "job": "workbook:export", "progress": 20, "stalledSince": to_wire(T + 2_000),
    }  # fmt: skip
    running.merge(Progress(text="still here"))
    assert running.stalled_at is not None
    go(running, (60_000, 21.0))
    assert running.stalled_at is None
    assert running.estimate() is not None


def test_a_split_job_does_not_stall(running):
    go(running, (1_000, 10.0))
    running.whole = False
    assert running.stalls_at() is None


def test_a_run_of_another_server_goes_on_from_its_row_and_its_curve(job_row):
    row = replace(
        job_row, status="executing", attempt_started_at=T - 100_000, progress=40.0, eta_at=T + 150_000,
        updated_at=T - 5_000, stalled_at=None,
    )  # fmt: skip
    running = begun(LEASE, row, SPACE, T)
    assert running.told == Told(T - 5_000, T + 150_000)
    assert running.stalls_at() is None, "its pauses are not known yet"
    go(running, (0, 40.0))
    running.recall(Past([(T - 60_000, 20.0), (T - 30_000, 40.0)], None), T)
    assert running.stalls_at() == T - 30_000 + 160_000
    running.go_on(Progress(40.0, text="x"), [(T - 60_000, 20.0), (T, 40.0)], [])
    assert running.curve.points[0] == (T - 60_000, 20.0)


def test_a_live_tick_says_the_tags_that_the_store_had_last(job_row, running):
    tagged = begun(LEASE, replace(job_row, spec='{"tags":["acme","vip"]}'), SPACE, T)
    assert live_tick(tagged)[2]["payload"]["tags"] == ["acme", "vip"]
    tagged.go_on(Progress(), [], ["other"])
    assert live_tick(tagged)[2]["payload"]["tags"] == ["other"]
    tagged.go_on(Progress(), [], [])
    assert "tags" not in live_tick(tagged)[2]["payload"]
    assert "tags" not in live_tick(running)[2]["payload"]


def test_a_live_tick_says_of_which_definition_it_is(job_row, running):
    spec = '{"jobType":"a","definition":"web-test","startedBy":{}}'
    started = begun(running.lease, replace(job_row, spec=spec), SPACE, T)
    payload = live_tick(started)[2]["payload"]
    assert (payload["jobType"], payload["definition"]) == ("a", "web-test")
    part = begun(running.lease, replace(job_row, spec=spec, part=1, parent_id=1), SPACE, T)
    assert "definition" not in live_tick(part)[2]["payload"]


def test_a_run_that_this_server_saw_from_its_beginning_needs_no_past(running):
    go(running, (1_000, 10.0))
    running.recall(Past([(T + 500, 99.0)], None), T + 1_000)
    assert running.stalls_at() == T + 11_000


def test_a_live_tick_carries_an_event_for_filters(running):
    go(running, (1_000, 10.0))
    space, tick, event = live_tick(running)
    assert space == SPACE.id
    assert tick["estimatedCompletionAt"] == to_wire(T + 10_000)
    assert event["context"]["jobId"] == tick["id"]
    assert event["payload"]["status"] == "executing"


def test_a_lease_that_was_not_begun_has_told_nothing(running):
    assert isinstance(running, Running)
    assert (running.begun, running.given, running.estimate(), running.stalls_at()) == (
        False,
        False,
        None,
        None,
    )
