"""Room on disks: a floor in bytes or by share, a way back above it, and disks that do not answer."""

import asyncio
from typing import NamedTuple

import pytest

from server.store import room as module
from server.store.room import MIB, Room

DEADLINE_S = 20.0


class Usage(NamedTuple):
    total: int
    free: int


class Disks:
    """Disks by their folder; a folder without one does not answer."""

    def __init__(self, folder, total, free):
        self.usage = {folder: Usage(total, free)}

    def free(self, folder, free):
        self.usage[folder] = self.usage[folder]._replace(free=free)

    def __call__(self, folder):
        if folder not in self.usage:
            raise FileNotFoundError(folder)
        return self.usage[folder]


@pytest.fixture
def disks(tmp_path):
    return Disks(tmp_path, 1_000_000 * MIB, 600 * MIB)


@pytest.fixture
def room(tmp_path, disks):
    return Room({"store": tmp_path}, 500 * MIB, disks)


def look(room):
    room.look()
    return room.low


@pytest.mark.parametrize(("free", "low"), [(500, False), (499, True), (0, True)])
def test_below_the_floor_there_is_none(room, disks, tmp_path, free, low):
    disks.free(tmp_path, free * MIB)
    assert (look(room) is not None) is low


def test_on_a_small_disk_the_floor_is_a_share_of_it(room, disks, tmp_path):
    disks.usage[tmp_path] = Usage(100 * MIB, 5 * MIB)
    assert look(room) is None
    disks.free(tmp_path, 5 * MIB - 1)
    assert "store is nearly full (4 MiB are free, 5 MiB are kept)" in look(room)


def test_a_floor_of_nothing_keeps_nothing(tmp_path, disks):
    disks.free(tmp_path, 0)
    assert look(Room({"store": tmp_path}, 0, disks)) is None


def test_it_comes_back_some_way_above_the_floor(room, disks, tmp_path):
    disks.free(tmp_path, 499 * MIB)
    assert look(room)
    disks.free(tmp_path, 549 * MIB)
    assert look(room)
    disks.free(tmp_path, 550 * MIB)
    assert look(room) is None
    disks.free(tmp_path, 500 * MIB)
    assert look(room) is None


def test_each_disk_counts_and_the_reason_names_it(tmp_path, disks):
    files = tmp_path / "files"
    disks.usage[files] = Usage(10**15, 1)
    room = Room({"store": tmp_path, "files": files}, 500 * MIB, disks)
    assert "disk of the files is nearly full" in look(room)
    assert str(tmp_path) not in room.low, "everybody may read the reason"


def test_a_disk_that_does_not_answer_is_left_to_those_who_write_to_it(room, disks, capsys):
    disks.usage.clear()
    assert look(room) is None
    assert "disk_unknown" in capsys.readouterr().out


def test_the_disk_of_this_machine_is_asked_without_another(tmp_path):
    room = Room({"store": tmp_path}, 1)
    room.look()
    assert room.low is None


def test_both_turns_are_told_once(room, disks, tmp_path, capsys):
    disks.free(tmp_path, 0)
    for _ in range(3):
        room.look()
    disks.free(tmp_path, 1000 * MIB)
    for _ in range(3):
        room.look()
    told = capsys.readouterr().out
    assert (told.count("disk_nearly_full"), told.count("disk_has_room")) == (1, 1)


async def test_the_watch_says_when_there_is_room_again(room, disks, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0)
    again = asyncio.Semaphore(0)
    disks.free(tmp_path, 0)
    task = asyncio.create_task(room.watch(again.release))
    async with asyncio.timeout(DEADLINE_S):
        while room.low is None:  # noqa: ASYNC110 - the watch has no event for its looks
            await asyncio.sleep(0)
        assert again.locked()
        disks.free(tmp_path, 1000 * MIB)
        await again.acquire()
    assert room.low is None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
