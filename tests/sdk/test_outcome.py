import pytest

from listener_sdk.outcome import Outcome
from listener_sdk.protocol.jobs import File
from listener_sdk.protocol.outcomes import Audience, NextRetry
from tests.sdk.fake_server import AT


def test_an_outcome_says_what_was_given_and_nothing_else():
    found = Outcome(
        "Done", heading="Export", next=NextRetry(), acknowledge=True, button_text="OK", data={"n": None}
    )
    assert found.wire.to_wire() == {
        "message": "Done", "heading": "Export", "next": {"type": "retry"}, "acknowledge": True, "buttonText": "OK",
        "result": "success",
    }  # fmt: skip
    assert found.data == {"n": None}
    assert (found.message, found.heading, found.next, found.result) == (
        "Done",
        "Export",
        NextRetry(),
        "success",
    )


def test_partial_counts_what_became_of_the_items():
    found = Outcome.partial("Some rows failed.", ok=7, failed=2, skipped=1, heading="Import")
    assert found.result == "partial"
    assert found.counts.model_dump() == {"total": 10, "ok": 7, "failed": 2, "skipped": 1}
    assert found.heading == "Import"


def test_long_and_odd_texts_are_made_fit():
    found = Outcome("x" * 5000, heading="\0" * 300, button_text="\ud800")
    assert len(found.message) == 4096
    assert found.message.endswith("…")
    assert len(found.heading) == 256
    assert found.wire.button_text == "?"


def test_data_and_enumerations_are_checked_at_once():
    with pytest.raises(ValueError, match=r"data\.at is a object"):
        Outcome(data={"at": object()})
    with pytest.raises(ValueError, match="result"):
        Outcome(result="perhaps")
    with pytest.raises(ValueError, match="trigger"):
        Outcome(trigger="someday")
    assert (
        Outcome(trigger=Audience(type="automatic", audience="all")).wire.to_wire()["trigger"]["audience"]
        == "all"
    )


def test_it_shows_itself():
    assert (
        repr(Outcome("Done", data={"n": 1}))
        == "Outcome({'message': 'Done', 'result': 'success'}, data={'n': 1})"
    )


def test_error_files_are_links_to_what_was_attached():
    file = File(id="us_fl_1", name="errors.csv", size=3, content_type="text/csv", created_at=AT)
    found = Outcome.partial("3 of 1,000 rows failed", ok=997, failed=3, errors=file)
    assert found.wire.to_wire() == {
        "message": "3 of 1,000 rows failed",
        "result": "partial",
        "counts": {"total": 1000, "ok": 997, "failed": 3, "skipped": 0},
        "errorFiles": [{"fileId": "us_fl_1", "label": "errors.csv"}],
    }
    several = Outcome("Done", errors=[file, "us_fl_2"])
    assert [link.file_id for link in several.error_files] == ["us_fl_1", "us_fl_2"]
    assert Outcome("Done").error_files == []
    assert "errorFiles" not in Outcome("Done", errors=[]).wire.to_wire()


def test_error_files_that_are_none_or_too_many_are_refused():
    with pytest.raises(TypeError, match=r"Outcome\(errors=\.\.\.\) takes what job\.attach gave"):
        Outcome.partial("x", ok=1, failed=1, errors=[{"row": 1}])
    with pytest.raises(ValueError, match="at most 100"):
        Outcome("x", errors=["us_fl_1"] * 101)
