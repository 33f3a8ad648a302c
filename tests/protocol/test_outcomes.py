"""Outcomes: every next action in Flatfile's names, echoed as it came."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.outcomes import Outcome

NEXT_ACTIONS = {
    "id": {"type": "id", "id": "us_wb_1", "label": "Open", "path": "/a", "query": "b=1"},
    "url": {"type": "url", "url": "https://example.com/a", "label": "Open", "replace": True},
    "download": {"type": "download", "fileId": "us_fl_0000000001", "fileName": "a.xlsx"},
    "download-url": {"type": "download", "url": "/v1/files/x", "label": "Get"},
    "files": {"type": "files", "files": [{"fileId": "us_fl_0000000001", "label": "A"}]},
    "wait": {"type": "wait", "fade": True, "confetti": False},
    "snapshot": {"type": "snapshot", "snapshotId": "s", "sheetId": "h", "label": "See"},
    "retry": {"type": "retry", "label": "Again"},
    "view": {"type": "view", "sheetId": "h", "hiddenColumns": ["a", "b"]},
    "clearFilters": {"type": "clearFilters", "sheetIds": ["h"]},
}


@pytest.mark.parametrize("action", NEXT_ACTIONS.values(), ids=NEXT_ACTIONS)
def test_every_next_action_comes_back_as_it_was_sent(action):
    wire = {
        "heading": "Done",
        "message": "All rows.",
        "acknowledge": True,
        "buttonText": "OK",
        "next": action,
    }
    assert Outcome.model_validate(wire).to_wire() == wire


@pytest.mark.parametrize(
    "trigger", ["manual", "automatic", "automatic_silent", {"type": "automatic", "audience": "originator"}]
)
def test_every_trigger_comes_back(trigger):
    assert Outcome.model_validate({"trigger": trigger}).to_wire() == {"trigger": trigger}


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("id", "label"), ("id", "path"), ("id", "query"), ("url", "label"), ("url", "url"), ("download", "fileName"),
        ("download-url", "url"), ("wait", "label"), ("retry", "label"),
    ],
)  # fmt: skip
def test_what_a_person_presses_is_one_line(action, name):
    sent = {**NEXT_ACTIONS[action], name: "/a\nb"}
    with pytest.raises(ValidationError, match="must be one line"):
        Outcome.model_validate({"next": sent})


def test_labels_of_files_and_of_the_dialogs_button_are_one_line():
    for fields in ({"buttonText": "a\nb"}, {"errorFiles": [{"fileId": "us_fl_1", "label": "a\x1b[2J"}]}):
        with pytest.raises(ValidationError, match="must be one line"):
            Outcome.model_validate({"message": "Two\nlines.", **fields})


def test_only_what_was_given_is_kept():
    assert Outcome().to_wire() == {}
    assert Outcome(result="partial", counts={"ok": 2, "failed": 1}).to_wire() == {
        "result": "partial",
        "counts": {"ok": 2, "failed": 1},
    }


def test_unknown_members_are_kept_for_other_clients():
    wire = {"message": "x", "colour": "red", "next": {"type": "retry", "after": 3}}
    assert Outcome.model_validate(wire).to_wire() == wire


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"message": "x" * 4097}, ("message",)),
        ({"heading": "x" * 257}, ("heading",)),
        ({"buttonText": "x" * 257}, ("buttonText",)),
        ({"trigger": "sometimes"}, ("trigger",)),
        ({"result": "maybe"}, ("result",)),
        ({"counts": {"ok": -1}}, ("counts", "ok")),
        *(
            ({"counts": {name: number}}, ("counts", name))
            for name in ("total", "ok", "failed", "skipped")
            for number in (2**53 + 1, "99999999999999999999")
        ),
        ({"next": {"type": "explode"}}, ("next",)),
        ({"next": {}}, ("next",)),
        ({"next": "retry"}, ("next",)),
        ({"next": {"type": "id"}}, ("next", "id", "id")),
        ({"next": {"type": "url"}}, ("next", "url", "url")),
        ({"next": {"type": "url", "url": "javascript:alert(1)"}}, ("next", "url", "url")),
        ({"next": {"type": "download", "url": "data:text/html,x"}}, ("next", "download", "url")),
        ({"next": {"type": "files", "files": []}}, ("next", "files", "files")),
        ({"next": {"type": "files", "files": [{"fileId": "x"}] * 101}}, ("next", "files", "files")),
        ({"next": {"type": "snapshot", "sheetId": "h"}}, ("next", "snapshot", "snapshotId")),
        ({"next": {"type": "view", "sheetId": "h", "hiddenColumns": ["x"] * 1001}}, ("next", "view", "hiddenColumns")),
        ({"next": {"type": "retry", "label": "x" * 257}}, ("next", "retry", "label")),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused_and_named(fields, where):
    with pytest.raises(ValidationError) as caught:
        Outcome.model_validate(fields)
    assert where == caught.value.errors()[0]["loc"][: len(where)]


def test_error_files_are_echoed_as_they_came():
    wire = {"result": "partial", "errorFiles": [{"fileId": "us_fl_0000000001", "label": "errors.csv"}]}
    assert Outcome.model_validate(wire).to_wire() == wire


@pytest.mark.parametrize("files", [[{}], [{"fileId": 7}], [{"fileId": "us_fl_1"}] * 101, "us_fl_1"])
def test_error_files_are_bounded_and_name_files(files):
    with pytest.raises(ValidationError, match="errorFiles"):
        Outcome.model_validate({"errorFiles": files})
