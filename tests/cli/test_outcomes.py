from datetime import UTC, datetime

import pytest

from listener_sdk import Listener
from listener_sdk.cli import outcomes
from listener_sdk.client import Client
from listener_sdk.protocol.jobs import Job
from listener_sdk.testing import JobFailed, run_job

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


def test_error_files_come_before_the_next_action():
    files = [{"fileId": "us_fl_1", "label": "errors.csv", "url": "http://h/e"}, {"fileId": "us_fl_2"}]
    outcome = {"errorFiles": files, "next": {"type": "retry"}}
    assert outcomes.actions(job(outcome=outcome)) == [
        "Errors (errors.csv): http://h/e",
        "Errors (us_fl_2): ",
        "Run again: tickwire jobs retry us_jb_1",
    ]


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
    outcomes.show(job("failed", info="The sheet is locked."), has_log=True)
    assert capsys.readouterr().out == "a:b has failed\nThe sheet is locked.\nWhy: tickwire jobs log us_jb_1\n"


async def test_the_log_of_a_job_that_ended_before_its_parts_is_pointed_at(api, capsys):
    api.log = [{"level": "warning", "message": "The job completed while ..."}]
    counts = {"total": 2, "completed": 0, "failed": 0, "canceled": 2}
    ended = Job.model_validate(api.job(status="complete", parts=2, partCounts=counts))
    async with Client() as client:
        assert await outcomes.has_log(client, ended) is True
    outcomes.show(ended, has_log=True)
    assert capsys.readouterr().out.endswith(f"Log: tickwire jobs log {ended.id}\n")


async def test_only_the_log_of_a_failed_job_is_asked_for_lines(api):
    async with Client() as client:
        failed = Job.model_validate(api.job(status="failed"))
        assert await outcomes.has_log(client, failed) is False
        api.log = [{"level": "error", "message": "boom"}]
        assert await outcomes.has_log(client, failed) is True
        assert await outcomes.has_log(client, job("complete")) is False


def test_what_leads_nowhere_is_left_out(capsys):
    ended = job("failed", outcome={"heading": "No", "next": {"type": "retry"}})
    outcomes.show(ended, has_log=True, may_act=False)
    assert capsys.readouterr().out == "No\n"


def test_data_for_programs_is_shown_as_json_and_cut_when_it_is_long(capsys):
    outcomes.show(job(result={"sum": 7.0, "names": ["Zoë"]}))
    assert capsys.readouterr().out == 'a:b is complete\nResult: {"sum": 7, "names": ["Zoë"]}\n'
    outcomes.show(job(result={"text": "x" * 5000}))
    assert len(capsys.readouterr().out) < 2100


async def test_invalid_input_is_not_offered_to_be_run_again():
    listener = Listener()

    @listener.job("a:b", input=dict[str, list[int]])
    def never(job):
        raise AssertionError(job)

    with pytest.raises(JobFailed) as failed:
        await run_job(listener, "a:b", {"rows": 1})
    offered = {"next": {"type": "retry", "label": "Try again"}}
    assert outcomes.actions(job("failed", offered, info=failed.value.message)) == []
    assert outcomes.actions(job("failed", offered, info="Busy.")) == [
        "Try again: tickwire jobs retry us_jb_1"
    ]
