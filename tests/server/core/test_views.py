"""Rows as readers see them: nothing unknown, whole percents, fresh links, and events in one piece."""

import json
from dataclasses import replace

import pytest

from listener_sdk.protocol.events import Event
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import Job
from listener_sdk.protocol.times import to_wire
from server.core.parts import Split
from server.core.views import event_head, event_text, job_wire, with_links


class Links:
    """Makes a new link at each call, and remembers for what."""

    def __init__(self):
        self.made = []

    def __call__(self, file_id):
        self.made.append(file_id)
        return f"https://example.test/{file_id}?{len(self.made)}", 1_767_225_600_000


def test_a_new_job_shows_what_is_known_and_nothing_else(job, space, now):
    assert job_wire(job, space) == {
        "id": encode("jb", 7),
        "type": "workbook",
        "operation": "export",
        "job": "workbook:export",
        "status": "created",
        "source": "us_sp_default",
        "createdAt": to_wire(now),
        "updatedAt": to_wire(now),
        "createdBy": "us_key_0000000000",
        "environmentId": "us_env_default",
        "spaceId": "us_sp_default",
        "priority": 0,
        "attempt": 0,
        "maxAttempts": 5,
        "fence": 0,
        "runTimeoutS": 3600.0,
        "totalTimeoutS": 86400.0,
    }


def test_every_field_has_its_name_on_the_wire(job, space, now):
    full = replace(
        job, parent_id=1, part=0, parts=3, rerun_of=2, file_id="us_fl_1", unique_key="k", scheduled_at=now, ready_at=now, started_at=now,
        finished_at=now, acknowledged_at=now, cancel_requested_at=now, info="i", progress=1.0, done=1.0, total=2.0,
        eta_at=now, outcome='{"message":"m"}', result='{"n":1}', lease_expires_at=now, queue_timeout_ms=1500,
        spec=json.dumps({
            "watermark": {"since": None, "version": 1},
            "tags": ["acme"], "destination": "d", "config": {}, "trigger": "manual", "mode": "hidden", "input": {"a": 1},
            "subject": {"type": "resource", "id": "x"}, "managed": False, "metadata": {}, "label": "l",
            "partData": {"page": 1}, "partExecution": "parallel", "predecessorIds": ["us_jb_x"], "definition": "d",
            "definitionVersion": 1, "jobType": "export", "startedBy": {"kind": "api"}, "modes": {"asked": "delta"}, "runMode": "delta", "depth": 1,
        }),
    )  # fmt: skip
    wire = job_wire(full, space, split=Split(7, "d", 1, 3, completed=2, failed=1))
    assert wire["partCounts"] == {"total": 3, "completed": 2, "failed": 1, "canceled": 0}
    names = {field.alias for field in Job.model_fields.values()}
    assert set(wire) == names - {"stalledSince"}
    stalled = job_wire(replace(full, stalled_at=now), space, split=Split(7, "d", 1, 3))
    assert set(stalled) == names - {"estimatedCompletionAt"}, "what stalls has no estimate"
    assert (wire["parentId"], wire["rerunOf"]) == (encode("jb", 1), encode("jb", 2))
    assert (wire["queueTimeoutS"], wire["managed"], wire["metadata"]) == (1.5, False, {})
    assert Job.model_validate(wire).id == wire["id"]


@pytest.mark.parametrize(
    ("progress", "shown"), [(None, None), (0.0, 0), (0.9, 0), (12.5, 12), (99.99, 99), (100.0, 100)]
)
def test_progress_is_a_whole_number(job, space, progress, shown):
    found = job_wire(replace(job, progress=progress), space).get("progress")
    assert found == shown
    assert found is None or type(found) is int


@pytest.mark.parametrize("status", ["complete", "failed", "canceled"])
def test_what_has_ended_has_no_estimate(job, space, now, status):
    assert "estimatedCompletionAt" in job_wire(replace(job, eta_at=now, status="executing"), space)
    assert "estimatedCompletionAt" not in job_wire(replace(job, eta_at=now, status=status), space)


