"""Job types of two servers on one database: what one serves, the other shows as online."""

import contextlib

import pytest
from postgres import postgres
from stage import ADMIN, Clock, Stage

from server.core.job_types import SEEN_EVERY_MS, SEEN_MS
from server.store import job_types as sql
from server.store.postgres import PostgresDatabase

pytestmark = pytest.mark.must_run


@pytest.fixture
async def pair(tmp_path):
    clock = Clock()
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(postgres().lent())
        found = [await Stage(tmp_path, lambda _: PostgresDatabase(url), clock).start() for _ in range(2)]
        for stage in found:
            stack.push_async_callback(stage.stop)
        yield found


async def online(stage):
    row = await stage.node.read(lambda reader: sql.by_code(reader, 1, "workbook:export"))
    return stage.node.job_types.online(1, row)


async def listen(stage, label="Export"):
    listener = stage.connect()
    await listener.hello("session-of-" + label)
    types = [{"name": "workbook:export", "label": label}]
    assert await listener.ask(type="listen", credit=1, jobs=[{"job": "workbook:*"}], types=types) is None
    return listener


async def test_a_type_is_online_at_both_while_one_serves_it_and_for_a_while_longer(pair):
    here, there = pair
    listener = await listen(here)
    for _ in range(6):
        assert (await online(here), await online(there)) == (True, True)
        here.clock.forward(SEEN_EVERY_MS / 1000)
        await here.node.job_types.look()
        await there.node.job_types.look()
    listener.peer.gone()
    assert await online(there)
    here.clock.forward(SEEN_MS / 1000 + 1)
    assert (await online(here), await online(there)) == (False, False)


async def test_what_one_server_knows_of_a_type_is_forgotten_when_the_other_hears_another_declaration(pair):
    here, there = pair
    await listen(there, "Old")
    assert (await here.node.job_types.find(ADMIN, "workbook:export")).job_type.label == "Old"
    await listen(there, "New")
    await here.node.tail.poll()
    assert (await here.node.job_types.find(ADMIN, "workbook:export")).job_type.label == "New"


async def test_two_releases_at_two_servers_declare_in_turn_and_then_rest(pair):
    here, there = pair
    await listen(here, "Old")
    await listen(there, "New")
    for stage in pair:
        stage.clock.forward(SEEN_EVERY_MS / 1000)
        await stage.node.job_types.look()
    row = await here.node.read(lambda reader: sql.by_code(reader, 1, "workbook:export"))
    assert row.label == "New"
    topics = [one["topic"] for one in await here.events("job-type:declared", "job-type:updated")]
    assert topics == ["job-type:declared", "job-type:updated"]
