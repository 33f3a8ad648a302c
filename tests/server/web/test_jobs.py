"""Jobs over REST: the life cycle as Flatfile's clients drive it, lists, and what is refused."""

import pytest

from listener_sdk.protocol.jobs import Job


async def act(server, job, what, body=None, **how):
    return await server.call("POST", f"/v1/jobs/{job['id']}/{what}", body, **how)


async def show(server, job):
    return (await server.call("GET", f"/v1/jobs/{job['id']}")).data


async def test_a_job_says_up_to_which_event_it_shows_what_happened(server):
    job = await server.job()
    shown = (await server.call("GET", f"/v1/jobs/{job['id']}")).body
    assert shown["asOf"] == str(server.node.log.head)
    await act(server, job, "ack", {"progress": 5})
    later = (await server.call("GET", f"/v1/jobs/{job['id']}")).body
    assert later["asOf"] == str(server.node.log.head) != shown["asOf"]
    assert later["data"]["progress"] == 5


async def test_a_job_lives_from_creation_to_acknowledged_outcome(server):
    made = (
        await server.call(
            "POST", "/v1/jobs", {"type": "workbook", "operation": "export", "source": "us_wb_1"}
        )
    ).data
    assert (made["status"], made["trigger"], made["job"]) == ("created", "manual", "workbook:export")
    assert (await act(server, made, "execute")).data == {"success": True}
    assert (await show(server, made))["status"] == "ready"
    begun = (await act(server, made, "ack", {"info": "Starting", "progress": 0})).data
    assert (begun["status"], begun["info"], begun["progress"]) == ("executing", "Starting", 0)
    assert begun["startedAt"]
    ticked = (
        await act(server, made, "ack", {"progress": 42.9, "estimatedCompletionAt": "2030-01-01T00:00:00Z"})
    ).data
    assert ticked["progress"] == 42
    assert ticked["estimatedCompletionAt"] == "2030-01-01T00:00:00.000Z"
    done = (
        await act(
            server, made, "complete", {"outcome": {"message": "Done", "next": {"type": "wait"}}, "info": "ok"}
        )
    ).data
    assert (done["status"], done["progress"]) == ("complete", 100)
    assert done["outcome"] == {"message": "Done", "next": {"type": "wait"}}
    seen = (await act(server, made, "outcome/ack")).data
    assert seen["outcomeAcknowledgedAt"]
    Job.model_validate(seen)


@pytest.mark.parametrize("what", ["execute", "ack", "complete", "fail", "cancel"])
async def test_bodies_may_be_left_out_with_their_content_type(server, what):
    job = await server.job(trigger="manual" if what == "execute" else "immediate")
    if what in {"complete", "fail"}:
        assert (await act(server, job, "ack", raw=b"")).status == 200
    answer = await act(server, job, what, raw=b"")
    assert answer.status == 200, answer.raw


async def test_failing_over_rest_is_final_and_a_retry_is_a_new_job(server):
    job = await server.job()
    await act(server, job, "ack")
    failed = (await act(server, job, "fail", {"outcome": {"message": "No"}, "info": "broken"})).data
    assert (failed["status"], failed["info"]) == ("failed", "broken")
    again = (await act(server, job, "retry")).data
    assert (again["status"], again["rerunOf"]) == ("ready", job["id"])
    assert again["id"] != job["id"]
    assert (await show(server, job))["status"] == "failed"


async def test_cancel_and_delete(server):
    job = await server.job()
    assert (await act(server, job, "cancel", {"info": "no longer wanted"})).data["status"] == "canceled"
    assert (await server.call("DELETE", f"/v1/jobs/{job['id']}")).data == {"success": True}
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).status == 404


async def test_illegal_moves_name_the_present_status(server):
    job = await server.job(trigger="manual")
    for what in ("ack", "complete", "fail", "retry", "outcome/ack"):
        error = (await act(server, job, what)).error
        assert (error["code"], error["status"]) == ("illegal_move", "created"), what
    assert (await act(server, job, "ack")).status == 409


