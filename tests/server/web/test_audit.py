"""The audit over REST: listed, filtered, exported, and which acts stand in it."""

import csv
import io
import json

import pytest

from server.commands.changes import note
from server.core.audit import COLUMNS
from server.store.command import Command
from server.web import audit


async def lines(server, query="", key=""):
    return (await server.call("GET", f"/v1/audit?pageSize=1000&{query}", key=key)).data


async def write(server, count, *, action="key:created", **fields):
    """Lines by a key of the default space."""
    actor = await server.actor(server.key)

    def run(tx, _):
        for number in range(count):
            note(tx, actor, action, f"us_key_{number}", after={"n": number, **fields})

    await server.node.submit(Command("write", run), None)


async def test_lines_are_listed_newest_first_by_pages(server):
    await write(server, 5)
    first = await server.call("GET", "/v1/audit?pageSize=2&action=key:created&since=2026-01-01")
    assert [line["target"] for line in first.data] == ["us_key_4", "us_key_3"]
    rest = await server.call("GET", f"/v1/audit?pageSize=9&cursor={first.body['cursor']}")
    assert [line["target"] for line in rest.data][:3] == ["us_key_2", "us_key_1", "us_key_0"]
    assert rest.body["cursor"] is None
    assert set(first.data[0]) == set(COLUMNS)
    assert (first.data[0]["actor"], first.data[0]["address"]) == ("us_key_0000000000", "127.0.0.1")
    assert first.data[0]["after"] == {"n": 4}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=us_jb_0000000001", "bad_cursor"),
        ("cursor=x", "bad_cursor"),
        ("since=yesterday", "invalid"),
        ("action=a**b", "bad_filter"),
        ("pageSize=0", "invalid"),
        (f"actor={'x' * 600}", "invalid"),
    ],
)
async def test_what_asks_for_no_lines_is_refused(server, query, code):
    for path in ("/v1/audit", "/v1/audit/export"):
        answer = await server.call("GET", f"{path}?{query}")
        if path == "/v1/audit" or "since" in query or "action" in query or "actor" in query:
            assert (answer.status, answer.error["code"]) == (400, code)
    assert (await server.call("GET", "/v1/audit/export?format=xlsx")).error["code"] == "invalid"


async def test_an_export_holds_all_lines_however_many_pages_they_are(server, monkeypatch):
    monkeypatch.setattr(audit, "EXPORT_PAGE", 3)
    await write(server, 10, note='="x"\n')
    answer = await server.call("GET", "/v1/audit/export?format=csv&action=key:created&target=us_key_7")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="audit-default.csv"' in answer.headers["Content-Disposition"]
    head, row = csv.reader(io.StringIO(answer.raw.decode(), newline=""))
    assert head == list(COLUMNS)
    assert json.loads(row[-1]) == {"n": 7, "note": '="x"\n'}
    whole = await server.call("GET", "/v1/audit/export?format=jsonl&actor=us_key_0000000000")
    told = [json.loads(line) for line in whole.raw.splitlines()]
    assert told == await lines(server)
    assert len(told) >= 10
    many = (await server.call("GET", "/v1/audit/export")).raw.decode()
    assert len(list(csv.reader(io.StringIO(many, newline="")))) == len(told) + 1
    assert (await server.call("HEAD", "/v1/audit/export")).raw == b""


async def test_formulas_are_quoted_in_tables_alone(server):
    await write(server, 1, action="=cmd()")
    table = (await server.call("GET", "/v1/audit/export?format=csv")).raw.decode()
    assert ",'=cmd()," in table
    assert (
        json.loads((await server.call("GET", "/v1/audit/export?format=jsonl")).raw.splitlines()[0])["action"]
        == "=cmd()"
    )


async def test_an_export_reads_no_further_than_its_reader(server, monkeypatch):
    """What a reader leaves is neither read from the store nor kept."""
    monkeypatch.setattr(audit, "EXPORT_PAGE", 50)
    await write(server, 4_000, filling="x" * 1_900)
    pages = 0
    real = audit.sql.page

    def page(*args, **named):
        nonlocal pages
        pages += 1
        return real(*args, **named)

    monkeypatch.setattr(audit.sql, "page", page)
    async with server.connection() as (reader, writer):
        head = f"GET /v1/audit/export?format=jsonl HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"\r\n\r\n")
        assert pages < 4_000 / 50
    assert (await server.call("GET", "/healthz")).status == 200
    seen = pages
    assert (await server.call("GET", "/v1/audit?pageSize=1")).status == 200
    assert pages <= seen + 2 < 4_000 / 50


