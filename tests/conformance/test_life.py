"""Whatever is done to jobs, in whatever order: what must hold after every batch, on every database."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import ADMIN, OTHER, SPACE, START_MS

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import Filter, compile_filter
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.jobs import JobAck, JobCreate, JobEnd, JobUpdate
from listener_sdk.protocol.lifecycle import FINAL, NEXT, TERMINAL_TOPIC, Status
from listener_sdk.protocol.outcomes import Outcome
from listener_sdk.protocol.progress import Progress
from server.commands import due, grants, jobs, leases, outcomes, rest, sessions
from server.commands.leases import Held, Leases
from server.core.deadlines import Limits
from server.core.dispatch import Dispatch
from server.core.effects import Granted
from server.core.fleets import Taker, Wish
from server.core.jobs import JobRow
from server.store import jobs as sql
from server.store import log
from server.store.database import Connection, Database, Reader
from server.store.transaction import Facts, Transaction

NAMES = ("workbook:export", "workbook:import", "report:send")
LARGEST_CREDIT = 3
SESSIONS = (f"{ADMIN.key_id}/one", f"{ADMIN.key_id}/two", f"{OTHER.key_id}/one")
STEPS = {(before.value, after.value) for (before, _), after in NEXT.items()}


@dataclass
class World:
    """A store, its only writer, and what the sessions believe."""

    connection: Connection
    now: int = START_MS
    facts: Facts = field(default_factory=lambda: Facts("us_acc_test", {1: SPACE}, Limits()))
    dispatch: Dispatch = field(default_factory=Dispatch)
    jobs: list[int] = field(default_factory=list)
    leases: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Holder and fence of every lease on the stream that was given, the lost ones included."""
    deleted: set[int] = field(default_factory=set)
    fences: Counter[int] = field(default_factory=Counter)
    more: bool = False

    def settle(self) -> None:
        """The batches that follow while nothing else happens."""
        for _ in range(100):
            if not self.more:
                return
            self.batch([])
        raise AssertionError("the grants never end")

    def reload(self) -> None:
        """What the writer does after a batch that failed."""
        self.dispatch.load(sql.held(self.connection), sql.queues(self.connection))
        self.more = True

    def batch(self, items: list[tuple[Any, Any]]) -> None:
        """What the writer does with a batch; ``more`` then says that another must follow, whatever is in it."""
        tx = Transaction(self.connection, self.now, self.facts, self.dispatch, lambda: 0.5)
        self.connection.begin()
        tx.preload([job_id for command, item in items for job_id in command.jobs(item)])
        for command, item in items:
            self._run(tx, command, item)
        self.more = grants.grant(tx)
        tx.finish()
        self.connection.commit()
        for effect in tx.effects:
            if isinstance(effect, Granted) and effect.row.holder == effect.holder:
                self.leases[effect.row.id] = (effect.holder, effect.row.fence)

    def _run(self, tx: Transaction, command: Any, item: Any) -> None:
        before = self._seen(tx, command, item)
        lease = getattr(item, "lease", None)
        row = tx.job(lease.job_id) if lease is not None else None
        stale = row is not None and (row.holder, row.fence) != (lease.holder, lease.fence)
        try:
            result = command.run(tx, item)
        except Refusal:
            assert self._seen(tx, command, item) == before, "a refusal changes nothing"
            return
        assert not stale or self._seen(tx, command, item) == before, "a lost lease changes nothing"
        if isinstance(result, JobRow) and result.id not in self.jobs:
            self.jobs.append(result.id)
        if command is jobs.DELETE:
            self.deleted.add(item.job_id)

    @staticmethod
    def _seen(tx: Transaction, command: Any, item: Any) -> tuple[Any, ...]:
        """The jobs that a command is about, and all that the batch says and does so far."""
        rows = [tx.job(job_id) for job_id in command.jobs(item)]
        copies = [row and replace(row) for row in rows]
        return copies, len(tx._events), len(tx.effects), dict(tx.dispatch.held)


# ---- what may be done


def creation(draw: Callable[[Any], Any]) -> tuple[Any, Any]:
    kind, operation = draw(st.sampled_from(NAMES)).split(":")
    ahead = draw(st.sampled_from((None, None, -5, 40)))
    body = JobCreate(
        type=kind,
        operation=operation,
        trigger=draw(st.sampled_from(("immediate", "immediate", "manual"))),
        priority=draw(st.integers(-1, 1)),
        unique_key=draw(st.sampled_from((None, None, "k1", "k2"))),
        scheduled_at=None if ahead is None else (START_MS + ahead * 1000) / 1000,
        max_attempts=draw(st.integers(1, 3)),
        queue_timeout_s=draw(st.sampled_from((None, 60))),
        run_timeout_s=draw(st.sampled_from((20, 3600))),
        metadata={"team": draw(st.sampled_from(("red", "blue")))},
    )
    return jobs.CREATE, jobs.CreateJob(ADMIN, body)


