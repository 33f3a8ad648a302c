"""Events that are for one member alone: only that member's connections hear of them, live and from history, and no list has them."""

from itertools import count

import pytest
from notified import as_member, member, say
from stage import ADMIN

from listener_sdk.protocol.events import PRIVATE_TOPICS
from server.store import event_pages
from server.store.event_pages import EventFilter
from server.store.pages import Window

TOLD = "notification:created"
NUMBERS = count(1)


@pytest.fixture
async def people(stage):
    return [await member(stage, name) for name in ("Ada", "Bob")]


async def heard(listener):
    events = [event for frame in listener.seen("events") for event in frame["events"]]
    return [event["topic"] for event in events if not event["topic"].startswith("member:")]


async def follow(stage, actor, after="now", topics=("**",)):
    listener = stage.connect(actor)
    await listener.hello(f"session-{next(NUMBERS)}")
    listener.say(type="subscribe", sub="s", after=after, topics=[*topics])
    await listener.of_type("subscribed")
    return listener


async def told(stage, row):
    await say(stage, TOLD, {"memberId": row.public_id, "title": "t"})
    await say(stage, "notification:delivered", {"recipients": [row.public_id]})
    await stage.idle()


async def test_one_member_alone_hears_live(stage, people):
    ada, bob = people
    actors = (as_member(ada), as_member(ada), as_member(bob), ADMIN)
    listeners = [
        await follow(stage, actor, "now", ("**",) if n else ("notification:*",))
        for n, actor in enumerate(actors)
    ]
    await told(stage, ada)
    both, public = [TOLD, "notification:delivered"], ["notification:delivered"]
    assert [await heard(one) for one in listeners] == [both, both, public, public]


async def test_one_member_alone_reads_it_in_history(stage, people):
    ada, bob = people
    await told(stage, ada)
    listeners = [await follow(stage, actor, "oldest") for actor in (as_member(ada), as_member(bob), ADMIN)]
    for listener in listeners:
        frame = await listener.want(lambda frame: frame["type"] == "events" and "delivered" in str(frame))
        listener.frames.append(frame)
    assert [TOLD in await heard(one) for one in listeners] == [True, False, False]


async def test_lists_have_none_of_them(stage, people):
    for topic in PRIVATE_TOPICS:
        await say(stage, topic, {"memberId": people[0].public_id})
    wanted = EventFilter(patterns=("**",))
    page = await stage.node.read(lambda reader: event_pages.page(reader, 1, wanted, Window(1_000)))
    assert PRIVATE_TOPICS.isdisjoint(event.topic for event in page.rows)
    seqs = [one["seq"] for one in await stage.events(*PRIVATE_TOPICS)]
    assert len(seqs) == len(PRIVATE_TOPICS)
    for seq in seqs:
        assert await stage.node.read(lambda reader, seq=seq: event_pages.load(reader, 1, seq)) is None
