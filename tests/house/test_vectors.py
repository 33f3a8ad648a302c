"""docs/vectors are what a server says today, and the SDK's own models read them."""

import importlib.util
import json
import sys

import pytest

from listener_sdk.protocol.frames import CLIENT_FRAMES, SERVER_FRAMES, client_frame, server_frame

UNRECORDED = {"secrets", "position", "progress", "drain"}
"""Frames that come by time or by a stop, or that hold what nobody should learn from a document."""
WRONG = "refusals"
"""Whose frames are not as they should be."""


@pytest.fixture(scope="module")
def record(root):
    spec = importlib.util.spec_from_file_location("docs_record", root / "docs/record.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def steps(root, kind):
    for path in sorted((root / "docs/vectors").glob("*.json")):
        for step in json.loads(path.read_text(encoding="utf-8"))["steps"]:
            if kind in step:
                yield path.stem, step[kind]


NAMES = (
    "job",
    "failure",
    "reconnection",
    "cancellation",
    "subscription",
    "durable",
    "refusals",
    "calls",
    "server-sent",
    "events",
)


def test_there_is_a_file_for_each_recording(record, root):
    assert tuple(record.PLAYED) == NAMES
    assert {path.stem for path in (root / "docs/vectors").iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
async def test_a_recording_is_what_a_server_says_now(record, root, name):
    """When this fails: make docs."""
    assert await record.recorded(name) == (root / f"docs/vectors/{name}.json").read_text(encoding="utf-8")


def test_the_models_read_every_frame(root):
    for name, frame in steps(root, "send"):
        if name != WRONG:
            client_frame.validate_python(frame)
    for _, frame in steps(root, "receive"):
        server_frame.validate_python(frame)


def test_every_frame_is_recorded(root):
    seen = {frame["type"] for kind in ("send", "receive") for _, frame in steps(root, kind)}
    known = {frame.model_fields["type"].default for frame in (*CLIENT_FRAMES, *SERVER_FRAMES)}
    assert known - seen == UNRECORDED


def test_nothing_of_one_server_stands_in_them(root):
    for path in (root / "docs/vectors").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "tw_" not in text
        assert "Bearer tw" not in text
        assert "127.0.0.1:" not in text.replace("127.0.0.1:8420", "")
