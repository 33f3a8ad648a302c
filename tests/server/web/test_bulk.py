"""Many jobs by one call over REST: what is answered, what is refused, and how large it may be."""

import asyncio
import json

import pytest

from listener_sdk.protocol.bulk import MOST_JOBS, BulkDone, BulkMember
from listener_sdk.protocol.jobs import Job
from server.web.application import MOST_LARGE_BODIES

JOB = {"type": "workbook", "operation": "export"}


async def create(server, jobs, query="", **how):
    return await server.call("POST", f"/v1/jobs/bulk{query}", {"jobs": jobs}, **how)


async def act(server, name, **body):
    return await server.call("POST", f"/v1/jobs/bulk/{name}", body)


async def total(server, query=""):
    return (await server.call("GET", f"/v1/jobs?pageSize=1{query}")).body["pagination"]["totalCount"]


async def test_each_job_is_answered_by_its_id_and_status(server):
    made = (await create(server, [JOB, {**JOB, "trigger": "manual"}])).data["jobs"]
    assert [(one["index"], one["status"], sorted(one)) for one in made] == [
        (0, "ready", ["id", "index", "status"]),
        (1, "created", ["id", "index", "status"]),
    ]
    assert [BulkMember.model_validate(one).id for one in made] == [one["id"] for one in made]
    assert (await server.call("GET", f"/v1/jobs/{made[1]['id']}")).data["trigger"] == "manual"


async def test_whole_jobs_are_shown_when_asked_for(server):
    made = (await create(server, [JOB, {}], "?view=full&partial=true")).data["jobs"]
    assert Job.model_validate(made[0]["job"]).id == made[0]["id"]
    assert "job" not in made[1]


async def test_one_bad_job_refuses_all_and_every_bad_one_is_named(server):
    await server.job(uniqueKey="taken")
    answer = await create(
        server,
        [
            JOB,
            {"type": "Big", "priority": 5000},
            7,
            {**JOB, "uniqueKey": "taken"},
            {**JOB, "predecessorIds": ["#9"]},
        ],
    )
    assert answer.status == 400
    errors = answer.body["errors"]
    assert [(one["index"], one["code"], one.get("key")) for one in errors] == [
        (1, "invalid", "type"),
        (2, "invalid", None),
        (3, "duplicate_job", "uniqueKey"),
        (4, "invalid", "predecessorIds"),
    ]
    assert errors[0]["message"].startswith("jobs[1]: type: ")
    assert "operation: field required." in errors[0]["message"]
    assert await total(server) == 1


async def test_the_first_refusal_gives_the_status(server):
    await server.job(uniqueKey="taken")
    assert (await create(server, [JOB, {**JOB, "uniqueKey": "taken"}, {}])).status == 409
    assert (await create(server, [JOB, {**JOB, "parentId": "us_jb_0000000099"}])).status == 404


async def test_good_ones_are_stored_where_some_may_be_bad(server):
    answer = await create(
        server, [JOB, {**JOB, "type": "Big"}, {**JOB, "predecessorIds": ["#1"]}], "?partial=true"
    )
    made = answer.data["jobs"]
    assert [one.get("status") for one in made] == ["ready", None, None]
    assert (made[1]["error"]["code"], made[1]["error"]["key"]) == ("invalid", "type")
    assert (made[2]["error"]["code"], made[2]["error"]["key"]) == ("not_found", "predecessorIds")
    assert await total(server) == 1


async def test_jobs_of_one_call_wait_for_each_other(server):
    jobs = [{**JOB, "predecessorIds": ["#1"]}, JOB, {**JOB, "predecessorIds": ["#0", "#1"]}]
    made = (await create(server, jobs)).data["jobs"]
    assert [one["status"] for one in made] == ["waiting", "ready", "waiting"]
    shown = (await server.call("GET", f"/v1/jobs/{made[2]['id']}")).data
    assert shown["predecessorIds"] == [made[0]["id"], made[1]["id"]]


@pytest.mark.parametrize("partial", ["", "?partial=true"])
async def test_circles_are_refused_by_each_of_their_members(server, partial):
    jobs = [
        {**JOB, "predecessorIds": ["#1"]},
        {**JOB, "predecessorIds": ["#0"]},
        {**JOB, "predecessorIds": ["#2"]},
        JOB,
    ]
    answer = await create(server, jobs, partial)
    if partial:
        assert [one.get("error", {}).get("code") for one in answer.data["jobs"]] == [
            "cycle",
            "cycle",
            "cycle",
            None,
        ]
    else:
        found = [(one["index"], one["code"]) for one in answer.body["errors"]]
        assert found == [(0, "cycle"), (1, "cycle"), (2, "cycle")]
        assert answer.status == 409


