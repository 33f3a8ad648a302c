from datetime import UTC, datetime

import pytest

from listener_sdk.cli import outcomes
from listener_sdk.protocol.jobs import Job

AT = datetime(2026, 1, 1, tzinfo=UTC)


def job(status="complete", outcome=None, **fields):
    return Job(
        id="us_jb_1",
        type="a",
        operation="b",
        job="a:b",
        status=status,
        source="us_sp_default",
        created_at=AT,
        updated_at=AT,
        outcome=outcome,
        **fields,
    )


@pytest.mark.parametrize(
    ("action", "line"),
    [
        ({"type": "download", "url": "http://h/f", "label": "Get it"}, "Get it: http://h/f"),
        ({"type": "download", "url": "http://h/f"}, "Download: http://h/f"),
        ({"type": "url", "url": "https://e.org"}, "Open: https://e.org"),
        ({"type": "id", "id": "us_wb_1", "path": "/x", "query": "a=1"}, "Open: us_wb_1/x?a=1"),
        ({"type": "snapshot", "snapshotId": "s1", "sheetId": "t1"}, "Open the snapshot: s1 of t1"),
        ({"type": "view", "sheetId": "t1"}, "Show the view: t1"),
        ({"type": "retry"}, "Run again: tickwire jobs retry us_jb_1"),
        ({"type": "wait", "label": "Hold on"}, "Hold on"),
        ({"type": "dance"}, "dance"),
    ],
)
def test_each_next_action_is_one_line_with_its_link_or_command(action, line):
    assert outcomes.actions(job(outcome={"next": action})) == [line]


def test_several_files_are_one_line_each():
    files = [{"fileId": "1", "url": "http://h/1", "label": "One"}, {"fileId": "2", "url": "http://h/2"}]
    found = outcomes.actions(job(outcome={"next": {"type": "files", "files": files}}))
    assert found == ["One: http://h/1", "Download: http://h/2"]


def test_an_outcome_is_heading_message_counts_and_actions():
    outcome = {"heading": "Done", "message": "All fine.", "counts": {"total": 1234, "ok": 1233, "failed": 1}}
    texts = [text for text, _ in outcomes.lines(job(outcome=outcome))]
    assert texts == ["Done", "All fine.", "1,234 total, 1,233 ok, 1 failed"]


@pytest.mark.parametrize(
    ("status", "outcome", "heading"),
    [
        ("complete", {}, "a:b is complete"),
        ("complete", {"result": "partial"}, "a:b is complete in part"),
        ("failed", {}, "a:b has failed"),
        ("canceled", None, "a:b was canceled"),
    ],
)
def test_a_heading_is_made_where_none_was_given(status, outcome, heading):
    assert outcomes.lines(job(status, outcome))[0][0] == heading


def test_a_failed_job_tells_why_and_where_to_read_more(capsys):
    outcomes.show(job("failed", info="The sheet is locked."))
    assert capsys.readouterr().out == "a:b has failed\nThe sheet is locked.\nWhy: tickwire jobs log us_jb_1\n"
