"""Job types over REST: under both prefixes."""

import contextlib

import pytest
from stage import ADMIN

from listener_sdk.protocol.ids import encode
from server.commands.files import CREATE_FILE, CreateFile

SCHEMA = {
    "type": "object",
    "properties": {"url": {"type": "string", "maxLength": 20}, "limit": {"type": "integer", "default": 10}},
    "required": ["url"],
    "additionalProperties": False,
}
PREFIXES = ("/v1", "/vue/_api/v1")


@contextlib.asynccontextmanager
async def listening(server, *types, key=None, jobs=None):
    """A listener that declares these and is there."""
    headers = {"Authorization": f"Bearer {key or server.listener}"}
    async with server.http.ws_connect(f"{server.url}/v1/stream", headers=headers) as socket:
        taken = [{"job": name} for name in jobs or [one["name"] for one in types]]
        await socket.send_json([
            {"type": "hello"},
            {"type": "listen", "id": 1, "credit": 0 if jobs == [] else 5, "jobs": taken, "types": types},
        ])  # fmt: skip
        answer = {}
        while answer.get("id") != 1:
            for answer in await socket.receive_json(timeout=10):
                if answer.get("id") == 1:
                    break
        assert answer["type"] == "ok", answer
        yield socket


async def declare(server, *types, **options):
    """Types that nobody serves any more."""
    async with listening(server, *types, **options) as socket:
        await socket.close()


def export(**fields):
    return {"name": "workbook:export", "code": "export", "inputSchema": SCHEMA, **fields}


async def execute(server, code, body, prefix="/v1", **options):
    return await server.call("POST", f"{prefix}/job-types/{code}/_execute", body, **options)


async def listed(server, query="", **options):
    found = await server.call("GET", f"/v1/job-types{query}", **options)
    return [one["code"] for one in found.data if not one["builtIn"]]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_types_are_listed_and_read_as_they_were_declared(server, prefix):
    async with listening(server, export(label="Export", description="To CSV", modes=["full", "delta"])):
        listing = await server.call("GET", f"{prefix}/job-types", headers={"X-Customer-Code": "default"})
        (one,) = [one for one in listing.data if not one["builtIn"]]
        assert listing.body["cursor"] is None
        assert one == (await server.call("GET", f"{prefix}/job-types/export")).data
    assert (one["code"], one["name"], one["domain"], one["operation"]) == (
        "export",
        "workbook:export",
        "workbook",
        "export",
    )
    assert (one["label"], one["description"], one["modes"]) == ("Export", "To CSV", ["full", "delta"])
    assert (one["online"], one["needsFile"], one["inputSchema"]) == (True, False, SCHEMA)
    assert [field["key"] for field in one["inputForm"]["fields"]] == ["url", "limit"]


async def test_a_type_stays_when_nobody_serves_it(server):
    async with listening(server, export()) as socket:
        await socket.close()
        answer = (await server.call("GET", "/v1/job-types/export")).data
        while answer["online"]:
            answer = (await server.call("GET", "/v1/job-types/export")).data
    async with listening(server, jobs=["workbook:*"]):
        assert (await server.call("GET", "/v1/job-types/export")).data["online"]


@pytest.mark.parametrize("code", ["workbook:export", "workbook%3Aexport", "two words", "%C3%9Cber"])
async def test_codes_stand_in_addresses_plainly_or_escaped(server, code):
    given = {"two words": "two words", "%C3%9Cber": "Über"}.get(code, "workbook:export")
    await declare(server, {"name": "workbook:export", "code": given})
    answer = await server.call("GET", f"/v1/job-types/{code.replace(' ', '%20')}")
    assert answer.data["code"] == given


