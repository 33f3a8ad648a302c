"""What one connection, and all together, may have asked for."""

import asyncio
from functools import partial

import pytest

from server.engine import intake
from server.engine.intake import Intake, Total


def begun(share, sizes):
    """Messages of these sizes with one command each; the ends of the commands."""
    ends = []
    for size in sizes:
        share.message(size)
        ends.append(partial(share.end, share.begin()))
    return ends


def test_messages_count_until_their_last_command_is_done():
    total = Total()
    share = Intake(total)
    share.message(100)
    first, second = share.begin(), share.begin()
    assert total.size == 100
    share.end(first)
    assert total.size == 100
    share.end(second)
    assert total.size == 0


def test_a_message_without_commands_counts_nothing():
    total = Total()
    share = Intake(total)
    share.message(10**9)
    assert (total.size, share.full()) == (0, False)


@pytest.mark.parametrize(
    ("sizes", "full"),
    [
        ([1] * intake.MOST_COMMANDS, False),
        ([1] * (intake.MOST_COMMANDS + 1), True),
        ([intake.MOST_BYTES], False),
        ([intake.MOST_BYTES, 1], True),
    ],
)
def test_commands_and_bytes_are_bounded(sizes, full):
    share = Intake(Total())
    ends = begun(share, sizes)
    assert share.full() is full
    for end in ends:
        end()
    assert not share.full()


def test_all_together_are_bounded_and_who_asks_for_nothing_never_waits(monkeypatch):
    monkeypatch.setattr(intake, "MOST_TOGETHER", 1_000)
    total = Total()
    one, other, idle = Intake(total), Intake(total), Intake(total)
    ends = [*begun(one, [600]), *begun(other, [600])]
    assert one.full()
    assert other.full()
    assert not idle.full()
    ends[0]()
    assert not other.full()


async def test_a_reader_waits_for_room(monkeypatch):
    monkeypatch.setattr(intake, "MOST_COMMANDS", 1)
    share = Intake(Total())
    first, second = begun(share, [1, 1])
    waiting = asyncio.create_task(share.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    first()
    async with asyncio.timeout(20):
        await waiting
    second()
