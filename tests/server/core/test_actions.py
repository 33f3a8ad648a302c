"""What an action says, the job that a press makes, and what readers see."""

from dataclasses import replace

import pytest
from buttons import FILLED, FORM, PRESS, SELECTED, WHOLE
from stage import SPACE

from listener_sdk.protocol.actions import ActionCreate, ActionExecute, ActionUpdate
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.forms import InputForm
from server.core.actions import (
    action_wire,
    changed_action,
    differences,
    new_action,
    pressed,
    schema_for,
)
from server.core.schemas import compiled


def action(**fields):
    body = {"label": "Export", "operation": "export", **fields}
    return replace(new_action(SPACE, ActionCreate.model_validate(body), 5, "us_key_1"), id=1)


def change(row, **fields):
    return changed_action(row, SPACE, ActionUpdate.model_validate(fields), 9, "us_key_2")


def press(row, schema=None, **fields):
    return pressed(row, ActionExecute.model_validate(fields), schema)


def refused(call):
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


def told(refusal):
    return [one.key for one in getattr(refusal, "all", [refusal])]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "space:export"),
        ({"targetId": "us_sp_default"}, "space:export"),
        ({"targetId": "us_env_default"}, "space:export"),
        ({"targetId": "us_wb_1"}, "workbook:export"),
        ({"targetId": "us_sh_1"}, "sheet:export"),
        ({"targetId": "us_dc_1"}, "document:export"),
        ({"targetId": "us_fl_1"}, "file:export"),
        ({"targetId": "us_wb_1", "mount": {"type": "sheet"}}, "sheet:export"),
        ({"targetId": "us_sh_1", "mount": {"type": "field", "keys": ["price"]}}, "sheet:export"),
        ({"targetId": "42", "mount": {"type": "invoice"}}, "invoice:export"),
        ({"slug": "older"}, "space:export"),
        ({"operation": "contacts:submit"}, "space:contacts:submit"),
    ],
)
def test_its_jobs_are_named_by_where_it_stands_and_its_operation(fields, name):
    assert action(**fields).name == name


def test_the_older_word_stands_for_the_operation():
    row = new_action(SPACE, ActionCreate(label="a", slug="export"), 5, "k")
    assert (row.operation, row.said.facts["operation"], row.said.facts["slug"]) == ("export",) * 3
    assert change(row, slug="other").operation == "other"
    assert change(row, slug="other", operation="third").operation == "third"


def test_a_target_of_no_known_kind_wants_a_mount():
    assert refused(lambda: action(targetId="order-42")).key == "mount"


@pytest.mark.parametrize("target", ["us_sp_elsewhere", "us_env_elsewhere"])
def test_another_space_is_no_target(target):
    refusal = refused(lambda: action(targetId=target, mount={"type": "workbook"}))
    assert (refusal.code, refusal.key, refusal.named) == ("not_found", "targetId", "us_sp_elsewhere")


def test_it_is_bounded():
    guide = {"content": "☃" * 16_000}
    assert refused(lambda: action(guide=guide, guardrail=guide)).code == "too_large"


def test_answers_to_a_form_that_is_too_large_cannot_be_checked():
    def form(count):
        options = [{"value": f"v{n}"} for n in range(1_000)]
        fields = [{"key": f"e{n}", "type": "enum", "config": {"options": options}} for n in range(count)]
        return InputForm.model_validate({"fields": fields})

    assert schema_for(form(1)).check({"e0": "v5"}) == []
    assert told(refused(lambda: schema_for(form(4)))) == ["inputForm"]


def test_readers_see_all_that_was_said_and_labels_for_all_fields():
    wire = action_wire(action(**WHOLE), SPACE)
    assert {name: wire[name] for name in WHOLE} == WHOLE
    assert (wire["id"], wire["domain"], wire["job"]) == ("us_ac_0000000001", "workbook", "workbook:export")
    assert (wire["spaceId"], wire["createdBy"], wire["updatedBy"]) == (
        "us_sp_default",
        "us_key_1",
        "us_key_1",
    )
    assert wire["createdAt"] == wire["updatedAt"] == "1970-01-01T00:00:00.005Z"
    bare = action_wire(action(inputForm={"fields": [{"key": "a", "type": "string"}]}), SPACE)
    assert bare["inputForm"]["fields"][0]["label"] == "a"


@pytest.mark.parametrize("kind", ["space", "invoice"])
def test_a_mount_that_flatfile_does_not_know_shows_as_domain_alone(kind):
    row = action(mount={"type": kind})
    wire = action_wire(row, SPACE)
    assert "mount" not in wire
    assert wire["domain"] == kind
    assert change(row, label="Other").domain == kind


def test_a_change_leaves_what_was_not_sent_and_null_takes_away():
    row = action(**WHOLE)
    after = change(row, tooltip=None, label="Save", constraints=[{"type": "hasData"}])
    facts = after.said.facts
    assert (facts["label"], facts["constraints"]) == ("Save", [{"type": "hasData"}])
    assert "tooltip" not in facts
    assert {n: v for n, v in facts.items() if n not in {"label", "constraints"}} == {
        n: v for n, v in WHOLE.items() if n not in {"label", "constraints", "tooltip"}
    }
    assert (after.updated_at, after.updated_by, after.created_at) == (9, "us_key_2", 5)
    was, now = differences(row, after)
    assert (was["tooltip"], now["tooltip"]) == ("CSV or Excel", None)
    assert set(now) == {"label", "constraints", "tooltip"}


