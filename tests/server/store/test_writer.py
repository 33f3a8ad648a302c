"""The writer: what gathers lands in one batch, lazy commands wait, and one item's fault is its own."""

import asyncio
import threading
from dataclasses import dataclass, field

import pytest
from stage import ADMIN, START_MS, Clock

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.jobs import JobCreate
from server.commands import jobs as job_commands
from server.core.dispatch import Dispatch
from server.core.effects import Lost
from server.store import log
from server.store import writer as writer_module
from server.store.command import Command, Once, Replayed
from server.store.database import BrokenError, DiskFullError, StoreError
from server.store.transaction import NewEvent
from server.store.writer import LAZY_S, Writer

DEADLINE_S = 20


def write(tx, name):
    """Store a name and an event; what it is named decides what goes wrong."""
    if name.startswith("refused"):
        raise Refusal("conflict", f"{name} is refused")
    tx.insert("meta", ("name", "value"), (name, "v"))
    tx.append(NewEvent(1, "test:written", None, terminal=False, body={"name": name}))
    tx.effects.append(Lost(name, 0, 0))
    if name.startswith("broken"):
        raise RuntimeError(name)
    return f"{name} written"


WRITE = Command("write", write)
LAZY = Command("lazy", write, lazy=True)


class Gate:
    """A connection whose commits can be held up, counted, and made to fail."""

    def __init__(self, inner):
        self.inner = inner
        self.open = threading.Event()
        self.open.set()
        self.reached = threading.Event()
        self.commits = 0
        self.fail = {}

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def begin(self):
        self._fail("begin")
        self.inner.begin()

    def commit(self):
        self.reached.set()
        assert self.open.wait(DEADLINE_S)
        self._fail("commit")
        self.inner.commit()
        self.commits += 1

    def rows(self, sql, /, **params):
        if "GROUP BY holder" in sql:
            self._fail("reload")
        return self.inner.rows(sql, **params)

    def _fail(self, where):
        errors = self.fail.get(where)
        if errors:
            raise errors.pop(0)


@dataclass
class House:
    """A writer over a real store, and what it told its owner."""

    store: object
    gate: Gate
    dispatch: Dispatch
    writer: Writer = None
    clock: Clock = field(default_factory=Clock)
    delivered: list = field(default_factory=list)
    batches: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    more: list = field(default_factory=list)
    broken: str | None = None
    low: str | None = None

    def connect(self):
        return self.gate

    def at_end(self, tx):
        self.batches.append([event.body.get("name") for event in tx._events])
        return bool(self.more and self.more.pop(0))

    def deliver(self, events, effects):
        self.delivered.append(([event.seq for event in events], [effect.holder for effect in effects]))

    def post(self, command, *names):
        for name in names:
            self.writer.post(
                command, name, lambda result, error, name=name: self.answers.append((name, result, error))
            )

    async def reach(self, event):
        assert await asyncio.to_thread(event.wait, DEADLINE_S)

    async def until(self, test):
        async with asyncio.timeout(DEADLINE_S):
            while not test():  # noqa: ASYNC110 - any turn of the loop may bring it
                await asyncio.sleep(0)  # one turn of the loop

    def stored(self):
        with self.store.reader() as reader:
            return [row[0] for row in reader.rows("SELECT name FROM meta WHERE value = 'v' ORDER BY name")]

    def logged(self):
        with self.store.reader() as reader:
            return [stored.seq for stored in log.page(reader, 0, 10_000, 10_000)]


@pytest.fixture
async def house(store, facts):
    house = House(store, Gate(store.connect()), Dispatch())
    house.writer = Writer(
        house,
        facts,
        house.dispatch,
        clock=house.clock,
        at_end=house.at_end,
        deliver=house.deliver,
        low=lambda: house.low,
    )
    house.writer.start()
    yield house
    house.gate.open.set()
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()


# ---- batches


async def test_a_command_is_answered_once_its_commit_is_done(house):
    assert await house.writer.submit(WRITE, "a") == "a written"
    assert house.stored() == ["a"]
    assert house.logged() == [1]


async def test_what_gathers_during_a_commit_lands_in_one_next_batch(house):
    house.gate.open.clear()
    house.post(WRITE, "first")
    await house.reach(house.gate.reached)
    names = [f"n{number}" for number in range(50)]
    for name in names:
        house.post(WRITE, name)
        await asyncio.sleep(0)
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 51)
    assert house.batches == [["first"], names]
    assert house.gate.commits == 2
    assert house.logged() == list(range(1, 52))


async def test_what_is_posted_in_one_turn_of_the_loop_is_one_batch(house):
    await asyncio.gather(*(house.writer.submit(WRITE, str(n)) for n in range(20)))
    assert house.gate.commits == 1


