from datetime import datetime, timedelta, timezone

import pytest
from pydantic import BaseModel

from listener_sdk import Outcome, next_
from listener_sdk.errors import ApiError, InvalidError
from tests.sdk.fake_server import AT, wire_job

JOB = "us_jb_0000000001"


async def test_create_sends_the_job_and_starts_it_at_once(server, client):
    class Export(BaseModel):
        rows: int

    server.routes["POST", "/v1/jobs"] = {"data": wire_job(input={"rows": 3})}
    job = await client.jobs.create(
        "workbook:export", Export(rows=3), metadata={"team": None}, idempotency_key="k1"
    )
    _, _, body = server.requests[-1]
    assert body["type"] == "workbook"
    assert body["operation"] == "export"
    assert body["trigger"] == "immediate"
    assert body["input"] == {"rows": 3}
    assert body["metadata"] == {"team": None}
    assert server.headers[-1]["Idempotency-Key"] == "k1"
    assert (job.id, job.input) == (JOB, {"rows": 3})


async def test_create_refuses_here_what_no_server_could_take(server, client):
    with pytest.raises(InvalidError) as caught:
        await client.jobs.create("no-operation", priority=5000, label="x" * 300)
    refused = caught.value
    assert (refused.status, refused.code) == (400, "invalid")
    assert [error["key"] for error in refused.errors] == ["operation", "label", "priority"]
    assert "priority: input should be less than or equal to 1000." in str(refused)
    with pytest.raises(ValueError, match=r"input\.rows is nan"):
        await client.jobs.create("a:b", {"rows": float("nan")})
    with pytest.raises(ValueError, match="a dict or a pydantic model"):
        await client.jobs.create("a:b", [1])
    assert server.requests == []


async def test_a_list_is_a_page_and_iterate_follows_its_cursor(server, client):
    pages = {None: ([wire_job(1), wire_job(2)], "c1"), "c1": ([wire_job(3)], None)}

    def answer(request, raw):
        jobs, cursor = pages[request.query.get("cursor")]
        pagination = {"currentPage": 1, "pageCount": 2, "totalCount": 3}
        return {"data": jobs, "pagination": pagination, "asOf": "e:7", "cursor": cursor}

    server.routes["GET", "/v1/jobs"] = answer
    page = await client.jobs.list(status="ready", page_size=2)
    assert (len(page.items), page.as_of, page.cursor, page.pagination["totalCount"]) == (2, "e:7", "c1", 3)
    assert server.requests[-1][1] == "/v1/jobs?status=ready&pageSize=2"
    assert [job.id[-1] async for job in client.jobs.iterate(status="ready")] == ["1", "2", "3"]


async def test_acts_without_a_body_send_none(server, client):
    success = {"data": {"success": True}}
    server.routes["POST", f"/v1/jobs/{JOB}/execute"] = success
    server.routes["DELETE", f"/v1/jobs/{JOB}"] = success
    server.routes["POST", f"/v1/jobs/{JOB}/retry"] = {"data": wire_job(2, rerunOf=JOB)}
    server.routes["POST", f"/v1/jobs/{JOB}/outcome/ack"] = {"data": wire_job(outcomeAcknowledgedAt=AT)}
    await client.jobs.execute(JOB)
    assert server.requests[-1][2] == b""
    assert "Content-Type" not in server.headers[-1]
    await client.jobs.delete(JOB)
    assert (await client.jobs.retry(JOB)).rerun_of == JOB
    assert (await client.jobs.ack_outcome(JOB)).outcome_acknowledged_at is not None


async def test_the_raw_life_cycle(server, client):
    for act in ("ack", "complete", "fail", "cancel"):
        server.routes["POST", f"/v1/jobs/{JOB}/{act}"] = {"data": wire_job()}
    server.routes["PATCH", f"/v1/jobs/{JOB}"] = {"data": wire_job()}
    await client.jobs.ack(JOB, info="Accepted", progress=0)
    assert server.requests[-1][2] == {"info": "Accepted", "progress": 0}
    await client.jobs.update(JOB, metadata=None, info="x")
    assert server.requests[-1][2] == {"metadata": None, "info": "x"}
    await client.jobs.complete(
        JOB, Outcome("Done", next=next_.retry(label="Once more"), data={"n": 1}), fence=4
    )
    assert server.requests[-1][2] == {
        "outcome": {"message": "Done", "result": "success", "next": {"type": "retry", "label": "Once more"}},
        "result": {"n": 1},
        "fence": 4,
    }
    await client.jobs.fail(JOB, "It broke.", info="failed")
    assert server.requests[-1][2]["outcome"]["message"] == "It broke."
    await client.jobs.complete(JOB)
    assert server.requests[-1][2] == {}
    await client.jobs.complete(JOB, watermark=7)
    assert server.requests[-1][2] == {"watermark": "7"}
    await client.jobs.cancel(JOB, "not needed")
    assert server.requests[-1][2] == {"info": "not needed"}


