"""Actions by the client."""

import pytest
from buttons import FORM
from pydantic import BaseModel

from listener_sdk.errors import InvalidError, NotTickwire
from tests.sdk.fake_server import AT, wire_job

ACTION = {
    "id": "us_ac_0000000001", "label": "Export", "operation": "export", "domain": "workbook", "job": "workbook:export",
    "targetId": "us_wb_1", "createdAt": AT, "updatedAt": AT,
}  # fmt: skip
PATH = "/v1/actions/us_ac_0000000001"


class Answers(BaseModel):
    title: str
    rows: int = 5


async def test_one_is_made_read_changed_and_removed(server, client):
    server.routes["POST", "/v1/actions"] = ACTION
    server.routes["GET", PATH] = ACTION
    server.routes["PATCH", PATH] = ACTION | {"label": "Save"}
    server.routes["DELETE", PATH] = {"data": {"success": True}}
    made = await client.actions.create(
        "Export", "export", target_id="us_wb_1", input_form=FORM, mount={"type": "workbook"}, confirm=True
    )
    assert made.job == "workbook:export"
    assert server.requests[-1][2] == {
        "label": "Export", "operation": "export", "targetId": "us_wb_1", "inputForm": FORM, "mount": {"type": "workbook"}, "confirm": True
    }  # fmt: skip
    assert await client.actions.get(made.id) == made
    assert (await client.actions.update(made.id, label="Save", tooltip=None)).label == "Save"
    assert server.requests[-1] == ("PATCH", PATH, {"label": "Save", "tooltip": None})
    await client.actions.delete(made.id)
    assert server.requests[-1][:2] == ("DELETE", PATH)


async def test_the_list_has_no_pages(server, client):
    server.routes["GET", "/v1/actions"] = [ACTION]
    (found,) = await client.actions.list(target_id="us_wb_1", domain="workbook", operation="export")
    assert found.target_id == "us_wb_1"
    assert server.requests[-1][1] == "/v1/actions?targetId=us_wb_1&domain=workbook&operation=export"


@pytest.mark.parametrize("answers", [Answers(title="a"), {"title": "a", "rows": 5}])
async def test_a_press_gives_the_job(server, client, answers):
    server.routes["POST", f"{PATH}/execute"] = {"data": wire_job()}
    job = await client.actions.execute(
        ACTION["id"],
        answers,
        confirm=True,
        subject={"type": "resource", "id": "us_wb_2"},
        idempotency_key="k",
    )
    assert job.job == "workbook:export"
    assert server.requests[-1][2] == {
        "input": {"title": "a", "rows": 5}, "confirm": True, "subject": {"type": "resource", "id": "us_wb_2"}
    }  # fmt: skip
    assert server.headers[-1]["Idempotency-Key"] == "k"


async def test_a_press_may_say_nothing(server, client):
    server.routes["POST", f"{PATH}/execute"] = {"data": wire_job()}
    await client.actions.execute(ACTION["id"])
    assert server.requests[-1][2] == {}


async def test_what_the_server_would_refuse_is_not_sent(server, client):
    for call in (
        client.actions.create(" ", "export"),
        client.actions.create("a", "b", input_form={"fields": [{"key": "x", "type": "colour"}]}),
        client.actions.update(ACTION["id"], label=None),
        client.actions.execute(ACTION["id"], source=""),
    ):
        with pytest.raises(InvalidError):
            await call
    for misspelt in (
        client.actions.create("a", "b", tool_tip="x"),
        client.actions.list(target="x"),
        client.actions.execute(ACTION["id"], subjects=[]),
    ):
        with pytest.raises(TypeError, match="did you mean"):
            await misspelt
    assert server.requests == []


@pytest.mark.parametrize("answer", [["other", "JSON"], {"other": "JSON"}, {"data": []}])
async def test_an_answer_that_is_no_action_is_not_taken_for_one(server, client, answer):
    server.routes["GET", PATH] = answer
    with pytest.raises(NotTickwire):
        await client.actions.get(ACTION["id"])
