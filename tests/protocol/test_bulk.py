"""Bodies of calls about many jobs: which jobs are meant must be said, once, and without a slip."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.bulk import (
    MOST_JOBS,
    BulkAct,
    BulkCancel,
    BulkCreate,
    BulkDone,
    BulkMember,
    JobsFilter,
)

ID = "us_jb_0000000001"


def problem(model, body):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    first = caught.value.errors()[0]
    return ".".join(str(step) for step in first["loc"]), first["msg"]


@pytest.mark.parametrize("count", [1, MOST_JOBS])
def test_members_are_looked_at_one_by_one_later(count):
    assert BulkCreate.model_validate({"jobs": [5] * count}).jobs == [5] * count


@pytest.mark.parametrize("jobs", [[], [{}] * (MOST_JOBS + 1), {}, "x", None])
def test_a_call_has_one_to_a_thousand_members(jobs):
    assert problem(BulkCreate, {"jobs": jobs})[0] == "jobs"


@pytest.mark.parametrize("body", [{"filter": {"status": ["failed"]}}, {"ids": [ID]}, {"all": True}])
def test_jobs_are_meant_by_filter_list_or_word(body):
    given = BulkAct.model_validate(body)
    assert (given.limit, given.dry_run) == (MOST_JOBS, False)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": True, "ids": [ID]},
        {"all": True, "filter": {"job": "a:b"}},
        {"ids": [ID], "filter": {"job": "a:b"}},
    ],
)
def test_they_are_meant_exactly_once(body):
    assert "exactly one" in problem(BulkAct, body)[1]


@pytest.mark.parametrize("empty", [{}, {"excludeChildJobs": True}, {"type": None}])
def test_a_filter_that_says_nothing_is_no_filter(empty):
    where, what = problem(BulkAct, {"filter": empty})
    assert where == "filter"
    assert '"all": true' in what


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"filter": {"stauts": "failed"}}, "filter.stauts"),
        ({"filter": {"status": "gone"}}, "filter.status.0"),
        ({"filter": {"status": []}}, "filter.status"),
        ({"filter": {"parentId": "x"}}, "filter.parentId"),
        ({"filter": {"parentId": 5}}, "filter.parentId"),
        ({"filter": {"createdBefore": "soon"}}, "filter.createdBefore"),
        ({"filter": {"job": ""}}, "filter.job"),
        ({"filter": {"type": "Big"}}, "filter.type"),
        ({"ids": []}, "ids"),
        ({"ids": [ID] * (MOST_JOBS + 1)}, "ids"),
        ({"all": True, "limit": 0}, "limit"),
        ({"all": True, "limit": MOST_JOBS + 1}, "limit"),
        ({"all": True, "info": "no"}, "info"),
        ({"all": True, "dryrun": True}, "dryrun"),
    ],
)
def test_what_is_misspelt_or_out_of_bounds_is_named(body, where):
    assert problem(BulkAct, body)[0] == where


def test_statuses_are_written_as_in_the_address_or_as_a_list():
    for status in ("failed,canceled", "failed, canceled", ["failed", "canceled"]):
        assert JobsFilter.model_validate({"status": status}).status == ["failed", "canceled"]
    assert JobsFilter.model_validate({"status": "failed"}).status == ["failed"]


def test_only_a_cancel_takes_a_word_for_the_jobs():
    assert BulkCancel.model_validate({"all": True, "info": "no longer wanted"}).info == "no longer wanted"


def test_answers_read_back():
    member = BulkMember.model_validate(
        {"index": 3, "error": {"code": "invalid", "message": "m", "key": "type"}}
    )
    assert (member.id, member.error.key) == (None, "type")
    assert BulkDone.model_validate({"matched": 2, "done": 2}).more is False
