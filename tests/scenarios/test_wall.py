"""Two spaces on one server: neither sees, changes or hears anything of the other, and what it tries stands in the audit."""

import asyncio
import json
import re

import pytest
from tenants import DEADLINE_S, LISTS, Tenant, furnished, tenants

from listener_sdk.protocol.bulk import JobsFilter
from listener_sdk.protocol.definitions import DefinitionExecute
from listener_sdk.protocol.events import EventContext
from listener_sdk.protocol.frames import CLIENT_FRAMES
from listener_sdk.protocol.job_types import JobTypeExecute
from listener_sdk.protocol.jobs import JobCreate, JobUpdate
from listener_sdk.protocol.plans import PlanPut
from server.core.roles import FRAMES, ROLES, may
from server.web.routes import ROUTES

pytestmark = pytest.mark.must_run

JOB = {"type": "work", "operation": "run"}
OF_PATH = {
    "/v1/jobs": "jb",
    "/v1/events": "ev",
    "/v1/files": "fl",
    "/v1/keys": "key",
    "/v1/secrets": "sec",
    "/v1/members": "mem",
    "/v1/actions": "ac",
    "/v1/schedules": "sch",
    "/v1/spaces": "sp",
    "/v1/environments": "env",
    "/v1/job-definitions": "def",
    "/v1/runs": "jb",
    "/v1/notifications": "nt",
    "/v1/hooks": "hk",
    "/v1/hook-deliveries": "hd",
    "/v1/endpoints": "ep",
    "/v1/endpoint-deliveries": "msg",
}
"""Which kind of id stands in the path: a route that takes another one wants a row here, and a thing of it in tests/support/tenants.py."""
BODIES = {
    "/v1/jobs/{id}/split": {"parts": 2},
    "/v1/jobs/{id}/plan": {"fileId": "us_fl_1", **LISTS},
    "/v1/job-definitions/{code}": {"jobDefinition": {"name": "x"}},
    "/v1/job-definitions/{code}/watermark": {"value": "x"},
    "/v1/job-definitions/{code}/schedules": {"cron": "0 9 * * *"},
    "/v1/endpoints/{id}/replay": {"since": "2026-01-01T00:00:00Z"},
    "/v1/endpoints/{id}/replay-missed": {"since": "2026-01-01T00:00:00Z"},
    "/v1/subscriptions/{name}/acked": {"position": "e:1"},
}
"""What routes need beside the id in their path. The plan's jobId is set by the test."""


@pytest.fixture(
    # On one worker, which makes the tenants once.
    params=[
        pytest.param(name, marks=pytest.mark.xdist_group(f"wall {name}")) for name in ("sqlite", "postgresql")
    ],
    scope="module",
)
def made(request, tmp_path_factory):
    return asyncio.run(furnished(tmp_path_factory.mktemp("furnished"), request.param))


@pytest.fixture
async def both(made, tmp_path):
    async with tenants(tmp_path, made) as found:
        yield found


async def test_what_a_tenant_has_it_finds(both):
    """Where the other then finds nothing there is something."""
    for tenant in both:
        admin = tenant.callers["admin"]
        for kind, path in (("jb", "jobs"), ("fl", "files"), ("def", "job-definitions"), ("hk", "hooks")):
            found = await admin.call("GET", f"/v1/{path}/{tenant.ids[kind]}")
            assert tenant.ids[kind] in json.dumps(found.body)
        definition, job_type = tenant.codes
        for path in (f"/v1/job-definitions/{definition}", f"/v1/job-types/{job_type}"):
            assert (await admin.call("GET", path)).status == 200
        for member in tenant.members.values():
            assert (await member.call("GET", "/v1/whoami")).status == 200
        assert await tenant.audit("access:*") == []


