"""Definitions over REST, on both prefixes: bodies, lists, launches and dry runs."""

import pytest

from listener_sdk.protocol.definitions import Definition, DefinitionVersion, DryRun
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.core.job_types import JobTypeRow, declared
from server.store import job_types
from server.store.command import Command

PREFIXES = ("/v1", "/vue/_api/v1")
SCHEMA = {
    "type": "object",
    "properties": {
        "url": {"type": "string"},
        "limit": {"type": "integer", "default": 10},
        "headers": {"type": "object"},
    },
    "required": ["url"],
    "additionalProperties": False,
}
LEAST = {"jobDefinitionCode": "web-test", "jobType": "export", "params": {"url": "https://a.example"}}


async def declare(server, space_id=1, code="export", name="workbook:export", **fields):
    body = {"name": name, "code": code, "inputSchema": SCHEMA, "modes": ["full", "delta"], **fields}
    made = declared(JobTypeDeclare.model_validate(body))

    def keep(tx, _):
        row = JobTypeRow(
            tx.next_id("job_type"), space_id, made.code, made.name, made.stored(), 1, 1, "us_key_1", 1
        )
        job_types.insert(tx.connection, row)

    await server.node.submit(Command("keep", keep), None)


@pytest.fixture
async def ready(server):
    await declare(server)
    return server


async def make(server, prefix="/v1", key="", headers=None, **fields):
    body = {"jobDefinition": {**LEAST, **fields}}
    return await server.call("POST", f"{prefix}/job-definitions", body, key=key, headers=headers)


def made(answer):
    assert answer.status == 200, answer.raw
    assert answer.body.keys() == {"jobDefinition"}
    return answer.body["jobDefinition"]