async def test_another_keys_lease_is_not_ones_own(server):
    job = await server.job()
    await act(server, job, "ack", key=server.listener)
    for what in ("ack", "complete", "fail"):
        answer = await act(server, job, what)
        assert (answer.status, answer.error["code"]) == (409, "lease_held")


async def test_a_stale_fence_is_refused(server):
    job = await server.job()
    begun = (await act(server, job, "ack")).data
    answer = await act(server, job, "complete", {"fence": begun["fence"] + 1})
    assert (answer.status, answer.error["code"]) == (409, "stale_lease")


async def test_patch_changes_fields_and_moves_by_status(server):
    job = await server.job(metadata={"a": 1}, trigger="manual")
    path = f"/v1/jobs/{job['id']}"
    found = (
        await server.call("PATCH", path, {"info": "hello", "metadata": {"b": 2}, "config": {"c": 3}})
    ).data
    assert (found["info"], found["metadata"], found["config"]) == ("hello", {"b": 2}, {"c": 3})
    assert (await server.call("PATCH", path, {"status": "ready"})).data["status"] == "ready"
    refused = await server.call("PATCH", path, {"status": "planning"})
    assert (refused.status, refused.error["code"]) == (409, "illegal_move")


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"type": None}, "type"), ({"operation": ""}, "operation"), ({"type": "Work Book"}, "type"), ({"input": "text"}, "input"),
        ({"trigger": "later"}, "trigger"), ({"priority": 10**6}, "priority"), ({"maxAttempts": 0}, "maxAttempts"),
        ({"scheduledAt": "tomorrow"}, "scheduledAt"), ({"scheduledAt": "0001-01-01T00:00:00Z"}, "scheduledAt"),
        ({"runTimeoutS": 1e12}, "runTimeoutS"), ({"info": "x" * 4097}, "info"), ({"subject": {"type": "thing"}}, "subject"),
        ({"operation": "a\u0007b"}, "operation"), ({"progress": 101}, "progress"),
    ],
)  # fmt: skip
async def test_an_unfit_field_is_named(server, fields, key):
    body = {"type": "workbook", "operation": "export", "source": "x"} | fields
    answer = await server.call("POST", "/v1/jobs", body)
    assert answer.status == 400
    assert answer.error["code"] == "invalid"
    assert answer.error["key"].startswith(key)


async def test_all_unfit_fields_are_named_at_once(server):
    errors = (await server.call("POST", "/v1/jobs", {"priority": "x"})).body["errors"]
    assert {error["key"] for error in errors} == {"type", "operation", "priority"}


@pytest.mark.parametrize("part", ["input", "config", "metadata"])
async def test_a_part_that_is_too_large_is_named(server, part):
    body = {"type": "workbook", "operation": "export", part: {"x": "y" * (300 * 1024)}}
    answer = await server.call("POST", "/v1/jobs", body)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (413, "too_large", part)


async def test_unknown_fields_and_flatfiles_own_headers_are_no_obstacle(server):
    body = {"type": "workbook", "operation": "export", "tags": ["x"], "deletedAt": None}
    answer = await server.call(
        "POST", "/v1/jobs", body, headers={"X-Disable-Hooks": "true", "X-Fern-Language": "Python"}
    )
    assert answer.status == 200


async def test_lists_page_by_number_as_flatfile_counts(server):
    made = [(await server.job())["id"] for _ in range(5)]
    answer = await server.call("GET", "/v1/jobs?pageSize=2&pageNumber=2&sortDirection=asc")
    assert [job["id"] for job in answer.data] == made[2:4]
    assert answer.body["pagination"] == {"currentPage": 2, "pageCount": 3, "totalCount": 5}
    assert answer.body["asOf"] == str(server.node.log.head)
    newest = await server.call("GET", "/v1/jobs?pageSize=1")
    assert newest.data[0]["id"] == made[-1]


async def test_lists_page_by_cursor_to_the_end(server):
    made = [(await server.job())["id"] for _ in range(5)]
    found, cursor = [], None
    while True:
        answer = await server.call("GET", "/v1/jobs?pageSize=2" + (f"&cursor={cursor}" if cursor else ""))
        found += [job["id"] for job in answer.data]
        cursor = answer.body["cursor"]
        if cursor is None:
            break
    assert found == made[::-1]


