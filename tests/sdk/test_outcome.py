import pytest

from listener_sdk.outcome import Outcome
from listener_sdk.protocol.outcomes import Audience, NextRetry


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
