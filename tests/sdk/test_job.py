"""The verbs of a job, on a channel that keeps what it is told."""

import asyncio
from pathlib import Path

import pytest

from listener_sdk._channel import Channel
from listener_sdk.errors import ApiError, Canceled
from listener_sdk.job import TRACK_EVERY_S, Job, SyncJob
from listener_sdk.parts import result_of
from listener_sdk.protocol.events import Event
from listener_sdk.protocol.jobs import Job as RawJob
from tests.sdk.fake_server import wire_job


class Recorder(Channel):
    def __init__(self):
        self.ticks = []
        self.created = []
        self.uploaded = []
        self.published = []
        self.splits = []

    def tick(self, progress):
        self.ticks.append(progress)

    def log(self, line):
        raise NotImplementedError

    async def create(self, job):
        self.created.append(job)
        return RawJob.model_validate(wire_job(2))

    async def publish(self, event):
        self.published.append(event)
        return Event(id="us_ev_1", topic=event.topic, domain=event.domain, created_at="2026-01-01T00:00:00Z")

    async def upload(self, source, name, content_type):
        self.uploaded.append((source, name, content_type))

    async def download(self, file_id, to):
        return to / file_id

    async def split(self, parts, *, parallel):
        self.splits.append((parts, parallel))
        return RawJob.model_validate(wire_job(parts=parts if isinstance(parts, int) else len(parts)))

    async def parts(self):
        return [RawJob.model_validate(wire_job(2, part=0))]

    async def parts_ended(self):
        return result_of(await self.parts(), 1)

    async def ended(self, job_id):
        return RawJob.model_validate(wire_job(id=job_id, status="complete"))


def make(**fields):
    recorder = Recorder()
    raw = RawJob.model_validate(wire_job(metadata={"team": "a"}, **fields))
    return Job(raw, {"rows": 1}, recorder, fence=7, attempt=2), recorder


@pytest.fixture
def clock(monkeypatch):
    """A clock moved by hand."""

    class Clock:
        now = 100.0

    monkeypatch.setattr("listener_sdk.job.time.monotonic", lambda: Clock.now)
    return Clock


async def test_every_verb_raises_canceled_once_a_stop_was_asked():
    job, recorder = make()
    job.ask_to_stop()
    assert job.cancelled
    for verb in (
        job.tick(1),
        job.attach(b"x", "x"),
        job.fetch("us_fl_1"),
        job.start("a:b"),
        job.publish("invoice:paid"),
        job.split(2),
        job.wait_for_end("us_jb_9"),
        job.attach_errors([{"row": 1}]),
        anext(job.track([1])),
    ):
        with pytest.raises(Canceled):
            await verb
    assert recorder.ticks == []


async def test_track_ticks_when_it_is_due_and_at_both_ends(clock):
    job, recorder = make()
    seen = []
    async for item in job.track("abcdef", "Letters"):
        seen.append(item)
        if item in "bd":
            clock.now += TRACK_EVERY_S
    assert seen == [*"abcdef"]
    assert [(tick.done, tick.total, tick.text) for tick in recorder.ticks] == [
        (0, 6, "Letters"), (2, 6, "Letters"), (4, 6, "Letters"), (6, 6, "Letters"),
    ]  # fmt: skip


async def test_track_takes_async_iterables_and_a_given_total(clock):
    async def rows():
        for number in range(3):
            clock.now += 1
            yield number

    job, recorder = make()
    assert [row async for row in job.track(rows(), total=10)] == [0, 1, 2]
    assert [tick.done for tick in recorder.ticks] == [0, 1, 2, 3, 3]
    assert {tick.total for tick in recorder.ticks} == {10}


async def test_track_counts_what_is_done_not_what_was_begun(clock):
    job, recorder = make()

    async def work():
        async for number in job.track(iter([1, 2, 3, 4])):
            clock.now += 1
            if number == 3:
                raise ValueError("third")

    with pytest.raises(ValueError, match="third"):
        await work()
    assert [tick.done for tick in recorder.ticks] == [0, 1, 2]
    assert recorder.ticks[-1].total is None


async def test_track_lets_the_loop_turn_so_that_a_cancel_gets_through():
    job, _ = make()

    async def busy():
        async for _ in job.track(iter(int, 1)):
            pass

    task = asyncio.create_task(busy())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_tight_loop_of_ticks_lets_the_loop_turn(clock):
    job, _ = make()
    turns = []
    await job.tick(1)
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await job.tick(2)
    assert turns == []
    clock.now += TRACK_EVERY_S
    await job.tick(3)
    assert turns == [1]


async def test_children_files_and_downloads():
    job, recorder = make()
    await job.start("document:contacts:submit", {"a": 1}, priority=5)
    (child,) = recorder.created
    assert (child.type, child.operation, child.parent_id, child.priority) == (
        "document",
        "contacts:submit",
        job.id,
        5,
    )
    await job.attach(b"x", "a.csv", "text/csv")
    assert recorder.uploaded == [(b"x", "a.csv", "text/csv")]
    assert await job.fetch("us_fl_1", "/tmp") == Path("/tmp/us_fl_1")


