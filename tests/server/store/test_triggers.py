"""SQL of event triggers: what is read of definitions, and how far a family is followed. The rest runs on every database elsewhere."""

from dataclasses import astuple, replace

import orjson
import pytest
from defined import change
from stage import opened
from triggered import triggered

from server.core.jobs import COLUMNS
from server.store import triggers as sql
from server.store.triggers import DEEPEST_FAMILY


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def test_definitions_are_read_by_pages(stage):
    rows = [await triggered(stage, f"d{n}") for n in range(3)]
    await triggered(stage, "off", enabled=False)
    await triggered(stage, "none", triggers=[])
    first, after = await stage.node.read(lambda reader: sql.every(reader, 0, 2))
    assert [one.code for one in first] == ["d0", "d1"]
    assert after == rows[1].id
    last, after = await stage.node.read(lambda reader: sql.every(reader, after, 2))
    assert ([one.code for one in last], after) == (["d2"], rows[2].id)
    assert await stage.node.read(lambda reader: sql.every(reader, after, 2)) == ([], None)


async def test_what_makes_other_jobs_is_told(stage):
    row = await triggered(stage)

    async def standing():
        return (await stage.node.read(lambda reader: sql.standing(reader, [row.id, 99])))[row.id]

    before = await standing()
    await change(stage, description="d", target=None)
    assert await standing() == before
    for changes in ({"name": "N"}, {"params": {"a": 1}}, {"triggers": []}, {"enabled": False}):
        await change(stage, **changes)
        assert await standing() != before
        before = await standing()


async def test_a_family_without_end_is_not_followed_for_ever(stage):
    parent = await stage.create("a:b")
    row = replace(await stage.row(parent), definition_id=1, spec=orjson.dumps({"depth": 3}).decode())
    rows = [
        replace(row, id=1000 + n, parent_id=1000 + n - 1 if n else None, definition_id=None if n else 1)
        for n in range(DEEPEST_FAMILY + 5)
    ]
    connection = stage.database.connect()
    try:
        connection.begin()
        connection.insert_many("job", COLUMNS, [astuple(one) for one in rows])
        deep = sql.depths(connection, [1000 + DEEPEST_FAMILY - 1, 1000 + DEEPEST_FAMILY + 4])
        connection.rollback()
    finally:
        connection.close()
    assert deep == {(1, 1000 + DEEPEST_FAMILY - 1): 3}


async def test_events_that_are_gone_are_left_out(stage):
    await stage.create("a:b")
    found = await stage.node.read(lambda reader: sql.events(reader, {1, 10**6}))
    assert [(seq, orjson.loads(body)["topic"]) for seq, _, body in found] == [(1, "job:created")]
