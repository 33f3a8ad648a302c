"""Runs that are made again: as they were, or with other parameters, or in another mode."""

import pytest
from defined import SCHEMA, declare, define, start
from history import failed, succeeded
from modes import ack, complete
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.secrets import SecretWrite
from server.commands import jobs, runs
from server.commands.jobs import JobAct
from server.commands.secrets import SET_SECRET, SetSecret
from server.core.actors import Actor
from server.core.reach import Reach
from server.core.refusals import Refusals

OPERATOR = Actor("us_key_0000000005", "operator", ADMIN.space)


@pytest.fixture
async def row(stage):
    await declare(stage)
    return await define(stage, modes={"default": "delta"})


async def again(stage, job, params=None, mode=None, actor=ADMIN):
    item = await stage.node.read(lambda reader: runs.prepared(reader, actor, job.id, params or {}, mode))
    return await stage.do(runs.RUN_AGAIN, item)


async def test_it_is_as_it_was_and_names_the_first(stage, row):
    old = await failed(stage, row)
    new = await again(stage, old)
    assert (new.rerun_of, new.definition_id, new.described()["input"]) == (
        old.id,
        row.id,
        {"url": "x", "limit": 10},
    )
    assert new.head == old.head
    assert new.run_modes == old.run_modes
    with pytest.raises(Refusal, match="runs it again") as caught:
        await again(stage, old)
    assert caught.value.code == "already_retried"


async def test_parameters_join_its_own_and_are_checked(stage, row):
    old = await failed(stage, row)
    new = await again(stage, old, {"limit": 3})
    assert new.described()["input"] == {"url": "x", "limit": 3}
    assert new.described()["startedBy"] == old.described()["startedBy"]
    [line] = await stage.rows("SELECT after FROM audit WHERE action = 'job:retried'")
    assert '"edited":["input","secretRefs"]' in line[0]
    with pytest.raises(Refusals) as caught:
        await again(stage, await failed(stage, row), {"limit": "many", "other": 1})
    assert {one.key for one in caught.value.all} == {"params.limit", "params.other"}


async def test_another_mode_counts_for_this_run_alone(stage, row):
    await succeeded(stage, row)
    old = await succeeded(stage, row)
    assert old.told_mode == "delta"
    new = await ack(stage, await again(stage, old, mode="full"))
    assert new.told_mode == "full"
    assert (await ack(stage, await start(stage, row))).told_mode == "delta"


async def test_a_mode_that_the_type_has_not_is_refused_and_one_that_it_has_is_told(stage):
    await declare(stage, modes=["full"])
    row = await define(stage)
    old = await succeeded(stage, row)
    with pytest.raises(Refusal) as caught:
        await again(stage, old, mode="delta")
    assert (caught.value.code, caught.value.key) == ("invalid", "mode")
    new = await again(stage, old, mode="full")
    assert (new.told_mode, new.origin.started_by["kind"]) == ("full", "api")


async def test_secrets_stay_where_they_were_unless_their_parameter_is_another(stage):
    await declare(stage)
    text = "{{ secrets.TOKEN }}"
    secret = SecretWrite(name="TOKEN", value="a value that is long enough")
    await stage.do(SET_SECRET, SetSecret(ADMIN, secret, stage.node.sealer))
    row = await define(stage, params={"url": "x", "headers": {"Authorization": text}})
    old = await failed(stage, row)
    edited = await again(stage, old, {"url": "y"})
    assert edited.described()["secretRefs"] == old.described()["secretRefs"]
    # What is given now is no template.
    plain = await again(stage, await failed(stage, row), {"headers": {"Authorization": text}})
    assert "secretRefs" not in plain.described()
    same = await failed(stage, row)
    with pytest.raises(Refusal, match="TOKEN") as caught:
        await again(stage, same, {"url": "https://elsewhere.example"}, actor=OPERATOR)
    assert caught.value.code == "forbidden"
    assert (await again(stage, same, actor=OPERATOR)).described()["secretRefs"]


async def test_what_is_no_run_or_beyond_reach_is_not_found(stage, row):
    plain = await stage.create()
    old = await failed(stage, row)
    restricted = Actor(OTHER.key_id, "admin", ADMIN.space, reach=Reach(jobs=("other:*",)))
    for job, actor in ((plain, ADMIN), (old, STRANGER)):
        with pytest.raises(Refusal) as caught:
            await again(stage, job, actor=actor)
        assert caught.value.code == "not_found"
    with pytest.raises(Refusal) as caught:
        await again(stage, old, {"limit": 1}, actor=restricted)
    assert caught.value.code == "not_found"


async def test_one_that_has_not_ended_is_refused(stage, row):
    job = await start(stage, row)
    with pytest.raises(Refusal) as caught:
        await again(stage, job)
    assert caught.value.code == "illegal_move"


async def test_more_than_a_job_may_have_is_refused(stage):
    await declare(stage, inputSchema={**SCHEMA, "additionalProperties": True})
    row = await define(stage)
    old = await failed(stage, row)
    with pytest.raises(Refusal) as caught:
        await again(stage, old, {"more": "x" * 300_000})
    assert caught.value.code == "too_large"


async def test_a_success_of_a_run_again_moves_the_watermark(stage, row):
    old = await failed(stage, row)
    await complete(stage, await ack(stage, await again(stage, old, {"limit": 2})), "w")
    assert (await ack(stage, await start(stage, row))).described()["watermark"]["since"] == "w"
    await stage.do(jobs.RETRY, JobAct(ADMIN, old.id))