async def test_log_attempts_and_progress_are_read(server, client):
    pages = {
        None: ([{"message": "one", "level": "info"}], "c"),
        "c": ([{"message": "two", "level": "error"}], None),
    }
    server.routes["GET", f"/v1/jobs/{JOB}/log"] = lambda request, _raw: dict(
        zip(("data", "cursor"), pages[request.query.get("after")], strict=True)
    )
    server.routes["GET", f"/v1/jobs/{JOB}/attempts"] = {
        "data": [{"attempt": 1, "fence": 1, "reason": "lease_lost", "endedAt": AT}]
    }
    server.routes["GET", f"/v1/jobs/{JOB}/progress"] = {"data": {"points": [{"at": AT, "percent": 12.5}]}}
    assert [line.message for line in await client.jobs.log(JOB)] == ["one", "two"]
    assert [attempt.reason for attempt in await client.jobs.attempts(JOB)] == ["lease_lost"]
    assert [point.percent for point in await client.jobs.progress(JOB)] == [12.5]


async def test_an_id_cannot_leave_its_place_in_the_path(server, client):
    with pytest.raises(ApiError):
        await client.jobs.get("../keys?x=1")
    assert server.requests[-1][1] == "/v1/jobs/..%2Fkeys%3Fx%3D1"


async def test_a_job_is_split_and_its_children_are_listed(server, client):
    server.routes["POST", f"/v1/jobs/{JOB}/split"] = {"data": wire_job(parts=2)}
    assert (await client.jobs.split(JOB, 2)).parts == 2
    assert server.requests[-1][2] == {"parts": 2, "runInParallel": True}
    await client.jobs.split(JOB, [{"page": 1}, {"page": 2}], parallel=False)
    assert server.requests[-1][2] == {"parts": [{"page": 1}, {"page": 2}], "runInParallel": False}
    children = [wire_job(4, part=1), wire_job(3, part=0), wire_job(2, parentId=JOB), wire_job(5, part=1)]
    server.routes["GET", "/v1/jobs"] = {"data": children}
    assert [child.id[-1] async for child in client.jobs.children(JOB, status="ready")] == ["4", "3", "2", "5"]
    query = server.requests[-1][1].partition("?")[2].split("&")
    assert {*query} == {"sortDirection=asc", "pageSize=100", "status=ready", f"parentId={JOB}"}
    assert [part.id[-1] for part in await client.jobs.parts(JOB)] == ["3", "5"]


async def test_a_split_that_no_server_could_take_is_refused_here(server, client):
    for parts in (0, 1001, [], [1]):
        with pytest.raises(ValueError, match=r"1,000 parts|a dict or a pydantic model"):
            await client.jobs.split(JOB, parts)
    assert server.requests == []


async def test_a_job_may_follow_others(server, client):
    server.routes["POST", "/v1/jobs"] = {"data": wire_job(status="waiting", predecessorIds=["us_jb_9"])}
    job = await client.jobs.create("a:b", predecessor_ids=["us_jb_9"], priority=3)
    assert (job.status, job.predecessor_ids) == ("waiting", ["us_jb_9"])
    body = server.requests[-1][2]
    assert (body["predecessorIds"], body["priority"]) == (["us_jb_9"], 3)


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (
            lambda jobs: jobs.create("a:b", prioriti=3),
            r"create\(\) takes no 'prioriti': did you mean 'priority'\?",
        ),
        (lambda jobs: jobs.list(statos="ready"), r"list\(\) takes no 'statos': did you mean 'status'\?"),
        (
            lambda jobs: jobs.update(JOB, statuss="ready"),
            r"update\(\) takes no 'statuss': did you mean 'status'\?",
        ),
        (lambda jobs: jobs.ack(JOB, zzz=1), r"ack\(\) takes no 'zzz': there are .*fence, info, progress"),
    ],
)
async def test_a_misspelt_name_is_refused_with_the_nearest(server, client, call, meant):
    with pytest.raises(TypeError, match=meant):
        await call(client.jobs)
    assert server.requests == []


async def test_a_time_without_zone_is_refused_and_one_with_a_zone_sent_in_utc(server, client):
    naive = datetime(2030, 1, 31, 8)
    for call in (
        client.jobs.create("a:b", scheduled_at=naive),
        client.jobs.update(JOB, estimated_completion_at=naive),
        client.jobs.list(created_after=naive),
        client.jobs.cancel_many(created_before=naive),
    ):
        with pytest.raises(
            InvalidError, match=r"(scheduled_at|completion_at|created_\w+): a time needs a zone"
        ):
            await call
    assert server.requests == []
    server.routes["POST", "/v1/jobs"] = {"data": wire_job()}
    await client.jobs.create("a:b", scheduled_at=naive.replace(tzinfo=timezone(timedelta(hours=2))))
    assert server.requests[-1][2]["scheduledAt"] == "2030-01-31T06:00:00.000Z"


async def test_what_ends_a_job_is_looked_at_before_it_is_sent(server, client):
    with pytest.raises(InvalidError, match="info: string should have at most 4096"):
        await client.jobs.complete(JOB, "Done", info="x" * 5000)
    with pytest.raises(InvalidError, match="info"):
        await client.jobs.cancel(JOB, "x" * 5000)
    assert server.requests == []
