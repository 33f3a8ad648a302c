"""Job types: declared once, told when they change, removed when nobody serves them."""

from dataclasses import replace

import pytest
from defined import define
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.job_types import MOST_TYPES, JobTypeDeclare
from server.commands import job_types
from server.commands.job_types import DELETE_TYPE, LISTEN_FOR, SEE_TYPES, DeleteType, ListenFor, SeeTypes
from server.core.fleets import Taker, Wish
from server.core.job_types import SEEN_MS, declared
from server.core.reach import Reach
from server.store import job_types as sql

SCHEMA = {"type": "object", "properties": {"rows": {"type": "integer"}}}


def type_(name="workbook:export", **fields):
    return declared(JobTypeDeclare.model_validate({"name": name, **fields}))


async def declare(stage, *types, actor=ADMIN):
    taker = Taker(f"{actor.key_id}/s", 1, actor.space.id, 1, (Wish("**"),))
    await stage.do(LISTEN_FOR, ListenFor(actor, taker, {one.code: one for one in types}))


async def delete(stage, code, actor=ADMIN, *, served=False, shared=False):
    await stage.do(DELETE_TYPE, DeleteType(actor, code, served, shared))


async def row(stage, code, space=1):
    return await stage.node.read(lambda reader: sql.by_code(reader, space, code))


async def told(stage, *topics):
    return [one["payload"] for one in await stage.events(*(f"job-type:{topic}" for topic in topics))]


async def audit(stage):
    return await stage.rows("SELECT actor, action, before, after FROM audit ORDER BY id")


async def test_a_new_type_is_kept_told_and_noted(stage):
    await declare(stage, type_(label="Export", inputSchema=SCHEMA, code="export"), actor=OTHER)
    found = await row(stage, "export")
    assert (found.name, found.label, found.updated_by) == ("workbook:export", "Export", OTHER.key_id)
    assert found.job_type.schema.source == SCHEMA
    (event,) = await stage.events("job-type:declared")
    assert event["payload"] == {"jobType": "export", "name": "workbook:export", "label": "Export"}
    assert event["context"]["actorId"] == OTHER.key_id
    ((actor, action, before, after),) = await audit(stage)
    assert (actor, action, before) == (OTHER.key_id, "job-type:declared", None)
    assert '"code":"export"' in after


async def test_the_same_again_writes_nothing_and_tells_nothing(stage):
    types = [type_(), type_("a:b", inputSchema=SCHEMA)]
    await declare(stage, *types)
    before = await row(stage, "a:b")
    stage.clock.forward(60)
    for number in range(20):
        await declare(stage, *types, actor=replace(OTHER, key_id=f"us_key_{number}"))
    assert await row(stage, "a:b") == before
    assert len(await told(stage, "declared", "updated")) == 2
    assert len(await audit(stage)) == 2


async def test_the_last_declaration_of_a_code_wins_and_what_differs_is_told(stage):
    await declare(stage, type_(code="export", label="Export"), type_("a:b"))
    first = await row(stage, "export")
    stage.clock.forward(1)
    newer = type_("sheet:export", code="export", label="Export", modes=["delta"])
    await declare(stage, newer, type_("a:b"), actor=OTHER)
    found = await row(stage, "export")
    assert (found.id, found.created_at, found.name) == (first.id, first.created_at, "sheet:export")
    assert (found.updated_at, found.updated_by, found.seen_at) == (stage.clock(), OTHER.key_id, stage.clock())
    (payload,) = await told(stage, "updated")
    assert payload["changed"] == ["name", "modes"]
    assert payload["before"] == {"name": "workbook:export"}
    *_, (_, action, before, after) = await audit(stage)
    assert (action, before) == ("job-type:updated", '{"name":"workbook:export","modes":["full"]}')
    assert after == '{"name":"sheet:export","modes":["delta"]}'


