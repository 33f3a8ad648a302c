"""What one batch has looked up and the next ones count on: right in the very next one, whoever has changed it, and nothing lost or doubled."""

import asyncio
import contextlib
from itertools import pairwise

import pytest
from defined import change, declare, define, made_type
from history import failed
from hooked import hook, prepared
from modes import ack, complete
from scheduled import look, now, scheduled, slots
from stage import ADMIN, Stage

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionExecute
from listener_sdk.protocol.hooks import HookUpdate
from server.commands import definition_starts, definitions, hooks, job_types, jobs, launches
from server.commands.definitions import DeleteDefinition
from server.commands.hook_deliveries import DELIVER, Stale
from server.core.templates import Resolved
from server.store import definitions as sql
from server.store import health, runs
from server.store.command import Command


class Pair:
    """``here`` counts on what it has looked up while ``there`` changes it: another server, or the same one."""

    def __init__(self, here, there):
        self.here, self.there = here, there
        self.plain = 0
        """Jobs of no definition."""

    async def run(self):
        """A job of the definition, made here."""
        item = definition_starts.asked(ADMIN, "nightly", DefinitionExecute(), 2)
        return await self.here.do(definition_starts.EXECUTE_DEFINITION, item)

    async def warm(self):
        """Two runs from beginning to end, so that all is known here; the last job."""
        for _ in range(2):
            job = await self.run()
            await complete(self.here, await ack(self.here, job))
        return job

    def messages(self, monkeypatch):
        """How often the writer here has waited for PostgreSQL, from now on."""
        wire, sent = self.here.node.writer._connection._wire, []
        ask = wire.ask
        monkeypatch.setattr(
            wire, "ask", lambda statements: sent.append([one.sql for one in statements]) or ask(statements)
        )
        return sent


async def declare_anew(stage, **fields):
    """A listener declares the type of the definition otherwise."""
    types = {"export": made_type(**fields)}
    await stage.do(Command("declare", lambda tx, _: job_types.declare(tx, ADMIN, types)), None)


@pytest.fixture(params=["sqlite alone", "postgresql alone", "postgresql shared"])
async def pair(request, backends, place):
    name, servers = request.param.split()
    backend = next(one for one in backends if one.name == name)
    async with contextlib.AsyncExitStack() as stack:
        here = await Stage(place, backend.open).start()
        stack.push_async_callback(here.stop)
        there = here
        if servers == "shared":
            there = await Stage(place, backend.open, here.clock).start()
            stack.push_async_callback(there.stop)
        yield Pair(here, there)


@pytest.fixture
async def ready(pair):
    await declare(pair.here, modes=["full"])
    pair.row = await define(pair.here)
    await pair.warm()
    yield pair
    [(jobs_made,)] = await pair.here.rows("SELECT COUNT(*) FROM job")
    [(runs_made,)] = await pair.here.rows("SELECT COUNT(*) FROM job_run")
    assert len(await pair.here.events("job:created")) == jobs_made == runs_made + pair.plain
    seqs = [event["seq"] for event in await pair.here.events()]
    assert all(after == before + 1 for before, after in pairwise(seqs))


# ---- definitions


async def test_a_job_is_of_the_version_of_by_then(ready):
    await change(ready.there, params={"url": "y"})
    told = (await ready.run()).described()
    assert (told["definitionVersion"], told["input"]["url"]) == (2, "y")


async def test_a_disabled_one_starts_no_more_and_an_enabled_one_again(ready):
    await change(ready.there, enabled=False)
    with pytest.raises(Refusal, match="disabled"):
        await ready.run()
    await change(ready.there, enabled=True)
    assert (await ready.run()).status == "ready"


async def test_a_job_has_the_name_of_by_then(ready):
    await change(ready.there, name="Every night")
    assert (await ready.run()).described()["label"] == "Every night"


async def test_a_deleted_one_is_not_found_and_another_of_its_code_is_another(ready):
    await ready.there.do(definitions.DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    with pytest.raises(Refusal, match="no job definition nightly"):
        await ready.run()
    made = await define(ready.there)
    assert made.id != ready.row.id
    assert (await ready.run()).definition_id == made.id


@pytest.mark.parametrize("pair", ["postgresql shared"], indirect=True)
async def test_one_that_is_being_deleted_while_a_batch_counts_on_it_is_waited_for_and_not_found(ready):
    with contextlib.closing(ready.there.database.connect()) as other:
        other.begin()
        sql.keep(other, ready.row.id)
        sql.delete(other, ready.row.id)
        assert sql.find(other, 1, "nightly") is None
        job = asyncio.create_task(ready.run())
        await ready.here.in_flight()
        other.commit()
    with pytest.raises(Refusal, match="no job definition nightly"):
        await job


async def test_one_with_a_job_is_kept_from_being_deleted_as_before(ready):
    job = await ready.run()
    with pytest.raises(Refusal, match="has not ended"):
        await ready.there.do(definitions.DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    await ready.here.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))


async def test_parameters_meet_the_schema_of_by_then_though_no_time_has_passed(ready):
    await declare_anew(ready.there, inputSchema={"type": "object", "required": ["to"]})
    with pytest.raises(Refusal) as caught:
        await ready.run()
    assert caught.value.key == "params.to"


async def test_what_was_prepared_by_an_older_schema_is_prepared_anew(ready):
    await change(ready.here, params={"url": "{{ trigger.keyId }}"})
    item = definition_starts.asked(ADMIN, "nightly", DefinitionExecute(), 2)
    item = await ready.here.node.read(lambda reader: definition_starts.prepare(reader, item))
    await declare_anew(ready.there, inputSchema={"type": "object", "required": ["to"]})
    with pytest.raises(Refusal) as caught:
        await ready.here.do(definition_starts.EXECUTE_DEFINITION, item)
    assert caught.value.key == "params.to"