async def test_answers_come_before_effects_and_events(house):
    order = []
    house.writer._deliver = lambda *_: order.append("delivered")
    house.writer.post(WRITE, "a", lambda *_: order.append("answered"))
    house.writer.post(WRITE, "b", lambda *_: order.append("answered"))
    await house.until(lambda: len(order) == 3)
    assert order == ["answered", "answered", "delivered"]


async def test_events_and_effects_are_delivered_in_the_order_of_the_log(house):
    await asyncio.gather(*(house.writer.submit(WRITE, name) for name in "abc"))
    await house.writer.submit(WRITE, "d")
    assert house.delivered == [([1, 2, 3], ["a", "b", "c"]), ([4], ["d"])]


async def test_a_batch_without_events_delivers_nothing(house):
    await house.writer.submit(Command("look", lambda _, item: item), 7)
    assert house.delivered == []


async def test_a_batch_has_a_largest_size_and_the_rest_follows_at_once(house, monkeypatch):
    monkeypatch.setattr(writer_module, "LARGEST_BATCH", 10)
    timers = []
    monkeypatch.setattr(house.writer, "_arm", lambda: timers.append(1))
    house.post(WRITE, *(f"n{number:02}" for number in range(25)))
    await house.until(lambda: len(house.answers) == 25)
    assert [len(batch) for batch in house.batches] == [10, 10, 5]
    assert timers == []


async def test_another_batch_follows_while_the_end_asks_for_it(house):
    house.more = [True, True, False]
    await house.writer.submit(WRITE, "a")
    await house.until(lambda: len(house.batches) == 3)
    assert house.batches == [["a"], [], []]


# ---- lazy commands


async def test_a_lazy_command_waits_two_milliseconds_at_most_and_starts_nothing_by_itself(house, monkeypatch):
    delays = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later
    monkeypatch.setattr(
        loop, "call_later", lambda delay, act, *args: (delays.append(delay), call_later(delay, act, *args))[1]
    )
    house.post(LAZY, "a", "b")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert house.batches == []
    await house.until(lambda: len(house.answers) == 2)
    assert LAZY_S == 0.002
    assert delays.count(LAZY_S) == 1, "one timer for all that waits"
    assert house.batches == [["a", "b"]]


async def test_a_lazy_command_joins_the_next_eager_one(house):
    house.post(LAZY, "lazy")
    house.post(WRITE, "eager")
    await house.until(lambda: len(house.answers) == 2)
    assert house.batches == [["lazy", "eager"]]
    assert house.writer._timer is None


async def test_a_lazy_command_of_a_busy_time_waits_for_company_after_the_commit(house):
    house.gate.open.clear()
    house.post(WRITE, "first")
    await house.reach(house.gate.reached)
    house.post(LAZY, "lazy")
    await asyncio.sleep(0)
    assert house.writer._timer is None, "nothing can start while a batch is in flight"
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 1)
    assert house.writer._timer is not None
    house.post(WRITE, "second")
    await house.until(lambda: len(house.answers) == 3)
    assert house.batches == [["first"], ["lazy", "second"]]


# ---- refusals and faults


async def test_a_refusal_is_an_answer_and_does_not_spoil_the_batch(house):
    house.post(WRITE, "a", "refused", "b")
    await house.until(lambda: len(house.answers) == 3)
    assert [(name, result) for name, result, _ in house.answers] == [
        ("a", "a written"), ("refused", None), ("b", "b written"),
    ]  # fmt: skip
    assert house.answers[1][2].code == "conflict"
    assert house.gate.commits == 1
    assert house.stored() == ["a", "b"]
    with pytest.raises(Refusal, match="refused"):
        await house.writer.submit(WRITE, "refused again")


async def test_an_unexpected_error_hits_the_guilty_item_alone(house):
    house.post(WRITE, "a", "broken", "b", "refused", "c")
    await house.until(lambda: len(house.answers) == 5)
    assert [result for _, result, _ in house.answers] == ["a written", None, "b written", None, "c written"]
    assert [type(error) for _, _, error in house.answers] == [
        type(None),
        RuntimeError,
        type(None),
        Refusal,
        type(None),
    ]
    assert house.stored() == ["a", "b", "c"]
    assert house.logged() == [1, 2, 3]
    assert house.delivered == [([1, 2, 3], ["a", "b", "c"])]


async def test_an_event_that_the_database_refuses_hits_its_item_alone(house):
    def end(tx, name):
        tx.append(NewEvent(1, "job:completed", 7, terminal=True, body={"name": name}))

    command = Command("end", end)
    results = await asyncio.gather(
        house.writer.submit(command, "a"), house.writer.submit(WRITE, "x"), house.writer.submit(command, "b"),
        return_exceptions=True,
    )  # fmt: skip
    assert results[:2] == [None, "x written"]
    assert isinstance(results[2], Exception)
    assert house.logged() == [1, 2]


