"""The history over REST: filtered, paged, shown, exported, and run again."""

import asyncio
import csv
import io
import json

import pytest
from defined import made_type
from history import KEEP_SLOTS, slot

from listener_sdk.protocol.definitions import Definition
from listener_sdk.protocol.runs import Run
from server.core.job_types import JobTypeRow
from server.core.missed import missed_id
from server.core.run_views import COLUMNS
from server.store import job_types
from server.store.command import Command
from server.web import runs

DEFINITION = {
    "jobDefinitionCode": "nightly",
    "jobType": "export",
    "params": {"url": "u"},
    "enabled": True,
    "target": "shop",
}


@pytest.fixture
async def ready(server):
    made = made_type()

    def keep(tx, _):
        row = JobTypeRow(tx.next_id("job_type"), 1, made.code, made.name, made.stored(), 1, 1, "us_key_1", 1)
        job_types.insert(tx.connection, row)

    await server.node.submit(Command("keep", keep), None)
    for code in ("nightly", "other"):
        answer = await server.call(
            "POST", "/v1/job-definitions", {"jobDefinition": {**DEFINITION, "jobDefinitionCode": code}}
        )
        assert answer.status == 200, answer.raw
    return server


async def started(server, code="nightly", **body):
    return (await server.call("POST", f"/v1/job-definitions/{code}/_execute", body)).body["jobId"]


async def run(server, how="complete", code="nightly", **body):
    job_id = await started(server, code)
    return await ended(server, job_id, how, **body)


async def ended(server, job_id, how="complete", **body):
    await server.call("POST", f"/v1/jobs/{job_id}/ack", {})
    answer = await server.call("POST", f"/v1/jobs/{job_id}/{how}", body)
    assert answer.status == 200, answer.raw
    return job_id


async def listed(server, query="", **more):
    return (await server.call("GET", f"/v1/runs?{query}", **more)).data


async def key_of(server, role="viewer", **fields):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role, **fields})).data["key"]


async def test_a_run_fails_is_flagged_run_again_and_well(ready):
    failed = await run(ready, "fail", info="The shop is closed.")
    shown = (await ready.call("GET", "/v1/job-definitions/nightly")).body["jobDefinition"]
    assert (shown["health"], shown["failing"]["jobId"]) == ("failed", failed)
    assert Definition.model_validate(shown).failing.failures == 1
    [flagged] = (await ready.call("GET", "/v1/job-definitions?health=failed")).data
    assert flagged["jobDefinitionCode"] == "nightly"
    [well] = (await ready.call("GET", "/v1/job-definitions?health=ok")).data
    assert (well["jobDefinitionCode"], well["health"]) == ("other", "ok")
    [one] = await listed(ready, "result=failed")
    assert one["error"] == {"code": "failed", "message": "The shop is closed."}
    again = (await ready.call("POST", f"/v1/runs/{failed}/_again", {"params": {"limit": 2}})).data
    assert (again["rerunOf"], again["result"], again["trigger"]["kind"]) == (failed, "running", "retry")
    assert again["params"] == {"url": "u", "limit": 2}
    await ended(ready, again["jobId"], outcome={"message": "Open.", "counts": {"total": 3, "ok": 3}})
    shown = (await ready.call("GET", "/v1/job-definitions/nightly")).body["jobDefinition"]
    assert (shown["health"], shown.get("failing")) == ("ok", None)
    newest, oldest = await listed(ready)
    assert (newest["id"], newest["result"], newest["counts"]) == (
        again["id"],
        "success",
        {"total": 3, "ok": 3},
    )
    assert oldest["id"] == failed


async def test_a_repeated_call_makes_one_run(ready):
    failed = await run(ready, "fail")
    headers = {"Idempotency-Key": "k"}
    first, second = [
        (await ready.call("POST", f"/v1/runs/{failed}/_again", {}, headers=headers)).data for _ in range(2)
    ]
    assert first["id"] == second["id"]
    assert (await ready.call("POST", f"/v1/runs/{failed}/_again", {})).error["code"] == "already_retried"