def on_lease(draw: Callable[[Any], Any], world: World) -> tuple[Any, Any]:
    """An act of a session, with the lease that it was given or, seldom, another."""
    job_id = draw(st.sampled_from(sorted(world.leases, reverse=True)))
    holder, fence = world.leases[job_id]
    if draw(st.integers(0, 9)) == 9:
        fence = max(0, fence + draw(st.sampled_from((1, -1))))
        holder = draw(st.sampled_from(SESSIONS))
    held = Held(holder, 1, job_id, fence)
    several = Leases(holder, 1, ((job_id, fence),))
    percent = draw(st.integers(0, 100))
    return draw(
        st.sampled_from(
            (
                (leases.ACK, leases.AckLease(held, "begun")),
                (
                    leases.TICK,
                    leases.TickLease(
                        held, Progress(percent=percent), eta_given=False, points=((world.now, percent),)
                    ),
                ),
                (leases.RENEW, several),
                (leases.RELEASE, several),
                (outcomes.COMPLETE, outcomes.CompleteLease(held, Outcome(message="done"), None, {"n": 1})),
                (outcomes.COMPLETE, outcomes.CompleteLease(held)),
                (outcomes.FAIL, outcomes.FailLease(held, "broken")),
                (outcomes.FAIL, outcomes.FailLease(held, "broken for good", retry=False)),
                (sessions.HELLO, several),
            )
        )
    )


def over_rest(draw: Callable[[Any], Any], job_id: int) -> tuple[Any, Any]:
    actor = draw(st.sampled_from((ADMIN, ADMIN, ADMIN, OTHER)))
    status = draw(st.sampled_from((None, *Status)))
    return draw(
        st.sampled_from(
            (
                (jobs.EXECUTE, jobs.JobAct(actor, job_id)),
                (jobs.CANCEL, jobs.CancelJob(actor, job_id, "enough")),
                (jobs.RETRY, jobs.JobAct(actor, job_id)),
                (jobs.ACK_OUTCOME, jobs.JobAct(actor, job_id)),
                (jobs.DELETE, jobs.JobAct(actor, job_id)),
                (rest.ACK, rest.AckJob(actor, job_id, JobAck(progress=30, info="a third"))),
                (rest.COMPLETE, rest.EndJob(actor, job_id, JobEnd(outcome=Outcome(message="done")))),
                (rest.FAIL, rest.EndJob(actor, job_id, JobEnd(info="broken"))),
                (rest.UPDATE, jobs.UpdateJob(actor, job_id, JobUpdate(status=status, info="changed"))),
                (rest.UPDATE, jobs.UpdateJob(actor, job_id, JobUpdate(progress=60, config={"a": 1}))),
            )
        )
    )


def of_session(draw: Callable[[Any], Any]) -> tuple[Any, Any]:
    holder = draw(st.sampled_from(SESSIONS))
    if draw(st.booleans()):
        return sessions.LEAVE, sessions.Leave(holder, draw(st.integers(1, 2)))
    credit = draw(st.integers(0, LARGEST_CREDIT))
    return sessions.LISTEN, Taker(holder, draw(st.integers(1, 2)), 1, credit, draw(st.sampled_from(WISHES)))


def of_team(team: str) -> Filter:
    return compile_filter({"payload.metadata.team": team})


WISHES = (
    (Wish("workbook:*"),),
    (Wish("report:send"), Wish("workbook:import")),
    (Wish("*:*", of_team("red")),),
    (Wish("workbook:*", of_team("blue")), Wish("workbook:import", of_team("red"))),
)


@st.composite
def acts(draw: Callable[[Any], Any], world: World) -> list[tuple[Any, Any]]:
    """One batch: up to six commands on what there is."""
    found = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(
            st.sampled_from(("create", "lease", "lease", "lease", "lease", "rest", "rest", "session"))
        )
        if kind == "create" or not world.jobs:
            found.append(creation(draw))
        elif kind == "session":
            found.append(of_session(draw))
        elif kind == "lease" and world.leases:
            found.append(on_lease(draw, world))
        else:
            found.append(over_rest(draw, draw(st.sampled_from(world.jobs[::-1]))))
    return found


# ---- what must hold


def check(world: World, reader: Reader) -> None:
    rows = {row.id: row for row in sql.load_many(reader, world.jobs)}
    stored = log.page(reader, 0, 10**9, 10**6)
    check_log(reader, stored)
    check_ends(world, rows, stored)
    check_paths(stored)
    check_leases(world, rows, reader)
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
    assert all(count <= LARGEST_CREDIT for holder, count in world.dispatch.held.items() if "/" in holder)
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
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_what_must_hold_holds_after_every_batch(
    data, page, backend, tmp_path_factory, furnishing, monkeypatch
):
    monkeypatch.setattr(grants, "PAGE", page)
    place = tmp_path_factory.mktemp("life")
    database: Database = backend.open(place)
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
