"""Actions over REST: the shapes of Flatfile's clients, who may do what, and jobs made by a press."""

import json

import pytest
from buttons import FILLED, PRESS, WHOLE

from listener_sdk.protocol.actions import MOST_ACTIONS, Action

LEAST = {"label": "Export", "operation": "export"}


async def make(server, **fields):
    answer = await server.call("POST", "/v1/actions?spaceId=us_sp_default", {**LEAST, **fields})
    assert answer.status == 200, answer.raw
    return answer.body


async def key_of(server, role):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role})).data["key"]


async def test_one_is_made_shown_changed_and_removed_without_an_envelope(server):
    made = await make(server, **WHOLE)
    Action.model_validate(made)
    assert {name: made[name] for name in WHOLE} == WHOLE
    path = f"/v1/actions/{made['id']}"
    assert (await server.call("GET", path)).body == made
    changed = (await server.call("PATCH", path, {"label": "Save", "icon": None})).body
    assert (changed["label"], changed["operation"], "icon" in changed) == ("Save", "export", False)
    assert (await server.call("DELETE", path)).data == {"success": True}
    for method in ("GET", "PATCH", "DELETE"):
        assert (await server.call(method, path, {} if method == "PATCH" else None)).error[
            "code"
        ] == "not_found"


async def test_flatfiles_client_of_node_has_one_in_an_envelope_and_lists_bare(server):
    node = {"X-Fern-Language": "JavaScript"}
    path = "/v1/actions?spaceId=us_sp_default"
    made = (await server.call("POST", path, LEAST, headers=node)).body["data"]
    its = f"/v1/actions/{made['id']}"
    assert (await server.call("GET", its, headers=node)).body == {"data": made}
    changed = (await server.call("PATCH", its, {"label": "All"}, headers=node)).body["data"]
    assert changed["label"] == "All"
    assert (await server.call("GET", path, headers=node)).body == [changed]


async def test_the_list_is_bare_and_whole_and_may_be_of_a_place(server):
    assert (await server.call("GET", "/v1/actions")).body == []
    first = await make(server, targetId="us_wb_1")
    second = await make(server, targetId="us_sh_1", operation="map")
    assert (await server.call("GET", "/v1/actions?spaceId=us_sp_default")).body == [first, second]
    for query in ("targetId=us_sh_1", "domain=sheet", "operation=map"):
        assert (await server.call("GET", f"/v1/actions?{query}")).body == [second]
    assert (await server.call("GET", "/v1/actions?operation=map&domain=workbook")).body == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_another_space_has_its_own(server, method):
    body = LEAST if method == "POST" else None
    for path in ("/v1/actions", "/v1/actions/bulk") if body else ("/v1/actions",):
        answer = await server.call(method, f"{path}?spaceId=us_sp_other", body)
        assert (answer.status, answer.error["key"]) == (404, "spaceId")


async def test_many_are_made_at_once(server):
    raw = json.dumps([WHOLE, LEAST]).encode()
    made = await server.call("POST", "/v1/actions/bulk?spaceId=us_sp_default", raw=raw)
    assert [one["label"] for one in made.body] == ["Export", "Export"]
    assert (await server.call("GET", "/v1/actions")).body == made.body


@pytest.mark.parametrize(
    ("given", "code", "key"),
    [
        ([], "bad_request", None),
        ({"label": "a"}, "bad_request", None),
        ([LEAST] * (MOST_ACTIONS + 1), "bad_request", None),
        ([LEAST, {"label": "a"}], "invalid", "[1].operation"),
        ([LEAST, {**LEAST, "mode": "x"}], "invalid", "[1].mode"),
        ([LEAST, {**LEAST, "targetId": "?"}], "invalid", "[1].mount"),
        ([LEAST, 5], "invalid", "[1]"),
    ],
)
async def test_none_is_made_where_one_is_wrong(server, given, code, key):
    answer = await server.call("POST", "/v1/actions/bulk", raw=json.dumps(given).encode())
    assert (answer.status, answer.error["code"], answer.error.get("key")) == (400, code, key)
    assert (await server.call("GET", "/v1/actions")).body == []


async def test_a_form_by_which_nothing_can_be_checked_is_refused(server):
    options = [{"value": f"v{n}" + "x" * 20} for n in range(1_000)]
    fields = [{"key": f"e{n}", "type": "enum", "config": {"options": options}} for n in range(2)]
    large = {**LEAST, "inputForm": {"fields": fields}}
    made = await make(server)
    for method, path, body, key in (
        ("POST", "/v1/actions", large, "inputForm"),
        ("POST", "/v1/actions/bulk", [LEAST, large], "[1].inputForm"),
        ("PATCH", f"/v1/actions/{made['id']}", {"inputForm": large["inputForm"]}, "inputForm"),
    ):
        answer = await server.call(method, path, raw=json.dumps(body).encode())
        assert (answer.status, answer.error["key"]) == (400, key)
    assert (await server.call("GET", "/v1/actions")).body == [made]


