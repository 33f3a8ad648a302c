"""The curve of an attempt's progress: drawn on tick by tick, and begun anew by each attempt."""

from dataclasses import replace

from server.commands.drawing import draw
from server.store import curves
from server.store.command import Command


async def test_points_are_added_to_those_of_the_same_attempt(stage):
    job = await stage.create()
    at = stage.clock()

    def run(tx, item):
        granted, points = item
        return draw(tx, replace(job, granted_at=granted), points)

    command = Command("draw", run)
    assert await stage.do(command, (at, ())) == []
    assert await stage.do(command, (at, ((at, 1.0),))) == [(at, 1.0)]
    assert await stage.do(command, (at, ((at + 1_000, 5.0),))) == [(at, 1.0), (at + 1_000, 5.0)]
    assert await stage.do(command, (at + 2_000, ((at + 3_000, 2.0),))) == [(at + 3_000, 2.0)]
    assert await stage.node.read(lambda reader: curves.load(reader, job.id)) == [(at + 3_000, 2.0)]
