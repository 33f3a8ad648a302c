"""What waits on one connection: order, joining, and the bounds of a reader that is too slow."""

import asyncio
import json

import pytest

from server.engine.outbox import HARD, LARGEST_MESSAGE, PATIENCE_S, Outbox, message


class Reader:
    """An outbox with a hand-moved clock, of 10 frames, 1,000 characters and 5 seconds."""

    def __init__(self, bounds=(10, 1000, 5.0)):
        self.now_s = 100.0
        self.wakes = 0
        self.urgent = []
        self.cuts = 0
        self.box = Outbox(self._wake, lambda: self.now_s, self._cut, bounds)

    def _wake(self, urgent):
        self.wakes += 1
        self.urgent.append(urgent)

    def _cut(self):
        self.cuts += 1


@pytest.fixture
def reader():
    return Reader()


def test_frames_are_joined_in_order_and_wake_once(reader):
    for n in range(4):
        reader.box.send({"n": n})
    assert reader.wakes == 1
    assert json.loads(message(reader.box.take())) == [{"n": n} for n in range(4)]
    assert not reader.box
    reader.box.put('"again"')
    assert reader.wakes == 2


def test_a_message_stays_under_its_largest_size():
    box = Reader((1000, 2**30, 5.0)).box
    frames = [json.dumps("x" * (LARGEST_MESSAGE // 3)) for _ in range(5)]
    for frame in frames:
        box.put(frame)
    messages = []
    while box:
        messages.append(message(box.take()))
    assert [len(json.loads(text)) for text in messages] == [2, 2, 1]
    assert all(len(text) <= LARGEST_MESSAGE + 10 for text in messages)


def test_one_frame_larger_than_a_message_goes_alone(reader):
    box = Reader((1000, 2**30, 5.0)).box
    box.put("1")
    box.put(json.dumps("x" * LARGEST_MESSAGE))
    assert json.loads(message(box.take())) == [1]
    assert len(json.loads(message(box.take()))) == 1


@pytest.mark.parametrize("frames", [["1"] * 11, ["1" * 501] * 2])
def test_a_burst_over_the_bounds_is_borne_for_a_moment(reader, frames):
    for frame in frames:
        reader.box.put(frame)
    assert reader.cuts == 0
    reader.now_s += PATIENCE_S
    reader.box.check()
    assert reader.cuts == 0
    reader.now_s += 0.01
    reader.box.check()
    assert reader.cuts == 1


def test_a_reader_that_stands_still_is_cut_at_the_latest_after_its_seconds(reader):
    reader.box.put("1")
    reader.now_s += 5.0
    reader.box.put("2")
    assert reader.cuts == 0
    reader.now_s += 0.01
    reader.box.put("3")
    assert reader.cuts == 1


def test_a_reader_that_reads_is_not_cut_however_long_it_takes(reader):
    for n in range(100):
        reader.box.put(str(n))
        reader.now_s += 4.9
        reader.box.take()
    assert reader.cuts == 0


def test_far_too_much_is_cut_at_once(reader):
    for _ in range(HARD):
        reader.box.put("x" * 1000)
    assert reader.cuts == 0
    reader.box.put("x")
    assert reader.cuts == 1


def test_after_the_cut_nothing_is_kept_or_taken(reader):
    reader.box.put("x" * 9000)
    reader.box.put("more")
    reader.box.check()
    assert (reader.cuts, bool(reader.box), reader.wakes) == (1, False, 1)
    assert reader.box.room()


def test_history_waits_until_most_has_been_read(reader):
    assert reader.box.room()
    reader.box.put("x" * 250)
    assert not reader.box.room()
    reader.box.take()
    assert reader.box.room()
    for _ in range(3):
        reader.box.put("1")
    assert not reader.box.room()


def test_the_first_urgent_frame_wakes_again_behind_those_that_are_not(reader):
    for urgent in (False, False, True, False, True):
        reader.box.put("1", urgent=urgent)
    assert reader.urgent == [False, True]
    assert reader.box.take() == ["1"] * 5
    reader.box.send({}, urgent=False)
    assert reader.urgent == [False, True, False]


async def test_who_waits_for_room_goes_on_when_enough_has_been_read(reader):
    reader.box.put("x" * 500)
    waiting = [asyncio.create_task(reader.box.until_room()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    waiting[0].cancel()
    await asyncio.sleep(0)
    reader.box.take()
    await waiting[1]
    assert waiting[0].cancelled()


@pytest.mark.parametrize("way", ["take", "end"])
async def test_who_waits_for_the_end_goes_on_when_all_is_taken_or_dropped(reader, way):
    await reader.box.until_empty()
    reader.box.put("1")
    waiting = asyncio.create_task(reader.box.until_empty())
    await asyncio.sleep(0)
    assert not waiting.done()
    getattr(reader.box, way)()
    await waiting
    assert not reader.box


def test_after_its_end_an_outbox_takes_nothing_and_cuts_nobody(reader):
    reader.box.put("1")
    reader.box.end()
    reader.box.put("x" * 9000)
    assert (reader.cuts, bool(reader.box), reader.wakes) == (0, False, 1)
