"""What a client is told: grants, lost leases, cancels, results."""

import asyncio
import json

from stage import ADMIN

from listener_sdk.protocol.frames import server_frame
from listener_sdk.protocol.ids import encode
from server.engine import connections
from server.engine.outbox import Outbox


async def test_grants_come_in_frames_under_their_largest_size(stage, monkeypatch):
    listener = await stage.listener(credit=100)
    monkeypatch.setattr(connections, "LARGEST_FRAME", 10_000)
    await asyncio.gather(*(stage.create(input={"text": "x" * 3_000}) for _ in range(10)))
    frames = listener.seen("grants")
    assert [len(frame["jobs"]) for frame in frames] == [2, 2, 2, 2, 2]
    assert all(len(json.dumps(frame)) < 12_000 for frame in frames)


async def test_a_grant_holds_the_whole_job_and_its_lease(stage):
    listener = await stage.listener()
    await stage.create(input={"text": "x" * 100_000}, uniqueKey="u", label="L")
    (frame,) = listener.seen("grants")
    parsed = server_frame.validate_python(frame).jobs[0]
    assert (parsed.fence, parsed.attempt, parsed.again, parsed.cancel) == (1, 1, False, False)
    assert parsed.job.input == {"text": "x" * 100_000}
    assert (parsed.job.unique_key, parsed.job.label, parsed.job.fence) == ("u", "L", 1)


async def test_links_to_files_are_made_for_the_connection(stage):
    listener = await stage.listener()
    listener.link = lambda file: (f"https://here/{file}", 0)
    outcome = {"next": {"type": "download", "fileId": "us_fl_1"}}
    job = await stage.create()
    grant = await listener.grant()
    await listener.ask(**listener.about("complete", grant, outcome=outcome))
    wire = listener.peer.job(await stage.row(job))
    assert wire["outcome"]["next"] == {"type": "download", "fileId": "us_fl_1", "url": "https://here/us_fl_1"}


async def test_before_hello_is_answered_nothing_is_held(stage):
    listener = stage.connect()
    assert (listener.peer.welcomed, listener.peer.session, listener.peer.holder) == (False, None, "")
    await listener.hello()
    assert listener.peer.welcomed
    assert listener.peer.holder == f"{ADMIN.key_id}/session-one"


async def test_a_lost_lease_and_a_cancel_name_job_and_fence(stage):
    listener = await stage.listener()
    listener.peer.lost([(7, 2), (8, 1)])
    listener.peer.cancel(7, 2, "why", 1500)
    assert listener.seen("stale", "cancel") == [
        {
            "type": "stale",
            "leases": [{"job": encode("jb", 7), "fence": 2}, {"job": encode("jb", 8), "fence": 1}],
        },
        {"type": "cancel", "job": encode("jb", 7), "fence": 2, "reason": "why", "graceS": 1.5},
    ]


async def test_grants_wait_for_room_instead_of_cutting_a_healthy_reader(stage):
    jobs = [await stage.create(input={"x": "y" * 250_000}) for _ in range(40)]
    listener = stage.connect()
    await listener.hello()
    await listener.listen("workbook:*", credit=40)
    granted = []
    while len(granted) < len(jobs):
        granted += [grant["fence"] for grant in (await listener.of_type("grants"))["jobs"]]
    assert not listener.was_cut
    listener.peer.gone()
    again = stage.connect()
    await again.hello()
    seen = []
    while len(seen) < len(jobs):
        seen += [grant["again"] for grant in (await again.of_type("grants"))["jobs"]]
    assert seen == [True] * len(jobs)
    assert not again.was_cut


async def test_a_cancel_or_loss_of_a_grant_that_waits_is_told_with_it_or_instead(stage, monkeypatch):
    rows = [await stage.create(input={"x": "y" * 250_000}) for _ in range(4)]
    listener = stage.connect()
    monkeypatch.setattr(Outbox, "room", lambda _: False)
    await listener.hello()
    await listener.listen("workbook:*", credit=4)
    await stage.idle()
    held = [await stage.row(row) for row in rows]
    listener.peer.cancel(held[0].id, held[0].fence, "enough", 1000)
    listener.peer.lost([(held[1].id, held[1].fence)])
    monkeypatch.undo()
    listener.peer.sent()
    granted = {}
    while len(granted) < 3:
        granted |= {
            one["job"]["id"]: one.get("cancel", False) for one in (await listener.of_type("grants"))["jobs"]
        }
    assert granted == {
        encode("jb", held[0].id): True,
        encode("jb", held[2].id): False,
        encode("jb", held[3].id): False,
    }
