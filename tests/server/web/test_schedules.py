"""Schedules over REST: made, shown, changed, run now, handed over; and what is refused."""

import asyncio

import pytest

from listener_sdk.protocol.schedules import Schedule

LEAST = {"cron": "0 9 * * 1-5"}
PATH = "/v1/job-definitions/web/schedules"


@pytest.fixture
async def defined(server):
    body = {"jobDefinitionCode": "web", "jobType": "noop", "enabled": True}
    answer = await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    assert answer.status == 200, answer.raw
    return server


async def make(server, path=PATH, **fields):
    answer = await server.call("POST", path, {**LEAST, **fields})
    assert answer.status == 200, answer.raw
    return answer.data


async def key_of(server, role):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role})).data["key"]


async def member(server, name="Ada", role="operator"):
    body = {"name": name, "email": f"{name.lower()}@example.com", "role": role}
    return (await server.call("POST", "/v1/members", body)).data["id"]


async def test_one_is_made_shown_changed_and_removed(defined):
    made = await make(defined, name="Mornings", timeZone="Europe/Paris", pauseAfter=3, jitterS=30)
    Schedule.model_validate(made)
    assert (made["definition"], made["state"], made["origin"]) == ("web", "active", "own")
    assert made["words"].startswith("At 09:00")
    assert (made["late"], made["overlap"], made["gap"], made["fold"]) == (
        "latest",
        "skip",
        "next-valid",
        "first",
    )
    path = f"/v1/schedules/{made['id']}"
    assert (await defined.call("GET", path)).data == made
    changed = (await defined.call("PATCH", path, {"pauseAfter": None, "overlap": "allow"})).data
    assert (changed["version"], changed["overlap"], "pauseAfter" in changed) == (2, "allow", False)
    assert changed["nextAt"] == made["nextAt"]
    await defined.call("PATCH", path, {"enabled": False})
    neither = await defined.call("PATCH", path, {"enabled": None})
    assert (neither.status, neither.error["key"]) == (400, "enabled")
    assert (await defined.call("DELETE", path)).data == {"success": True}
    for method in ("GET", "PATCH", "DELETE"):
        answer = await defined.call(method, path, {} if method == "PATCH" else None)
        assert answer.error["code"] == "not_found"


async def test_a_schedule_without_a_zone_has_that_of_its_space(defined):
    await defined.call("PATCH", "/v1/spaces/default", {"timeZone": "Asia/Tokyo"})
    made = await make(defined, "/v1/schedules", definition="web")
    assert made["timeZone"] == "Asia/Tokyo"
    changed = (await defined.call("PATCH", f"/v1/schedules/{made['id']}", {"late": "all"})).data
    assert (changed["definition"], changed["late"]) == ("web", "all")


async def test_another_kind_takes_the_place_of_the_first(defined):
    made = await make(defined, dialect="unix")
    path = f"/v1/schedules/{made['id']}"
    repeat = {"every": 2, "unit": "weeks", "start": "2026-01-05T09:00:00"}
    changed = (await defined.call("PATCH", path, {"repeat": repeat})).data
    assert "cron" not in changed
    assert "dialect" not in changed
    assert changed["repeat"] == repeat
    same = (await defined.call("PATCH", path, {"repeat": repeat})).data
    assert same == changed


async def test_the_list_is_filtered_and_paged(defined):
    body = {"jobDefinitionCode": "other", "jobType": "noop"}
    await defined.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    ids = [(await make(defined))["id"] for _ in range(3)]
    ids.append((await make(defined, "/v1/job-definitions/other/schedules", enabled=False))["id"])

    async def listed(query):
        return [one["id"] for one in (await defined.call("GET", f"/v1/schedules{query}")).data]

    assert await listed("") == ids
    assert await listed("?definition=web") == ids[:3]
    assert await listed("?enabled=false") == ids[3:]
    assert await listed("?owner=us_key_nobody") == []
    assert [one["id"] for one in (await defined.call("GET", PATH)).data] == ids[:3]
    first = await defined.call("GET", "/v1/schedules?pageSize=3")
    assert await listed(f"?pageSize=3&cursor={first.body['cursor']}") == ids[3:]
    assert (await defined.call("GET", "/v1/schedules?definition=webb")).error["code"] == "not_found"