async def test_an_event_names_the_job_that_publishes_it():
    job, recorder = make()
    made = await job.publish(
        "invoice:paid", {"a": 1}, {"jobId": "us_jb_9", "job_id": "us_jb_8", "fileId": "us_fl_1"}
    )
    assert made.topic == "invoice:paid"
    with pytest.raises(ApiError, match="Only the server publishes"):
        await job.publish("job:completed")
    with pytest.raises(TypeError, match="did you mean 'target'"):
        await job.publish("invoice:paid", targt="x")
    plain = SyncJob(RawJob.model_validate(wire_job()), None, recorder, None, loop=asyncio.get_running_loop())
    await asyncio.to_thread(plain.publish, "invoice:sent", target="t")
    first, second = recorder.published
    assert (first.payload, first.context.job_id, first.context.file_id) == ({"a": 1}, job.id, "us_fl_1")
    assert (second.topic, second.domain, second.context.job_id, second.target) == (
        "invoice:sent", "invoice", plain.id, "t",
    )  # fmt: skip


async def test_a_sync_job_has_the_same_verbs_for_its_thread(clock):
    recorder = Recorder()
    loop = asyncio.get_running_loop()
    job = SyncJob(RawJob.model_validate(wire_job()), None, recorder, None, loop=loop)

    def work():
        rows = list(job.track([1, 2], "Rows"))
        child = job.start("a:b")
        return rows, child.id, job.fetch("us_fl_1", Path("/x")), job.wait_for(asyncio.sleep(0, "waited"))

    rows, child, path, waited = await asyncio.to_thread(work)
    assert (rows, child, path, waited) == ([1, 2], "us_jb_0000000002", Path("/x/us_fl_1"), "waited")
    assert (recorder.ticks[-1].done, recorder.ticks[-1].text) == (2, "Rows")
    job.ask_to_stop()
    with pytest.raises(Canceled):
        next(job.track([1]))
    with pytest.raises(Canceled):
        job.attach(b"x", "x")


# ---- parts, and the end of other jobs


async def test_a_job_is_split_by_number_or_by_what_each_part_works_on():
    job, recorder = make()
    parts = await job.split(3)
    assert parts.total == 3
    assert (await job.split([{"page": 1}], parallel=False)).total == 1
    assert recorder.splits == [(3, True), ([{"page": 1}], False)]
    assert (await parts.wait()).total == 1
    assert [part.part for part in await parts.list()] == [0]
    with pytest.raises(ValueError, match="1 to 1,000 parts"):
        await job.split(0)
    assert job.forgotten is None


async def test_the_end_of_a_job_is_waited_for_by_the_job_or_its_id():
    job, _ = make()
    other = RawJob.model_validate(wire_job(7))
    assert (await job.wait_for_end(other)).id == other.id == (await job.wait_for_end(other.id)).id


async def test_what_failed_is_uploaded_as_a_table():
    job, recorder = make()
    await job.attach_errors([{"row": 7, "why": "=no name"}])
    await job.attach_errors(iter([]), "none.csv")
    (content, name, kind), (empty, other, _) = recorder.uploaded
    assert content.decode("utf-8-sig") == "row,why\r\n7,'=no name\r\n"
    assert (name, kind, other, empty) == (
        "errors.csv",
        "text/csv; charset=utf-8",
        "none.csv",
        b"\xef\xbb\xbf",
    )


async def test_a_plain_handler_has_the_same_verbs():
    recorder = Recorder()
    raw = RawJob.model_validate(wire_job())
    job = SyncJob(raw, {}, recorder, loop=asyncio.get_running_loop())

    def work():
        parts = job.split(2)
        job.attach_errors([{"row": 1}])
        return parts.total, parts.wait().total, len(parts.list()), job.wait_for_end("us_jb_9").status

    assert await asyncio.to_thread(work) == (2, 1, 1, "complete")
    assert recorder.uploaded[0][1] == "errors.csv"
    job.ask_to_stop()
    for verb in (lambda: job.split(2), lambda: job.attach_errors([]), lambda: job.wait_for_end("us_jb_9")):
        with pytest.raises(Canceled):
            await asyncio.to_thread(verb)


async def test_a_stop_ends_the_wait_of_a_plain_handler():
    begun = asyncio.Event()

    class Endless(Recorder):
        async def ended(self, job_id):
            begun.set()
            await asyncio.Event().wait()

    raw = RawJob.model_validate(wire_job())
    job = SyncJob(raw, {}, Endless(), loop=asyncio.get_running_loop())
    waiting = asyncio.create_task(asyncio.to_thread(job.wait_for_end, "us_jb_9"))
    async with asyncio.timeout(10):
        await begun.wait()
        job.ask_to_stop()
        with pytest.raises(Canceled):
            await waiting