async def test_each_space_has_its_own(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    inside = {"X-Customer-Code": "acme"}
    made = await server.call("POST", "/v1/keys", {"name": "a", "role": "admin"}, headers=inside)
    assert [line["action"] for line in await lines(server, key=made.data["key"])] == [
        "key:created",
        "space:created",
    ]
    assert "space:created" not in [line["action"] for line in await lines(server)]


class TestDeletedSpaces:
    @pytest.fixture
    async def gone(self, server):
        """Two spaces of one code that were deleted, one after the other."""
        inside = {"X-Customer-Code": "acme"}
        for name in ("first", "second"):
            await server.call("POST", "/v1/spaces", {"name": "Acme"})
            await server.call("POST", "/v1/keys", {"name": name, "role": "admin"}, headers=inside)
            await server.call("DELETE", "/v1/spaces/acme")
            await server.node.clearing.look()

    async def test_their_lines_are_kept_for_who_has_the_whole_store(self, server, gone):
        found = await lines(server, "deletedSpace=acme")
        assert [line["action"] for line in found] == ["space:deleted", "key:created", "space:created"] * 2
        assert [line["after"]["name"] for line in found if line["action"] == "key:created"] == [
            "second",
            "first",
        ]
        first = (await server.call("GET", "/v1/audit?deletedSpace=us_sp_acme&pageSize=4")).body
        rest = await lines(server, f"deletedSpace=acme&cursor={first['cursor']}")
        assert first["data"] + rest == found
        exported = await server.call("GET", "/v1/audit/export?format=jsonl&deletedSpace=acme")
        assert len(exported.raw.splitlines()) == 6
        assert 'filename="audit-acme.jsonl"' in exported.headers["Content-Disposition"]

    async def test_nobody_else_reads_them(self, server, gone):
        await server.call("POST", "/v1/spaces", {"name": "Acme"})
        body = {"name": "a", "role": "admin"}
        made = await server.call("POST", "/v1/keys", body, headers={"X-Customer-Code": "acme"})
        own = (await server.call("POST", "/v1/keys", body)).data["key"]
        for key in (made.data["key"], own):
            for path in ("/v1/audit?deletedSpace=acme", "/v1/audit/export?deletedSpace=acme"):
                assert (await server.call("GET", path, key=key)).status == 403
        # What was refused is noted behind the answer, sooner or later.
        seen = [line["action"] for line in await lines(server, key=made.data["key"])]
        assert [one for one in seen if one != "access:forbidden"] == ["key:created", "space:created"]

    async def test_a_code_that_no_deleted_space_had_is_told(self, server):
        answer = await server.call("GET", "/v1/audit?deletedSpace=default")
        assert (answer.status, answer.error["key"]) == (404, "deletedSpace")


# ---- what stands in it


async def acts(server, target):
    return [
        (line["action"], line["before"], line["after"]) for line in await lines(server, f"target={target}")
    ][::-1]


async def test_what_is_done_to_a_job_by_hand(server):
    job = (await server.job(trigger="manual", config={"a": 1}))["id"]
    path = f"/v1/jobs/{job}"
    await server.call(
        "PATCH", path, {"priority": 5, "config": {"a": 2}, "metadata": {"m": 1}, "info": "hello"}
    )
    await server.call("PATCH", path, {"priority": 5})
    plan = {"fileId": "us_fl_1", "jobId": job}
    await server.call("PATCH", f"{path}/plan", plan | {"fieldMapping": []})
    lists = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}
    await server.call("PUT", f"{path}/plan", plan | lists)
    await server.call("POST", f"{path}/execute")
    await server.call("POST", f"{path}/cancel")
    again = (await server.call("POST", f"{path}/retry")).data["id"]
    await server.call("DELETE", path)
    assert await acts(server, job) == [
        (
            "job:updated",
            {"priority": 0, "config": {"a": 1}, "metadata": None},
            {"priority": 5, "config": {"a": 2}, "metadata": {"m": 1}},
        ),
        ("job:planned", {"status": "created"}, {"status": "planning", "set": ["fieldMapping"]}),
        ("job:planned", None, {"set": sorted(lists)}),
        ("job:executed", {"status": "planning"}, {"status": "ready"}),
        ("job:canceled", {"status": "ready"}, {"status": "canceled"}),
        ("job:retried", None, {"job": again}),
        ("job:deleted", {"job": "workbook:export", "status": "canceled"}, None),
    ]
    assert await acts(server, again) == []