async def test_a_restricted_key_does_not_take_over_a_type_beyond_its_reach(stage):
    await declare(stage, type_(code="export"), type_("import:csv", code="import"))
    narrow = replace(OTHER, reach=Reach(jobs=("import:*",)))
    theirs = type_("import:steal", code="export")
    with pytest.raises(Refusal) as caught:
        await declare(stage, type_("import:json", code="json"), theirs, actor=narrow)
    assert (caught.value.code, caught.value.key) == ("forbidden", "types")
    assert "choose another code" in caught.value.message
    assert ((await row(stage, "export")).name, await row(stage, "json")) == ("workbook:export", None)
    assert f"{OTHER.key_id}/s" not in stage.node.dispatch.takers
    await declare(stage, type_("import:tsv", code="import"), actor=narrow)
    assert (await row(stage, "import")).name == "import:tsv"


async def test_who_defines_no_jobs_gives_a_type_of_definitions_no_other_name(stage):
    await declare(stage, type_(code="export"))
    await define(stage, params={})
    listener = replace(OTHER, role="listener")
    with pytest.raises(Refusal, match="nightly") as caught:
        await declare(stage, type_("sheet:export", code="export"), actor=listener)
    assert (caught.value.code, caught.value.key) == ("in_use", "types")
    await declare(stage, type_(code="export", label="New"), actor=listener)
    await declare(stage, type_("sheet:export", code="export"), actor=replace(OTHER, role="developer"))
    found = await row(stage, "export")
    assert (found.name, found.label) == ("sheet:export", None)


async def test_a_space_has_types_of_its_own(stage):
    await declare(stage, type_(label="Ours"))
    await declare(stage, type_(label="Theirs"), actor=STRANGER)
    assert ((await row(stage, "workbook:export")).label, (await row(stage, "workbook:export", 2)).label) == (
        "Ours",
        "Theirs",
    )
    with pytest.raises(Refusal) as caught:
        await delete(stage, "nobody:has", STRANGER)
    assert caught.value.code == "not_found"


async def test_a_space_has_so_many_types_and_who_is_refused_takes_nothing(stage, monkeypatch):
    monkeypatch.setattr(job_types, "MOST_TYPES", 3)
    await declare(stage, type_("a:a"), type_("a:b"))
    with pytest.raises(Refusal) as caught:
        await declare(stage, type_("a:a", label="Other"), type_("a:c"), type_("a:d"), actor=OTHER)
    assert (caught.value.code, "at most 3" in caught.value.message) == ("limit", True)
    assert (await row(stage, "a:a")).label is None
    assert f"{OTHER.key_id}/s" not in stage.node.dispatch.takers
    await declare(stage, type_("a:a", label="Other"), type_("a:c"), actor=OTHER)
    assert MOST_TYPES == 1_000


async def test_a_type_that_nobody_serves_can_be_deleted(stage):
    await declare(stage, type_())
    await delete(stage, "workbook:export")
    assert await row(stage, "workbook:export") is None
    assert await told(stage, "deleted") == [{"jobType": "workbook:export", "name": "workbook:export"}]
    with pytest.raises(Refusal, match="There is no job type workbook:export"):
        await delete(stage, "workbook:export")


async def test_a_type_that_is_served_here_or_elsewhere_is_in_use(stage):
    await declare(stage, type_())
    for where in ({"served": True}, {"shared": True}):
        with pytest.raises(Refusal, match="stop them first") as caught:
            await delete(stage, "workbook:export", **where)
        assert caught.value.code == "in_use"
    stage.clock.forward(SEEN_MS / 1000 + 1)
    await delete(stage, "workbook:export", shared=True)


async def test_a_restricted_key_deletes_none_beyond_its_reach_and_hears_of_none(stage):
    await declare(stage, type_("workbook:export"), type_("import:csv"))
    narrow = replace(ADMIN, reach=Reach(jobs=("import:*",)))
    with pytest.raises(Refusal) as caught:
        await delete(stage, "workbook:exprt", narrow)
    assert "workbook:export" not in caught.value.message
    with pytest.raises(Refusal):
        await delete(stage, "workbook:export", narrow)
    await delete(stage, "import:csv", narrow)


async def test_what_is_seen_is_noted_with_the_time(stage):
    await declare(stage, type_())
    stage.clock.forward(20)
    await stage.do(SEE_TYPES, SeeTypes(((await row(stage, "workbook:export")).id,)))
    assert (await row(stage, "workbook:export")).seen_at == stage.clock()