async def noted(tenant, action, expected):
    """The lines of an action as (target, how), once all that is expected is among them."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = {(one["target"], told(one["after"])) for one in await tenant.audit(action)}
            if expected <= found:
                return found
            await asyncio.sleep(0.02)


def told(how):
    return how.get("route") or f"frame {how['frame']}"


def by_path(other):
    """A call of each route with an id in its path: (route, path, body, what it names)."""
    for route in ROUTES:
        ours = route.path.replace("/vue/_api/v1", "/v1")
        kind = OF_PATH.get("/".join(ours.split("/")[:3]))
        if "{" not in route.path or kind is None or route.auth == "public":
            continue
        named = other.ids[kind]
        body = None
        if route.method in {"POST", "PUT", "PATCH"}:
            body = {**BODIES.get(ours, {}), **({"jobId": named} if route.path.endswith("/plan") else {})}
        yield route, filled(route.path, named), body, named


def filled(path, named):
    """The path with a name in it."""
    return re.sub(r"\{\w+\}", named, path.replace("{version}", "1"))


def by_query_and_body(own, other):
    """Each field of a query or body that names something of the space, naming the other's: (method, route, path, body, named)."""
    job, mine = other.ids["jb"], own.ids["jb"]
    space, environment = other.ids["sp"], other.ids["env"]
    lists = (
        "jobs",
        "events",
        "secrets",
        "files",
        "actions",
        "keys",
        "members",
        "audit",
        "schedules",
        "notifications",
        "hooks",
        "endpoints",
        "spaces",
        "environments",
        "whoami",
    )
    for path in (f"/v1/{one}" for one in lists):
        yield "GET", path, f"{path}?spaceId={space}", None, space
        yield "GET", path, f"{path}?environmentId={environment}", None, space
    yield "GET", "/v1/jobs", f"/v1/jobs?parentId={job}", None, job
    yield "GET", "/v1/files", f"/v1/files?jobId={job}", None, job
    yield "POST", "/v1/files", f"/v1/files?name=a&jobId={job}", {}, job
    for fields, named in (
        ({"parentId": job}, job),
        ({"predecessorIds": [mine, job]}, job),
        ({"spaceId": space}, space),
        ({"environmentId": environment}, space),
    ):
        yield "POST", "/v1/jobs", "/v1/jobs", JOB | fields, named
        yield "POST", "/v1/jobs/bulk", "/v1/jobs/bulk", {"jobs": [JOB, JOB | fields]}, named
    for act in ("cancel", "retry"):
        path = f"/v1/jobs/bulk/{act}"
        for dry in (False, True):
            yield "POST", path, path, {"filter": {"parentId": job}, "dryRun": dry}, job
    for key, text in (("spaceId", space), ("environmentId", environment)):
        body = {"topic": "a:b", "domain": "a", "context": {key: text}}
        yield "POST", "/v1/events", "/v1/events", body, space
        yield "POST", "/v1/secrets", "/v1/secrets", {"name": "a", "value": "b", key: text}, space
    member = other.ids["mem"]
    made = {"definition": own.ids["def"], "cron": "0 9 * * *"}
    yield "POST", "/v1/schedules", "/v1/schedules", made | {"definition": other.ids["def"]}, other.ids["def"]
    yield "POST", "/v1/schedules", "/v1/schedules", made | {"fallbackOwner": member}, member
    hook = {"name": "x", "verification": {"kind": "none"}, "definition": other.ids["def"]}
    yield "POST", "/v1/hooks", "/v1/hooks", hook, other.ids["def"]
    change = {"definition": other.ids["def"]}
    yield "PATCH", "/v1/hooks/{id}", f"/v1/hooks/{own.ids['hk']}", change, other.ids["def"]
    given = f"/v1/schedules/{own.ids['sch']}/owner"
    yield "POST", "/v1/schedules/{id}/owner", given, {"owner": member}, member
    yield "POST", "/v1/schedules/hand-over", "/v1/schedules/hand-over", {"former": member}, member
    yield "POST", "/v1/tokens", "/v1/tokens", {"job": job}, job
    yield "GET", "/v1/notifications", f"/v1/notifications?member={other.ids['mem']}", None, other.ids["mem"]
    for key, kind in (("member", "mem"), ("upTo", "nt")):
        named = {"member": own.ids["mem"], key: other.ids[kind]}
        yield "POST", "/v1/notifications/read", "/v1/notifications/read", named, other.ids[kind]
    yield "POST", "/v1/login-links", "/v1/login-links", {"member": other.ids["mem"]}, other.ids["mem"]


COVERED = {"parentId", "predecessorIds", "spaceId", "environmentId", "jobId"}
FREE = {
    "fileId": "Flatfile's: any text, by which nothing is looked up",
    **dict.fromkeys(
        ("workbookId", "sheetId", "snapshotId", "versionId", "commitId", "programId", "documentId", "appId", "actionId",
         "dataClipId", "precedingEventId"),
        "of an event's context: shown to the space itself, by which nothing is looked up",
    ),
}  # fmt: skip
"""Fields of bodies that look like ids, and lead to nothing."""