async def test_lists_are_filtered_and_paged(server):
    types = [{"name": f"a:b{number}", "label": f"Number {number}"} for number in range(5)]
    await declare(server, *types)
    async with listening(server, {"name": "c:d", "label": "Last"}):
        assert len(await listed(server)) == 6
        assert await listed(server, "?domain=c") == ["c:d"]
        assert await listed(server, "?q=NUMBER%203") == ["a:b3"]
        assert await listed(server, "?q=c:") == ["c:d"]
        assert await listed(server, "?online=true") == ["c:d"]
        assert len(await listed(server, "?online=false")) == 5
    seen, cursor = [], ""
    while cursor is not None:
        page = await server.call("GET", f"/v1/job-types?q=a:b&pageSize=2{cursor and f'&cursor={cursor}'}")
        seen += [one["code"] for one in page.data]
        assert len(page.data) <= 2
        cursor = page.body["cursor"]
    assert seen == [one["name"] for one in types]
    for query, code in (
        ("?cursor=x", "bad_cursor"),
        ("?online=maybe", "invalid"),
        ("?pageSize=0", "invalid"),
    ):
        assert (await server.call("GET", f"/v1/job-types{query}")).error["code"] == code


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_job_is_made_of_a_type(server, prefix):
    await declare(server, export(limits={"maxAttempts": 2}))
    answer = await execute(server, "export", {"params": {"url": "x"}}, prefix)
    assert (answer.status, list(answer.body)) == (200, ["jobId"])
    job = (await server.call("GET", f"/v1/jobs/{answer.body['jobId']}")).data
    assert (job["job"], job["status"], job["maxAttempts"]) == ("workbook:export", "ready", 2)
    assert job["input"] == {"url": "x", "limit": 10}
    assert job["jobType"] == "export"
    assert job["startedBy"] == {"kind": "api", "keyId": job["createdBy"]}


async def test_what_else_is_said_of_the_job(server):
    await declare(server, export(modes=["full", "delta"]))
    said = {
        "mode": "delta", "label": "Mine", "priority": 7, "source": "us_wb_1", "metadata": {"a": 1}, "fileId": "us_fl_1",
        "tags": ["acme"], "subject": {"type": "resource", "id": "us_sh_1"}, "scheduledAt": "2099-01-01T00:00:00.000Z",
    }  # fmt: skip
    made = await execute(server, "export", {"params": {"url": "x"}, **said})
    job = (await server.call("GET", f"/v1/jobs/{made.body['jobId']}")).data
    assert (job["runMode"], "mode" in job, job["status"]) == ("delta", False, "scheduled")
    assert {name: job[name] for name in said if name != "mode"} == {
        name: value for name, value in said.items() if name != "mode"
    }


async def test_all_that_is_wrong_with_parameters_is_told_at_once(server):
    await declare(server, export())
    answer = await execute(server, "export", {"params": {"url": 5, "limit": "many", "more": 1}})
    assert answer.status == 400
    assert {one["key"] for one in answer.body["errors"]} == {"params.url", "params.limit", "params.more"}
    assert (await execute(server, "export", {})).error["key"] == "params.url"
    assert (await server.call("GET", "/v1/jobs")).data == []


@pytest.mark.parametrize("also", [{"mod": "full"}, {"mode": "delta"}, {"mod": "full", "mode": "delta"}])
async def test_faults_beside_the_parameters_do_not_hide_theirs(server, also):
    await declare(server, export())
    answer = await execute(server, "export", {"params": {"url": 5, "more": 1}, **also})
    assert answer.status == 400
    assert {one["key"] for one in answer.body["errors"]} == {"params.url", "params.more", *also}


@pytest.mark.parametrize("code", ["callWebserviceEndpoint", "downloadDataFile"])
async def test_an_address_that_can_never_be_called_makes_no_job(server, code):
    answer = await execute(server, code, {"params": {"url": "ftp://x"}})
    assert (answer.status, answer.error["key"]) == (400, "params.url")
    body = {"jobDefinitionCode": "web", "jobType": code, "params": {"url": "ftp://x"}}
    answer = await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    assert (answer.status, answer.error["key"]) == (400, "params.url")
    body = {"jobType": code, "params": {"url": "{{ event.u }}"}, "context": {"event": {"u": "ftp://x"}}}
    answer = await server.call("POST", "/v1/job-definitions/_dry-run", body)
    assert [one["path"] for one in answer.data["problems"]] == ["params.url"]
    assert (await server.call("GET", "/v1/jobs")).data == []


