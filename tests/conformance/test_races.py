"""Sixteen writers on one database that may be shared: nothing is lost, nothing is doubled, and no reader of the log skips."""

import threading
from collections import Counter
from contextlib import closing, contextmanager

import pytest
from stage import ADMIN, SPACE, START_MS

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionCreate, DefinitionExecute
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.outcomes import Outcome
from server.commands import (
    definition_starts,
    definitions,
    jobs,
    leases,
    outcomes,
    schedule_decisions,
    trigger_decisions,
)
from server.commands.leases import Held
from server.commands.moves import lease
from server.commands.schedule_starts import START_SCHEDULED
from server.commands.triggers import START_TRIGGERED
from server.core.deadlines import Limits
from server.core.dispatch import Dispatch
from server.store import jobs as sql
from server.store import log, schedules, triggers
from server.store.database import AgainError
from server.store.transaction import Facts, Transaction
from server.store.triggers import WHOLE

WRITERS = 16
EACH = 12
KEY = (1, "workbook:export")
FIRST = (-(10**6), 0)
BODY = JobCreate(type="workbook", operation="export")


pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def shared(database):
    assert database.shared
    return database


@contextmanager
def batch(connection):
    """A transaction as the writer makes it; one that the database undid for another counts as not made."""
    facts = Facts("us_acc_test", {1: SPACE}, Limits())
    connection.begin()
    tx = Transaction(connection, START_MS, facts, Dispatch(), lambda: 0.5)
    try:
        yield tx
        tx.commit()
    except BaseException:
        connection.rollback()
        raise


def again(act):
    """What the writer does with a batch that was undone."""
    while True:
        try:
            return act()
        except AgainError:
            continue


class Racer:
    """One server's writer: it makes jobs, claims whatever waits, and completes what it claimed."""

    def __init__(self, database, number):
        self.database = database
        self.holder = f"{ADMIN.key_id}/racer-{number}"
        self.claimed = []
        self.error = None

    def run(self, start):
        try:
            with closing(self.database.connect()) as connection:
                start.wait()
                for _ in range(EACH):
                    again(lambda: self.create(connection))
                    self.complete(connection, again(lambda: self.claim(connection)))
                while found := again(lambda: self.claim(connection)):
                    self.complete(connection, found)
        except Exception as error:  # noqa: BLE001 - the test shows it
            self.error = error

    def create(self, connection):
        with batch(connection) as tx:
            for _ in range(2):
                jobs.CREATE.run(tx, jobs.CreateJob(ADMIN, BODY))

    def claim(self, connection):
        with batch(connection) as tx:
            rows = tx.adopt(sql.claimable_after(connection, KEY, FIRST, 3))
            for row in rows:
                lease(tx, row, self.holder, lease_ms=30_000)
        found = [(row.id, row.fence) for row in rows]
        self.claimed += found
        return found

    def complete(self, connection, found):
        def act():
            with batch(connection) as tx:
                tx.preload(job_id for job_id, _ in found)
                for job_id, fence in found:
                    held = Held(self.holder, 1, job_id, fence)
                    leases.ACK.run(tx, leases.AckLease(held))
                    outcomes.COMPLETE.run(tx, outcomes.CompleteLease(held, Outcome(message="done")))

        again(act)