@pytest.mark.parametrize(
    "model", [JobCreate, JobUpdate, JobsFilter, PlanPut, EventContext, DefinitionExecute, JobTypeExecute]
)
def test_every_field_that_takes_an_id_is_tried(model):
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert {name for name in names if name.endswith(("Id", "Ids"))} <= COVERED | FREE.keys()


async def test_no_route_leads_to_the_other_space(both):
    """Each role on each route: 404 as if there were nothing, or 403 where the role may not even ask."""
    ours, theirs = both
    before = await theirs.state()
    refused, forbidden = set(), set()
    for role, caller in (*ours.callers.items(), *ours.members.items()):
        for route, path, body, named in by_path(theirs):
            answer = await caller.call(route.method, path, body)
            allowed = may(role, route.permission)
            assert answer.status == (404 if allowed else 403), (role, route, answer)
            assert answer.error["code"] == ("not_found" if allowed else "forbidden")
            (refused if allowed else forbidden).add((named, f"{route.method} {route.path}"))
    assert refused <= await noted(ours, "access:refused", refused)
    await noted(ours, "access:forbidden", forbidden)
    assert await theirs.state() == before
    for line in await ours.audit("access:*"):
        assert line["actor"] != "outsider"
        assert line["address"] == "127.0.0.1"


async def test_no_code_leads_to_the_other_space(both):
    """Codes may be the same in both; what one has alone, the other does not find."""
    ours, theirs = both
    before = await theirs.state()
    for role, caller in (*ours.callers.items(), *ours.members.items()):
        for route in ROUTES:
            if "{code}" not in route.path:
                continue
            for code in theirs.codes:
                body = (
                    None
                    if route.method in {"GET", "DELETE"}
                    else BODIES.get(f"/v1{route.path.partition('/v1')[2]}", {})
                )
                answer = await caller.call(route.method, filled(route.path, code), body)
                allowed = may(role, route.permission)
                assert answer.status == (404 if allowed else 403), (role, route, answer)
                assert f"mean {code}" not in answer.error["message"]
    assert await theirs.state() == before


async def test_no_query_or_body_leads_there(both):
    ours, theirs = both
    before = await theirs.state()
    expected = set()
    for method, route, path, body, named in by_query_and_body(ours, theirs):
        answer = await ours.callers["admin"].call(method, path, body)
        assert (answer.status, answer.error["code"]) == (404, "not_found"), (path, body, answer)
        expected.add((named, f"{method} {route}"))
    found = await noted(ours, "access:refused", expected)
    assert {one for one in found if one[0] not in theirs.ids.values()} == set()
    assert await theirs.state() == before


async def test_lists_that_are_empty_for_another_s_id_are_noted(both):
    ours, theirs = both
    expected = set()
    for path, field, kind in (
        ("/v1/jobs", "fileId", "fl"),
        ("/v1/jobs", "source", "jb"),
        ("/v1/audit", "target", "key"),
        ("/v1/audit", "actor", "mem"),
    ):
        named = theirs.ids[kind]
        assert (await ours.callers["admin"].call("GET", f"{path}?{field}={named}")).data == []
        expected.add((named, f"GET {path}"))
    await noted(ours, "access:refused", expected)


async def test_bodies_about_this_job_take_no_other_s_id(both):
    ours, theirs = both
    job = (await ours.callers["admin"].call("POST", "/v1/jobs", JOB)).data["id"]
    named = theirs.ids["jb"]
    plan = {"fileId": "us_fl_1", "jobId": named, **LISTS}
    for method, path, body in (
        ("PATCH", "/v1/jobs/{id}", {"predecessorIds": [named]}),
        ("PUT", "/v1/jobs/{id}/plan", plan),
        ("PATCH", "/v1/jobs/{id}/plan", plan),
    ):
        answer = await ours.callers["admin"].call(method, path.replace("{id}", job), body)
        assert (answer.status, answer.error["code"]) == (404, "not_found")
        await noted(ours, "access:refused", {(named, f"{method} {path}")})