async def test_who_holds_what_is_read_anew_after_an_error(house):
    def take(tx, holder):
        tx.dispatch.taken(holder)
        tx.dispatch.enter((1, "a:b"), (0, 1))
        raise RuntimeError(holder)

    house.dispatch.held = {"nobody": 5}
    with pytest.raises(RuntimeError):
        await house.writer.submit(Command("take", take), "somebody")
    await house.writer.submit(WRITE, "next")
    assert house.dispatch.held == {}
    assert house.dispatch.waiting.counts() == {}


async def test_jobs_created_beside_a_fault_are_stored_once(house):
    def create(operation):
        body = JobCreate(type="workbook", operation=operation)
        return house.writer.submit(job_commands.CREATE, job_commands.CreateJob(ADMIN, body))

    rows = await asyncio.gather(
        create("a"), house.writer.submit(WRITE, "broken"), create("b"), return_exceptions=True
    )
    assert [row.id for row in (rows[0], rows[2])] == [1, 2]
    with house.store.reader() as reader:
        assert reader.rows("SELECT id, name FROM job ORDER BY id") == [(1, "workbook:a"), (2, "workbook:b")]
        assert reader.rows("SELECT COUNT(*), MAX(seq) FROM event") == [(4, 4)]


@pytest.mark.parametrize("where", ["begin", "commit"])
@pytest.mark.parametrize("kind", [StoreError, DiskFullError])
async def test_a_store_error_fails_the_whole_batch_and_leaves_nothing(house, where, kind):
    house.gate.fail[where] = [kind("not now")]
    house.post(WRITE, "a", "refused", "b")
    await house.until(lambda: len(house.answers) == 3)
    assert {type(error) for _, _, error in house.answers} == {kind}
    assert house.stored() == house.logged() == house.delivered == []
    assert await house.writer.submit(WRITE, "c") == "c written"
    assert house.logged() == [1]


async def test_who_holds_what_is_read_even_when_the_store_came_back_late(house):
    house.dispatch.held = {"nobody": 5}
    house.gate.fail = {"commit": [StoreError("not now")], "reload": [StoreError("nor now")]}
    with pytest.raises(StoreError, match="not now"):
        await house.writer.submit(WRITE, "a")
    with pytest.raises(StoreError, match="nor now"):
        await house.writer.submit(WRITE, "b")
    await house.writer.submit(WRITE, "c")
    assert house.dispatch.held == {}
    assert house.stored() == ["c"]


async def test_a_callback_that_fails_keeps_no_answer_from_the_others(house):
    house.writer.post(WRITE, "a", lambda *_: 1 / 0)
    house.post(WRITE, "b")
    await house.until(lambda: house.delivered)
    assert [name for name, _, _ in house.answers] == ["b"]


async def test_a_delivery_that_fails_is_logged_and_does_not_stop_the_writer(house, capsys):
    house.gate.open.clear()
    house.writer._deliver = lambda *_: 1 / 0
    house.post(WRITE, "a")
    await house.reach(house.gate.reached)
    house.post(WRITE, "b")
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 2)
    assert house.stored() == ["a", "b"]
    said = capsys.readouterr().out
    assert "delivery_failed" in said
    assert "ZeroDivisionError" in said


async def test_a_caller_that_has_gone_does_not_disturb(house):
    house.gate.open.clear()
    task = asyncio.ensure_future(house.writer.submit(WRITE, "a"))
    await house.reach(house.gate.reached)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    house.gate.open.set()
    assert await house.writer.submit(WRITE, "b") == "b written"
    assert house.stored() == ["a", "b"]


# ---- stopping


async def test_stopping_finishes_what_was_taken_and_refuses_what_comes_later(house):
    house.gate.open.clear()
    house.post(WRITE, "a")
    await house.reach(house.gate.reached)
    house.post(WRITE, "b")
    house.post(LAZY, "c")
    stopping = asyncio.ensure_future(house.writer.stop())
    await asyncio.sleep(0)
    house.post(WRITE, "late")
    assert house.answers[-1][0] == "late"
    assert isinstance(house.answers[-1][2], StoreError)
    with pytest.raises(StoreError, match="stopping"):
        await house.writer.submit(LAZY, "later")
    house.gate.open.set()
    async with asyncio.timeout(DEADLINE_S):
        await stopping
    assert house.stored() == ["a", "b", "c"]
    assert not house.writer._thread.is_alive()


async def test_stopping_without_work_ends_at_once(house):
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()
    assert house.gate.commits == 0


async def test_stopping_takes_lazy_commands_along(house):
    house.post(LAZY, "a")
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()
    assert house.stored() == ["a"]
    assert [name for name, _, _ in house.answers] == ["a"]


