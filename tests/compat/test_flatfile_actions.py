"""Actions by Flatfile's client: made with all that they may have, listed, changed, removed, and pressed as its own front end does."""

import pytest
from buttons import FILLED, PRESS, WHOLE
from flatfile.commons import (
    ActionConstraint_HasAllValid,
    ActionConstraint_HasColumnEnabled,
    ActionConstraint_HasData,
    ActionConstraint_HasSelection,
    ActionMessage,
    ActionMount_Document,
    ActionMount_Field,
    ActionMount_File,
    ActionMount_Sheet,
    ActionMount_Workbook,
    ApiActionConfig,
    Guardrail,
    Guide,
    InputForm,
)
from flatfile.core.serialization import convert_and_respect_annotation_metadata

pytestmark = pytest.mark.must_run

SPACE = {"space_id": "us_sp_default"}
MOUNTS = [
    (ActionMount_Sheet(slugs=["orders"]), "sheet"),
    (ActionMount_Workbook(), "workbook"),
    (ActionMount_Field(keys=["price"]), "sheet"),
    (ActionMount_Document(), "document"),
    (ActionMount_File(), "file"),
]


def form():
    return InputForm(**convert_and_respect_annotation_metadata(
        object_=WHOLE["inputForm"], annotation=InputForm, direction="read"
    ))  # fmt: skip


def whole():
    """All that the client can say of an action."""
    return {
        "label": "Export",
        "slug": "older",
        "operation": "export",
        "mode": "toolbarBlocking",
        "tooltip": "CSV or Excel",
        "messages": [ActionMessage(type="info", content="Takes a minute.")],
        "type": "string",
        "description": "Writes the workbook into a file.",
        "schedule": "daily",
        "primary": True,
        "confirm": True,
        "icon": "download",
        "require_all_valid": True,
        "require_selection": False,
        "input_form": form(),
        "constraints": [
            ActionConstraint_HasAllValid(ignore_selection=True),
            ActionConstraint_HasSelection(),
            ActionConstraint_HasData(),
            ActionConstraint_HasColumnEnabled(),
        ],
        "mount": ActionMount_Workbook(slugs=["orders"]),
        "guide": Guide(content="**Choose**"),
        "guardrail": Guardrail(content="Once a day."),
    }


def same(action, **given):
    assert {name: getattr(action, name) for name in given} == given


def test_an_action_has_all_that_it_may_and_comes_back_as_it_was_sent(flatfile, parameters):
    given = {**SPACE, "target_id": "us_wb_orders", **whole()}
    assert set(given) == parameters(flatfile.actions.create)
    made = flatfile.actions.create(**given)
    same(made, target_id="us_wb_orders", **whole())
    found = flatfile.actions.get(made.id)
    assert found == made
    assert found.input_form.fields[0].config.options[0].color == "#00aa55"
    assert found.input_form.fields[0].config.options[0].meta == {"mime": "text/csv"}
    assert found.input_form.fields[1].constraints[0].type == "required"


@pytest.mark.parametrize(("mount", "kind"), MOUNTS)
def test_every_mount_comes_back(flatfile, http, mount, kind):
    made = flatfile.actions.create(**SPACE, target_id="x", label="a", operation="b", mount=mount)
    assert made.mount == mount
    assert http.get(f"/v1/actions/{made.id}").json()["job"] == f"{kind}:b"


def test_actions_are_listed_and_none_spoils_the_list(flatfile, http):
    strange = {"label": "a", "operation": "b", "inputForm": {"fields": [{"key": "no-label", "type": "date"}]}}
    ids = [
        http.post("/v1/actions", json={**strange, "mount": {"type": kind}}).json()["id"]
        for kind in ("invoice", "space", "sheet")
    ]
    listed = {action.id: action for action in flatfile.actions.get_all(**SPACE)}
    assert set(ids) <= set(listed)
    assert [listed[one].mount is None for one in ids] == [True, True, False]


def test_many_are_made_by_one_call(flatfile, parameters):
    assert parameters(flatfile.actions.bulk_create) == {"space_id", "request"}
    request = [
        ApiActionConfig(target_id="us_wb_1", label="One", operation="a", input_form=form()),
        ApiActionConfig(target_id="us_sh_1", label="Two", slug="b", mount=ActionMount_Sheet()),
    ]
    made = flatfile.actions.bulk_create(**SPACE, request=request)
    assert [(one.label, one.operation, one.target_id) for one in made] == [
        ("One", "a", "us_wb_1"),
        ("Two", "b", "us_sh_1"),
    ]


def test_every_field_is_changed(flatfile, parameters):
    made = flatfile.actions.create(**SPACE, target_id="us_wb_1", label="a", operation="b")
    assert set(whole()) == parameters(flatfile.actions.update)
    same(flatfile.actions.update(made.id, **whole()), target_id="us_wb_1", **whole())
    assert flatfile.actions.update(made.id, tooltip=None).tooltip is None
    assert flatfile.actions.get(made.id).label == "Export"


def test_one_that_is_removed_is_gone(flatfile, refused):
    made = flatfile.actions.create(**SPACE, target_id="us_wb_1", label="a", operation="b")
    assert flatfile.actions.delete(made.id).data.success
    with refused(404, "not_found", key="id"):
        flatfile.actions.get(made.id)


def test_its_events_are_parsed_by_the_client(flatfile):
    made = flatfile.actions.create(**SPACE, target_id="us_wb_1", label="Told", operation="told")
    flatfile.actions.update(made.id, label="Told again")
    flatfile.actions.delete(made.id)
    events = flatfile.events.list(domain="action", page_size=100).data
    told = [event.topic for event in events if event.context.action_id == made.id]
    assert told == ["action:created", "action:updated", "action:deleted"]


def test_a_press_over_rest_is_a_job_whose_events_name_the_action(flatfile, http, listed):
    made = flatfile.actions.create(**SPACE, target_id="us_wb_orders", **whole())
    pressed = http.post(f"/v1/actions/{made.id}/execute", json=PRESS).raise_for_status().json()["data"]
    job = flatfile.jobs.get(pressed["id"]).data
    assert (job.type, job.operation, job.mode, job.input) == ("workbook", "export", "toolbarBlocking", FILLED)
    (ready,) = [event for event in listed(job) if event["topic"] == "job:ready"]
    assert ready["context"]["actionId"] == made.id
    flatfile.jobs.ack(job.id)
    assert flatfile.jobs.complete(job.id).data.status == "complete"


def test_its_front_end_creates_the_job_by_itself(flatfile, create):
    made = flatfile.actions.create(**SPACE, target_id="us_wb_orders", **whole())
    job = create(operation=made.operation, source=made.target_id, mode=made.mode, input={"any": "thing"})
    assert (job.operation, job.input) == ("export", {"any": "thing"})


def test_what_is_refused_names_the_field(flatfile, refused):
    with refused(400, "invalid", key="mount"):
        flatfile.actions.create(**SPACE, target_id="nobody", label="a", operation="b")
    with refused(404, "not_found", key="spaceId"):
        flatfile.actions.get_all(space_id="us_sp_elsewhere")
    with refused(400, "invalid", key="mode"):
        flatfile.actions.create(**SPACE, target_id="us_wb_1", label="a", operation="b", mode="loud")
