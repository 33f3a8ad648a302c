"""Watermarks set and reset by people, on a stage: what is told, and what is refused."""

import pytest
from defined import declare, define
from modes import begun, complete, defined, goes_by, mark
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.watermarks import (
    RESET_WATERMARK,
    SET_WATERMARK,
    ResetWatermark,
    SetWatermark,
    read,
)
from server.core.watermarks import Watermark


async def set_to(stage, value, name="nightly", actor=ADMIN):
    return await stage.do(SET_WATERMARK, SetWatermark(actor, name, value))


async def reset(stage, name="nightly", actor=ADMIN):
    return await stage.do(RESET_WATERMARK, ResetWatermark(actor, name))


async def seen(stage, name="nightly", actor=ADMIN):
    return await stage.node.read(lambda reader: read(reader, actor, name))


async def lines(stage):
    found = await stage.rows("SELECT action, before, after, target FROM audit ORDER BY id")
    return [row for row in found if "watermark" in row[0]]


async def test_a_definition_that_has_not_run_has_none(stage):
    row = await defined(stage)
    assert await seen(stage) == Watermark(row.id, 1)
    assert await mark(stage, row) is None


async def test_setting_it_is_told_and_audited_and_the_next_run_begins_there(stage):
    row = await defined(stage)
    assert (await set_to(stage, "k", row.public_id)).version == 1
    assert await seen(stage) == await mark(stage, row) == Watermark(row.id, 1, "k", 1, stage.clock())
    (event,) = await stage.events("definition:watermark-moved")
    assert event["payload"] == {"definition": "nightly", "jobType": "export", "to": "k", "version": 1}
    assert await lines(stage) == [
        ("definition:watermark-moved", '{"watermark":null}', '{"watermark":"k"}', row.public_id)
    ]
    assert goes_by(await begun(stage, row)) == ("delta", "k")


async def test_setting_it_to_what_it_is_changes_nothing(stage):
    await defined(stage)
    first = await set_to(stage, "k")
    stage.clock.forward(1)
    assert await set_to(stage, "k") == first
    assert len(await lines(stage)) == 1


async def test_a_run_that_goes_on_does_not_move_what_a_person_has_set(stage):
    row = await defined(stage)
    job = await begun(stage, row)
    await set_to(stage, "k")
    await complete(stage, job, "a")
    assert (await seen(stage)).value == "k"


async def test_resetting_it_is_told_and_audited_and_the_next_run_is_as_the_first(stage):
    row = await defined(stage)
    await complete(stage, await begun(stage, row), "a")
    await reset(stage)
    assert await seen(stage) == Watermark(row.id, 1, version=2, moved_at=stage.clock())
    (event,) = await stage.events("definition:watermark-reset")
    assert event["payload"] == {"definition": "nightly", "jobType": "export", "from": "a", "version": 2}
    assert await lines(stage) == [
        ("definition:watermark-reset", '{"watermark":"a"}', '{"watermark":null}', row.public_id)
    ]
    assert goes_by(await begun(stage, row)) == ("full", None)


async def test_a_reset_that_changes_nothing_is_not_told(stage):
    row = await defined(stage)
    await reset(stage)
    assert (await seen(stage), await lines(stage)) == (Watermark(row.id, 1), [])
    await complete(stage, await begun(stage, row), None)
    await reset(stage)
    after = await seen(stage)
    await reset(stage)
    assert (after.version, await seen(stage)) == (1, after)
    assert len(await lines(stage)) == 1


async def test_a_reset_while_the_first_run_goes_on_keeps_it_from_moving_anything(stage):
    row = await defined(stage)
    job = await begun(stage, row)
    await reset(stage)
    await complete(stage, job, "a")
    assert (await seen(stage)).is_first


async def test_what_has_no_delta_has_nothing_to_set(stage):
    await declare(stage, code="plain", modes=["full"])
    await define(stage, jobType="plain")
    with pytest.raises(Refusal, match="no mode delta") as caught:
        await set_to(stage, "k")
    assert (caught.value.code, caught.value.key) == ("invalid", "value")


async def test_others_have_definitions_of_their_own(stage):
    await defined(stage)
    for act in (
        set_to(stage, "k", actor=STRANGER),
        reset(stage, actor=STRANGER),
        seen(stage, actor=STRANGER),
    ):
        with pytest.raises(Refusal) as caught:
            await act
        assert caught.value.code == "not_found"


async def test_it_goes_with_its_definition(stage):
    row = await defined(stage)
    await set_to(stage, "k")
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await mark(stage, row) is None
    assert (await define(stage)).id != row.id
    assert (await seen(stage)).value is None