async def test_stopping_twice_is_allowed(house):
    async with asyncio.timeout(DEADLINE_S):
        await house.writer.stop()
        await house.writer.stop()


# ---- idempotency keys through the writer


def once(key="k", body="h"):
    return Once("scope", key, body, lambda result: f"stored {result}")


async def test_a_repetition_in_the_same_batch_gets_the_same_result(house):
    results = await asyncio.gather(*(house.writer.submit(WRITE, "a", once()) for _ in range(3)))
    assert results == ["a written"] * 3
    assert house.stored() == ["a"]


async def test_a_repetition_later_gets_the_stored_answer(house):
    await house.writer.submit(WRITE, "a", once())
    assert await house.writer.submit(WRITE, "a", once()) == Replayed("stored a written")
    house.clock.ms = START_MS + 86_400_000
    assert await house.writer.submit(WRITE, "b", once()) == "b written"


async def test_an_answer_is_stored_only_with_the_change(house):
    house.gate.fail["commit"] = [StoreError("not now")]
    with pytest.raises(StoreError):
        await house.writer.submit(WRITE, "a", once())
    with pytest.raises(Refusal):
        await house.writer.submit(WRITE, "refused", once())
    with pytest.raises(RuntimeError):
        await house.writer.submit(WRITE, "broken", once())
    assert await house.writer.submit(WRITE, "a", once()) == "a written"


async def test_after_an_error_of_the_store_it_looks_again_by_itself(house, monkeypatch):
    monkeypatch.setattr("server.store.writer.AFTER_ERROR_S", 0.0)
    house.gate.fail["commit"] = [StoreError("not now")]
    house.dispatch.held = {"nobody": 5}
    with pytest.raises(StoreError):
        await house.writer.submit(WRITE, "a")
    await house.until(lambda: house.dispatch.held == {})
    assert house.stored() == []


# ---- when nothing may be written


async def test_with_too_little_room_only_what_needs_none_is_done(house):
    house.low = "The disk is nearly full."
    with pytest.raises(DiskFullError, match="nearly full"):
        await house.writer.submit(WRITE, "a")
    frugal = Command("frugal", write, needs_no_room=True)
    assert await house.writer.submit(frugal, "b") == "b written"
    house.low = None
    assert await house.writer.submit(WRITE, "c") == "c written"
    assert house.stored() == ["b", "c"]


async def test_each_refusal_is_an_error_of_its_own(house):
    house.broken = "The file is damaged."
    errors = await asyncio.gather(
        *(house.writer.submit(WRITE, name) for name in "ab"), return_exceptions=True
    )
    assert [str(error) for error in errors] == ["The file is damaged."] * 2
    assert errors[0] is not errors[1], "a traceback would grow with every one that is raised again"


async def test_a_broken_store_is_written_to_no_more(house, monkeypatch):
    monkeypatch.setattr("server.store.writer.AFTER_ERROR_S", 0.0)

    def find_damage(tx, item):
        house.broken = "The file is damaged."
        raise BrokenError(house.broken)

    house.gate.open.clear()
    house.post(WRITE, "before")
    await house.reach(house.gate.reached)
    house.post(Command("find", find_damage), "found")
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 2)
    frugal = Command("frugal", write, needs_no_room=True)
    house.post(frugal, "after")
    assert [(name, type(error)) for name, _, error in house.answers] == [
        ("before", type(None)),
        ("found", BrokenError),
        ("after", BrokenError),
    ]
    await asyncio.sleep(0)
    assert len(house.batches) == 1
    assert house.stored() == ["before"]


async def test_what_gathered_while_the_damage_was_found_is_not_written(house):
    house.gate.open.clear()
    house.post(WRITE, "a")
    await house.reach(house.gate.reached)
    house.post(WRITE, "b")
    house.broken = "The file is damaged."
    house.gate.open.set()
    await house.until(lambda: len(house.answers) == 2)
    assert [type(error) for _, _, error in house.answers] == [type(None), BrokenError]
    assert house.stored() == ["a"]


async def test_told_to_look_it_reads_who_holds_what_in_a_batch_of_its_own(house):
    house.dispatch.held = {"nobody": 5}
    house.writer.look()
    await house.until(lambda: len(house.batches) == 1)
    assert house.dispatch.held == {}


async def test_a_start_that_fails_leaves_no_connection_behind(house, facts):
    closed = []
    house.gate.fail["reload"] = [StoreError("not now")]
    house.gate.close = lambda: closed.append(True)
    other = Writer(
        house, facts, house.dispatch, clock=house.clock, at_end=house.at_end, deliver=house.deliver
    )
    with pytest.raises(StoreError):
        other.start()
    assert closed == [True]
    del house.gate.close