def test_no_change_is_none():
    row = action(**WHOLE)
    assert change(row) is row
    assert change(row, label="Export", mount=WHOLE["mount"]) is row


def test_without_its_mount_it_stands_where_its_target_shows():
    row = action(targetId="us_sh_1", mount={"type": "invoice"})
    assert change(row, mount=None).name == "sheet:export"
    assert change(row, targetId="us_wb_1").name == "invoice:export"


# ---- pressed


def test_the_job_has_the_answers_with_the_defaults_of_the_form():
    given = press(action(**WHOLE), **PRESS)
    assert given["input"] == FILLED
    assert (given["mode"], given["label"], given["source"]) == ("toolbarBlocking", "Export", "us_wb_orders")
    assert given["subject"].query == {"q": "a"}


def test_the_least_action_makes_a_job_in_the_background():
    given = press(action())
    assert given == {"source": "us_sp_default", "mode": "background", "label": "Export", "priority": 0}


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"source": "us_wb_2", "subject": {"type": "resource", "id": "us_wb_3"}}, "us_wb_2"),
        ({"subject": {"type": "resource", "id": "us_wb_3"}}, "us_wb_3"),
        ({"subject": {"type": "resource", "id": ""}}, "us_wb_1"),
        ({"subject": SELECTED}, "us_wb_1"),
        ({}, "us_wb_1"),
    ],
)
def test_the_job_works_on_what_was_named_last(fields, source):
    assert press(action(targetId="us_wb_1"), **fields)["source"] == source


def test_a_file_that_is_worked_on_is_the_job_s_file():
    row = action(mount={"type": "file"}, targetId="us_sp_default")
    assert press(row, source="us_fl_1")["file_id"] == "us_fl_1"
    assert press(row, source="us_fl_1", fileId="us_fl_2")["file_id"] == "us_fl_2"
    assert "file_id" not in press(row)


def test_all_that_is_missing_and_wrong_is_told_at_once():
    answers = {"format": "pdf", "rows": "many", "colour": "red"}
    refusal = refused(lambda: press(action(**WHOLE), input=answers))
    assert sorted(told(refusal)) == [
        "confirm", "input.colour", "input.format", "input.rows", "input.title", "subject"
    ]  # fmt: skip
    assert all(one.message.startswith(f"{one.key}:") for one in refusal.all)


def test_what_is_missing_alone_is_told_too():
    row = action(constraints=[{"type": "hasSelection"}], confirm=True)
    assert told(refused(lambda: press(row))) == ["confirm", "subject"]
    assert told(refused(lambda: press(row, confirm=True))) == ["subject"]


@pytest.mark.parametrize("fields", [{"constraints": [{"type": "hasSelection"}]}, {"requireSelection": True}])
def test_a_selection_must_have_something_where_that_can_be_known(fields):
    row = action(**fields)
    nothing = {"type": "collection", "resource": "records", "params": {"ids": []}}
    assert told(refused(lambda: press(row, subject=nothing))) == ["subject"]
    for subject in (SELECTED, {"type": "collection", "resource": "records"}, {"type": "resource", "id": "r"}):
        assert press(row, subject=subject)["subject"].type == subject["type"]


@pytest.mark.parametrize("kind", ["hasAllValid", "hasData", "hasColumnEnabled"])
def test_what_only_clients_see_is_theirs_to_look_after(kind):
    assert press(action(constraints=[{"type": kind}]))["label"] == "Export"


def test_without_a_form_any_input_is_taken():
    assert press(action(), input={"a": [1, None]})["input"] == {"a": [1, None]}


def test_a_form_of_which_nothing_is_required_needs_no_input():
    fields = [{"key": "rows", "type": "number", "defaultValue": 5}, {"key": "note", "type": "string"}]
    row = action(inputForm={"fields": fields})
    assert press(row)["input"] == press(row, input={})["input"] == {"rows": 5}


def test_the_schema_of_a_job_type_adds_its_defaults_and_objects_to_what_the_form_lets_pass():
    schema = compiled({
        "type": "object",
        "properties": {"rows": {"type": "number", "maximum": 50}, "depth": {"default": 2}},
    })  # fmt: skip
    row = action(inputForm={"fields": FORM["fields"][1:4]})
    assert press(row, schema, input={"title": "a", "rows": 5})["input"] == {
        "title": "a",
        "rows": 5,
        "depth": 2,
    }
    assert told(refused(lambda: press(row, schema, input={"title": "a"}))) == ["input.rows"]
    both = refused(lambda: press(row, schema, input={"rows": "x"}))
    assert sorted(told(both)) == ["input.rows", "input.title"]


def test_an_input_is_bounded_before_it_is_looked_at():
    assert refused(lambda: press(action(**WHOLE), input={"title": "x" * 300_000})).code == "too_large"
