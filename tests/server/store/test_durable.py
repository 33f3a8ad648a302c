"""Small files that survive a stop of the machine."""

import os

import pytest

from server.store import durable
from server.store.database import StartError


def test_it_is_written_for_its_owner_alone(tmp_path):
    path = tmp_path / "admin.key"
    durable.write_private(path, "text\n")
    assert path.read_text() == "text\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["admin.key"]


def test_what_an_earlier_stop_left_half_written_is_no_obstacle(tmp_path):
    (tmp_path / "admin.key.new").write_text("ha")
    durable.write_private(tmp_path / "admin.key", "whole")
    assert (tmp_path / "admin.key").read_text() == "whole"
    assert [found.name for found in tmp_path.iterdir()] == ["admin.key"]


def test_it_is_absent_until_its_bytes_are_on_the_disk(tmp_path, monkeypatch):
    def stop(descriptor):
        raise OSError("power")

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(OSError, match="power"):
        durable.write_private(tmp_path / "admin.key", "text")
    assert not (tmp_path / "admin.key").exists()


def test_its_name_is_flushed_after_it_stands(tmp_path, monkeypatch):
    stood = []
    real = os.fsync

    def note(descriptor):
        stood.append((tmp_path / "admin.key").exists())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    durable.write_private(tmp_path / "admin.key", "text")
    assert stood == [False, True]


def test_a_folder_that_cannot_be_made_is_told_with_advice(tmp_path):
    durable.make_private(tmp_path / "new" / "admin.key", "text")
    assert (tmp_path / "new" / "admin.key").read_text() == "text"
    with pytest.raises(StartError, match="choose another --data-dir"):
        durable.make_private(tmp_path / "new" / "admin.key" / "master.key", "text")