# ---- job types


async def test_parameters_that_were_checked_against_an_older_type_are_not_taken(ready):
    async def launched():
        ready.plain += 1
        known = await ready.here.node.job_types.find(ADMIN, "export")
        item = launches.Launch(ADMIN, known.job_type, Resolved({"url": "x"}), is_checked=True)
        return await ready.here.do(launches.LAUNCH, item)

    for _ in range(2):
        assert (await launched()).name == "workbook:export"
    for name in ("workbook:other", "workbook:export"):
        known = await ready.here.node.job_types.find(ADMIN, "export")
        await declare_anew(ready.there, name=name)
        item = launches.Launch(ADMIN, known.job_type, Resolved({"url": "x"}), is_checked=True)
        with pytest.raises(launches.Outdated):
            await ready.here.do(launches.LAUNCH, item)
        ready.here.node.job_types.changed()
        for _ in range(2):
            assert (await launched()).name == name


# ---- hooks


async def test_a_call_that_was_checked_against_an_older_hook_or_definition_is_checked_again(ready):
    number = (await hook(ready.here, definition="nightly")).id
    rename = hooks.UpdateHook(ADMIN, number, HookUpdate(wait_s=None, name="Other"))
    for act in (
        lambda: change(ready.there, params={"url": "y"}),
        lambda: ready.there.do(hooks.UPDATE_HOOK, rename),
        lambda: ready.there.do(hooks.DELETE_HOOK, hooks.DeleteHook(ADMIN, number)),
    ):
        row = await ready.here.node.read(lambda reader: hooks.find(reader, ADMIN, number))
        for _ in range(2):
            assert (await ready.here.do(DELIVER, await prepared(ready.here, row))).status == "started"
        item = await prepared(ready.here, row)
        await act()
        with pytest.raises(Stale):
            await ready.here.do(DELIVER, item)


# ---- the ends of runs


async def test_a_success_here_mends_what_has_failed_there(ready):
    topics = ("definition:failing", "definition:recovered")
    for turn in range(1, 3):
        await failed(ready.there, ready.row)
        await complete(ready.here, await ack(ready.here, await ready.run()))
        assert await ready.here.rows("SELECT id FROM definition_health") == []
        assert [event["topic"] for event in await ready.here.events(*topics)] == [*topics] * turn
        await ready.warm()


async def test_a_due_time_that_was_queued_there_runs_when_the_run_has_ended_here(pair):
    row = await scheduled(pair.here, overlap="queue_one")
    await pair.warm()
    for hour in range(2):
        job = await ack(pair.here, await pair.run())
        due = row.next_at + hour * 3_600_000
        assert await look(pair.there, due) == 0
        assert (await now(pair.here, row)).queued_at == due
        await complete(pair.here, job)
        assert (await now(pair.here, row)).fires_at == pair.here.clock.ms
        assert await look(pair.there) == 1
        found = [job_id for at, job_id, *_ in await slots(pair.here, row) if at == due]
        await complete(pair.here, await ack(pair.here, (await pair.here.row(found[0]))))
        await pair.warm()


# ---- batches that fail


async def test_what_a_batch_has_seen_that_failed_is_forgotten(ready):
    async def fail(act):
        def run(tx, _):
            act(tx)
            tx.flush()
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await ready.here.do(Command("fail", run), None)

    body = definitions.DefinitionUpdate.model_validate({"params": {"url": "y"}})
    item = definition_starts.asked(ADMIN, "nightly", DefinitionExecute(), 2)

    def change_and_start(tx):
        definitions.update(tx, definitions.UpdateDefinition(ADMIN, "nightly", body))
        definition_starts.execute(tx, item)

    await fail(change_and_start)
    assert (await ready.run()).described()["definitionVersion"] == 1

    await failed(ready.here, ready.row)

    def mend_and_look(tx):
        health.delete(tx.connection, [ready.row.id])
        assert not runs.concerned(tx.connection, [ready.row.id]).failing

    await fail(mend_and_look)
    await complete(ready.here, await ack(ready.here, await ready.run()))
    assert len(await ready.here.events("definition:recovered")) == 1


# ---- what it is for


@pytest.mark.parametrize("pair", ["postgresql alone", "postgresql shared"], indirect=True)
async def test_making_and_ending_jobs_of_a_definition_asks_nothing_beside_the_commit(ready, monkeypatch):
    job = await ack(ready.here, await ready.run())
    plain = await ack(ready.here, await ready.here.create())
    ready.plain = 2
    sent = ready.messages(monkeypatch)
    await ready.run()
    made = len(sent)
    await ready.here.create()
    assert len(sent) - made == made
    before = len(sent)
    await complete(ready.here, job)
    ended = len(sent) - before
    await complete(ready.here, plain)
    assert len(sent) - before - ended == ended


@pytest.mark.parametrize("pair", ["postgresql shared"], indirect=True)
async def test_a_batch_that_counted_on_what_was_changed_is_run_once_more_and_then_none(ready, monkeypatch):
    undone = []
    undo = ready.here.node.writer._undo
    monkeypatch.setattr(ready.here.node.writer, "_undo", lambda: undone.append(1) or undo())
    for version in range(2, 6):
        await change(ready.there, params={"url": f"v{version}"})
        assert (await ready.run()).described()["definitionVersion"] == version
    assert undone == [1]
