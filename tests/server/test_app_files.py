"""The folder of the files through starts of several servers: no start removes what a store may still want."""

import os
import time
from pathlib import Path
from typing import Any

from stage import ADMIN

from listener_sdk.protocol.spaces import SpaceUpdate
from server.app import running
from server.commands.files import CREATE_FILE, CreateFile
from server.commands.spaces import UPDATE_SPACE, UpdateSpace
from server.settings import Settings
from server.store import files


def settings(folder: Path, store: str) -> Settings:
    return Settings(data_dir=folder, port=0, database_url=f"sqlite:///{folder / store}")


async def stored(node: Any) -> Path:
    """A file of the node's store, whose bytes were written long ago; where they are."""

    async def chunks() -> Any:
        yield b"letters"

    blob = await node.blobs.write(chunks(), 100)
    await node.submit(CREATE_FILE, CreateFile(ADMIN, "a.txt", blob.size, "text/plain", blob.name))
    path: Path = node.blobs.path(blob.name)
    os.utime(path, (0, 0))
    return path


async def test_a_server_on_another_database_leaves_the_files_alone_and_has_its_own(tmp_path: Path) -> None:
    async with running(settings(tmp_path, "one.db")) as (node, _):
        first = await stored(node)
    async with running(settings(tmp_path, "two.db")) as (node, _):
        second = await stored(node)
    async with running(settings(tmp_path, "one.db")) as (node, _):
        assert await node.read(files.blobs) == {first.name}
    assert (first.read_bytes(), second.read_bytes()) == (b"letters", b"letters")


async def test_what_a_start_does_not_know_stays_as_long_as_files_of_the_space_that_keeps_them_longest(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path, "store.db")) as (node, _):
        changes = SpaceUpdate.model_validate({"retention": {"file_days": 400}})
        await node.submit(UPDATE_SPACE, UpdateSpace(ADMIN, 1, changes))
        paths = [node.blobs.path(name) for name in ("young", "old")]
    for path, days in zip(paths, (399, 401), strict=True):
        path.touch()
        os.utime(path, (time.time() - days * 86_400,) * 2)
    async with running(settings(tmp_path, "store.db")):
        assert [path.exists() for path in paths] == [True, False]


async def test_a_store_that_was_restored_from_a_backup_keeps_the_bytes_that_it_does_not_know(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path, "store.db")) as (node, _):
        pass
    backup = (tmp_path / "store.db").read_bytes()
    async with running(settings(tmp_path, "store.db")) as (node, _):
        path = await stored(node)
    os.utime(path)
    (tmp_path / "store.db").write_bytes(backup)
    async with running(settings(tmp_path, "store.db")) as (node, _):
        assert await node.read(files.blobs) == set()
    assert path.read_bytes() == b"letters"
