import hashlib
import importlib.util
from pathlib import Path

import pytest

from listener_sdk.testing import JobFailed, run_job

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "hello.py"
SPEC = importlib.util.spec_from_file_location("example_hello", SCRIPT)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)


async def test_the_listing_holds_the_checksum_of_every_file(tmp_path):
    (tmp_path / "deep").mkdir()
    files = {tmp_path / "a.txt": b"one", tmp_path / "deep" / "b.txt": b"two"}
    for path, content in files.items():
        path.write_bytes(content)
    run = await run_job(example.listener, "folder:checksum", {"folder": str(tmp_path)})
    lines = run.attachment("checksums.txt").decode().splitlines()
    assert sorted(lines) == sorted(
        f"{hashlib.sha256(content).hexdigest()}  {path}" for path, content in files.items()
    )
    assert run.outcome.message == "Hashed 2 files."
    assert run.outcome.next.file_id == run.attachments[0].file.id
    assert run.ticks[-1].value() == 100


async def test_without_a_folder_it_fails_at_once():
    with pytest.raises(JobFailed, match="folder: Field required"):
        await run_job(example.listener, "folder:checksum", {})
