"""The lock of a store: held by one, private, and a memory of the last end."""

import errno
import os

import pytest

from server.store import lock as module
from server.store.database import StartError
from server.store.lock import Lock, make_private


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store.db"
    path.write_text("a store")
    return path


@pytest.fixture
def taken(path):
    lock = Lock(path)
    lock.take()
    yield lock
    lock.release(well=False)


def ended_well(path):
    lock = Lock(path)
    lock.take()
    try:
        return lock.ended_well()
    finally:
        lock.release(well=False)


def test_a_second_one_is_refused_with_the_name_of_the_holder(path, taken):
    second = Lock(path)
    for _ in range(2):
        with pytest.raises(StartError, match=rf"in use by process {os.getpid()}\. .*--data-dir"):
            second.take()


def test_it_is_free_after_its_release_which_may_come_twice(path, taken):
    for _ in range(2):
        taken.release(well=True)
    second = Lock(path)
    second.take()
    second.release(well=True)


def test_two_links_to_a_store_have_one_lock(path, tmp_path, taken):
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with pytest.raises(StartError, match="in use"):
        Lock(link).take()


def test_a_lock_without_a_name_in_it_is_respected_too(path, taken):
    path.with_name("store.db.lock").write_text("")
    with pytest.raises(StartError, match="in use by another process"):
        Lock(path).take()


def test_only_the_user_of_the_server_can_read_what_it_makes(path, taken, tmp_path):
    assert path.with_name("store.db.lock").stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    make_private(path)
    assert path.read_text() == "a store"
    assert path.stat().st_mode & 0o777 == 0o640
    make_private(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_place_without_a_folder_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "none" / "store.db").take()


# ---- the last end


def test_a_store_that_was_never_served_did_not_end_well(path):
    assert not ended_well(path)


@pytest.mark.parametrize("well", [True, False])
def test_the_last_end_is_remembered_once(path, taken, well):
    taken.release(well=well)
    assert ended_well(path) is well
    assert not ended_well(path)


def test_a_lock_that_was_taken_and_never_released_did_not_end_well(path, taken):
    taken.release(well=True)
    crashed = Lock(path)
    crashed.take()
    crashed._file.close()
    assert not ended_well(path)


def test_a_store_that_was_changed_after_its_end_did_not_end_well(path, taken):
    taken.release(well=True)
    os.utime(path, ns=(1, 1))
    assert not ended_well(path)


def test_a_store_that_is_gone_at_the_end_is_no_error(path, taken):
    path.unlink()
    taken.release(well=True)
    path.write_text("another store")
    assert not ended_well(path)


def test_a_disk_that_is_full_at_the_end_costs_the_memory_alone(path, taken, monkeypatch):
    def full(file, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", full)
        taken.release(well=True)
    assert not ended_well(path)


def test_whatever_stands_in_a_lock_is_written_over_in_its_place(path, taken):
    place = path.with_name("store.db.lock")
    assert place.stat().st_size == module.WIDTH
    taken.release(well=True)
    assert place.stat().st_size == module.WIDTH
    assert place.read_text().startswith("ended well")