async def key_of(server, role, **fields):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role, **fields})).data["key"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_definition_is_made_read_changed_and_removed(ready, prefix):
    first = made(await make(ready, prefix, name="A", target="t", enabled=True))
    assert (first["version"], first["running"], first["params"]) == (1, False, LEAST["params"])
    path = f"{prefix}/job-definitions/web-test"
    for name in ("web-test", first["id"]):
        assert made(await ready.call("GET", f"{prefix}/job-definitions/{name}")) == first
    Definition.model_validate(first)
    changed = made(await ready.call("PATCH", path, {"jobDefinition": {"params": {"url": "b"}}}))
    assert (changed["version"], changed["name"], changed["params"], changed["target"]) == (
        2,
        "A",
        {"url": "b"},
        "t",
    )
    assert (await ready.call("GET", f"{prefix}/job-definitions")).data == [changed]
    assert (await ready.call("DELETE", path)).data == {"success": True}
    assert (await ready.call("GET", path)).error["code"] == "not_found"


async def test_what_conscia_s_clients_make_is_enabled_unless_they_say(ready):
    found = {}
    for number, (prefix, fields) in enumerate(
        (p, f) for p in PREFIXES for f in ({}, {"enabled": True}, {"enabled": False})
    ):
        row = made(await make(ready, prefix, jobDefinitionCode=f"c{number}", **fields))
        found[prefix, fields.get("enabled")] = row["enabled"]
    assert found == {
        ("/v1", None): False, ("/v1", True): True, ("/v1", False): False,
        ("/vue/_api/v1", None): True, ("/vue/_api/v1", True): True, ("/vue/_api/v1", False): False,
    }  # fmt: skip


async def test_it_tells_when_its_schedules_run_it_next(ready):
    made(await make(ready, enabled=True))
    path = "/v1/job-definitions/web-test"
    assert "nextAt" not in made(await ready.call("GET", path))
    for cron in ("0 3 1 1 *", "*/5 * * * *"):
        kept = (await ready.call("POST", f"{path}/schedules", {"cron": cron})).data
    assert made(await ready.call("GET", path))["nextAt"] == kept["nextAt"]
    await ready.call("PATCH", path, {"jobDefinition": {"enabled": False}})
    assert "nextAt" not in made(await ready.call("GET", path))


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_launch_answers_the_job_and_the_definition_tells_of_it(ready, prefix):
    made(await make(ready, enabled=True))
    path = f"{prefix}/job-definitions/web-test"
    answer = await ready.call("POST", f"{path}/_execute", {})
    assert (answer.status, answer.body.keys()) == (200, {"jobId"})
    job = (await ready.call("GET", f"/v1/jobs/{answer.body['jobId']}")).data
    assert (job["definition"], job["definitionVersion"], job["jobType"]) == ("web-test", 1, "export")
    assert (job["input"], job["status"]) == ({"url": "https://a.example", "limit": 10}, "ready")
    assert job["startedBy"] == {"kind": "api", "keyId": "us_key_0000000000"}
    shown = made(await ready.call("GET", path))
    assert (shown["running"], shown["lastJob"]["jobId"], shown["lastJob"]["status"]) == (
        True,
        job["id"],
        "ready",
    )
    await ready.call("POST", f"/v1/jobs/{job['id']}/cancel")
    ((shown,), (listed,)) = (
        [made(await ready.call("GET", path))],
        (await ready.call("GET", "/v1/job-definitions")).data,
    )
    assert shown == listed
    assert (shown["running"], shown["lastJob"]["status"], "finishedAt" in shown["lastJob"]) == (
        False,
        "canceled",
        True,
    )


async def test_a_launch_may_say_more_of_its_job(ready):
    made(await make(ready, enabled=True))
    own = {
        "label": "Mine",
        "priority": 7,
        "scheduledAt": "2100-01-01T00:00:00Z",
        "metadata": {"a": 1},
        "source": "us_wb_1",
        "fileId": "us_fl_1",
    }
    answer = await ready.call(
        "POST", "/v1/job-definitions/web-test/_execute", {"mode": "delta", "params": {"limit": 1}, **own}
    )
    job = (await ready.call("GET", f"/v1/jobs/{answer.body['jobId']}")).data
    assert (job["label"], job["priority"], job["status"]) == ("Mine", 7, "scheduled")
    assert job["modes"]["asked"] == "delta"
    assert (job["metadata"], job["source"], job["fileId"], job["input"]["limit"]) == (
        {"a": 1},
        "us_wb_1",
        "us_fl_1",
        1,
    )


async def test_a_repeated_call_is_done_once(ready):
    once = {"Idempotency-Key": "once"}
    first = await make(ready, enabled=True, headers=once)
    assert (await make(ready, enabled=True, headers=once)).raw == first.raw
    path = "/v1/job-definitions/web-test/_execute"
    one = await ready.call("POST", path, {}, headers=once)
    await ready.call("PATCH", "/v1/job-definitions/web-test", {"jobDefinition": {"enabled": False}})
    assert (await ready.call("POST", path, {}, headers=once)).body == one.body
    assert (await ready.call("POST", path, {"params": {"limit": 2}}, headers=once)).error[
        "code"
    ] == "idempotency_mismatch"
    assert (await ready.call("POST", path, {})).error["code"] == "disabled"


async def test_everything_that_is_wrong_is_told_with_its_path(ready):
    answer = await make(ready, params={"url": 5, "limit": "{{ evnt }}", "more": 1})
    assert [one["key"] for one in answer.body["errors"]] == ["params.limit", "params.url", "params.more"]
    assert (answer.error["expression"], answer.error["position"]) == ("evnt", 3)
    assert "event" in answer.error["message"]
    answer = await make(ready, params={"url": 5, "more": 1})
    assert {one["key"] for one in answer.body["errors"]} == {"params.url", "params.more"}
    answer = await make(ready, jobType="exprt")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "export" in answer.error["message"]
    answer = await make(ready, params={"url": "x" * 300_000})
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    made(await make(ready, enabled=True))
    answer = await make(ready)
    assert (answer.status, answer.error["code"]) == (409, "conflict")
    answer = await ready.call("GET", "/v1/job-definitions/web-tst")
    assert "Did you mean web-test?" in answer.error["message"]
    answer = await ready.call(
        "POST", "/v1/job-definitions/web-test/_execute", {"params": {"limit": "x"}, "mode": "delta"}
    )
    assert (answer.status, answer.error["key"]) == (400, "params.limit")


async def test_a_misspelt_field_is_refused_by_its_name(ready):
    for fields, key in (
        ({"target_": "x"}, "target_"),
        ({"options": {"skipNotifications": True}}, "options.skipNotifications"),
        ({"triggers": [{"topic": "a:b", "maxPerMinut": 3}]}, "triggers[0].maxPerMinut"),
    ):
        answer = await make(ready, **fields)
        assert (answer.status, answer.error["code"], answer.error["key"]) == (
            400,
            "invalid",
            f"jobDefinition.{key}",
        )
    made(await make(ready, enabled=True))
    answer = await ready.call("POST", "/v1/job-definitions/web-test/_execute", {"param": {}})
    assert (answer.status, answer.error["key"]) == (400, "param")
    answer = await ready.call("POST", "/v1/job-definitions/web-test/_execute", {"label": "a\nb"})
    assert (answer.status, answer.error["key"]) == (400, "label")


async def test_lists_are_filtered_and_go_on_by_cursor(ready):
    await declare(ready, code="count", name="workbook:count")
    for number in range(5):
        fields = {"jobType": "count"} if number % 2 else {"target": "Sheet 1", "enabled": True}
        made(await make(ready, jobDefinitionCode=f"d{number}", name=f"Number {number}", **fields))

    async def codes(query):
        answer = await ready.call("GET", f"/v1/job-definitions?{query}")
        return [one["jobDefinitionCode"] for one in answer.data], answer.body["cursor"]

    assert await codes("") == (["d0", "d1", "d2", "d3", "d4"], None)
    assert (await codes("jobType=count"))[0] == (await codes("enabled=false"))[0] == ["d1", "d3"]
    assert (await codes("target=Sheet%201&enabled=true"))[0] == ["d0", "d2", "d4"]
    assert (await codes("q=NUMBER%203"))[0] == ["d3"]
    assert (await codes("q=d4"))[0] == ["d4"]
    assert (await codes("q=%25"))[0] == (await codes("q=_"))[0] == []
    first, cursor = await codes("pageSize=2")
    second, after = await codes(f"pageSize=3&cursor={cursor}")
    assert (first + second, after) == (["d0", "d1", "d2", "d3", "d4"], None)
    assert (await ready.call("GET", "/v1/job-definitions?enabled=maybe")).error["key"] == "enabled"


async def test_versions_are_listed_and_read(ready):
    made(await make(ready))
    for url in ("b", "c"):
        await ready.call("PATCH", "/v1/job-definitions/web-test", {"jobDefinition": {"params": {"url": url}}})
    path = "/v1/job-definitions/web-test/versions"
    answer = await ready.call("GET", path)
    assert [(one["version"], one["params"]["url"]) for one in answer.data] == [
        (3, "c"),
        (2, "b"),
        (1, "https://a.example"),
    ]
    DefinitionVersion.model_validate(answer.data[0])
    page = await ready.call("GET", f"{path}?pageSize=2")
    rest = await ready.call("GET", f"{path}?cursor={page.body['cursor']}")
    assert page.data + rest.data == answer.data
    assert (await ready.call("GET", f"{path}/2")).data == answer.data[1]
    for wrong in ("0", "4", "x", "9" * 30, "-1"):
        answer = await ready.call("GET", f"{path}/{wrong}")
        assert (answer.status, answer.error["code"]) == (404, "not_found")


async def test_a_dry_run_shows_every_place_and_makes_nothing(ready):
    await ready.call("POST", "/v1/secrets", {"name": "token", "value": "canary"})
    params = {
        "url": "{{ event.payload.url }}",
        "limit": "{{ event.payload.rows }}",
        "headers": {"A": "Bearer {{ secrets.token }}"},
    }
    made(await make(ready, params=params))
    path = "/v1/job-definitions/web-test/_dry-run"
    context = {"event": {"payload": {"url": "u", "rows": 3}}}
    answer = await ready.call("POST", path, {"context": context})
    assert answer.data == {
        "params": {"url": "u", "limit": 3, "headers": {"A": "Bearer {{ secrets.token }}"}},
        "places": [
            {"path": "params.url", "expression": "event.payload.url", "value": "u", "kind": "text"},
            {
                "path": "params.limit",
                "expression": "event.payload.rows",
                "value": 3,
                "kind": "a whole number",
            },
            {"path": "params.headers.A", "expression": "secrets.token", "value": None, "kind": "a secret"},
        ],
        "problems": [],
    }
    assert b"canary" not in answer.raw
    DryRun.model_validate(answer.data)
    wrong = (await ready.call("POST", path, {"context": {"event": {"payload": {"url": "u"}}}})).data
    assert (wrong["params"], [one["path"] for one in wrong["problems"]]) == (None, ["params.limit"])
    assert "no rows" in wrong["places"][1]["problem"]
    unfit = (await ready.call("POST", path, {"context": context, "params": {"limit": "x"}})).data
    assert (unfit["params"]["limit"], [one["path"] for one in unfit["problems"]]) == ("x", ["params.limit"])
    assert (await ready.call("GET", "/v1/jobs")).data == []


async def test_parameters_that_are_not_kept_yet_are_tried(ready):
    path = "/v1/job-definitions/_dry-run"
    body = {"params": {"url": "{{ hook.url }}", "n": "{{ trigger.kind }} at {{ dueTime }}"}}
    context = {"hook": {"url": "u"}, "dueTime": "2026-01-31T09:00:00Z"}
    shown = (await ready.call("POST", path, {**body, "context": context})).data
    assert shown["params"] == {"url": "u", "n": "api at 2026-01-31T09:00:00.000Z"}
    shown = (await ready.call("POST", path, {**body, "context": context, "jobType": "export"})).data
    assert [one["path"] for one in shown["problems"]] == ["params.n"]
    shown = (await ready.call("POST", path, {"params": {"url": "{{ secrets.tokn }} {{ nobody }}"}})).data
    assert len(shown["problems"]) == 2
    assert (await ready.call("POST", path, {**body, "jobType": "no"})).status == 404


async def test_who_runs_jobs_launches_and_who_develops_defines(ready):
    made(await make(ready, enabled=True))
    operator, developer = await key_of(ready, "operator"), await key_of(ready, "developer")
    path = "/v1/job-definitions/web-test"
    assert (await ready.call("POST", f"{path}/_execute", {}, key=operator)).status == 200
    assert (await make(ready, key=operator, jobDefinitionCode="b")).error["permission"] == "define"
    assert (await make(ready, key=developer, jobDefinitionCode="b")).status == 200
    assert (await ready.call("DELETE", path, key=operator)).status == 403


async def test_a_restricted_key_sees_the_definitions_of_its_jobs(ready):
    await declare(ready, code="sync", name="crm:sync")
    made(await make(ready, enabled=True))
    made(await make(ready, jobDefinitionCode="b", jobType="sync", enabled=True))
    near = await key_of(ready, "developer", jobs=["crm:*"])
    assert [
        one["jobDefinitionCode"] for one in (await ready.call("GET", "/v1/job-definitions", key=near)).data
    ] == ["b"]
    for method, end in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/_execute"),
        ("GET", "/versions"),
        ("POST", "/_dry-run"),
    ):
        answer = await ready.call(method, f"/v1/job-definitions/web-test{end}", key=near)
        assert (answer.status, answer.error["code"]) == (404, "not_found")
        assert "Did you mean" not in answer.error["message"]
    assert (await ready.call("POST", "/v1/job-definitions/b/_execute", key=near)).status == 200
    tried = {"params": {"url": 5}, "jobType": "export"}
    answer = await ready.call("POST", "/v1/job-definitions/_dry-run", tried, key=near)
    assert (answer.status, answer.error["key"]) == (404, "jobType")


async def test_what_needs_a_definition_stays(ready):
    made(await make(ready, enabled=True))
    job = (await ready.call("POST", "/v1/job-definitions/web-test/_execute")).body["jobId"]
    answer = await ready.call("DELETE", "/v1/job-definitions/web-test")
    assert (answer.status, answer.error["code"], answer.error["job"]) == (409, "in_use", job)


async def test_spaces_have_definitions_of_their_own(ready):
    await ready.call("POST", "/v1/spaces", {"name": "Acme"})
    acme = {"X-Customer-Code": "acme"}
    made(await make(ready))
    assert (await ready.call("GET", "/vue/_api/v1/job-definitions/web-test", headers=acme)).status == 404
    assert (await make(ready, "/vue/_api/v1", headers=acme)).error["code"] == "not_found"
    await declare(ready, space_id=2)
    assert made(await make(ready, "/vue/_api/v1", headers=acme))["enabled"] is True
    assert made(await ready.call("GET", "/v1/job-definitions/web-test"))["enabled"] is False
