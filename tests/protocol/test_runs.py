"""What a run again may be given, and runs as clients read them."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.runs import Run, RunAgain


def test_nothing_need_be_given():
    assert (RunAgain().params, RunAgain().mode) == ({}, None)
    assert RunAgain.model_validate({"params": {"a": None}, "mode": "full"}).mode == "full"


@pytest.mark.parametrize("body", [{"param": {}}, {"mode": "half"}, {"params": []}, {"params": None}])
def test_what_is_misspelt_is_refused(body):
    with pytest.raises(ValidationError):
        RunAgain.model_validate(body)


def test_results_and_triggers_of_newer_servers_are_read():
    read = Run.model_validate({
        "id": "us_slt_00000000010000000002", "result": "postponed", "trigger": {"kind": "moon", "phase": "full"},
        "createdAt": "2026-01-01T00:00:00Z", "mode": "sideways", "more": 1,
    })  # fmt: skip
    assert (read.result, read.trigger["kind"], read.job_id, read.attempts) == ("postponed", "moon", None, 0)
