from datetime import UTC, datetime

import pytest

from listener_sdk import next_
from listener_sdk._awaited import Calls
from listener_sdk.protocol.jobs import File
from listener_sdk.protocol.outcomes import Outcome

FILE = File(
    id="us_fl_1", name="ä" * 300, size=1, content_type="text/csv", created_at=datetime(2026, 1, 1, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("made", "wire"),
    [
        (
            next_.id("us_wb_1", label="Open", path="a", query="b=1"),
            {"type": "id", "id": "us_wb_1", "label": "Open", "path": "a", "query": "b=1"},
        ),
        (
            next_.url("https://x.test", replace=True),
            {"type": "url", "url": "https://x.test", "replace": True},
        ),
        (
            next_.download("us_fl_1", file_name="a.csv"),
            {"type": "download", "fileId": "us_fl_1", "fileName": "a.csv"},
        ),
        (next_.download("https://x.test/a"), {"type": "download", "url": "https://x.test/a"}),
        (next_.download("/v1/files/x"), {"type": "download", "url": "/v1/files/x"}),
        (
            next_.files(["us_fl_1"], label="All"),
            {"type": "files", "files": [{"fileId": "us_fl_1"}], "label": "All"},
        ),
        (next_.wait(fade=True, confetti=False), {"type": "wait", "fade": True, "confetti": False}),
        (next_.snapshot("s", "sh"), {"type": "snapshot", "snapshotId": "s", "sheetId": "sh"}),
        (next_.retry(label="x" * 300), {"type": "retry", "label": "x" * 255 + "…"}),
        (next_.view("sh", ["a"]), {"type": "view", "sheetId": "sh", "hiddenColumns": ["a"]}),
    ],
)
def test_each_builder_makes_its_action(made, wire):
    assert Outcome(next=made).to_wire()["next"] == wire


def test_attached_files_bring_their_names():
    assert next_.download(FILE, label="Get it").file_name == "ä" * 255 + "…"
    assert next_.files([FILE, "us_fl_2"]).files[0].label == "ä" * 255 + "…"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "x.test"])
def test_links_that_could_run_code_are_refused(address):
    with pytest.raises(ValueError, match="url"):
        next_.url(address)


@pytest.mark.parametrize(
    ("address", "label"), [("https://x.test/a\nb", None), ("https://x.test", "a\r\nb"), ("/a\x1b[2J", None)]
)
def test_addresses_and_labels_are_one_line(address, label):
    with pytest.raises(ValueError, match="must be one line: line breaks"):
        next_.url(address, label=label)


async def test_what_is_no_file_is_named():
    forgotten = Calls().make("attach", None)
    with pytest.raises(TypeError, match=r"next_\.download .* not <job\.attach\(\.\.\.\), to be awaited>"):
        next_.download(forgotten)
    with pytest.raises(TypeError, match=r"next_\.files .* not 7"):
        next_.files(["us_fl_1", 7])


def test_files_needs_some():
    with pytest.raises(ValueError, match="files"):
        next_.files([])
