"""Calls about many jobs: what is sent, how often, and what comes back."""

from datetime import UTC, datetime

import pytest

from listener_sdk.errors import ApiError, InvalidError
from listener_sdk.protocol.bulk import MOST_JOBS
from listener_sdk.protocol.jobs import JobCreate

CREATE = ("POST", "/v1/jobs/bulk")


def bodies(server):
    return [body for method, _, body in server.requests if method == "POST"]


# ---- create


async def test_jobs_are_sent_together_and_answered_in_order(server, client):
    made = [
        {"index": 0, "id": "us_jb_0000000001", "status": "ready"},
        {"index": 1, "id": "us_jb_0000000002", "status": "waiting"},
    ]
    server.routes[CREATE] = {"data": {"jobs": made}}
    found = await client.jobs.create_many(
        [
            {"name": "workbook:export", "input": {"rows": 3}, "priority": 5},
            JobCreate(type="sheet", operation="check", predecessor_ids=["#0"]),
        ],
        idempotency_key="k",
    )
    assert [(one.id[-1], one.status) for one in found] == [("1", "ready"), ("2", "waiting")]
    (body,) = bodies(server)
    first, second = body["jobs"]
    assert (first["type"], first["operation"], first["input"], first["priority"]) == (
        "workbook",
        "export",
        {"rows": 3},
        5,
    )
    assert second["predecessorIds"] == ["#0"]
    assert "trigger" not in first
    assert server.headers[-1]["Idempotency-Key"] == "k"


async def test_bad_ones_are_named_when_the_good_ones_are_stored(server, client):
    error = {"code": "duplicate_job", "message": "Taken.", "key": "uniqueKey"}
    server.routes[CREATE] = {"data": {"jobs": [{"index": 0, "error": error}]}}
    (bad,) = await client.jobs.create_many([{"name": "a:b", "unique_key": "x"}], partial=True)
    assert (bad.id, bad.error.code, bad.error.key) == (None, "duplicate_job", "uniqueKey")
    assert server.requests[-1][1] == "/v1/jobs/bulk?partial=true"


async def test_nothing_is_sent_for_none_too_many_and_malformed(server, client):
    assert await client.jobs.create_many([]) == []
    with pytest.raises(ValueError, match=r"at most 1,000 jobs.*not 1,001: call it for some after the other"):
        await client.jobs.create_many([{"name": "a:b"}] * (MOST_JOBS + 1))
    with pytest.raises(ValueError, match="job 1 has no name"):
        await client.jobs.create_many([{"name": "a:b"}, {"input": {}}])
    with pytest.raises(ValueError, match="job 1 has no field 'prioriti': did you mean 'priority'"):
        await client.jobs.create_many([{"name": "a:b"}, {"name": "a:b", "prioriti": 3}])
    with pytest.raises(ValueError, match=r"jobs\[0\]\.input\.rows is nan"):
        await client.jobs.create_many([{"name": "a:b", "input": {"rows": float("nan")}}])
    naive = datetime(2030, 1, 31, 8)
    for job in (
        {"name": "a:b", "scheduled_at": naive},
        JobCreate(type="a", operation="b", scheduled_at=naive),
    ):
        with pytest.raises(InvalidError, match=r"jobs\[0\]\.scheduled_at: a time needs a zone"):
            await client.jobs.create_many([job], partial=True)
    assert server.requests == []


async def test_what_the_fields_of_a_dict_are_worth_is_left_to_the_server(server, client):
    server.routes[CREATE] = {"data": {"jobs": []}}
    await client.jobs.create_many(
        [
            {"name": "no-operation", "priority": "high", "input": [1]},
            {
                "name": "a:b",
                "maxAttempts": 0,
                "scheduled_at": datetime(2030, 1, 31, 8, tzinfo=UTC),
                "info": None,
            },
        ],
        partial=True,
    )
    assert bodies(server)[0]["jobs"] == [
        {"type": "no-operation", "operation": "", "priority": "high", "input": [1]},
        {"type": "a", "operation": "b", "maxAttempts": 0, "scheduledAt": "2030-01-31T08:00:00.000Z"},
    ]


# ---- acts