async def test_a_thousand_are_taken_and_one_more_is_not(server):
    assert len((await create(server, [JOB] * MOST_JOBS)).data["jobs"]) == MOST_JOBS
    answer = await create(server, [JOB] * (MOST_JOBS + 1))
    assert (answer.status, answer.error["key"]) == (400, "jobs")
    assert await total(server) == MOST_JOBS


@pytest.mark.parametrize("body", [{}, {"jobs": []}, {"jobs": {}}, {"jobs": None}, {"job": [JOB]}])
async def test_what_is_no_list_of_jobs_is_refused(server, body):
    answer = await server.call("POST", "/v1/jobs/bulk", body)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", "jobs")


async def test_words_in_the_address_are_checked(server):
    for query in ("?partial=perhaps", "?view=all"):
        assert (await create(server, [JOB], query)).error["code"] == "invalid"


async def test_a_call_that_is_sent_again_is_answered_as_the_first_time(server):
    how = {"headers": {"Idempotency-Key": "k"}}
    first = await create(server, [JOB, JOB], **how)
    assert (await create(server, [JOB, JOB], **how)).raw == first.raw
    assert (await create(server, [JOB, JOB], "?view=full", **how)).raw == first.raw
    for other in (create(server, [JOB], **how), create(server, [JOB, JOB], "?partial=true", **how)):
        assert (await other).error["code"] == "idempotency_mismatch"
    assert await total(server) == 2


async def test_larger_bodies_than_usual_are_taken(server):
    jobs = [{**JOB, "input": {"text": "x" * 200_000}}] * 20
    assert len(json.dumps({"jobs": jobs})) > server.settings.max_body_bytes
    answers = await asyncio.gather(*(create(server, jobs, "?view=full") for _ in range(6)))
    for answer in answers:
        assert len(answer.data["jobs"][19]["job"]["input"]["text"]) == 200_000
    assert await total(server) == 120


async def test_what_is_too_large_or_deep_is_refused(server):
    too_much = [{**JOB, "input": {"text": "x" * 250_000}}] * 80
    answer = await create(server, too_much)
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    assert str(server.settings.max_bulk_bytes) in answer.error["message"]

    async def chunks():
        yield json.dumps({"jobs": too_much}).encode()

    assert (await server.call("POST", "/v1/jobs/bulk", raw=chunks())).error["code"] == "too_large"
    answer = await create(server, [JOB, {**JOB, "input": {"text": "x" * 300_000}}])
    assert (answer.status, answer.error["code"], answer.error["index"]) == (413, "too_large", 1)
    many = {f"k{n}": n for n in range(9_000)}
    assert (await create(server, [{**JOB, "input": many}] * 3)).status == 200
    assert (await create(server, [{**JOB, "input": many}] * 23)).error["code"] == "bad_json"


@pytest.mark.parametrize("deep", [30, 31])
async def test_a_member_may_be_as_deep_as_the_body_of_one_job(server, deep):
    value = 1
    for _ in range(deep):
        value = {"a": value}
    alone = await server.call("POST", "/v1/jobs", {**JOB, "input": value})
    assert (await create(server, [{**JOB, "input": value}])).status == alone.status


async def test_few_large_bodies_are_read_at_a_time_and_small_ones_need_not_wait(server):
    go, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slow():
        begun.release()
        yield b'{"jobs": ['
        await go.wait()
        yield json.dumps(JOB).encode() + b"]}"

    large = [
        asyncio.create_task(server.call("POST", "/v1/jobs/bulk", raw=slow()))
        for _ in range(MOST_LARGE_BODIES + 2)
    ]
    async with asyncio.timeout(20):
        for _ in large:
            await begun.acquire()
        assert (await create(server, [JOB])).status == 200
        go.set()
        assert [(await call).status for call in large] == [200] * len(large)
    assert await total(server) == len(large) + 1


# ---- cancel and retry


async def test_a_filter_is_canceled_page_by_page(server):
    await create(server, [JOB] * 5)
    other = await server.job(operation="import")
    rounds = [
        (await act(server, "cancel", filter={"job": "workbook:export"}, limit=2, info="enough")).data
        for _ in range(3)
    ]
    assert [(one["matched"], one["done"], one["more"]) for one in rounds] == [
        (2, 2, True),
        (2, 2, True),
        (1, 1, False),
    ]
    assert rounds[0] == BulkDone.model_validate(rounds[0]).model_dump(mode="json")
    assert (await server.call("GET", f"/v1/jobs/{other['id']}")).data["status"] == "ready"
    assert (await server.call("GET", "/v1/jobs?status=canceled")).data[0]["info"] == "enough"


