"""What came to hooks in the store: paged, and removed when it is old or too much."""

from dataclasses import replace

import pytest
from hooked import call, hook
from stage import opened

from server.core.retention import DAY_MS, Retention
from server.store import hook_deliveries as sql
from server.store.pages import Window

RULES = Retention(deliveries=100)


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as made:
        # Retention believes the wall clock, as if the server had run all the time.
        made.node.retention._offset += 10**12
        yield made


async def test_the_newest_come_first_without_their_bodies(stage):
    row = await hook(stage, filter={"body.a": 1})
    made = [await call(stage, row, raw) for raw in (b'{"a":1}', b'{"a":2}', b'{"a":1}')]
    ids = [one.delivery_id for one in made]

    def page(status, window):
        return stage.node.read(lambda reader: sql.page(reader, row.id, status, window))

    rows, more = await page(None, Window(2))
    assert ([one.id for one in rows], more) == (ids[:0:-1], True)
    assert {one.body for one in rows} == {""}
    rows, more = await page("ignored", Window(2))
    assert ([one.id for one in rows], more) == ([ids[1]], False)
    rows, more = await page(None, Window(2, after=ids[1]))
    assert ([one.id for one in rows], more) == ([ids[0]], False)


async def test_the_old_and_the_surplus_go(stage):
    row = await hook(stage)
    first = await call(stage, row)
    stage.clock.forward(20 * 86_400)
    second = await call(stage, row)
    stage.clock.forward(10 * 86_400)
    assert await stage.node.read(lambda reader: sql.old(reader, RULES, stage.clock(), 9)) == [
        first.delivery_id
    ]
    for _ in range(3):
        await call(stage, row)
    few = replace(RULES, deliveries=3)
    found = await stage.node.read(lambda reader: sql.old(reader, few, stage.clock(), 9))
    assert found == [first.delivery_id, second.delivery_id]
    went = await stage.node.retention.look()
    assert went.hook_deliveries == 1


async def test_replay_keys_go_after_their_time(stage):
    row = await hook(stage)
    for key in ("one", "two"):
        await call(stage, row, key=key)
    stage.clock.forward(3 * DAY_MS / 1000 - 1)
    assert await stage.node.read(lambda reader: sql.old_replays(reader, stage.clock(), 9)) == 0
    stage.clock.forward(1)
    assert (await stage.node.retention.look()).replays == 2
    assert await stage.rows("SELECT * FROM hook_replay") == []
