"""What the work of a built-in job has at hand."""

import pytest
from own_jobs import Gate, ended
from stage import ADMIN

from listener_sdk.protocol.ids import encode
from server.core.actors import SYSTEM
from server.engine import built_in


@pytest.fixture
def gate(monkeypatch):
    found = Gate()
    monkeypatch.setitem(built_in.WORKS, "noop", found)
    return found


async def test_it_knows_its_job_its_lease_and_who_it_is(stage, gate):
    job = await stage.create("system:noop", input={"echo": 1})
    (work,) = await gate.holds(1)
    assert work.job["input"] == {"echo": 1}
    assert (work.job["id"], work.job_number, work.fence) == (encode("jb", job.id), job.id, 1)
    assert (work.actor.key_id, work.actor.space) == (SYSTEM, ADMIN.space)
    assert work.tools.now_s() == stage.clock() / 1000
    gate.open()
    await ended(stage, job)


async def test_a_tick_is_the_progress_of_the_job(stage, gate):
    job = await stage.create("system:noop")
    (work,) = await gate.holds(1)
    work.tick(3, 4, "three of four")
    gate.open()
    await ended(stage, job)
    ticks = [e["payload"] for e in await stage.events("job:updated") if "progress" in e["payload"]]
    assert [(one["progress"], one["done"], one["total"], one["info"]) for one in ticks] == [
        (75, 3, 4, "three of four")
    ]


async def test_what_they_share_makes_its_connections_once(stage, gate):
    job = await stage.create("system:noop")
    (work,) = await gate.holds(1)
    assert stage.node.runner.outbound is None
    assert work.tools.outbound() is work.tools.outbound() is stage.node.runner.outbound
    gate.open()
    await ended(stage, job)