async def test_filters_and_pages(ready):
    made = [await run(ready) for _ in range(3)]
    other = await run(ready, code="other")
    first = await ready.call("GET", "/v1/runs?pageSize=2")
    assert [one["id"] for one in first.data] == [other, made[2]]
    assert first.body["asOf"]
    rest = await ready.call("GET", f"/v1/runs?pageSize=2&cursor={first.body['cursor']}")
    assert ([one["id"] for one in rest.data], rest.body["cursor"]) == ([made[1], made[0]], None)
    for query, expected in (
        ("definition=other", [other]),
        ("target=shop", [other, *made[::-1]]),
        ("target=shop&definition=other", [other]),
        ("target=none", []),
        ("result=success,partial&trigger=api&mode=full", [other, *made[::-1]]),
        ("result=skipped", []),
        ("until=2020-01-01", []),
        ("since=2020-01-01&definition=other", [other]),
        ("schedule=us_sch_0000000001", []),
    ):
        assert [one["id"] for one in await listed(ready, query)] == expected, query
    of_one = (await ready.call("GET", "/v1/job-definitions/nightly/runs")).data
    assert [one["id"] for one in of_one] == made[::-1]
    assert Run.model_validate(of_one[0]).definition == "nightly"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("result=done", 400, "invalid"),
        ("mode=half", 400, "invalid"),
        ("trigger=moon", 400, "invalid"),
        ("since=yesterday", 400, "invalid"),
        ("cursor=us_jb_0000000001", 400, "bad_cursor"),
        ("pageSize=0", 400, "invalid"),
        ("definition=nobody", 404, "not_found"),
        ("schedule=x", 404, "not_found"),
    ],
)
async def test_what_asks_for_no_runs_is_refused(ready, query, status, code):
    paths = ["/v1/runs"] if query.startswith(("cursor", "pageSize")) else ["/v1/runs", "/v1/runs/export"]
    for path in paths:
        answer = await ready.call("GET", f"{path}?{query}")
        assert (answer.status, answer.error["code"]) == (status, code)
    assert (await ready.call("GET", "/v1/job-definitions?health=ill")).error["code"] == "invalid"


async def test_a_target_of_too_many_definitions_is_refused(ready, monkeypatch):
    monkeypatch.setattr(runs, "MOST_OF_A_TARGET", 1)
    assert (await ready.call("GET", "/v1/runs?target=shop")).error["key"] == "target"


async def test_a_run_shows_its_files_and_outcome(ready):
    job_id = await started(ready)
    for n in range(22):
        await ready.call("POST", f"/v1/files?name={n}.csv&jobId={job_id}", raw=b"a")
    file = (await ready.call("GET", f"/v1/files?jobId={job_id}")).data[0]
    await ended(
        ready, job_id, outcome={"message": "Take it.", "next": {"type": "download", "fileId": file["id"]}}
    )
    shown = (await ready.call("GET", f"/v1/runs/{job_id}")).data
    assert (shown["fileCount"], len(shown["files"])) == (22, 20)
    assert shown["files"][0]["url"].startswith(ready.url)
    assert shown["outcome"]["next"]["url"].startswith(ready.url)
    [one] = await listed(ready)
    assert "url" not in one["files"][0]
    assert "params" not in one


async def test_due_times_without_a_job_are_runs(ready):
    [[number]] = await ready.node.read(
        lambda reader: reader.rows("SELECT id FROM definition WHERE code = 'nightly'")
    )
    await ready.node.submit(
        KEEP_SLOTS, [slot(7, 5, number), slot(7, 6, number, result="failed", reason="owner_inactive")]
    )
    newest, oldest = await listed(ready, "definition=nightly")
    assert (newest["result"], oldest["result"], oldest["trigger"]["scheduleId"]) == (
        "failed",
        "skipped",
        "us_sch_0000000007",
    )
    shown = (await ready.call("GET", f"/v1/runs/{oldest['id']}")).data
    assert shown == oldest
    for wrong in (missed_id(7, 7), missed_id(8, 5), "us_slt_0000000007"):
        assert (await ready.call("GET", f"/v1/runs/{wrong}")).status == 404
    await ready.call("POST", "/v1/spaces", {"name": "Acme"})
    inside = {"X-Customer-Code": "acme"}
    assert (await ready.call("GET", f"/v1/runs/{oldest['id']}", headers=inside)).status == 404
    assert await listed(ready, "schedule=us_sch_0000000007", headers=inside) == []


async def test_restricted_keys_see_what_they_reach(ready):
    await run(ready)
    [[number]] = await ready.node.read(
        lambda reader: reader.rows("SELECT id FROM definition WHERE code = 'nightly'")
    )
    await ready.node.submit(KEEP_SLOTS, [slot(7, 5, number)])
    mine, others = await key_of(ready, jobs=["workbook:*"]), await key_of(ready, jobs=["other:*"])
    assert len(await listed(ready, key=mine)) == 1
    assert len(await listed(ready, "definition=nightly", key=mine)) == 2
    assert (await ready.call("GET", f"/v1/runs/{missed_id(7, 5)}", key=mine)).status == 200
    assert await listed(ready, key=others) == []
    job_id = (await listed(ready))[0]["id"]
    for path in (f"/v1/runs/{job_id}", f"/v1/runs/{missed_id(7, 5)}", "/v1/runs?definition=nightly"):
        assert (await ready.call("GET", path, key=others)).status == 404
    assert (
        await ready.call(
            "POST", f"/v1/runs/{job_id}/_again", {}, key=await key_of(ready, "operator", jobs=["other:*"])
        )
    ).status == 404


