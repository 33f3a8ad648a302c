"""Whatever is done to jobs, in whatever order: what must hold after every batch, on every database."""

import json
from collections import Counter
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lives import DEFINITION, LARGEST_CREDIT, SESSIONS, World, acts, of_team
from stage import ADMIN

from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.lifecycle import FINAL, NEXT, TERMINAL_TOPIC, Status
from server.commands import due, grants, jobs, outcomes, sessions
from server.commands.leases import Held
from server.core.fleets import Taker, Wish
from server.core.jobs import JobRow
from server.store import jobs as sql
from server.store import log, watermarks
from server.store import parts as parts_sql
from server.store import predecessors as predecessors_sql
from server.store.database import Database, Reader

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failing life is not made smaller: that takes many minutes, and the lives are short."""
STEPS = {(before.value, after.value) for (before, _), after in NEXT.items()}


# ---- what must hold


def check(world: World, reader: Reader) -> None:
    rows = {row.id: row for row in sql.load_many(reader, world.jobs)}
    stored = log.page(reader, 0, 10**9, 10**6)
    check_log(reader, stored)
    check_ends(world, rows, stored)
    check_paths(stored)
    check_leases(world, rows, reader)
    check_parts(rows, reader, stored)
    check_predecessors(rows, reader)
    check_watermark(rows, reader, stored)
    check_waiting(world, reader)
    check_nobody_starves(world, rows)


def check_log(reader: Reader, stored: list[log.Stored]) -> None:
    assert [s.seq for s in stored] == list(range(1, log.head(reader).seq + 1))
    assert all(a.at <= b.at for a, b in pairwise(stored))


def check_ends(world: World, rows: dict[int, JobRow], stored: list[log.Stored]) -> None:
    """One terminal event for each job that has ended, none for any other; the log alone tells how each ended."""
    terminal: dict[int, list[str]] = {}
    for s in stored:
        if s.topic in TERMINAL_TOPIC.values():
            terminal.setdefault(s.job_id, []).append(s.topic)
    assert all(len(topics) == 1 for topics in terminal.values())
    for row in rows.values():
        if row.ended:
            assert terminal[row.id] == [TERMINAL_TOPIC[Status(row.status)]]
            assert row.holder is row.due_at is row.lease_expires_at is row.eta_at is None
            assert row.finished_at is not None
        else:
            assert row.id not in terminal
            assert row.finished_at is None
    assert world.deleted.isdisjoint(rows)
    assert set(world.jobs) == world.deleted | set(rows)
    assert world.deleted <= set(terminal)


def check_paths(stored: list[log.Stored]) -> None:
    """Each job goes through the life-cycle table, from created to its end, and says nothing but farewell after it."""
    statuses: dict[str, list[str]] = {}
    topics: dict[str, list[str]] = {}
    for s in stored:
        body = json.loads(s.body)
        if body["domain"] == "job":
            assert decode("jb", body["context"]["jobId"]) == s.job_id
            statuses.setdefault(body["context"]["jobId"], []).append(body["payload"]["status"])
            topics.setdefault(body["context"]["jobId"], []).append(s.topic)
    for job_id, path in statuses.items():
        assert path[0] == Status.CREATED
        assert topics[job_id][0] == "job:created"
        for before, after in pairwise(path):
            assert before == after or (before, after) in STEPS, (job_id, path, topics[job_id])
        for topic, before in zip(topics[job_id][1:], topics[job_id], strict=False):
            if before in TERMINAL_TOPIC.values():
                assert topic in {"job:outcome-acknowledged", "job:updated", "job:deleted"}


def check_leases(world: World, rows: dict[int, JobRow], reader: Reader) -> None:
    assert world.dispatch.held == dict(sql.held(reader))
    split = Counter(row.holder for row in rows.values() if row.parts is not None)
    for holder, count in world.dispatch.held.items():
        assert "/" not in holder or count <= LARGEST_CREDIT + split[holder]
    for row in rows.values():
        assert row.status in {"ready", "executing"} or row.holder is None
        assert row.status != "executing" or row.holder is not None
        assert 0 <= row.attempt <= row.max_attempts
        assert row.fence >= world.fences[row.id]
        world.fences[row.id] = row.fence
        assert row.status != "scheduled" or (row.scheduled_at is not None and row.due_at is not None)
        assert row.holder is None or row.due_at is not None
        assert (row.progress is None) or (0 <= row.progress <= 100)
    keys = Counter(row.unique_key for row in rows.values() if row.unique_key and row.status not in FINAL)
    assert all(count == 1 for count in keys.values())


def check_parts(rows: dict[int, JobRow], reader: Reader, stored: list[log.Stored]) -> None:
    """What a split says of its parts is what the parts say themselves, and it was told when the last of them ended."""
    splits = {split.job_id: split for split in parts_sql.load_many(reader, rows)}
    assert set(splits) == {row.id for row in rows.values() if row.parts is not None}
    told: dict[int | None, list[dict[str, int]]] = {}
    for s in stored:
        if s.topic == "job:parts-completed":
            told.setdefault(s.job_id, []).append(json.loads(s.body)["payload"]["parts"])
    for split in splits.values():
        row = rows[split.job_id]
        mine = [part for part in rows.values() if part.parent_id == row.id and part.part is not None]
        assert len({part.part for part in mine}) == len(mine) <= split.total == row.parts
        ends = Counter(part.status for part in mine if part.ended)
        # Parts that were deleted after their end are counted still.
        assert ends["complete"] <= split.completed
        assert ends["failed"] <= split.failed
        assert ends["canceled"] <= split.canceled
        assert split.total - split.ended == sum(not part.ended for part in mine)
        done = sum(part.progress or 0.0 for part in mine if not part.ended)
        assert split.percent == pytest.approx(done, abs=1e-6)
        assert row.ended or (row.progress or 0) >= split.progress - 1e-6
        assert not (row.ended and split.open)
        assert split.open or told[row.id][-1] == split.counts()
        begun = [part for part in mine if not part.ended and part.status != "waiting"]
        assert (
            begun
            or not split.open
            or row.ready_at is None
            or predecessors_sql.open_of(reader, first(mine).id)
        )


def first(mine: list[JobRow]) -> JobRow:
    """The part whose turn it is."""
    return min((part for part in mine if not part.ended), key=lambda part: part.part or 0)


def check_watermark(rows: dict[int, JobRow], reader: Reader, stored: list[log.Stored]) -> None:
    """Who holds a job of the definition knows its mode; and the watermark is where the moves, each from the last, have brought it."""
    for row in rows.values():
        asks = row.run_modes is not None and row.holder is not None
        assert not asks or "watermark" in row.described()
        assert row.part is None or row.holder is None or row.run_modes is None
    moves = [json.loads(s.body)["payload"] for s in stored if s.topic == "definition:watermark-moved"]
    mark = watermarks.load_many(reader, [DEFINITION]).get(DEFINITION)
    assert [move["version"] for move in moves] == [*range(1, len(moves) + 1)]
    assert [move["from"] for move in moves] == [None, *(move["to"] for move in moves)][: len(moves)]
    assert (mark and mark.value) == (moves[-1]["to"] if moves else None)


def check_predecessors(rows: dict[int, JobRow], reader: Reader) -> None:
    """Who waits has something to wait for that may yet come; who is followed knows it."""
    for row in rows.values():
        open_ = predecessors_sql.open_of(reader, row.id)
        for other in (rows[other] for other in open_ if other in rows):
            assert other.status != "complete"
            assert other.ended or other.followed
        if row.status == "waiting":
            assert all(other in rows and not rows[other].ended for other in open_)
            assert open_ or row.part is not None


def check_waiting(world: World, reader: Reader) -> None:
    """What is known of the queues is what the store holds; where not all was read, more is taken for possible."""
    waiting = world.dispatch.waiting
    assert {key for key, _ in sql.queues(reader)} <= waiting.all_keys()
    for key in waiting.all_keys():
        queue = waiting.queue(key)
        assert queue is not None
        places = sql.first_places(reader, key, 10_000)
        known = len(queue.heads)
        assert queue.heads == places[:known]
        assert queue.more or known == len(places)
        assert all(place > queue.edge for place in places[known:])


def check_nobody_starves(world: World, rows: dict[int, JobRow]) -> None:
    """No session has free credit while a job waits that it would take, once all batches have run."""
    if world.more:
        return
    for row in rows.values():
        if row.status == "ready" and row.holder is None:
            event = {"payload": row.described()}
            for taker in world.dispatch.takers.values():
                takes = any(test is None or test(event) for test in taker.tests_for(row.name))
                assert not (takes and world.dispatch.free(taker) > 0), (row.id, taker)


@pytest.mark.timeout(600)  # a failure is made small, which takes many runs
@pytest.mark.parametrize("page", [2, 500])
@given(data=st.data())
@settings(
    max_examples=40, deadline=None, phases=QUICK,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_what_must_hold_holds_after_every_batch(data, page, backend, place, furnishing, monkeypatch):
    monkeypatch.setattr(grants, "PAGE", page)
    database: Database = backend.anew(place)
    database.prepare()
    with closing(database), closing(database.connect()) as connection:
        furnishing(connection)
        world = World(connection)
        world.batch([(sessions.LISTEN, Taker(SESSIONS[0], 1, 1, LARGEST_CREDIT, (Wish("workbook:*"),)))])
        for _ in range(data.draw(st.integers(1, 20), label="batches")):
            world.batch(data.draw(acts(world), label="acts"))
            checked(database, world)
            world.now += data.draw(st.sampled_from((0, 1, 1, 500, 500, 12_000, 31_000)), label="time")
            world.batch([(due.DUE, due.DueJob(job_id)) for job_id in due_now(database, world)])
            assert due_now(database, world) == [], "what was due is done"
            if data.draw(st.integers(0, 9), label="reload") == 9:
                world.reload()
            if data.draw(st.booleans(), label="settle"):
                world.settle()
            checked(database, world)
        world.settle()
        checked(database, world)


def checked(database: Database, world: World) -> None:
    with database.reader() as reader:
        check(world, reader)


def due_now(database: Database, world: World) -> list[int]:
    with database.reader() as reader:
        return sql.due(reader, world.now, 500)


@pytest.fixture
def world(connection, monkeypatch):
    monkeypatch.setattr(grants, "PAGE", 2)
    return World(connection)


def team(name: str) -> tuple[Any, Any]:
    body = JobCreate(type="workbook", operation="export", metadata={"team": name})
    return jobs.CREATE, jobs.CreateJob(ADMIN, body)


def listener(number: int, name: str, credit: int) -> tuple[Any, Any]:
    return sessions.LISTEN, Taker(SESSIONS[number], 1, 1, credit, (Wish("workbook:*", of_team(name)),))


@pytest.mark.parametrize("waiting", [2, 3, 4, 5])
def test_a_session_that_comes_while_a_queue_is_looked_through_gets_its_jobs(database, world, waiting):
    world.batch([team("blue")] * waiting)
    world.batch([listener(0, "red", 3)])
    assert world.more, "the queue is as long as a page"
    world.batch([listener(1, "blue", 3)])
    world.settle()
    checked(database, world)
    assert world.dispatch.held == {SESSIONS[1]: min(3, waiting)}


@pytest.mark.parametrize("waiting", [2, 3, 4, 5])
def test_credit_that_comes_back_while_a_queue_is_looked_through_is_used(database, world, waiting):
    world.batch([listener(0, "blue", 1), team("blue")])
    world.batch([team("blue")] * waiting)
    world.batch([listener(1, "red", 3)])
    assert world.more
    holder, fence = world.leases[world.jobs[0]]
    world.batch([(outcomes.COMPLETE, outcomes.CompleteLease(Held(holder, 1, world.jobs[0], fence)))])
    world.settle()
    checked(database, world)
    assert world.dispatch.held == {SESSIONS[0]: 1}


def test_a_job_that_comes_while_a_queue_is_looked_through_is_taken(database, world):
    world.batch([team("blue")] * 5)
    world.batch([listener(0, "red", 3)])
    assert world.more
    urgent = JobCreate(type="workbook", operation="export", metadata={"team": "red"}, priority=9)
    world.batch([(jobs.CREATE, jobs.CreateJob(ADMIN, urgent))])
    world.settle()
    checked(database, world)