class Tail(threading.Thread):
    """Follows the log by asking for what lies behind the last number it has seen."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self.database = database
        self.seen = []
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            self.look()

    def look(self):
        last = self.seen[-1] if self.seen else 0
        with self.database.reader() as reader:
            self.seen += [stored.seq for stored in log.page(reader, last, 10**9, 500)]


def test_many_writers_lose_nothing_and_double_nothing(shared, connection):
    racers = [Racer(shared, number) for number in range(WRITERS)]
    start = threading.Barrier(WRITERS, timeout=60)
    tail = Tail(shared)
    tail.start()
    threads = [threading.Thread(target=racer.run, args=(start,)) for racer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    tail.stopped.set()
    tail.join(60)
    tail.look()

    assert [racer.error for racer in racers] == [None] * WRITERS
    made = WRITERS * EACH * 2
    claims = Counter(job_id for racer in racers for job_id, _ in racer.claimed)
    assert len(claims) == made
    assert set(claims.values()) == {1}
    with shared.reader() as reader:
        ends = log.head(reader).seq
        stored = log.page(reader, 0, 10**9, 10**6)
        assert reader.rows("SELECT status, COUNT(*) FROM job GROUP BY status") == [("complete", made)]
    assert [one.seq for one in stored] == list(range(1, ends + 1))
    assert tail.seen == list(range(1, ends + 1))
    assert Counter(one.topic for one in stored)["job:completed"] == made
    for job_id in claims:
        mine = [one.topic for one in stored if one.job_id == job_id]
        assert (mine[0], mine[-1]) == ("job:created", "job:completed")


def test_a_unique_key_goes_to_one_of_many(shared, connection, backend):
    won, refused = [], []
    start = threading.Barrier(8, timeout=60)

    def create():
        with closing(shared.connect()) as mine:
            start.wait()
            try:
                with batch(mine) as tx:
                    body = JobCreate(type="workbook", operation="export", unique_key="only one")
                    jobs.CREATE.run(tx, jobs.CreateJob(ADMIN, body))
                won.append(True)
            except Exception as error:  # noqa: BLE001 - which one it is, is asserted below
                refused.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1
    assert len(refused) == 7
    assert all(isinstance(error, (Refusal, backend.refused)) for error in refused), refused
    with shared.reader() as reader:
        assert reader.rows("SELECT COUNT(*) FROM job") == [(1,)]


def act(connection, command, item):
    """What one server does in a transaction that has not ended."""
    connection.begin()
    tx = Transaction(
        connection, START_MS, Facts("us_acc_test", {1: SPACE}, Limits()), Dispatch(), lambda: 0.5
    )
    command.run(tx, item)
    return tx


DELETION = definitions.DeleteDefinition(ADMIN, "nightly")
LAUNCH = definition_starts.asked(ADMIN, "nightly", DefinitionExecute.model_validate({}), 2)


@pytest.fixture
def other(shared, connection, backend):
    """Another server, which waits for nothing; there is a definition ``nightly``."""
    body = {
        "jobDefinitionCode": "nightly",
        "jobType": "noop",
        "enabled": True,
        "triggers": [{"topic": "a:b"}],
    }
    made = definitions.CreateDefinition(ADMIN, DefinitionCreate.model_validate(body))
    with batch(connection) as tx:
        definitions.create(tx, made)
    with closing(shared.connect()) as found:
        backend.impatient(found)
        yield found
        found.rollback()


def test_a_definition_is_not_deleted_under_a_launch_elsewhere(connection, other):
    tx = act(connection, definition_starts.EXECUTE_DEFINITION, LAUNCH)
    with pytest.raises(AgainError):
        act(other, definitions.DELETE_DEFINITION, DELETION)
    other.rollback()
    tx.commit()
    with pytest.raises(Refusal, match="has not ended") as caught:
        act(other, definitions.DELETE_DEFINITION, DELETION)
    assert caught.value.code == "in_use"


def test_a_definition_that_is_being_deleted_elsewhere_is_not_launched(connection, other):
    tx = act(connection, definitions.DELETE_DEFINITION, DELETION)
    with pytest.raises(AgainError):
        act(other, definition_starts.EXECUTE_DEFINITION, LAUNCH)
    other.rollback()
    tx.commit()
    with pytest.raises(Refusal, match="no job definition"):
        act(other, definition_starts.EXECUTE_DEFINITION, LAUNCH)


def by_trigger(reader, number):
    standing = triggers.standing(reader, [number])
    return START_TRIGGERED, trigger_decisions.Batch(triggers.cursor(reader), (1, WHOLE, 0), [], standing)


def by_schedule(reader, number):
    return START_SCHEDULED, schedule_decisions.Batch([], schedules.definition_standing(reader, [number]))


@pytest.mark.parametrize("start", [by_trigger, by_schedule])
def test_a_definition_is_not_deleted_under_a_start_elsewhere(shared, connection, other, start):
    with shared.reader() as reader:
        [[number]] = reader.rows("SELECT id FROM definition")
        command, batch_ = start(reader, number)
    act(connection, command, batch_)
    with pytest.raises(AgainError):
        act(other, definitions.DELETE_DEFINITION, DELETION)
    other.rollback()
    connection.rollback()
    act(other, definitions.DELETE_DEFINITION, DELETION).commit()
    with shared.reader() as reader:
        assert triggers.standing(reader, [number]) == schedules.definition_standing(reader, [number]) == {}


def test_launches_do_not_wait_for_each_other_nor_for_a_change(connection, other):
    tx = act(connection, definition_starts.EXECUTE_DEFINITION, LAUNCH)
    act(other, definition_starts.EXECUTE_DEFINITION, LAUNCH)
    other.rollback()
    other.begin()
    assert other.run("UPDATE definition SET name = 'other' WHERE code = 'nightly'") == 1
    other.rollback()
    tx.commit()