async def test_moves_by_patch_are_acts_too(server):
    job = (await server.job(trigger="manual"))["id"]
    for status in ("planning", "canceled"):
        await server.call("PATCH", f"/v1/jobs/{job}", {"status": status})
    other = (await server.job(trigger="manual"))["id"]
    await server.call("PATCH", f"/v1/jobs/{other}", {"status": "ready"})
    assert [action for action, *_ in await acts(server, job)] == ["job:updated", "job:canceled"]
    for status in ("executing", "complete"):
        await server.call("PATCH", f"/v1/jobs/{other}", {"status": status})
    assert await acts(server, other) == [
        ("job:executed", {"status": "created"}, {"status": "ready"}),
        ("job:updated", {"status": "ready"}, {"status": "executing"}),
        ("job:updated", {"status": "executing"}, {"status": "complete"}),
    ]
    failed = (await server.job())["id"]
    for status in ("executing", "failed"):
        await server.call("PATCH", f"/v1/jobs/{failed}", {"status": status, "info": "by hand"})
    assert [after for *_, after in await acts(server, failed)] == [
        {"status": "executing"},
        {"status": "failed"},
    ]


async def test_an_event_that_somebody_takes_off_the_list(server):
    event = (await server.call("POST", "/v1/events", {"topic": "a:b", "domain": "a"})).data["id"]
    for _ in range(2):
        await server.call("POST", f"/v1/events/{event}/ack")
    assert [action for action, *_ in await acts(server, event)] == ["event:acknowledged"]


async def test_the_work_of_a_listener_is_none(server):
    before = len(await lines(server))
    job = (await server.job())["id"]
    for act, body in (
        ("ack", {"progress": 5}),
        ("complete", {"outcome": {"message": "done"}}),
        ("outcome/ack", {}),
    ):
        assert (await server.call("POST", f"/v1/jobs/{job}/{act}", body)).status == 200
    other = (await server.job())["id"]
    for body in ({"status": "executing"}, {"progress": 50, "info": "half"}, {"status": "complete"}):
        assert (await server.call("PATCH", f"/v1/jobs/{other}", body, key=server.listener)).status == 200
    event = (await server.call("POST", "/v1/events", {"topic": "a:b", "domain": "a"})).data
    await server.call("POST", f"/v1/events/{event['id']}/ack", key=server.listener)
    assert len(await lines(server)) == before


async def test_a_call_about_many_jobs_is_one_line(server):
    ids = [(await server.job())["id"] for _ in range(3)]
    await server.call("POST", "/v1/jobs/bulk/cancel", {"ids": [ids[0], "x"]})
    await server.call("POST", "/v1/jobs/bulk/cancel", {"filter": {"job": "workbook:*", "status": ["ready"]}})
    await server.call("POST", "/v1/jobs/bulk/retry", {"ids": ids})
    await server.call("POST", "/v1/jobs/bulk/cancel", {"ids": [ids[0]]})
    assert await acts(server, "us_sp_default") == [
        ("jobs:canceled", None, {"named": 2, "matched": 1, "done": 1, "skipped": 0}),
        (
            "jobs:canceled",
            None,
            {"filter": {"job": "workbook:*", "status": ["ready"]}, "matched": 2, "done": 2, "skipped": 0},
        ),
        ("jobs:retried", None, {"named": 3, "matched": 3, "done": 3, "skipped": 0}),
    ]
    assert [line["target"] for line in await lines(server, "action=job:*")] == []


async def test_a_file_that_is_removed(server):
    file = (await server.call("POST", "/v1/files?name=a.csv", raw=b"1,2")).data["id"]
    await server.call("DELETE", f"/v1/files/{file}")
    assert await acts(server, file) == [("file:deleted", {"name": "a.csv", "size": 3}, None)]
