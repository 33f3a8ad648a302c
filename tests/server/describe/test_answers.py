"""Records of answers that no client keeps."""

import pytest
from pydantic import ValidationError

from server.describe.answers import BulkMade, Done, Refused


def test_refusals_have_a_code_and_may_say_more():
    found = Refused.model_validate({"errors": [{"code": "conflict", "message": "x", "status": "ready"}]})
    assert found.errors[0].code == "conflict"
    with pytest.raises(ValidationError):
        Refused.model_validate({"errors": [{"message": "x"}]})


def test_done_is_success():
    assert Done.model_validate({"success": True}).success
    with pytest.raises(ValidationError):
        Done.model_validate({"success": False})


def test_members_of_a_bulk_call_have_a_job_or_an_error():
    made = BulkMade.model_validate({"jobs": [{"index": 0, "id": "us_jb_1", "status": "ready"}]})
    assert made.jobs[0].job is None
