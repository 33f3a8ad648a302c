"""Due times at which nothing ran are made up for: as the schedule would have run them, or with other parameters."""

import pytest
from defined import change, declare, define
from history import fail, listed, missed, slot
from modes import ack, complete
from scheduled import edit, look, now, remove, schedule
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.secrets import SecretWrite
from listener_sdk.protocol.times import to_wire
from server.commands import due_runs, jobs
from server.commands.due_runs import RUN_DUE, Asked
from server.commands.jobs import JobAct
from server.commands.schedules import RUN_SCHEDULE, RunSchedule
from server.commands.secrets import SET_SECRET, SetSecret
from server.core.actors import Actor
from server.core.missed import missed_id
from server.core.reach import Reach
from server.core.refusals import Refusals
from server.core.run_views import run_wire
from server.store import health, run_pages
from server.store.command import Command

OPERATOR = Actor("us_key_0000000005", "operator", ADMIN.space)
DUE = 1_767_225_600_000
FORGET = Command(
    "forget", lambda tx, number: tx.connection.run("DELETE FROM slot WHERE schedule_id = :id", id=number)
)
PARAMS = {"url": "{{ dueTime }} {{ trigger.kind }}", "limit": 3}


@pytest.fixture
async def row(stage):
    """A schedule, one of whose due times was left out."""
    await declare(stage)
    made = await define(stage, modes={"default": "full"})
    row = await schedule(stage, name="early", params=PARAMS, mode="delta")
    await missed(stage, slot(row.id, DUE, made.id))
    return row


async def prepared(stage, row, params=None, mode=None, actor=ADMIN, due_at=DUE):
    asked = Asked(actor, row.id, due_at, params or {}, mode)
    return await stage.node.read(lambda reader: due_runs.prepared(reader, asked))


async def again(stage, row, params=None, mode=None, actor=ADMIN, due_at=DUE):
    return await stage.do(RUN_DUE, await prepared(stage, row, params, mode, actor, due_at))


async def refused(stage, row, *args, **kwargs):
    with pytest.raises(Refusal) as caught:
        await again(stage, row, *args, **kwargs)
    return caught.value.code


async def shown(stage, row, job=None):
    """The run of the due time, or of a job."""
    read = (
        (lambda reader: run_pages.load_missed(reader, 1, row.id, DUE))
        if job is None
        else (lambda reader: run_pages.load_job(reader, 1, job.id))
    )
    return run_wire(await stage.node.read(read))


async def test_it_runs_as_it_would_have_run_then_and_both_name_each_other(stage, row):
    job = await again(stage, row, actor=OPERATOR)
    assert job.described()["input"] == {"url": f"{to_wire(DUE)} schedule", "limit": 3}
    assert job.described()["startedBy"] == {
        "kind": "schedule",
        "scheduleId": row.public_id,
        "name": "early",
        "dueTime": to_wire(DUE),
        "slotId": missed_id(row.id, DUE),
    }
    wire, left_out = await shown(stage, row, job), await shown(stage, row)
    assert left_out["rerunId"] == wire["id"]
    assert (wire["rerunOf"], wire["dueAt"]) == (left_out["id"], to_wire(DUE))
    first = {"kind": "schedule", "scheduleId": row.public_id, "name": "early", "dueTime": to_wire(DUE)}
    assert wire["trigger"] == {"kind": "retry", "keyId": OPERATOR.key_id, "first": first}
    assert await listed(stage, triggers=frozenset({"retry"}), schedule=row.id) == ["ready"]
    assert (await ack(stage, job)).told_mode == "full"
    [line] = await stage.rows("SELECT target, after FROM audit WHERE action = 'job:retried'")
    assert line == (left_out["id"], f'{{"job":"{wire["id"]}"}}')
    assert await now(stage, row) == row


async def test_parameters_and_mode_may_be_others(stage, row):
    job = await again(stage, row, {"limit": 1, "headers": {"a": "{{ dueTime }}"}}, "full")
    assert job.described()["input"] == {
        "url": f"{to_wire(DUE)} schedule",
        "limit": 1,
        # What is given now is no template.
        "headers": {"a": "{{ dueTime }}"},
    }
    assert job.described()["modes"]["asked"] == "full"
    [line] = await stage.rows("SELECT after FROM audit WHERE action = 'job:retried'")
    assert '"edited":["params","mode"]' in line[0]
    await complete(stage, await ack(stage, job))
    with pytest.raises(Refusals) as caught:
        await again(stage, row, {"limit": "many", "other": 1})
    assert {one.key for one in caught.value.all} == {"params.limit", "params.other"}
    assert await refused(stage, row, mode="half") == "invalid"


