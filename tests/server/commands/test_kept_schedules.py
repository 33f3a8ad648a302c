"""Schedules that follow what a definition or an action says."""

import pytest
from defined import change, declare, define
from scheduled import look, slots
from stage import ADMIN

from listener_sdk.protocol.actions import ActionCreate, ActionUpdate
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.spaces import SpaceUpdate
from server.commands import actions, spaces
from server.commands.actions import CreateActions, DeleteAction, UpdateAction
from server.commands.spaces import UpdateSpace
from server.core.schedules import ScheduleRow
from server.store import schedules as sql

HOUR = 3_600_000
DAY = 1_767_225_600_000 + 24 * HOUR
"""2026-01-02."""


async def every(stage) -> list[ScheduleRow]:
    columns = ", ".join(sql.COLUMNS)
    return [ScheduleRow(*row) for row in await stage.rows(f"SELECT {columns} FROM schedule ORDER BY id")]


async def button(stage, **fields):
    body = ActionCreate.model_validate({"label": "Export", "operation": "export", **fields})
    [made] = await stage.do(actions.CREATE_ACTIONS, CreateActions(ADMIN, (body,)))
    return made


async def press_anew(stage, row, **fields):
    body = ActionUpdate.model_validate(fields)
    return await stage.do(actions.UPDATE_ACTION, UpdateAction(ADMIN, row.id, body))


async def in_zone(stage, zone):
    body = SpaceUpdate.model_validate({"timeZone": zone})
    await stage.do(spaces.UPDATE_SPACE, UpdateSpace(ADMIN, 1, body))
    stage.node.schedules._is_reckoned = False


async def test_a_definitions_cron_is_a_schedule(stage):
    await declare(stage)
    definition = await define(stage, schedule={"cron": "0 * * * *"})
    [row] = await every(stage)
    assert (row.definition_id, row.origin, row.said.timing.cron) == (definition.id, "definition", "0 * * * *")
    assert await look(stage, row.next_at) == 1
    await change(stage, name="Renamed", params={"url": "y"})
    assert [one.version for one in await every(stage)] == [1]
    await change(stage, schedule={"cron": "30 * * * *"})
    [moved] = await every(stage)
    assert (moved.id, moved.next_at) == (row.id, row.next_at + HOUR // 2)
    await change(stage, schedule=None)
    assert await every(stage) == []
    assert [one["topic"] for one in await stage.events("schedule:created", "schedule:updated", "schedule:deleted")] == [
        "schedule:created", "schedule:updated", "schedule:deleted"
    ]  # fmt: skip


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "a b c d e", "0 0 9 * * 1"])
async def test_a_cron_that_is_none_is_refused_with_the_definition(stage, cron):
    await declare(stage)
    with pytest.raises(Refusal) as caught:
        await define(stage, schedule={"cron": cron})
    assert (caught.value.code, caught.value.key) == ("bad_timing", "jobDefinition.schedule.cron")
    assert await stage.rows("SELECT id FROM definition") == []


@pytest.mark.parametrize(("word", "first"), [("hourly", 1), ("daily", 24), ("weekly", 4 * 24)])
async def test_an_action_presses_itself(stage, word, first):
    action = await button(stage, schedule=word, confirm=True, mount={"type": "workbook"})
    [row] = await every(stage)
    # The first of January 2026 was a Thursday, and the clock has gone on for one lease.
    assert row.next_at == 1_767_225_600_000 + first * HOUR
    assert await look(stage, row.next_at) == 1
    [(name, spec)] = await stage.rows("SELECT name, spec FROM job")
    assert name == "workbook:export"
    assert f'"actionId":"{action.public_id}"' in spec
    assert '"kind":"schedule"' in spec
    assert await look(stage, row.next_at + 7 * 24 * HOUR) == 0
    assert (await slots(stage))[-1][3] in {"still_running", "late"}


async def test_an_actions_schedule_follows_it(stage):
    action = await button(stage, schedule="daily")
    await press_anew(stage, action, label="Save")
    assert [row.said.timing.cron for row in await every(stage)] == ["0 0 * * *"]
    await press_anew(stage, action, schedule="hourly")
    assert [row.said.timing.cron for row in await every(stage)] == ["0 * * * *"]
    await press_anew(stage, action, schedule=None)
    assert await every(stage) == []
    await press_anew(stage, action, schedule="weekly")
    await stage.do(actions.DELETE_ACTION, DeleteAction(ADMIN, action.id))
    assert await every(stage) == []


async def test_answers_that_nobody_gives_are_missed(stage):
    form = {
        "type": "simple",
        "fields": [{"key": "title", "type": "string", "constraints": [{"type": "required"}]}],
    }
    await button(stage, schedule="hourly", inputForm=form)
    [row] = await every(stage)
    assert await look(stage, row.next_at) == 0
    [event] = await stage.events("schedule:failed")
    assert event["payload"]["reason"] == "invalid"
    assert event["payload"]["actionId"] == "us_ac_0000000001"


async def test_another_zone_of_the_space_moves_what_follows_it(stage):
    await declare(stage)
    await define(stage, schedule={"cron": "0 9 * * *"})
    await button(stage, schedule="daily")
    assert [row.next_at - DAY for row in await every(stage)] == [9 * HOUR - 24 * HOUR, 0]
    await in_zone(stage, "America/New_York")
    await look(stage)
    after = await every(stage)
    assert [row.next_at - DAY for row in after] == [14 * HOUR - 24 * HOUR, 5 * HOUR - 24 * HOUR]
    assert {row.said.timing.time_zone for row in after} == {"America/New_York"}
