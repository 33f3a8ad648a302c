"""Lists of events: each filter alone, page by page, and from a time on."""

import pytest
from stage import ADMIN, STRANGER, opened

from listener_sdk.protocol.events import EventCreate
from server.commands import jobs
from server.commands.events import ACK_EVENT, PUBLISH, AckEvent, PublishEvent
from server.store import event_pages
from server.store.event_pages import CLOCK_SLACK_MS, EventFilter
from server.store.pages import Window


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def publish(stage, topic, actor=ADMIN):
    return (await stage.do(PUBLISH, PublishEvent(actor, EventCreate(topic=topic)))).seq


async def page(stage, window=Window(100), **wanted):  # noqa: B008 - frozen
    return await stage.node.read(lambda reader: event_pages.page(reader, 1, EventFilter(**wanted), window))


async def topics(stage, **wanted):
    return [event.topic for event in (await page(stage, **wanted)).rows]


async def test_events_of_the_space_in_log_order(stage):
    for topic in ("a:one", "b:two"):
        await publish(stage, topic)
    await publish(stage, "c:three", STRANGER)
    found = await page(stage)
    assert [event.topic for event in found.rows] == ["a:one", "b:two"]
    assert found.as_of == str(stage.node.log.head)


async def test_by_topic_pattern_and_domain(stage):
    for topic in ("a:one", "a:two", "b:one"):
        await publish(stage, topic)
    assert await topics(stage, topics=("a:one", "b:one")) == ["a:one", "b:one"]
    assert await topics(stage, patterns=("a:*",)) == ["a:one", "a:two"]
    assert await topics(stage, patterns=("b:*", "*:two")) == ["a:two", "b:one"]
    assert await topics(stage, patterns=("**",), domain="b") == ["b:one"]
    assert await topics(stage, topics=("a:one",), patterns=("b:*",)) == []


async def test_acknowledged_events_are_left_out_unless_asked_for(stage):
    seq = await publish(stage, "a:one")
    await publish(stage, "a:two")
    await stage.do(ACK_EVENT, AckEvent(ADMIN, seq))
    assert await topics(stage) == ["a:two"]
    (first, second) = (await page(stage, acknowledged=True)).rows
    assert (first.acknowledged_at, first.acknowledged_by) == (stage.clock(), ADMIN.key_id)
    assert second.acknowledged_at is None


async def test_from_a_time_on_that_time_included(stage):
    for number in range(20):
        await publish(stage, f"a:n{number}")
        stage.clock.forward(120)
    moment = (await page(stage)).rows[13].at
    assert await topics(stage, since=moment) == [f"a:n{number}" for number in range(13, 20)]
    assert len(await topics(stage, since=0)) == 20
    assert await topics(stage, since=stage.clock() + 10**6) == []


async def test_of_one_job_a_part_of_the_log_at_a_time(stage, monkeypatch):
    await stage.create()
    job = await stage.create()
    for number in range(9):
        await publish(stage, f"a:n{number}")
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
    monkeypatch.setattr(event_pages, "MOST_LOOKED_AT", 4)
    told = ["job:created", "job:ready", "job:updated", "job:canceled"]
    for newest in (False, True):
        found, at, rounds = [], None, 0
        while True:
            window, before = (Window(100), at) if newest else (Window(100, after=at), None)
            one = await page(stage, window, job_id=job.id, newest=newest, before=before)
            found, at, rounds = [*found, *(event.topic for event in one.rows)], one.last, rounds + 1
            if not one.more:
                break
        assert found == (told[::-1] if newest else told)
        assert rounds > 1


async def test_a_clock_that_went_back_a_little_hides_nothing(stage):
    await publish(stage, "a:before")
    stage.clock.forward(-CLOCK_SLACK_MS / 1000 / 2)
    await publish(stage, "a:after")
    assert await topics(stage, since=stage.clock()) == ["a:before", "a:after"]


async def test_pages_by_number_and_by_place_cover_everything_once(stage):
    seqs = [await publish(stage, f"a:n{number}") for number in range(5)]
    numbered = [await page(stage, Window(2, offset=offset)) for offset in (0, 2, 4)]
    assert [event.seq for one in numbered for event in one.rows] == seqs
    assert [one.more for one in numbered] == [True, True, False]
    assert [event.seq for event in (await page(stage, Window(2, after=seqs[1]))).rows] == seqs[2:4]


async def test_the_newest_first_and_back_from_there(stage):
    seqs = [await publish(stage, f"a:n{number}") for number in range(5)]
    first = await page(stage, Window(2), newest=True)
    assert ([event.seq for event in first.rows], first.more, first.last) == (seqs[:2:-1], True, seqs[3])
    second = await page(stage, Window(9), newest=True, before=first.last)
    assert ([event.seq for event in second.rows], second.more) == (seqs[2::-1], False)
    within = await page(stage, Window(9, after=seqs[0]), newest=True, before=seqs[3], patterns=("a:*",))
    assert [event.seq for event in within.rows] == [seqs[2], seqs[1]]


async def test_one_event_of_the_space(stage):
    seq = await publish(stage, "a:one")
    other = await publish(stage, "a:two", STRANGER)
    found = await stage.node.read(lambda reader: event_pages.load(reader, 1, seq))
    assert (found.seq, found.topic, found.epoch) == (seq, "a:one", stage.node.epoch)
    assert await stage.node.read(lambda reader: event_pages.load(reader, 1, other)) is None
    assert await stage.node.read(lambda reader: event_pages.load(reader, 1, 10**9)) is None