async def test_one_at_a_time_until_it_has_ended(stage, row):
    job = await again(stage, row)
    assert await refused(stage, row) == "already_retried"
    await fail(stage, job)
    newer = await again(stage, row)
    assert (await shown(stage, row))["rerunId"] == (await shown(stage, row, newer))["id"]
    await complete(stage, await ack(stage, newer))
    # Of the job there is history of its own.
    more = await stage.do(jobs.RETRY, JobAct(ADMIN, newer.id))
    assert (await shown(stage, row, more))["rerunOf"] == (await shown(stage, row, newer))["id"]


async def test_two_calls_that_were_prepared_together_make_one_run(stage, row):
    first, second = [await prepared(stage, row) for _ in range(2)]
    await stage.do(RUN_DUE, first)
    with pytest.raises(Refusal) as caught:
        await stage.do(RUN_DUE, second)
    assert caught.value.code == "already_retried"


async def test_what_was_changed_after_it_was_prepared_counts(stage, row):
    item = await prepared(stage, row)
    await edit(stage, row, params={"url": "y"})
    assert (await stage.do(RUN_DUE, item)).described()["input"] == {"url": "y", "limit": 10}


async def test_a_success_clears_the_flag_that_the_due_time_has_set(stage):
    await declare(stage)
    made = await define(stage)
    row = await schedule(stage, params={"limit": "{{ trigger.name }}"}, name="no number")
    assert await look(stage, row.next_at) == 0
    known = await stage.node.read(lambda reader: health.load_many(reader, [made.id]))
    assert known[made.id].failing
    assert (await now(stage, row)).failures == 1
    assert await refused(stage, row, due_at=row.next_at) == "invalid"
    job = await again(stage, row, {"limit": 1}, due_at=row.next_at)
    await complete(stage, await ack(stage, job))
    assert await stage.node.read(lambda reader: health.load_many(reader, [made.id])) == {}
    assert (await now(stage, row)).failures == 0


async def test_while_the_definition_is_disabled_neither_runs_again(stage, row):
    job = await stage.do(RUN_SCHEDULE, RunSchedule(ADMIN, row.id, DUE))
    await fail(stage, job)
    item = await prepared(stage, row)
    await change(stage, enabled=False)
    assert await refused(stage, row) == "disabled"
    with pytest.raises(Refusal) as caught:
        await stage.do(RUN_DUE, item)
    assert caught.value.code == "disabled"
    await change(stage, enabled=True)
    await stage.do(RUN_DUE, item)


async def test_without_its_schedule_nobody_knows_what_it_was_given(stage, row):
    await remove(stage, row)
    with pytest.raises(Refusal, match="launch nightly instead") as caught:
        await again(stage, row)
    assert caught.value.code == "not_found"


async def test_a_disabled_schedule_makes_up_for_what_was_due(stage, row):
    await edit(stage, row, enabled=False)
    assert (await again(stage, row)).status == "ready"


async def test_what_is_no_due_time_or_beyond_reach_is_not_found(stage, row):
    await look(stage, row.next_at)
    assert len(await stage.rows("SELECT * FROM slot WHERE job_id IS NOT NULL")) == 1
    # A due time that became a job is no run of its own.
    assert await refused(stage, row, due_at=row.next_at) == "not_found"
    assert await refused(stage, row, due_at=1) == "not_found"
    assert await refused(stage, row, actor=STRANGER) == "not_found"
    restricted = Actor(OTHER.key_id, "admin", ADMIN.space, reach=Reach(jobs=("other:*",)))
    assert await refused(stage, row, actor=restricted) == "not_found"
    item = await prepared(stage, row)
    await stage.do(FORGET, row.id)
    with pytest.raises(Refusal) as caught:
        await stage.do(RUN_DUE, item)
    assert caught.value.code == "not_found"


async def test_secrets_go_where_they_went_for_who_may_not_use_them(stage):
    await declare(stage)
    secret = SecretWrite(name="TOKEN", value="a value that is long enough")
    await stage.do(SET_SECRET, SetSecret(ADMIN, secret, stage.node.sealer))
    made = await define(stage, params={"url": "x", "headers": {"Authorization": "{{ secrets.TOKEN }}"}})
    row = await schedule(stage)
    await missed(stage, slot(row.id, DUE, made.id))
    with pytest.raises(Refusal, match="TOKEN") as caught:
        await again(stage, row, {"url": "https://elsewhere.example"}, actor=OPERATOR)
    assert caught.value.code == "forbidden"
    assert (await again(stage, row, actor=OPERATOR)).described()["secretRefs"]
