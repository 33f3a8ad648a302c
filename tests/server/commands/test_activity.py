"""What was counted is added once, whoever counts."""

from server.commands.activity import NOTE_ACTIVITY, Counted
from server.core.activity import KEPT_MS, STRETCH_MS, Tally, stretch
from server.store import activity as sql


async def known(stage):
    return await stage.node.read(lambda reader: sql.since(reader, 1, 0))


async def test_what_another_server_has_counted_is_not_counted_again(stage):
    at = stretch(stage.clock())
    counted = Counted(0, 5, ((1, at, Tally(created=2)),))
    assert await stage.do(NOTE_ACTIVITY, counted) is True
    assert await stage.do(NOTE_ACTIVITY, counted) is False
    assert await stage.do(NOTE_ACTIVITY, Counted(5, 9, ((1, at, Tally(created=1)),))) is True
    assert await known(stage) == {(1, at): Tally(created=3)}
    assert await stage.node.read(sql.cursor) == 9


async def test_what_nobody_asks_for_any_more_is_forgotten(stage):
    at = stretch(stage.clock())
    await stage.do(NOTE_ACTIVITY, Counted(0, 1, ((1, at, Tally(created=1)),)))
    stage.clock.forward((KEPT_MS + STRETCH_MS) / 1000)
    await stage.do(NOTE_ACTIVITY, Counted(1, 2, ()))
    assert await known(stage) == {}