async def test_a_repeated_call_is_done_once_and_answered_alike(server):
    headers = {"Idempotency-Key": "one"}
    for path, raw in (
        ("/v1/actions", json.dumps(LEAST).encode()),
        ("/v1/actions/bulk", json.dumps([LEAST]).encode()),
    ):
        first = await server.call("POST", path, raw=raw, headers=headers)
        again = await server.call("POST", path, raw=raw, headers=headers)
        assert (first.status, again.body) == (200, first.body)
    assert len((await server.call("GET", "/v1/actions")).body) == 2


async def test_a_press_answers_the_job(server):
    made = await make(server, **WHOLE)
    headers = {"Idempotency-Key": "press"}
    raw = json.dumps(PRESS).encode()
    path = f"/v1/actions/{made['id']}/execute"
    answer = await server.call("POST", path, raw=raw, headers=headers)
    job = answer.data
    assert (job["job"], job["status"], job["input"]) == ("workbook:export", "ready", FILLED)
    assert job["startedBy"] == {"kind": "action", "actionId": made["id"]}
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).data == job
    await server.call("DELETE", f"/v1/actions/{made['id']}")
    assert (await server.call("POST", path, raw=raw, headers=headers)).data == job
    assert (await server.call("POST", path, raw=raw)).status == 404


async def test_an_action_without_a_form_is_pressed_without_a_body(server):
    made = await make(server)
    job = (await server.call("POST", f"/v1/actions/{made['id']}/execute")).data
    assert (job["job"], job["mode"], job["source"]) == ("space:export", "background", "us_sp_default")


async def test_all_that_is_wrong_with_a_press_is_told_at_once(server):
    made = await make(server, **WHOLE)
    answer = await server.call("POST", f"/v1/actions/{made['id']}/execute", {"input": {"format": "pdf"}})
    assert answer.status == 400
    keys = {one["key"] for one in answer.body["errors"]}
    assert keys == {"confirm", "subject", "input.format", "input.title"}


async def test_a_misspelt_field_of_a_press_is_refused(server):
    made = await make(server)
    path = f"/v1/actions/{made['id']}/execute"
    answer = await server.call("POST", path, {"inputs": {"title": "x"}})
    assert (answer.status, answer.error["key"]) == (400, "inputs")
    assert "Did you mean input?" in answer.error["message"]
    answer = await server.call("POST", path, {"title": "x"})
    assert 'Put it below input, as {"input": {"title": …}}.' in answer.error["message"]


async def test_an_action_without_an_operation_is_told_so_by_its_name(server):
    answer = await server.call("POST", "/v1/actions", {"label": "x"})
    assert (answer.status, answer.error["key"]) == (400, "operation")
    assert answer.error["message"] == (
        "operation: names the job that the action makes, such as export, and is missing."
    )


async def test_what_flatfile_s_clients_do_themselves_goes_on_working(server):
    """They read the action, and create the job: nothing is guessed of it."""
    await make(server, **WHOLE)
    job = await server.job(type="workbook", operation="export", source="us_wb_orders", input={"any": 1})
    assert job["input"] == {"any": 1}
    assert "startedBy" not in job


async def test_developers_define_and_operators_press(server):
    developer, operator, listener = [
        await key_of(server, role) for role in ("developer", "operator", "listener")
    ]
    assert (await server.call("POST", "/v1/actions", LEAST, key=operator)).error["permission"] == "define"
    assert (await server.call("POST", "/v1/actions", LEAST, key=listener)).status == 403
    made = (await server.call("POST", "/v1/actions", LEAST, key=developer)).body
    answer = await server.call("POST", f"/v1/actions/{made['id']}/execute", key=operator)
    assert answer.data["createdBy"] != made["createdBy"]


async def test_a_key_that_is_restricted_to_other_jobs_sees_only_theirs(server):
    other = await make(server, targetId="us_wb_1")
    own = await make(server, targetId="us_sh_1")
    body = {"name": "narrow", "role": "developer", "jobs": ["sheet:*"]}
    key = (await server.call("POST", "/v1/keys", body)).data["key"]
    assert (await server.call("GET", "/v1/actions", key=key)).body == [own]
    assert (await server.call("GET", f"/v1/actions/{own['id']}", key=key)).body == own
    for method, end in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/execute")):
        answer = await server.call(
            method, f"/v1/actions/{other['id']}{end}", None if method == "GET" else {}, key=key
        )
        assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert (await server.call("POST", f"/v1/actions/{own['id']}/execute", key=key)).data[
        "job"
    ] == "sheet:export"
