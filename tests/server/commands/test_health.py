"""How the ends of one batch turn the health of definitions."""

from defined import declare, define, start
from history import failed

from server.commands import health as health_commands
from server.core.missed import missed_id
from server.store import health
from server.store.command import Command
from server.store.runs import Ended


def ends(row, *successes):
    return [Ended(row.id, 1, one, head={"definition": row.code}) for one in successes]


TURN = Command("turn", lambda tx, every: [health_commands.turn(tx, end) for end in every])


async def known(stage, row):
    return (await stage.node.read(lambda reader: health.load_many(reader, [row.id]))).get(row.id)


async def topics(stage):
    return [one["topic"] for one in await stage.events("definition:failing", "definition:recovered")]


async def test_ends_of_one_batch_turn_it_one_after_the_other(stage):
    await declare(stage)
    row = await define(stage)
    await stage.do(TURN, ends(row, False, True, True, False, False))
    assert (await known(stage, row)).failures == 2
    assert await topics(stage) == ["definition:failing", "definition:recovered", "definition:failing"]
    await stage.do(TURN, ends(row, True))
    assert await known(stage, row) is None


async def test_a_definition_that_is_gone_is_left_alone(stage):
    await declare(stage)
    row = await define(stage)
    gone = [Ended(999, 1, False)]
    await stage.do(TURN, [*gone, *ends(row, False)])
    assert (await known(stage, row)).failures == 1
    assert await topics(stage) == ["definition:failing"]


async def test_a_due_time_that_has_failed_is_told_without_a_job(stage):
    await declare(stage)
    row = await define(stage)
    await stage.do(
        TURN, [Ended(row.id, 1, False, None, {"definition": row.code}, f"{missed_id(1, 2)} failed.")]
    )
    [told] = await stage.events("definition:failing")
    assert told["payload"].keys() == {"definition", "since", "message"}
    assert "jobId" not in told["context"]


async def test_one_look_is_made_for_all_ends_of_a_batch(stage, monkeypatch):
    await declare(stage)
    row = await define(stage)
    looks = []
    real = health.keep_many

    def counted(connection, ids):
        looks.append(set(ids))
        return real(connection, ids)

    monkeypatch.setattr(health, "keep_many", counted)
    await stage.do(TURN, ends(row, *[True] * 50))
    assert looks == [{row.id}]
    looks.clear()
    await start(stage, row)
    await stage.create()
    assert looks == []
    await failed(stage, row)
    assert looks == [{row.id}, {row.id}]