async def test_due_times_ahead_are_shown_when_asked_for(defined):
    made = await make(defined, end="2189-01-01", cron="0 9 1 1 *")
    path = f"/v1/schedules/{made['id']}"
    shown = await defined.call("GET", f"{path}?dueUntil=2188-12-31T00:00:00Z")
    assert Schedule.model_validate(shown.data).due_more
    assert (len(shown.data["due"]), shown.data["due"][0]["local"]) == (100, made["nextLocal"])
    assert shown.body["asOf"] == (await defined.call("GET", "/v1/schedules")).body["asOf"]
    [listed] = (await defined.call("GET", f"/v1/schedules?dueUntil={made['nextAt']}")).data
    assert [one["utc"] for one in listed["due"]] == [made["nextAt"]]
    await defined.call("PATCH", path, {"enabled": False})
    assert (await defined.call("GET", f"{path}?dueUntil={made['nextAt']}")).data["due"] == []
    assert "due" not in (await defined.call("GET", path)).data


@pytest.mark.parametrize(
    ("fields", "key", "code"),
    [
        ({"cron": "0 0 30 2 *"}, "cron", "bad_timing"),
        ({"cron": "61 * * * *"}, "cron", "bad_timing"),
        ({"timeZone": "Europe/Pariss"}, "timeZone", "bad_timing"),
        ({"cron": "0 9 * * *", "once": "2030-01-01"}, "body", "invalid"),
        ({"cron": None}, "body", "invalid"),
        ({"cron": None, "once": "2020-01-01T09:00"}, "once", "bad_timing"),
        ({"end": "2020-01-01"}, "cron", "bad_timing"),
        ({"mode": "delta"}, "mode", "invalid"),
        ({"overlap": "maybe"}, "overlap", "invalid"),
        ({"jitterS": 4000}, "jitterS", "invalid"),
        ({"params": {"x": "{{ event.id }}"}}, "params.x", "invalid"),
        ({"params": {"x": "{{ secrets.none }}"}}, "params.x", "invalid"),
        ({"fallbackOwner": "us_mem_00000zzzzz"}, "fallbackOwner", "not_found"),
        ({"late": "latest", "wrong": 1}, "wrong", "invalid"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(defined, fields, key, code):
    body = {name: value for name, value in {**LEAST, **fields}.items() if value is not None}
    answer = await defined.call("POST", PATH, body)
    assert (answer.error["key"], answer.error["code"]) == (key, code), answer.raw
    assert (await defined.call("GET", "/v1/schedules")).data == []
    made = await make(defined)
    if fields != {"cron": None}:
        changed = await defined.call("PATCH", f"/v1/schedules/{made['id']}", fields)
        assert changed.error["code"] in {code, "invalid"}, changed.raw


async def test_a_definition_has_sixteen_and_a_space_a_thousand(defined):
    for _ in range(16):
        await make(defined)
    answer = await defined.call("POST", PATH, LEAST)
    assert (answer.status, answer.error["code"]) == (409, "limit")


async def test_a_run_now_leaves_the_due_times_alone(defined):
    made = await make(defined, name="Mornings")
    run = f"/v1/schedules/{made['id']}/run"
    headers = {"Idempotency-Key": "once"}
    first = (await defined.call("POST", run, {}, headers=headers)).data["jobId"]
    assert (await defined.call("POST", run, {}, headers=headers)).data["jobId"] == first
    job = (await defined.call("GET", f"/v1/jobs/{first}")).data
    assert job["startedBy"]["kind"] == "api"
    assert (job["startedBy"]["scheduleId"], job["startedBy"]["name"]) == (made["id"], "Mornings")
    assert (await defined.call("GET", f"/v1/schedules/{made['id']}")).data == made


async def test_whoever_edits_owns_it_and_hands_it_over(defined):
    made = await make(defined, notifications=[])
    ada, bea = await member(defined), await member(defined, "Bea")
    path = f"/v1/schedules/{made['id']}"
    given = (await defined.call("POST", f"{path}/owner", {"owner": ada})).data
    assert given == {"schedules": [made["id"]], "owner": ada, "stillRecipient": 0, "definitions": []}
    await defined.call("PATCH", path, {"fallbackOwner": bea})
    shown = (await defined.call("GET", path)).data
    assert shown["owner"].startswith("us_key_")
    assert (await defined.call("POST", f"{path}/owner", {})).data["owner"] == bea
    answer = await defined.call("POST", f"{path}/owner", {})
    assert (answer.error["key"], answer.error["code"]) == ("owner", "invalid")
    every = await defined.call("POST", "/v1/schedules/hand-over", {"former": bea, "owner": ada})
    assert every.data["schedules"] == [made["id"]]
    again = await defined.call("POST", "/v1/schedules/hand-over", {"former": bea, "owner": ada})
    assert again.error["code"] == "not_found"


async def test_a_fallback_owner_who_is_set_aside_keeps_nobody_from_other_changes(defined):
    bea = await member(defined, "Bea")
    path = f"/v1/schedules/{(await make(defined, fallbackOwner=bea))['id']}"
    await defined.call("PATCH", f"/v1/members/{bea}", {"active": False})
    changed = await defined.call("PATCH", path, {"cron": "0 8 * * *"})
    assert (changed.status, changed.data["cron"]) == (200, "0 8 * * *")
    refused = await defined.call(
        "POST", "/v1/schedules", {"definition": "web", **LEAST, "fallbackOwner": bea}
    )
    assert refused.error["key"] == "fallbackOwner"


async def test_administrators_name_owners_by_e_mail(defined):
    made = await make(defined)
    ada, bea = await member(defined), await member(defined, "Bea")
    mails = [(await defined.call("GET", f"/v1/members/{one}")).data["email"] for one in (ada, bea)]
    path, every = f"/v1/schedules/{made['id']}", "/v1/schedules/hand-over"
    assert (await defined.call("POST", f"{path}/owner", {"owner": mails[0].upper()})).data["owner"] == ada
    assert [one["id"] for one in (await defined.call("GET", f"/v1/schedules?owner={mails[0]}")).data] == [
        made["id"]
    ]
    sent = {"former": mails[0], "owner": mails[1]}
    assert (await defined.call("POST", every, sent)).data["owner"] == bea
    again = await defined.call("POST", every, sent)
    assert (again.status, again.error["key"]) == (404, "former")
    assert (await defined.call("PATCH", path, {"fallbackOwner": mails[0]})).data["fallbackOwner"] == ada
    more = await make(defined, fallbackOwner=mails[1])
    assert more["fallbackOwner"] == bea
    unknown = await defined.call("POST", f"{path}/owner", {"owner": "x@example.com"})
    assert (unknown.status, unknown.error["key"]) == (404, "owner")
    operator = await key_of(defined, "operator")
    for mail in (mails[0], "x@example.com"):
        answer = await defined.call("GET", f"/v1/schedules?owner={mail}", key=operator)
        assert (answer.status, answer.error["key"]) == (403, "owner")


async def test_an_owner_may_have_jobs_run_and_log_in(defined):
    made = await make(defined)
    path = f"/v1/schedules/{made['id']}/owner"
    viewer, gone = await member(defined, "Eve", "viewer"), await member(defined, "Gus")
    await defined.call("PATCH", f"/v1/members/{gone}", {"active": False})
    for name in (viewer, gone):
        assert (await defined.call("POST", path, {"owner": name})).error["code"] == "invalid"
    operator = await key_of(defined, "operator")
    ada = await member(defined)
    assert (await defined.call("POST", path, {"owner": ada}, key=operator)).error["code"] == "forbidden"


@pytest.mark.parametrize(
    ("path", "rest", "wake", "why"),
    [
        (
            "/v1/job-definitions/web",
            {"jobDefinition": {"enabled": False}},
            {"jobDefinition": {"enabled": True}},
            "definition_disabled",
        ),
        ("/v1/spaces/default", {"archived": True}, {"archived": False}, "space_archived"),
    ],
)
async def test_one_that_rests_is_shown_so_before_its_next_due_time(defined, path, rest, wake, why):
    made = await make(defined)
    schedule = f"/v1/schedules/{made['id']}"
    assert (await defined.call("PATCH", path, rest)).status == 200
    shown = (await defined.call("GET", f"{schedule}?dueUntil=2100-01-01T00:00:00Z")).data
    assert (shown["state"], shown["asleep"], shown["due"]) == ("asleep", why, [])
    assert not {"nextAt", "nextLocal", "firesAt"} & {*shown}
    [listed] = (await defined.call("GET", "/v1/schedules")).data
    assert listed["state"] == "asleep"
    assert (await defined.call("PATCH", path, wake)).status == 200
    assert (await defined.call("GET", schedule)).data == made


async def test_what_runs_no_more_without_its_owner_is_shown(defined):
    ada = await member(defined)
    made = await make(defined)
    schedule, owner = f"/v1/schedules/{made['id']}", f"/v1/members/{ada}"
    await defined.call("POST", f"{schedule}/owner", {"owner": ada})
    shown = (await defined.call("GET", schedule)).data
    assert (shown["state"], shown["ownerName"]) == ("active", "Ada")
    assert (await defined.call("PATCH", owner, {"role": "viewer"})).data["schedules"] == 1
    assert (await defined.call("GET", schedule)).data["state"] == "owner_inactive"
    assert (await defined.call("PATCH", owner, {"role": "operator", "active": False})).data["schedules"] == 1
    [shown] = (await defined.call("GET", f"/v1/schedules?owner={ada}")).data
    assert shown["state"] == "owner_inactive"
    assert not {"nextAt", "nextLocal", "firesAt"} & {*shown}
    await defined.call("PATCH", schedule, {"enabled": False})
    await defined.call("POST", f"{schedule}/owner", {"owner": made["owner"]})
    assert (await defined.call("GET", owner)).data["schedules"] == 0


async def test_who_may_not_use_secrets_says_not_where_one_is_sent(defined):
    await defined.call("POST", "/v1/secrets", {"name": "token", "value": "x"})
    body = {
        "jobDefinitionCode": "call", "jobType": "callWebserviceEndpoint", "enabled": True,
        "params": {"url": "https://example.com", "headers": {"A": "{{ secrets.token }}"}},
    }  # fmt: skip
    assert (await defined.call("POST", "/v1/job-definitions", {"jobDefinition": body})).status == 200
    operator, path = await key_of(defined, "operator"), "/v1/job-definitions/call/schedules"
    assert (await defined.call("POST", path, LEAST, key=operator)).status == 200
    elsewhere = {**LEAST, "params": {"url": "https://elsewhere.example"}}
    answer = await defined.call("POST", path, elsewhere, key=operator)
    assert (answer.status, answer.error["key"]) == (403, "params")
    assert (await defined.call("POST", path, elsewhere)).status == 200


async def test_a_key_of_other_jobs_sees_none(defined):
    made = await make(defined)
    body = {"name": "narrow", "role": "operator", "jobs": ["workbook:*"]}
    narrow = (await defined.call("POST", "/v1/keys", body)).data["key"]
    assert (await defined.call("GET", "/v1/schedules", key=narrow)).data == []
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/run"), ("POST", "/owner")):
        sent = {} if method == "POST" else None
        answer = await defined.call(method, f"/v1/schedules/{made['id']}{path}", sent, key=narrow)
        assert answer.error["code"] == "not_found", (method, path)


async def test_conscias_schedule_is_kept_in_step(defined):
    body = {"jobDefinitionCode": "web-test", "jobType": "noop", "schedule": {"cron": "*/5 * * * *"}}
    await defined.call("POST", "/vue/_api/v1/job-definitions", {"jobDefinition": body})
    [made] = (await defined.call("GET", "/v1/job-definitions/web-test/schedules")).data
    assert (made["origin"], made["cron"], made["state"]) == ("definition", "*/5 * * * *", "active")
    path = "/vue/_api/v1/job-definitions/web-test"
    await defined.call("PATCH", path, {"jobDefinition": {"schedule": {"cron": "0 0 12 * * ?"}}})
    [changed] = (await defined.call("GET", "/v1/job-definitions/web-test/schedules")).data
    assert (changed["id"], changed["cron"]) == (made["id"], "0 0 12 * * ?")
    its = f"/v1/schedules/{made['id']}"
    assert (await defined.call("PATCH", its, {"cron": "0 9 * * *"})).error["code"] == "conflict"
    assert (await defined.call("DELETE", its)).error["code"] == "conflict"
    assert (await defined.call("PATCH", its, {"overlap": "allow"})).data["overlap"] == "allow"
    refused = await defined.call("PATCH", path, {"jobDefinition": {"schedule": {"cron": "0 0 9 * * 1"}}})
    assert refused.error["key"] == "jobDefinition.schedule.cron", refused.raw
    await defined.call("PATCH", path, {"jobDefinition": {"schedule": None}})
    assert (await defined.call("GET", "/v1/job-definitions/web-test/schedules")).data == []


async def test_it_fires_by_itself(defined):
    made = await make(defined, cron="*/10 * * * * *", dialect="quartz")
    async with asyncio.timeout(30):
        found = []
        while not found:
            await asyncio.sleep(0.1)
            found = (await defined.call("GET", "/v1/jobs?definition=web")).data
    assert found[-1]["startedBy"]["scheduleId"] == made["id"]
