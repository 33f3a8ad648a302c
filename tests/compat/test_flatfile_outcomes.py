"""Flatfile's client ends jobs with outcomes: all that they may hold comes back as it was sent."""

from typing import get_args

import pytest
from flatfile.jobs import (
    JobCompleteDetails,
    JobOutcome,
    JobOutcomeNext_Download,
    JobOutcomeNext_Files,
    JobOutcomeNext_Id,
    JobOutcomeNext_Retry,
    JobOutcomeNext_Snapshot,
    JobOutcomeNext_Url,
    JobOutcomeNext_View,
    JobOutcomeNext_Wait,
    JobOutcomeTriggerDetails,
)
from flatfile.jobs.types.job_outcome_next import JobOutcomeNext
from flatfile.jobs.types.job_outcome_next_file_object import JobOutcomeNextFileObject

pytestmark = pytest.mark.must_run

NEXT = {
    "id": JobOutcomeNext_Id(id="us_wb_1", label="Open", path="sheets", query="a=b"),
    "url": JobOutcomeNext_Url(url="https://example.com/report", label="Open"),
    "download": JobOutcomeNext_Download(url="https://example.com/a.csv", label="Get it", file_name="a.csv"),
    "files": JobOutcomeNext_Files(
        files=[JobOutcomeNextFileObject(file_id="us_fl_vYzkfFpz", label="One")], label="Files"
    ),
    "wait": JobOutcomeNext_Wait(fade=True, confetti=True),
    "snapshot": JobOutcomeNext_Snapshot(snapshot_id="us_ss_1", sheet_id="us_sh_1"),
    "retry": JobOutcomeNext_Retry(label="Again"),
    "view": JobOutcomeNext_View(sheet_id="us_sh_1", hidden_columns=["a", "b"], label="Fewer columns"),
}
TRIGGERS = [
    "manual",
    "automatic",
    "automatic_silent",
    JobOutcomeTriggerDetails(type="manual"),
    JobOutcomeTriggerDetails(type="automatic", audience="originator"),
    JobOutcomeTriggerDetails(type="automatic_silent", audience="all"),
]


@pytest.fixture(scope="module")
def kept(flatfile, begin):
    """What has become of an outcome: in the answer, and when the job is read again."""

    def end(outcome, act):
        job = begin()
        ended = getattr(flatfile.jobs, act)(job.id, request=JobCompleteDetails(outcome=outcome)).data
        read = flatfile.jobs.get(job.id).data.outcome
        for found in (ended.outcome, read):
            for file in found.get("next", {}).get("files", []):
                # Each hosted file gets a link at every reading.
                assert file.pop("url").startswith("http")
        assert ended.outcome == read
        return read

    return end


def wire(outcome):
    return outcome.dict(by_alias=True, exclude_none=True)


def test_every_next_action_is_known():
    assert {type(one) for one in NEXT.values()} == set(get_args(JobOutcomeNext))


@pytest.mark.parametrize("act", ["complete", "fail"])
@pytest.mark.parametrize("kind", NEXT)
def test_every_next_action_comes_back_as_it_was_sent(kept, act, kind):
    outcome = JobOutcome(
        acknowledge=True,
        heading="Exported",
        message="5 rows",
        button_text="Fine",
        hide_default_button=True,
        trigger="manual",
        next=NEXT[kind],
    )
    assert outcome.model_fields_set == set(JobOutcome.model_fields)
    found = kept(outcome, act)
    assert found == wire(outcome)
    assert found["next"]["type"] == kind


@pytest.mark.parametrize("trigger", TRIGGERS, ids=str)
def test_every_trigger_comes_back_as_it_was_sent(kept, trigger):
    outcome = JobOutcome(trigger=trigger, next=NEXT["id"])
    assert kept(outcome, "complete") == wire(outcome)


@pytest.mark.parametrize("name", ["acknowledge", "hide_default_button"])
@pytest.mark.parametrize("value", [True, False])
def test_a_switch_is_kept_on_or_off(kept, name, value):
    outcome = JobOutcome(message="Done", **{name: value})
    assert kept(outcome, "complete") == wire(outcome)


def test_what_the_client_does_not_know_yet_is_kept(kept):
    outcome = JobOutcome(message="Done", next=NEXT["url"], novelty={"a": [1]})
    assert kept(outcome, "complete")["novelty"] == {"a": [1]}


def test_a_bad_outcome_is_refused_and_the_job_goes_on(flatfile, begin, refused):
    job = begin()
    for bad in (
        JobOutcome(next=JobOutcomeNext_Url(url="javascript:alert(1)")),
        JobOutcome(next=JobOutcomeNext_Files(files=[])),
        JobOutcome(trigger="sometimes"),
        JobOutcome(heading="x" * 300),
    ):
        with refused(400, "invalid"):
            flatfile.jobs.complete(job.id, request=JobCompleteDetails(outcome=bad))
    large = JobOutcome(message="m", more=["x" * 70_000])
    with refused(413, "too_large", key="outcome"):
        flatfile.jobs.fail(job.id, request=JobCompleteDetails(outcome=large))
    assert flatfile.jobs.get(job.id).data.status == "executing"
