"""What grants cost: much that waits, many names and long queues change neither what a batch reads nor the order."""

from random import Random

import pytest
from backlogs import backlog, granted, lease, numbers
from stage import ADMIN

from server.commands import grants, jobs
from server.core import waiting


class Counted:
    """What the writing connection reads and does."""

    def __init__(self, connection, monkeypatch):
        self.statements = []
        self.rows_read = 0
        self._rows = connection.rows
        monkeypatch.setattr(connection, "rows", self.rows)

    def rows(self, statement, **params):
        found = self._rows(statement, **params)
        self.statements.append(statement)
        self.rows_read += len(found)
        return found

    def clear(self):
        self.statements.clear()
        self.rows_read = 0


@pytest.fixture
def counted(stage, monkeypatch):
    return Counted(stage.node.writer._connection, monkeypatch)


@pytest.mark.parametrize("names", [1, 40])
async def test_a_grant_reads_what_it_leases_and_little_else_however_much_waits(stage, counted, names):
    for name in range(names):
        await backlog(stage, 400 // names, name=f"workbook:n{name}")
    listener = await stage.listener("workbook:*", credit=5)
    ids = await granted(stage, listener)
    assert ids == [1, 2, 3, 4, 5]
    counted.clear()
    for job in ids:
        await listener.ask(type="complete", **lease(job))
    assert len(await granted(stage, listener)) == 5
    assert len(counted.statements) <= 3 * 5, counted.statements
    assert counted.rows_read <= 2 * 5 + 8


async def test_names_that_nobody_serves_cost_the_others_nothing(stage, counted):
    for name in range(60):
        await stage.create(f"dead:n{name}")
    listener = await stage.listener("workbook:export", credit=1)
    first = await stage.create()
    second = await stage.create()
    assert await granted(stage, listener) == [first.id]
    counted.clear()
    await listener.ask(type="complete", **lease(first.id))
    assert await granted(stage, listener) == [second.id]
    assert counted.rows_read <= 3
    for job in range(1, 61):
        await stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job))
    assert stage.node.dispatch.waiting.all_keys() == set()


async def test_one_batch_leases_only_so_many(stage, monkeypatch):
    monkeypatch.setattr(grants, "PAGE", 5)
    ids = await backlog(stage, 23)
    listener = await stage.listener(credit=100)
    await stage.idle()
    frames = [len(frame["jobs"]) for frame in listener.seen("grants")]
    assert max(frames) <= 5
    assert numbers(listener) == ids


@pytest.mark.parametrize("seed", range(4))
async def test_order_holds_over_queues_that_are_longer_than_what_is_kept_of_them(stage, monkeypatch, seed):
    monkeypatch.setattr(waiting, "MOST_HEADS", 3)
    monkeypatch.setattr(waiting, "MOST_PLACES", 7)
    luck = Random(seed)
    wanted = []
    for _ in range(60):
        priority = luck.choice((-1, 0, 0, 2))
        job = await stage.create(luck.choice(("a:x", "b:y", "c:z")), priority=priority)
        wanted.append((-priority, job.id))
    wanted = [job_id for _, job_id in sorted(wanted)]
    await stage.restart()
    listener = await stage.listener(credit=2)
    order = await granted(stage, listener)
    for job in wanted:
        await listener.ask(type="complete", **lease(job))
        order += await granted(stage, listener)
    assert order == wanted