async def test_lists_of_ids_skip_what_is_there(both):
    """Where each of many is answered by itself, each of the other space's is not found."""
    ours, theirs = both
    named, admin = theirs.ids["jb"], ours.callers["admin"]
    for act in ("cancel", "retry"):
        for dry in (False, True):
            path = f"/v1/jobs/bulk/{act}"
            done = (await admin.call("POST", path, {"ids": [named], "dryRun": dry})).data
            assert (done["done"], [one["code"] for one in done["skipped"]]) == (
                0,
                [] if dry else ["not_found"],
            )
            await noted(ours, "access:refused", {(named, f"POST {path}")})
    body = {"jobs": [JOB, JOB | {"parentId": named}]}
    good, bad = (await admin.call("POST", "/v1/jobs/bulk?partial=true", body)).data["jobs"]
    assert (good["status"], bad["error"]["code"]) == ("ready", "not_found")
    await noted(ours, "access:refused", {(named, "POST /v1/jobs/bulk")})


async def test_a_cursor_is_a_place_and_shows_nothing_of_the_other(both):
    ours, theirs = both
    admin = theirs.callers["admin"]
    for path, kind in (("/v1/jobs", "jb"), ("/v1/files", "fl"), ("/v1/keys", "key"), ("/v1/events", "ev")):
        query = "topics=**&" if kind == "ev" else ""
        found = (await admin.call("GET", f"{path}?{query}cursor={ours.ids[kind]}")).data
        own = (await admin.call("GET", f"{path}?{query}pageSize=1000")).data
        assert {one["id"] for one in found} <= {one["id"] for one in own}


async def test_the_name_of_the_other_opens_no_route(both):
    ours, theirs = both
    expected = set()
    for route in ROUTES:
        if route.auth != "public":
            path = filled(route.path, ours.ids["jb"])
            answer = await ours.callers["admin"].call(route.method, path, X_Customer_Code=theirs.code)
            assert (answer.status, answer.error["code"]) == (404, "not_found"), route
            expected.add((theirs.ids["sp"], f"{route.method} {route.path}"))
    await noted(ours, "access:refused", expected)


async def test_the_other_space_learns_of_it_but_not_who_it_was(both):
    ours, theirs = both
    for kind, path in (("jb", "/v1/jobs/"), ("fl", "/v1/files/"), ("key", "/v1/keys/")):
        method = "DELETE" if kind == "key" else "GET"
        await ours.callers["admin"].call(method, f"{path}{theirs.ids[kind]}")
        await noted(theirs, "access:refused", {(theirs.ids[kind], f"{method} {path}{{id}}")})
    lines = await theirs.audit("access:*")
    assert {(line["actor"], line["address"]) for line in lines} == {("outsider", None)}
    assert ours.code not in json.dumps(lines)


async def test_what_is_nowhere_leaves_no_line(both):
    ours, _ = both
    admin = ours.callers["admin"]
    for path in (
        "/v1/jobs/us_jb_00000zzzzz",
        "/v1/files/us_fl_00000zzzzz",
        "/v1/spaces/us_sp_nowhere",
        "/v1/jobs/x",
    ):
        assert (await admin.call("GET", path)).status == 404
    assert (await admin.call("GET", "/v1/whoami", X_Customer_Code="nowhere")).status == 404
    await admin.call("GET", f"/v1/jobs/{both[1].ids['jb']}")
    await noted(ours, "access:refused", {(both[1].ids["jb"], "GET /v1/jobs/{id}")})
    assert len(await ours.audit("access:*")) == 1


# ---- frames


def frames(other):
    """Frames that name the other's things, by their type."""
    lease = {"job": other.ids["jb"], "fence": other.fence}
    elsewhere = [{"parentId": lease["job"]}, {"predecessorIds": [lease["job"]]}, {"spaceId": other.ids["sp"]}]
    return {
        "hello": [{"held": [lease]}],
        "listen": [{"credit": 0, "jobs": [{"job": "a:b", "filter": {"jobId": lease["job"]}}]}],
        "ack": [lease],
        "tick": [lease | {"percent": 50}],
        "renew": [{"leases": [lease]}],
        "complete": [lease],
        "fail": [lease | {"message": "x"}],
        "release": [{"leases": [lease]}],
        "log": [lease | {"lines": [{"message": "x"}]}, lease | {"lines": [{"message": "x"}], "first": 0}],
        "secrets": [lease | {"names": ["a"]}],
        "create": [{"job": JOB | fields} for fields in elsewhere],
        "publish": [{"event": {"topic": "a:b", "context": {"spaceId": other.ids["sp"]}}}],
        "subscribe": [{"sub": "s", "topics": ["**"], "after": "oldest", "filter": {"jobId": lease["job"]}}],
        "acked": [],
        "unsubscribe": [],
    }


