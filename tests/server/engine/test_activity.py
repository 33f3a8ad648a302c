"""What happens is counted as it is published, and told to the store now and then, each event once."""

import pytest

from server.commands.activity import NOTE_ACTIVITY, Counted
from server.core.activity import Tally, joined, stretch
from server.engine.activity import FAR
from server.engine.follower import WRITE_EVERY_MS
from server.store import activity as sql
from server.store.database import StoreError


async def stored(stage):
    """What the store knows of the first space."""
    return await stage.node.read(lambda reader: sql.since(reader, 1, 0))


async def seen(stage):
    """The same with what it does not know yet."""
    parts = stage.node.activity.uncounted()
    found, counted = await stored(stage), await stage.node.read(sql.cursor)
    for part in parts:
        if part.after >= counted:
            joined(found, part.tallies)
    return found


def later(stage):
    stage.clock.forward(WRITE_EVERY_MS / 1000)


async def end(stage, listener, kind="complete", **fields):
    grant = await listener.grant()
    await listener.ask(**listener.about("ack", grant))
    assert await listener.ask(**listener.about(kind, grant, **fields)) is None


@pytest.fixture
async def activity(stage):
    await stage.node.activity.look()
    return stage.node.activity


async def test_what_is_published_is_counted_and_told_after_a_while(stage, activity):
    at = stretch(stage.clock())
    listener = await stage.listener("workbook:export", credit=1)
    for _ in range(3):
        await stage.create()
    await end(stage, listener)
    await end(stage, listener, "fail", message="No", retry=False)
    failed = (await stage.events("job:failed"))[0]["context"]["jobId"]
    assert await stored(stage) == {}
    [(_, tally)] = (await seen(stage)).items()
    assert (tally.created, tally.completed, tally.failed, len(tally.failures)) == (3, 1, 1, 1)
    assert failed.endswith(str(tally.failures[0]))
    assert await activity.look() == 0, "it is too early"
    later(stage)
    await activity.look()
    found = (await stored(stage))[1, at]
    assert (found.created, found.completed, found.failed) == (3, 1, 1)
    assert await seen(stage) == await stored(stage)


async def test_after_a_restart_it_goes_on_where_the_store_is(stage, activity):
    await stage.create()
    later(stage)
    await activity.look()
    await stage.create()
    await stage.restart()
    await stage.node.activity.look()
    assert sum(tally.created for tally in (await seen(stage)).values()) == 2
    assert sum(tally.created for tally in (await stored(stage)).values()) == 1


async def test_how_long_a_job_has_waited_is_told_until_none_waits(stage, activity):
    await stage.create()
    later(stage)
    await activity.look()
    later(stage)
    await activity.look()
    waited = [tally.waited_ms for tally in (await stored(stage)).values()]
    assert max(waited) == 2 * WRITE_EVERY_MS
    listener = await stage.listener("workbook:export")
    await listener.grant()
    later(stage)
    await activity.look()
    assert not activity._is_asked()


async def test_another_server_may_have_counted_them(stage, activity):
    await stage.create()
    head = stage.node.log.seq
    assert await stage.do(NOTE_ACTIVITY, Counted(0, head, ((1, stretch(stage.clock()), Tally(created=1)),)))
    later(stage)
    await activity.look()
    await activity.look()
    await stage.create()
    later(stage)
    await activity.look()
    assert sum(tally.created for tally in (await stored(stage)).values()) == 2


async def test_what_the_store_did_not_take_is_told_later(stage, activity, monkeypatch):
    await stage.create()
    later(stage)

    async def refuse(*_args):
        raise StoreError("The store does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(activity, "_submit", refuse)
        with pytest.raises(StoreError):
            await activity.look()
    assert sum(tally.created for tally in (await seen(stage)).values()) == 1
    await activity.look()
    assert sum(tally.created for tally in (await stored(stage)).values()) == 1


async def test_a_log_that_was_replaced_is_counted_from_the_cursor(stage, activity):
    await stage.create()
    activity.begin_anew()
    assert activity.uncounted()[0].tallies == {}
    await activity.look()
    assert sum(tally.created for tally in (await seen(stage)).values()) == 1


async def test_of_a_log_with_nothing_to_count_it_notes_only_now_and_then_how_far_it_is(stage, activity):
    later(stage)
    await activity.look()
    assert await stage.node.read(sql.cursor) == 0
    activity._seq += FAR + 1
    assert activity._is_asked()