# ---- links

DOWNLOAD = {"message": "m", "next": {"type": "download", "fileId": "us_fl_1", "label": "Get it"}}
FILES = {
    "next": {"type": "files", "files": [{"fileId": "us_fl_1"}, {"fileId": "us_fl_2", "label": "second"}]}
}


def test_a_download_gets_a_fresh_link_at_each_read(job, space):
    row, links = replace(job, status="complete", outcome=json.dumps(DOWNLOAD)), Links()
    first, second = (job_wire(row, space, links)["outcome"]["next"] for _ in range(2))
    assert first == {
        "type": "download",
        "fileId": "us_fl_1",
        "label": "Get it",
        "url": "https://example.test/us_fl_1?1",
    }
    assert second["url"].endswith("?2")


def test_a_stored_link_of_a_hosted_file_is_replaced(job, space):
    stale = {"next": {"type": "download", "fileId": "us_fl_1", "url": "https://example.test/old"}}
    assert with_links(stale, Links())["next"]["url"] == "https://example.test/us_fl_1?1"


def test_every_file_of_several_gets_its_link():
    links = Links()
    files = with_links(FILES, links)["next"]["files"]
    assert files == [
        {"fileId": "us_fl_1", "url": "https://example.test/us_fl_1?1"},
        {"fileId": "us_fl_2", "label": "second", "url": "https://example.test/us_fl_2?2"},
    ]
    assert "url" not in FILES["next"]["files"][0], "the outcome that was given stays as it is"


def test_error_files_get_fresh_links_beside_those_of_the_next_action():
    outcome = {**DOWNLOAD, "result": "partial", "errorFiles": [{"fileId": "us_fl_9", "label": "errors.csv"}]}
    found = with_links(outcome, Links())
    assert found["next"]["url"] == "https://example.test/us_fl_1?1"
    assert found["errorFiles"] == [
        {"fileId": "us_fl_9", "label": "errors.csv", "url": "https://example.test/us_fl_9?2"}
    ]
    assert found["result"] == "partial"
    assert "url" not in outcome["errorFiles"][0]


@pytest.mark.parametrize(
    "outcome",
    [
        {},
        {"message": "m"},
        {"errorFiles": []},
        {"next": None},
        {"next": {"type": "download", "url": "https://elsewhere.test/x"}},
        {"next": {"type": "url", "url": "https://elsewhere.test/x"}},
        {"next": {"type": "id", "id": "us_fl_1"}},
        {"next": {"type": "retry"}},
    ],
)
def test_other_actions_stay_as_they_are(outcome):
    links = Links()
    assert with_links(outcome, links) == outcome
    assert links.made == []


def test_what_opens_in_the_product_gets_its_address_by_the_template_of_the_space(job, space):
    opens = {"type": "id", "id": "us_wb_1", "label": "Open"}
    row = replace(job, status="complete", outcome=json.dumps({"next": opens}))
    product = replace(space, link_template="https://app.example.com/{type}/{id}")
    address = "https://app.example.com/workbook/us_wb_1"
    assert job_wire(row, product, Links())["outcome"]["next"] == {**opens, "url": address}
    assert job_wire(row, space, Links())["outcome"]["next"] == opens


def test_without_a_way_to_make_links_the_outcome_is_shown_as_stored(job, space):
    row = replace(job, outcome=json.dumps(DOWNLOAD))
    assert job_wire(row, space)["outcome"] == DOWNLOAD


# ---- events


def test_an_event_is_its_head_and_its_body_in_one_text(now):
    body = '{"topic":"job:ready","domain":"job","payload":{"a":"}{"},"context":{}}'
    text = event_text("e1", 12, now, body)
    assert json.loads(text) == {
        "id": encode("ev", 12),
        "position": "e1:12",
        "createdAt": to_wire(now),
        **json.loads(body),
    }
    assert text.startswith(event_head("e1", 12, now))
    assert Event.model_validate_json(text).topic == "job:ready"