@pytest.mark.parametrize(
    ("body", "key", "told"),
    [
        ({"params": []}, "params", "must be an object"),
        ({"url": "x"}, "url", 'Put it below params, as {"params": {"url": …}}.'),
        ({"params": {"url": "x"}, "mode": "delta"}, "mode", "has no mode 'delta'; it has full"),
        ({"params": {"url": "x"}, "lable": "x"}, "lable", "Did you mean label?"),
        ({"params": {"url": "x"}, "zzz": "x"}, "zzz", "There are params, mode, label"),
        ({"params": {"url": "x"}, "label": "a\nb"}, "label", "must be one line"),
        ({"params": {"url": "x"}, "priority": 5000}, "priority", "1000"),
        ({"params": {"url": "x"}, "subject": {"type": "resource"}}, "subject.resource.id", "required"),
        ({"params": {"url": "x"}, "subject": {"type": "x"}}, "subject", "resource"),
    ],
)
async def test_what_a_launch_does_not_take(server, body, key, told):
    await declare(server, export())
    answer = await execute(server, "export", body)
    assert (answer.status, answer.error["key"]) == (400, key)
    assert told in answer.error["message"]


async def test_parameters_have_a_bound(server):
    await declare(server, {"name": "a:b"})
    answer = await execute(server, "a:b", {"params": {"text": "x" * 300_000}})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (413, "too_large", "params")
    answer = await execute(server, "a:b", {"params": {"text": "x" * 1_100_000}})
    assert (answer.status, answer.error["code"]) == (413, "too_large")


async def test_a_type_that_works_on_a_file_needs_one(server):
    await declare(server, {"name": "a:b", "needsFile": True})
    assert (await execute(server, "a:b", {})).error["key"] == "fileId"
    assert (await execute(server, "a:b", {"fileId": "us_fl_1"})).status == 404
    kept = await server.node.submit(CREATE_FILE, CreateFile(ADMIN, "a.csv", 1, "text/csv", "blob"))
    assert (await execute(server, "a:b", {"fileId": encode("fl", kept.id)})).status == 200


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_unknown_codes_name_near_ones(server, prefix):
    await declare(server, export())
    for method, path in (("GET", ""), ("POST", "/_execute"), ("DELETE", "")):
        answer = await server.call(method, f"{prefix}/job-types/exprt{path}", raw=b"{}")
        assert (answer.status, answer.error["code"]) == (404, "not_found")
        assert "Did you mean export?" in answer.error["message"]


async def test_a_repeated_launch_makes_one_job_even_when_the_type_has_changed(server):
    await declare(server, export())
    twice = {"headers": {"Idempotency-Key": "k1"}}
    first = await execute(server, "export", {"params": {"url": "x"}}, **twice)
    assert (await execute(server, "export", {"params": {"url": "x"}}, **twice)).raw == first.raw
    await declare(server, export(inputSchema={"type": "object", "required": ["other"]}))
    assert (await execute(server, "export", {"params": {"url": "x"}}, **twice)).raw == first.raw
    assert (await execute(server, "export", {"params": {"url": "x"}})).status == 400
    other = await execute(server, "export", {"params": {"url": "y"}}, **twice)
    assert other.error["code"] == "idempotency_mismatch"
    assert len((await server.call("GET", "/v1/jobs")).data) == 1


async def test_a_type_is_deleted_once_nobody_serves_it(server):
    async with listening(server, export()):
        answer = await server.call("DELETE", "/v1/job-types/export")
        assert (answer.status, answer.error["code"]) == (409, "in_use")
    answer = await server.call("DELETE", "/v1/job-types/export")
    while answer.status == 409:
        answer = await server.call("DELETE", "/v1/job-types/export")
    assert answer.data == {"success": True}
    assert await listed(server) == []


