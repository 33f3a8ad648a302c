"""Decisions about due times on one view of the store."""

import pytest
from defined import change
from scheduled import schedule, scheduled

from server.commands import schedule_decisions as decisions
from server.core.zones import VERSION


async def decided(stage, at, count=100):
    return await stage.node.read(lambda reader: decisions.decide(reader, at, count, stage.facts.spaces))


async def test_nothing_is_decided_before_its_time(stage):
    row = await scheduled(stage)
    assert (await decided(stage, row.next_at - 1)).decisions == []
    batch = await decided(stage, row.next_at)
    [decision] = batch.decisions
    assert (decision.row, decision.dues, decision.code, decision.rests) == (
        row,
        (row.next_at,),
        "nightly",
        None,
    )
    assert decision.starts[0].is_checked
    assert batch.standing == {row.definition_id: (1, 1, "nightly")}


async def test_as_many_as_were_asked_for(stage):
    row = await scheduled(stage)
    await schedule(stage)
    assert len((await decided(stage, row.next_at, 1)).decisions) == 1


async def test_what_is_disabled_rests(stage):
    row = await scheduled(stage)
    await change(stage, enabled=False)
    [decision] = (await decided(stage, row.next_at)).decisions
    assert (decision.rests, decision.starts) == ("definition_disabled", ())


async def test_a_space_that_another_server_has_made_is_found(stage):
    row = await scheduled(stage)
    found = await stage.node.read(lambda reader: decisions.decide(reader, row.next_at, 9, {}))
    assert found.decisions[0].rests is None


@pytest.mark.parametrize("planned_with", ["", "1999z"])
async def test_other_rules_of_zones_are_followed(stage, planned_with):
    row = await scheduled(stage)
    await stage.node.schedules.look()
    connection = stage.database.connect()
    connection.begin()
    connection.run("UPDATE schedule SET planned_with = :old, next_at = next_at + 1", old=planned_with)
    connection.commit()
    connection.close()
    stage.node.schedules._is_reckoned = False
    await stage.node.schedules.look()
    assert await stage.rows("SELECT planned_with, next_at, fires_at FROM schedule") == [
        (VERSION, row.next_at, row.next_at)
    ]


async def test_one_that_cannot_be_looked_at_is_put_off(stage, monkeypatch):
    row = await scheduled(stage)
    other = await scheduled(stage, code="other")

    def planned(occurrences, rules, *times):
        if rules.schedule_id == row.id:
            raise RuntimeError("a fault")
        return real(occurrences, rules, *times)

    real = decisions.planned
    monkeypatch.setattr(decisions, "planned", planned)
    stage.clock.ms = row.next_at
    assert await stage.node.schedules.look() == 1
    found = await stage.rows("SELECT id, next_at, fires_at FROM schedule ORDER BY id")
    assert found == [
        (row.id, row.next_at, row.next_at + 60_000),
        (other.id, other.next_at + 3_600_000, other.next_at + 3_600_000),
    ]