class Store:
    """A server on which so many jobs can be acted on, some of them never."""

    def __init__(self, server, matching, stubborn=0, act="cancel"):
        self.left = matching
        self.stubborn = stubborn
        server.routes["POST", f"/v1/jobs/bulk/{act}"] = self

    def __call__(self, request, raw):
        import json

        body = json.loads(raw)
        if body.get("dryRun"):
            return self._answer(self.left + self.stubborn, 0, more=False)
        limit = body.get("limit", 1000)
        skipped = min(self.stubborn, limit)
        done = min(self.left, limit - skipped)
        self.left -= done
        return self._answer(done + skipped, done, skipped, more=self.left > 0)

    def _answer(self, matched, done, skipped=0, *, more):
        why = [{"id": f"us_jb_{n}", "code": "lease_held", "message": "no"} for n in range(skipped)]
        return {"data": {"matched": matched, "done": done, "skipped": why, "more": more}}


async def test_an_act_goes_on_until_all_is_done(server, client):
    store = Store(server, 2500)
    found = await client.jobs.cancel_many(status=["ready", "scheduled"], job="a:*", info="Not needed")
    assert (found.matched, found.done, found.skipped, found.more) == (2500, 2500, [], False)
    assert store.left == 0
    count, *calls = bodies(server)
    assert count["dryRun"] is True
    assert [call["limit"] for call in calls] == [1000, 1000, 500]
    assert calls[0]["filter"] == {"status": ["ready", "scheduled"], "job": "a:*"}
    assert calls[0]["info"] == "Not needed"


async def test_what_fails_again_meanwhile_is_not_run_again_by_the_same_call(server, client):
    class Failing(Store):
        def __call__(self, request, raw):
            answer = super().__call__(request, raw)
            self.left += answer["data"]["done"]
            answer["data"]["more"] = True
            return answer

    Failing(server, 30, act="retry")
    found = await client.jobs.retry_many(status="failed")
    assert (found.done, found.more) == (30, True)
    assert len(bodies(server)) == 2


async def test_outcomes_are_acknowledged(server, client):
    Store(server, 30, act="acknowledge")
    assert (await client.jobs.acknowledge_many(status="failed")).done == 30


async def test_jobs_that_are_skipped_for_ever_end_it(server, client):
    Store(server, 0, stubborn=1500)
    found = await client.jobs.cancel_many(all=True)
    assert (found.done, len(found.skipped)) == (0, 1000)
    assert bodies(server)[0]["all"] is True


async def test_a_limit_and_a_dry_run(server, client):
    store = Store(server, 2500)
    found = await client.jobs.cancel_many(all=True, limit=1200)
    assert (found.done, found.more, store.left) == (1200, True, 1300)
    found = await client.jobs.cancel_many(all=True, dry_run=True)
    assert (found.matched, found.done, store.left) == (1300, 0, 1300)


async def test_named_jobs_are_sent_by_the_thousand_each_once(server, client):
    Store(server, 1500, act="retry")
    ids = [f"us_jb_{number:010d}" for number in range(1500)]
    found = await client.jobs.retry_many([*ids, ids[0]])
    assert found.done == 1500
    assert [len(call["ids"]) for call in bodies(server)] == [1000, 500]
    assert await client.jobs.retry_many([]) == type(found)(matched=0, done=0)


async def test_misspelt_and_missing_filters_are_refused_before_anything_is_done(server, client):
    with pytest.raises(TypeError, match=r"cancel_many\(\) takes no 'staus': did you mean 'status'\?"):
        await client.jobs.cancel_many(staus="ready")
    with pytest.raises(InvalidError) as caught:
        await client.jobs.retry_many(status="done", type="A")
    assert [error["key"] for error in caught.value.errors] == ["status[0]", "type"]
    with pytest.raises(InvalidError, match="exactly one of filter, ids"):
        await client.jobs.cancel_many()
    with pytest.raises(ValueError, match="not several of them"):
        await client.jobs.cancel_many(["us_jb_1"], status="ready")
    assert server.requests == []


async def test_a_refusal_is_raised(server, client):
    with pytest.raises(ApiError, match="no such thing"):
        await client.jobs.cancel_many(all=True)