async def test_every_name_of_a_filter_counts(server):
    job = await server.job(fileId="us_fl_1")
    child = await server.job(parentId=job["id"], operation="import")
    for given in (
        {"status": "complete"},
        {"status": ["scheduled", "failed"]},
        {"type": "sheet"},
        {"operation": "export2"},
        {"job": "workbook:x*"},
        {"source": "us_wb_2"},
        {"fileId": "us_fl_2"},
        {"parentId": child["id"]},
        {"createdAfter": "2999-01-01T00:00:00Z"},
        {"createdBefore": "2000-01-01T00:00:00Z"},
        {"operation": "import", "excludeChildJobs": True},
    ):
        assert (await act(server, "cancel", filter=given, dryRun=True)).data["matched"] == 0, given
    whole = {"status": "ready", "type": "workbook", "source": "us_wb_1", "createdAfter": job["createdAt"]}
    assert (await act(server, "cancel", filter=whole, dryRun=True)).data["matched"] == 2
    assert (await act(server, "cancel", filter={"parentId": job["id"]})).data["done"] == 1


async def test_outcomes_are_acknowledged(server):
    made = [one["id"] for one in (await create(server, [JOB] * 3)).data["jobs"]]
    await act(server, "cancel", ids=made[:2])
    done = (await act(server, "acknowledge", ids=made)).data
    assert (done["done"], [one["code"] for one in done["skipped"]]) == (2, ["illegal_move"])
    shown = (await server.call("GET", f"/v1/jobs/{made[0]}")).data
    assert "outcomeAcknowledgedAt" in shown
    await act(server, "cancel", ids=made[2:])
    for count in (1, 0):
        assert (await act(server, "acknowledge", all=True)).data["matched"] == count


async def test_a_dry_run_counts_all_and_does_nothing(server):
    await create(server, [JOB] * 5)
    done = (await act(server, "cancel", all=True, limit=2, dryRun=True)).data
    assert done == {"matched": 5, "done": 0, "skipped": [], "more": True}
    assert await total(server, "&status=ready") == 5


async def test_jobs_are_named_by_ids(server):
    made = [one["id"] for one in (await create(server, [JOB] * 3)).data["jobs"]]
    ids = [made[0], made[1], made[0], "x", "us_jb_0000000099"]
    assert (await act(server, "cancel", ids=ids, dryRun=True)).data["matched"] == 2
    done = (await act(server, "cancel", ids=ids)).data
    assert (done["matched"], done["done"], done["more"]) == (4, 2, False)
    assert [(one["id"], one["code"]) for one in done["skipped"]] == [
        ("x", "not_found"),
        ("us_jb_0000000099", "not_found"),
    ]
    again = (await act(server, "cancel", ids=made)).data
    assert [(one["id"], one["code"]) for one in again["skipped"]] == [
        (made[0], "illegal_move"),
        (made[1], "illegal_move"),
    ]


async def test_ended_jobs_run_again_and_those_that_do_are_left_out(server):
    made = [one["id"] for one in (await create(server, [JOB] * 3)).data["jobs"]]
    await act(server, "cancel", ids=made)
    assert (await act(server, "retry", filter={"status": "canceled"}, dryRun=True)).data["matched"] == 3
    rounds = [(await act(server, "retry", filter={"status": "canceled"}, limit=2)).data for _ in range(2)]
    assert [(one["done"], one["more"]) for one in rounds] == [(2, True), (1, False)]
    assert await total(server, "&status=ready") == 3
    assert (await act(server, "retry", ids=made, dryRun=True)).data["matched"] == 0
    skipped = (await act(server, "retry", ids=made)).data["skipped"]
    assert [one["code"] for one in skipped] == ["already_retried"] * 3


@pytest.mark.parametrize("name", ["cancel", "retry"])
@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "body"),
        ({"filter": {}}, "filter"),
        ({"filter": {"stauts": "failed"}}, "filter.stauts"),
        ({"filter": {"status": "gone"}}, "filter.status[0]"),
        ({"ids": []}, "ids"),
        ({"all": True, "limit": 1001}, "limit"),
    ],
)
async def test_who_is_meant_must_be_said_without_a_slip(server, name, body, key):
    await server.job()
    answer = await act(server, name, **body)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", key)
    assert await total(server, "&status=ready") == 1


async def test_a_pattern_that_is_none_is_refused(server):
    assert (await act(server, "cancel", filter={"job": "a:**:b"})).error["code"] == "bad_filter"


async def test_an_act_that_is_sent_again_is_answered_as_the_first_time(server):
    await create(server, [JOB] * 2)
    path, body, how = "/v1/jobs/bulk/cancel", {"all": True}, {"headers": {"Idempotency-Key": "k"}}
    first = await server.call("POST", path, body, **how)
    await create(server, [JOB])
    assert (await server.call("POST", path, body, **how)).raw == first.raw
    assert await total(server, "&status=ready") == 1