async def test_another_space_has_none_of_them(server):
    await declare(server, export())
    await server.call("POST", "/v1/spaces", {"name": "Other", "code": "other"})
    there = {"headers": {"X-Customer-Code": "other"}}
    assert await listed(server, **there) == []
    for method, path in (("GET", ""), ("POST", "/_execute"), ("DELETE", "")):
        answer = await server.call(method, f"/v1/job-types/export{path}", raw=b"{}", **there)
        assert answer.status == 404
        assert "Did you mean" not in answer.error["message"]
    answer = await server.call("GET", "/vue/_api/v1/job-types", headers={"X-Customer-Code": "nowhere"})
    assert (answer.status, answer.error["key"]) == (404, "X-Customer-Code")


async def test_a_restricted_key_sees_and_runs_what_it_reaches(server):
    await declare(server, export(), {"name": "import:csv"})
    made = {"name": "r", "role": "developer", "jobs": ["import:*"]}
    key = (await server.call("POST", "/v1/keys", made)).data["key"]
    assert await listed(server, key=key) == ["import:csv"]
    assert (await server.call("GET", "/v1/job-types/export", key=key)).status == 404
    answer = await execute(server, "export", {"params": {"url": "x"}}, key=key)
    assert answer.status == 404
    made = await execute(server, "import:csv", {}, key=key)
    assert made.status == 200
    short = f"/vue/_api/v1/jobs/{made.body['jobId']}"
    assert (await server.call("GET", short, key=key)).status == 200
    theirs = await execute(server, "export", {"params": {"url": "x"}})
    assert (await server.call("GET", f"/vue/_api/v1/jobs/{theirs.body['jobId']}", key=key)).status == 404


async def test_a_large_page_ends_early(server, monkeypatch):
    monkeypatch.setattr("server.store.pages.LARGEST_PAGE", 600)
    types = [{"name": f"a:b{number}", "description": "x" * 200} for number in range(3)]
    await declare(server, *types)
    first = await server.call("GET", "/v1/job-types?q=a:b&cursor=us_jty_0000000000")
    assert len(first.data) == 1
    following = await server.call("GET", f"/v1/job-types?q=a:b&cursor={first.body['cursor']}")
    assert [one["code"] for one in first.data + following.data] == ["a:b0", "a:b1"]


async def test_a_type_that_definitions_use_is_in_use(server):
    await declare(server, export())
    kept = {"jobDefinitionCode": "nightly", "jobType": "export", "params": {"url": "x"}}
    assert (await server.call("POST", "/v1/job-definitions", {"jobDefinition": kept})).status == 200
    answer = await server.call("DELETE", "/v1/job-types/export")
    while answer.status == 409 and "serve" in answer.error["message"]:
        answer = await server.call("DELETE", "/v1/job-types/export")
    assert (answer.status, answer.error["code"]) == (409, "in_use")
    assert "nightly" in answer.error["message"]
    assert (await server.call("DELETE", "/v1/job-definitions/nightly")).status == 200
    assert (await server.call("DELETE", "/v1/job-types/export")).status == 200


async def test_a_type_that_another_server_has_just_declared_anew_or_removed_counts_as_it_is(server):
    await declare(server, export())
    types = server.node.job_types
    types.shared = True
    older = await types.find(ADMIN, "export")

    async def executed(**params):
        """A launch by a server that has heard of nothing since."""
        types._known, types._known_at = {(1, "export"): older}, types._served.told
        answer = await execute(server, "export", {"params": params})
        return answer.status, answer.status == 200 or answer.error.get("key")

    assert await executed(url="x") == (200, True)
    await declare(server, export(inputSchema={"type": "object", "required": ["to"]}))
    assert await executed(url="x") == (400, "params.to")
    assert await executed(to="x") == (200, True)
    types.shared = False
    assert (await server.call("DELETE", "/v1/job-types/export")).status == 200
    assert await executed(url="x") == (404, "jobType")