async def test_a_quick_list_is_not_counted(server):
    await server.job()
    answer = await server.call("GET", "/v1/jobs?quick=true&status=ready")
    assert (len(answer.data), answer.body["cursor"], "pagination" in answer.body) == (1, None, False)


async def test_lists_filter(server):
    job = await server.job(operation="import")
    await server.job(parentId=job["id"])
    for query, count in (
        ("job=workbook:import", 1), ("job=workbook:*", 2), ("type=workbook&operation=export", 1), ("status=ready", 2),
        ("status=failed,canceled", 0), ("q=import", 1), (f"q={job['id']}", 1), (f"parentId={job['id']}", 1), ("excludeChildJobs=true", 1),
        ("environmentId=us_env_default&spaceId=us_sp_default", 2),
        ("workbookId=us_wb_1", 2), ("source=us_wb_2", 0), ("createdAfter=2000-01-01T00:00:00%2B01:00", 2), ("unknown=x", 2),
    ):  # fmt: skip
        answer = await server.call("GET", f"/v1/jobs?{query}")
        assert len(answer.data) == count, query
        assert answer.body["pagination"]["totalCount"] == count


@pytest.mark.parametrize(
    "query", ["parentId=x", "parentId=us_jb_00000zzzzz", "environmentId=us_env_other", "spaceId=x"]
)
async def test_lists_of_what_is_not_in_the_space_are_not_found(server, query):
    answer = await server.call("GET", f"/v1/jobs?{query}")
    assert (answer.status, answer.error["code"], answer.error["key"]) == (
        404,
        "not_found",
        query.split("=")[0],
    )


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=0", "pageSize=1001", "pageSize=x", "pageNumber=0", "pageNumber=99999999999999999999", "sortDirection=up",
        "status=done", "excludeChildJobs=maybe", "createdAfter=yesterday", "createdAfter=9999-12-31T23:59:59-14:00",
        "cursor=x", "cursor=us_ev_0000000001", "cursor=us_jb_0000000001&pageNumber=2", "job=" + "x" * 600, "job=a:**:b",
        "type=%00", "job=%0A", "status=" + ",".join(["ready"] * 40), "createdAfter=%00",
    ],
)  # fmt: skip
async def test_odd_parameters_are_refused_by_name(server, query):
    answer = await server.call("GET", f"/v1/jobs?{query}")
    assert answer.status == 400, answer.raw
    assert answer.error["code"] in {"invalid", "bad_cursor", "bad_filter"}
    assert answer.error["key"]


async def test_log_attempts_and_progress_are_empty_lists_at_first(server):
    job = await server.job()
    assert (await server.call("GET", f"/v1/jobs/{job['id']}/log")).data == []
    assert (await server.call("GET", f"/v1/jobs/{job['id']}/attempts")).data == []
    assert (await server.call("GET", f"/v1/jobs/{job['id']}/progress")).data == {"points": []}


async def test_a_failed_attempt_is_listed(server):
    job = await server.job()
    await act(server, job, "ack")
    await act(server, job, "fail", {"info": "broken"})
    (attempt,) = (await server.call("GET", f"/v1/jobs/{job['id']}/attempts")).data
    assert (attempt["attempt"], attempt["message"]) == (1, "broken")
    assert attempt["endedAt"]


async def test_outcomes_get_a_fresh_working_link_at_each_read(server):
    stored = (await server.call("POST", "/v1/files?name=a.txt", raw=b"hello")).data
    job = await server.job()
    await act(server, job, "ack")
    action = {"type": "download", "fileId": stored["id"], "fileName": "a.txt"}
    done = (await act(server, job, "complete", {"outcome": {"next": action}})).data
    first = done["outcome"]["next"]["url"]
    assert first.startswith(f"{server.url}/v1/files/{stored['id']}/content?")
    server.clock.forward(10)
    later = (await show(server, job))["outcome"]["next"]["url"]
    assert later != first
    assert (await server.call("GET", later.removeprefix(server.url), key=None)).raw == b"hello"
    listed = (await server.call("GET", "/v1/jobs")).data[0]
    assert "signature=" in listed["outcome"]["next"]["url"]
