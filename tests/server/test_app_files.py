"""The folder of the files through starts of several servers: no start removes what a store may still want."""

import os
from pathlib import Path
from typing import Any

from stage import ADMIN

from server.app import running
from server.commands.files import CREATE_FILE, CreateFile
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
