"""SQL of schedules and slots, beyond what tests/conformance asks of every database."""

import pytest
from scheduled import edit, look, schedule, scheduled, slots
from stage import ADMIN, STRANGER, opened

from server.store import schedules as sql
from server.store.pages import Window
from server.store.schedules import ScheduleFilter


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as made:
        yield made


async def test_a_space_sees_its_own(stage):
    mine, theirs = await scheduled(stage), await scheduled(stage, STRANGER)
    read = stage.node.read
    assert await read(lambda reader: sql.load(reader, 1, mine.id)) == mine
    assert await read(lambda reader: sql.load(reader, 1, theirs.id)) is None
    page = await read(lambda reader: sql.page(reader, 1, ScheduleFilter(), Window(10)))
    assert page == [mine]
    assert await read(lambda reader: (sql.count(reader, 1), sql.count(reader, 1, mine.definition_id))) == (
        1,
        1,
    )


async def test_pages_and_filters(stage):
    first = await scheduled(stage)
    second = await schedule(stage, enabled=False)
    other = await scheduled(stage, code="other")

    async def page(size=10, after=None, **fields):
        window, wanted = Window(size, after=after), ScheduleFilter(**fields)
        return await stage.node.read(lambda reader: sql.page(reader, 1, wanted, window))

    assert await page(1) == [first, second]
    assert await page(after=first.id) == [second, other]
    assert await page(enabled=False) == [second]
    assert await page(definition_id=other.definition_id) == [other]
    assert await page(owner=ADMIN.key_id) == [first, second, other]
    assert await page(owner="nobody") == []


async def test_those_come_first_that_have_waited_longest(stage):
    late = await scheduled(stage, cron="0 * * * *")
    early = await schedule(stage, cron="30 * * * *")
    await schedule(stage, enabled=False)
    read = stage.node.read
    assert await read(lambda reader: sql.due(reader, late.fires_at, 10)) == [early, late]
    assert await read(lambda reader: sql.due(reader, late.fires_at, 1)) == [early]
    assert await read(lambda reader: sql.due(reader, early.fires_at - 1, 10)) == []


async def remove_later(stage, row):
    """A day has gone since the first of three hours."""
    await edit(stage, row, enabled=False)
    await look(stage, row.next_at + 86_400_000 + 1)


async def test_slots_that_became_jobs_go_after_a_day(stage, monkeypatch):
    monkeypatch.setattr("server.core.schedule_clock.LEAP_MS", 2 * 86_400_000)
    row = await scheduled(stage, overlap="allow")
    for hour in range(3):
        await look(stage, row.next_at + hour * 3_600_000)
    await remove_later(stage, row)
    kept = [due for due, job, *_ in await slots(stage) if job]
    assert kept == [row.next_at + hour * 3_600_000 for hour in (1, 2)]