async def test_an_export_holds_all_runs_however_many_pages_they_are(ready, monkeypatch):
    monkeypatch.setattr(runs, "EXPORT_PAGE", 2)
    for _ in range(5):
        await run(ready, outcome={"message": "=cmd()"})
    answer = await ready.call("GET", "/v1/runs/export?result=success")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="runs-default.csv"' in answer.headers["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(answer.raw.decode(), newline=""))
    assert head == list(COLUMNS)
    assert [row[0] for row in rows] == [one["id"] for one in await listed(ready)]
    assert {row[COLUMNS.index("message")] for row in rows} == {"'=cmd()"}
    lines = (await ready.call("GET", "/v1/runs/export?format=jsonl")).raw.splitlines()
    assert [json.loads(line) for line in lines] == await listed(ready)
    assert (await ready.call("GET", "/v1/runs/export?result=failed")).raw.decode().splitlines() == [
        ",".join(COLUMNS)
    ]


async def test_who_names_a_due_time_of_another_space_is_noted(ready):
    [[number]] = await ready.node.read(
        lambda reader: reader.rows("SELECT id FROM definition WHERE code = 'nightly'")
    )
    await ready.node.submit(KEEP_SLOTS, [slot(7, 5, number)])
    await ready.call("POST", "/v1/spaces", {"name": "Acme"})
    inside = {"X-Customer-Code": "acme"}
    theirs = (await ready.call("POST", "/v1/keys", {"name": "a", "role": "admin"}, headers=inside)).data[
        "key"
    ]
    for name in (missed_id(7, 5), missed_id(7, 6)):
        assert (await ready.call("GET", f"/v1/runs/{name}", key=theirs)).status == 404
    async with asyncio.timeout(20):
        while True:
            lines = (await ready.call("GET", "/v1/audit?action=access:refused")).data
            if lines:
                break
            await asyncio.sleep(0.02)
    assert [line["target"] for line in lines] == [missed_id(7, 5)]


async def test_a_due_time_is_made_up_for_once_however_often_it_is_asked_for(ready):
    made = (await ready.call("POST", "/v1/schedules", {"definition": "nightly", "cron": "0 3 * * *", "timeZone": "UTC", "params": {"url": "{{ dueTime }}"}}))  # fmt: skip
    assert made.status == 200, made.raw
    [[number, definition]] = await ready.node.read(
        lambda reader: reader.rows("SELECT id, definition_id FROM schedule")
    )
    await ready.node.submit(KEEP_SLOTS, [slot(number, 5, definition)])
    path = f"/v1/runs/{missed_id(number, 5)}/_again"
    headers = {"Idempotency-Key": "k"}
    others = await key_of(ready, "operator", jobs=["other:*"])
    assert (await ready.call("POST", path, {}, key=others)).status == 404
    assert (await ready.call("POST", path, {}, key=await key_of(ready))).status == 403
    first, second = [(await ready.call("POST", path, {}, headers=headers)).data for _ in range(2)]
    assert first["id"] == second["id"]
    assert (first["rerunOf"], first["params"]["url"]) == (missed_id(number, 5), "1970-01-01T00:00:00.005Z")
    assert (await ready.call("POST", path, {})).error["code"] == "already_retried"
    [skipped] = await listed(ready, "result=skipped")
    assert skipped["rerunId"] == first["id"]
    assert (await ready.call("POST", f"/v1/runs/{missed_id(number, 6)}/_again", {})).status == 404


async def test_while_its_definition_is_disabled_a_run_is_not_made_again_by_either_way(ready):
    failed = await run(ready, "fail")
    for enabled, expected in ((False, (409, "disabled")), (True, (200, None))):
        change = {"jobDefinition": {"enabled": enabled}}
        assert (await ready.call("PATCH", "/v1/job-definitions/nightly", change)).status == 200
        for path in (f"/v1/jobs/{failed}/retry", f"/v1/runs/{failed}/_again"):
            answer = await ready.call("POST", path, {})
            code = None if answer.status == 200 else answer.error["code"]
            assert (answer.status, code) == expected, path
            if code is None:
                await ended(ready, (await listed(ready))[0]["id"])


async def test_without_its_definition_a_run_is_made_again_by_either_way(ready):
    failed = await run(ready, "fail")
    assert (await ready.call("DELETE", "/v1/job-definitions/nightly")).status in {200, 204}
    for path in (f"/v1/jobs/{failed}/retry", f"/v1/runs/{failed}/_again"):
        answer = await ready.call("POST", path, {})
        assert answer.status == 200, answer.raw
        await ended(ready, (await listed(ready))[0]["id"])
