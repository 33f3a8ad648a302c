"""Restricted keys on the stream: what they listen for, are granted, hear of and may say."""

import pytest
from stage import ADMIN, SPACE

from listener_sdk.protocol.ids import encode
from server.core.actors import Actor
from server.core.reach import Reach


def restricted(**limits):
    return Actor("us_key_0000000005", "developer", SPACE, reach=Reach(**limits))


@pytest.fixture
async def importer(stage):
    """A session of a key that is restricted to imports."""
    found = stage.connect(restricted(jobs=("import:*",)))
    await found.hello("importer-1")
    return found


async def subscribe(one, topic):
    one.say(type="subscribe", sub="s", topics=[topic])
    await one.of_type("subscribed")


@pytest.mark.parametrize("asked", ["**", "*:*", "export:csv", "export:*", "*:csv", "import:**"])
async def test_to_listen_for_more_is_refused_whole(stage, importer, asked):
    jobs = [{"job": "import:csv"}, {"job": asked}]
    answer = await importer.ask(type="listen", jobs=jobs, credit=5)
    assert (answer["code"], answer["key"]) == ("forbidden", "jobs")
    assert "import:*" in answer["message"]
    await stage.create("import:csv")
    await stage.idle()
    assert importer.seen("grants") == []


@pytest.mark.parametrize("asked", ["import:*", "import:csv", "import:c?v", "import:c*"])
async def test_within_them_it_is_granted_and_never_another_job(stage, importer, asked):
    await importer.listen(asked)
    await stage.create("export:csv")
    job = await stage.create("import:csv")
    grant = await importer.grant()
    assert grant["job"]["id"] == encode("jb", job.id)
    assert await importer.ask(**importer.about("complete", grant)) is None


async def test_frames_about_other_jobs_find_none(stage, importer):
    listener = await stage.listener("export:*")
    await stage.create("export:csv")
    grant = await listener.grant()
    for kind, fields in (
        ("ack", {}),
        ("complete", {}),
        ("fail", {"message": "x"}),
        ("log", {"lines": [{"message": "x"}]}),
    ):
        answer = await importer.ask(**importer.about(kind, grant, **fields))
        assert (answer["code"], answer["key"]) == ("not_found", "job"), kind
    importer.say(**importer.about("tick", grant, percent=5))
    stale = await importer.of_type("stale")
    assert [one["job"] for one in stale["leases"]] == [grant["job"]["id"]]


async def test_to_create_another_job_is_refused(stage, importer):
    answer = await importer.ask(type="create", job={"type": "export", "operation": "csv"})
    assert (answer["code"], answer["key"]) == ("forbidden", "job")
    made = await importer.ask(type="create", job={"type": "import", "operation": "csv"})
    assert made["job"] == "import:csv"


async def test_it_hears_of_its_jobs_and_of_clients_events(stage, importer):
    await subscribe(importer, "**")
    await stage.create("export:csv")
    await stage.connect().hello("another-1")
    job = await stage.create("import:csv")
    await stage.idle()
    told = [event for frame in importer.seen("events") for event in frame["events"]]
    assert [event["topic"] for event in told] == ["job:created", "job:ready"]
    assert {event["context"]["jobId"] for event in told} == {encode("jb", job.id)}


async def test_others_with_the_same_subscription_hear_all(stage, importer):
    free = stage.connect(ADMIN)
    await free.hello("another-1")
    for one in (free, importer):
        await subscribe(one, "job:created")
    await stage.create("export:csv")
    await stage.idle()
    assert [len(one.seen("events")) for one in (free, importer)] == [1, 0]


async def test_topics_are_narrowed_and_single_ones_refused(stage):
    reader = stage.connect(restricted(topics=("invoice:*",)))
    await reader.hello("reader-1")
    answer = await reader.ask(type="subscribe", sub="s", topics=["invoice:*", "job:ready"])
    assert (answer["code"], answer["key"]) == ("forbidden", "topic")
    await subscribe(reader, "**")
    await stage.create()
    assert (await reader.ask(type="publish", event={"topic": "order:paid"}))["code"] == "forbidden"
    await reader.ask(type="publish", event={"topic": "invoice:paid"})
    await stage.idle()
    told = [event["topic"] for frame in reader.seen("events") for event in frame["events"]]
    assert told == ["invoice:paid"]


async def test_what_a_session_held_before_its_key_was_restricted_is_lost(stage):
    free = Actor("us_key_0000000005", "developer", SPACE)
    first = await stage.listener("**", actor=free, session="session-1")
    await stage.create("export:csv")
    held = await first.grant()
    first.peer.gone()
    later = stage.connect(restricted(jobs=("import:*",)))
    lease = {"job": held["job"]["id"], "fence": held["fence"]}
    welcome = await later.hello("session-1", [lease])
    assert welcome["stale"] == [lease]
    unaware = stage.connect(restricted(jobs=("import:*",)))
    assert (await unaware.hello("session-1"))["stale"] == [lease]
    assert unaware.seen("grants") == []


async def test_to_listen_for_more_stands_in_the_audit(stage, importer):
    await importer.ask(type="listen", jobs=[{"job": "export:csv"}], credit=1)
    await stage.idle()
    (line,) = await stage.rows("SELECT action, after FROM audit")
    assert line == ("access:forbidden", '{"frame":"listen"}')
