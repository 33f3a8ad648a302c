"""The bytes of files: durable and whole, or not there at all."""

import errno
import hashlib
import os
import stat

import pytest
from structlog.testing import capture_logs

from listener_sdk.protocol.codes import Refusal
from server.store import blobs as module
from server.store.blobs import CHUNK, WRITING_S, Blobs
from server.store.database import DiskFullError, StartError, StoreError

NOW = 2_000_000_000
KEPT_S = 30 * 86_400


@pytest.fixture
def blobs(tmp_path):
    found = Blobs(tmp_path / "files" / "store")
    found.prepare(set(), NOW, KEPT_S)
    return found


async def pieces(*chunks):
    for chunk in chunks:
        yield chunk


def left(blobs):
    return sorted(path.name for path in blobs.folder.iterdir())


async def test_bytes_are_kept_as_they_came(blobs):
    content = [b"a" * 10, os.urandom(CHUNK * 2 + 1), b"z"]
    blob = await blobs.write(pieces(*content), 10**9)
    whole = b"".join(content)
    assert blobs.path(blob.name).read_bytes() == whole
    assert (blob.size, blob.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())


async def test_nothing_is_a_file_too(blobs):
    blob = await blobs.write(pieces(), 10)
    assert (blob.size, blobs.path(blob.name).read_bytes()) == (0, b"")


async def test_only_the_servers_user_may_read_them(blobs):
    blob = await blobs.write(pieces(b"x"), 10)
    assert blobs.path(blob.name).stat().st_mode & 0o077 == 0
    assert {folder.stat().st_mode & 0o077 for folder in (blobs.folder, blobs.folder.parent)} == {0}


async def test_the_limit_itself_is_taken_and_one_byte_more_is_not(blobs):
    blob = await blobs.write(pieces(b"x" * 6, b"x" * 4), 10)
    with pytest.raises(Refusal) as caught:
        await blobs.write(pieces(b"x" * 6, b"x" * 5), 10)
    assert caught.value.code == "too_large"
    assert left(blobs) == [blob.name]


async def test_an_upload_that_breaks_off_leaves_nothing(blobs):
    async def broken():
        yield b"x" * (CHUNK + 1)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.write(broken(), 10**9)
    assert left(blobs) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EIO, StoreError),
        (errno.EROFS, StoreError),
    ],
)
async def test_a_disk_that_fails_is_named_and_leaves_nothing(blobs, monkeypatch, number, kind):
    def fail(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "fsync", fail)
    with pytest.raises(kind):
        await blobs.write(pieces(b"x"), 10)
    assert left(blobs) == []


async def test_bytes_and_their_name_are_flushed_before_they_count(blobs, monkeypatch):
    folders = []
    real = os.fsync

    def note(descriptor):
        folders.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    await blobs.write(pieces(b"x"), 10)
    assert folders == [False, True]


async def test_with_too_little_room_nothing_is_written(tmp_path):
    low = ["The disk is nearly full.", None, "The disk is nearly full."]
    blobs = Blobs(tmp_path / "files", lambda: low.pop(0))
    blobs.prepare(set(), NOW, KEPT_S)
    with pytest.raises(DiskFullError, match="nearly full"):
        await blobs.write(pieces(), 10)
    with pytest.raises(DiskFullError, match="nearly full"):
        await blobs.write(pieces(b"x" * CHUNK, b"y" * CHUNK), 10**9)
    assert left(blobs) == []


async def test_removing_twice_is_no_error(blobs):
    blob = await blobs.write(pieces(b"x"), 10)
    await blobs.remove(blob.name)
    await blobs.remove(blob.name)
    assert left(blobs) == []


def lay(blobs, name, age_s):
    """Bytes that were last changed so long ago."""
    blobs.path(name).write_bytes(b"x")
    os.utime(blobs.path(name), (NOW - age_s, NOW - age_s))


def test_a_start_sweeps_what_nothing_names_once_it_would_have_gone_in_any_case(blobs):
    for name, age_s in (("named", 2 * KEPT_S), ("old", KEPT_S + 1), ("newer than a backup", KEPT_S - 1)):
        lay(blobs, name, age_s)
    with capture_logs() as logs:
        assert blobs.prepare({"named"}, NOW, KEPT_S) == 1
    assert left(blobs) == ["named", "newer than a backup"]
    assert [(line["event"], line["log_level"], line["count"]) for line in logs] == [
        ("bytes_swept", "info", 1)
    ]


def test_a_start_sweeps_half_written_bytes_that_no_server_writes_any_more(blobs):
    lay(blobs, "broken-off.part", WRITING_S + 1)
    lay(blobs, "of-another-server.part", WRITING_S - 1)
    assert blobs.prepare(set(), NOW, KEPT_S) == 1
    assert left(blobs) == ["of-another-server.part"]


def test_a_start_says_that_bytes_are_missing_and_what_may_be_wrong(blobs):
    lay(blobs, "there", 0)
    with capture_logs() as logs:
        blobs.prepare({"there", "missing", "missing too"}, NOW, KEPT_S)
    (line,) = logs
    assert (line["event"], line["log_level"], line["count"]) == ("bytes_missing", "warning", 2)
    assert "--data-dir" in line["advice"]
    assert line["folder"] == str(blobs.folder)


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path):
    (tmp_path / "files").write_text("a file in its place")
    with pytest.raises(StartError, match="cannot be used"):
        Blobs(tmp_path / "files" / "store").prepare(set(), NOW, KEPT_S)
