"""Flatfile's listener and job handler of Node, pointed at the server by environment variables; and the version that cannot call anybody."""

import pytest
from node_clients import HERE, NodeClient, NodeError, date, environment, packages
from processes import ROOT, Started, until

pytestmark = pytest.mark.must_run

JOB = {"type": "workbook", "operation": "node-export", "source": "us_wb_1", "trigger": "immediate"}


@pytest.fixture
def listening(tickwire, another_key, tmp_path):
    """A process that handles jobs with a key of its own."""
    packages()
    end = tmp_path / "end"
    process = Started(
        ["node", str(HERE / "listen.cjs"), str(end)], environment(tickwire.url, another_key), HERE
    )
    yield process
    end.touch()
    process.process.wait(20)
    process.stop()


@pytest.fixture
def ended(node):
    def wait(job):
        return until(
            lambda: (found := node("jobs.get", job["id"])["data"]).get("finishedAt") and found,
            "the job has ended",
        )

    return wait


def test_a_handler_acks_ticks_and_completes_a_job(node, http, listening, ended):
    http.post("/v1/secrets", json={"name": "EXPORT_KEY", "value": "twelve chars"}).raise_for_status()
    job = node("jobs.create", {**JOB, "input": {"rows": 4}})["data"]
    done = ended(job)
    assert (done["status"], done["progress"], done["info"]) == ("complete", 100, "Row 4"), listening.text
    assert done["outcome"] == {
        "heading": "Exported",
        "message": "4 rows, a key of 12 letters",
        "next": {"type": "url", "url": "https://example.com/export.csv", "label": "Open"},
    }
    events = node("events.list", {"since": date(job["createdAt"]), "topic": "job:updated", "pageSize": 100})[
        "data"
    ]
    told = [
        (one["payload"]["progress"], one["payload"]["info"])
        for one in events
        if one["context"]["jobId"] == job["id"]
    ]
    assert told == [(0, "Accepted"), (25, "Row 1"), (50, "Row 2"), (75, "Row 3"), (100, "Row 4")]
    until(lambda: f"completed {job['id']}" in listening.text, "the listener hears of it")


def test_a_handler_that_throws_fails_the_job(node, listening, ended):
    job = node("jobs.create", {**JOB, "input": {"rows": 4, "bad": True}})["data"]
    failed = ended(job)
    assert (failed["status"], failed["info"]) == ("failed", "Row 4 has no email address"), listening.text
    assert failed["outcome"] == {"acknowledge": True, "message": "Row 4 has no email address"}
    until(lambda: f"failed {job['id']}" in listening.text, "the listener hears of it")


def test_the_version_whose_calls_fail_is_cured_by_a_file_that_is_loaded_before_it(tickwire):
    broken = NodeClient(tickwire.url, tickwire.key, "@flatfile/api-1.23.1")
    try:
        with pytest.raises(NodeError, match="fetch failed"):
            broken("jobs.list")
    finally:
        broken.close()
    cure = ROOT / "examples" / "flatfile-node" / "keep-alive.cjs"
    cured = NodeClient(tickwire.url, tickwire.key, "@flatfile/api-1.23.1", f"--require {cure}")
    try:
        assert cured("jobs.list", {"pageSize": 1})["pagination"]["currentPage"] == 1
        made = cured("jobs.create", {"type": "workbook", "operation": "cured", "source": "us_wb_1"})["data"]
        assert cured("jobs.get", made["id"])["data"]["id"] == made["id"]
    finally:
        cured.close()