ANSWERS = {
    **dict.fromkeys(("hello", "tick", "renew", "release"), "stale"),
    **dict.fromkeys(("listen", "subscribe"), "nothing"),
}
"""Frames that are answered otherwise than by ``not_found``: leases are over, or a filter is true of nothing."""


def test_every_frame_is_tried():
    nobody = Tenant("", {}, {}, {"jb": "", "sp": ""}, 1)
    assert frames(nobody).keys() == {frame.model_fields["type"].default for frame in CLIENT_FRAMES}


@pytest.mark.parametrize("role", ROLES)
async def test_no_frame_leads_to_the_other_space(both, role):
    ours, theirs = both
    before = await theirs.state()
    refused, forbidden = set(), set()
    async with ours.callers[role].stream() as socket:
        for kind, every in frames(theirs).items():
            for fields in every:
                named = theirs.ids["sp"] if theirs.ids["sp"] in json.dumps(fields) else theirs.ids["jb"]
                if not may(role, FRAMES[kind]):
                    told = await socket.ask(type=kind, **fields)
                    assert "forbidden" in [frame.get("code") for frame in told], (kind, told)
                    forbidden.add((named, f"frame {kind}"))
                    continue
                await tried(ours.callers[role], socket, kind, fields)
                refused.add((named, f"frame {kind}"))
    await noted(ours, "access:refused", refused)
    await noted(ours, "access:forbidden", forbidden)
    assert await theirs.state() == before


async def tried(caller, socket, kind, fields):
    """The frame is answered as one that names what is nowhere."""
    if kind == "hello":
        async with caller.stream(**fields) as other:
            assert [lease["job"] for lease in other.welcome["stale"]] == [fields["held"][0]["job"]]
        return
    told = await socket.ask(type=kind, **fields)
    how = ANSWERS.get(kind, "not_found")
    if how == "not_found":
        assert "not_found" in [frame.get("code") for frame in told], (kind, told)
    elif how == "stale":
        if not any(frame["type"] == "stale" for frame in told):
            await socket.until(lambda came: any(frame["type"] == "stale" for frame in came))
    else:
        assert not [frame for frame in told if frame["type"] in {"error", "events", "grants"}], told


async def test_hello_opens_no_other_space(both):
    ours, theirs = both
    caller = ours.callers["listener"]
    async with caller.http.ws_connect(f"{caller.url}/v1/stream") as socket:
        await socket.send_json(
            {
                "type": "hello",
                "key": caller.shown["Authorization"].removeprefix("Bearer "),
                "space": theirs.code,
            }
        )
        assert (await socket.receive_json())[0]["code"] == "not_found"
    await noted(ours, "access:refused", {(theirs.ids["sp"], "frame hello")})


async def test_two_spaces_live_side_by_side(both):
    """The same names in both: each listener gets its own space's jobs, each subscriber hears its own space's events."""
    for tenant in both:
        await tenant.callers["admin"].call("POST", "/v1/jobs/bulk/cancel", {"filter": {}})
    async with both[0].callers["listener"].stream() as one, both[1].callers["listener"].stream() as two:
        sockets = [(both[0], one), (both[1], two)]
        for _, socket in sockets:
            await socket.ask(type="subscribe", sub="s", topics=["job:completed"])
            await socket.ask(type="listen", jobs=[{"job": "**"}], credit=10)
        made = [
            [
                (
                    await tenant.callers["operator"].call("POST", "/v1/jobs", JOB | {"trigger": "immediate"})
                ).data["id"]
                for _ in range(5)
            ]
            for tenant in both
        ]
        for (_, socket), ids in zip(sockets, made, strict=True):
            got = []
            while len(got) < 5:
                told = await socket.until(lambda came: any(frame["type"] == "grants" for frame in came))
                got += [job for frame in told if frame["type"] == "grants" for job in frame["jobs"]]
            assert sorted(job["job"]["id"] for job in got) == ids
            for job in got:
                await socket.ask(type="complete", job=job["job"]["id"], fence=job["fence"])
        for (tenant, _), ids in zip(sockets, made, strict=True):
            ended = (
                await tenant.callers["viewer"].call("GET", "/v1/events?topics=job:completed&pageSize=100")
            ).data
            assert sorted(event["context"]["jobId"] for event in ended) == ids
            listed = (await tenant.callers["viewer"].call("GET", "/v1/jobs?status=complete")).data
            assert sorted(job["id"] for job in listed) == ids
