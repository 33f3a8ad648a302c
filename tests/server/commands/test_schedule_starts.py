"""Doing what was decided: once, and only if nothing that counts has changed since."""

from defined import change
from scheduled import edit, look, now, remove, scheduled, slots

from server.commands import schedule_decisions as decisions
from server.commands.schedule_starts import FORGET_SLOTS, RECKON_ANEW, START_SCHEDULED

HOUR = 3_600_000


async def decided(stage, row):
    stage.clock.ms = row.next_at
    return await stage.node.read(
        lambda reader: decisions.decide(reader, row.next_at, 100, stage.facts.spaces)
    )


async def test_a_decision_is_done_once(stage):
    row = await scheduled(stage)
    batch = await decided(stage, row)
    first = await stage.do(START_SCHEDULED, batch)
    second = await stage.do(START_SCHEDULED, batch)
    assert (first.done, first.started) == (1, 1)
    assert (second.done, second.started) == (0, 0)
    assert len(await slots(stage)) == 1


async def test_what_was_changed_meanwhile_is_left_for_the_next_look(stage):
    row = await scheduled(stage)
    for act in (
        lambda: edit(stage, row, cron="30 * * * *"),
        lambda: edit(stage, row, cron="0 * * * *"),
        lambda: change(stage, params={"new": True}),
        lambda: change(stage, enabled=False),
    ):
        standing = await now(stage, row)
        batch = await decided(stage, standing)
        await act()
        assert (await stage.do(START_SCHEDULED, batch)).done == 0
    assert await stage.rows("SELECT id FROM job") == []


async def test_one_that_is_gone_starts_nothing(stage):
    row = await scheduled(stage)
    batch = await decided(stage, row)
    await remove(stage, row)
    assert (await stage.do(START_SCHEDULED, batch)).done == 0


async def test_what_was_reckoned_for_another_state_is_not_written(stage):
    row = await scheduled(stage)
    pairs = [(row, row)]
    changed = await edit(stage, row, cron="30 * * * *")
    await stage.do(RECKON_ANEW, pairs)
    assert (await now(stage, row)).next_at == changed.next_at


async def test_slots_go_that_became_jobs(stage):
    row = await scheduled(stage)
    await look(stage, row.next_at)
    await look(stage, row.next_at + HOUR)
    removed = await stage.do(FORGET_SLOTS, (stage.clock() + 1, 10))
    assert (removed, [result for _, _, result, _, _ in await slots(stage)]) == (1, ["skipped"])
