import pytest
from scheduled import schedule, scheduled
from stage import Stage

from server.store import due_times


@pytest.fixture
async def stage(tmp_path):
    stage = await Stage(tmp_path).start()
    yield stage
    await stage.stop()


async def test_without_schedules_nothing_is_to_be_seen_to(stage):
    assert await stage.node.read(due_times.least) is None
    assert await stage.node.read(due_times.are_any) is False


async def test_the_least_due_time_of_all_that_run_is_the_next(stage):
    await scheduled(stage, cron="0 * * * *")
    early = await schedule(stage, cron="30 * * * *")
    await schedule(stage, enabled=False)
    assert await stage.node.read(due_times.least) == early.fires_at
    assert await stage.node.read(due_times.are_any) is True
