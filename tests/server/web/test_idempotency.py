"""Idempotency-Key: the same call again is done once and answered as before."""

import asyncio

import pytest

from listener_sdk import ApiError, Client

BODY = {"type": "workbook", "operation": "export", "source": "x"}


async def create(server, idempotency_key, body=BODY, **how):
    return await server.call("POST", "/v1/jobs", body, headers={"Idempotency-Key": idempotency_key}, **how)


async def count(server):
    return (await server.call("GET", "/v1/jobs")).body["pagination"]["totalCount"]


async def test_a_repetition_is_answered_as_the_first_and_makes_nothing(server):
    first = await create(server, "a")
    assert (await create(server, "a")).raw == first.raw
    assert await count(server) == 1


async def test_many_at_once_make_one(server):
    answers = await asyncio.gather(*(create(server, "a") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.data["id"] for answer in answers}) == 1
    assert await count(server) == 1


async def test_another_body_under_the_same_key_is_refused(server):
    await create(server, "a")
    answer = await create(server, "a", BODY | {"label": "other"})
    assert (answer.status, answer.error["code"]) == (422, "idempotency_mismatch")
    assert await count(server) == 1


async def test_it_holds_for_one_caller_and_one_address(server):
    job = (await create(server, "a")).data
    assert (await create(server, "a", key=server.listener)).data["id"] != job["id"]
    answer = await server.call("POST", f"/v1/jobs/{job['id']}/cancel", headers={"Idempotency-Key": "a"})
    assert answer.data["status"] == "canceled"


async def test_a_refused_call_is_not_remembered(server):
    assert (await create(server, "a", {"type": "x"})).status == 400
    assert (await create(server, "a")).status == 200


async def test_after_a_day_the_key_is_free_again(server):
    first = (await create(server, "a")).data
    server.clock.forward(86_401)
    assert (await create(server, "a", BODY | {"label": "other"})).data["id"] != first["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
async def test_an_unfit_key_is_refused(server, key):
    answer = await create(server, key)
    assert (answer.status, answer.error["key"]) == (400, "Idempotency-Key")


async def test_a_repeated_outcome_has_a_link_that_works_now(server):
    stored = (await server.call("POST", "/v1/files?name=a.txt", raw=b"hello")).data
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/ack")
    body = {"outcome": {"next": {"type": "download", "fileId": stored["id"]}}}
    for _ in range(2):
        answer = await server.call(
            "POST", f"/v1/jobs/{job['id']}/complete", body, headers={"Idempotency-Key": "c"}
        )
        url = answer.data["outcome"]["next"]["url"].removeprefix(server.url)
        assert (await server.call("GET", url, key=None)).raw == b"hello"
        server.clock.forward(server.settings.link_lifetime_s + 1)


async def test_every_other_post_takes_it_too(server):
    headers = {"Idempotency-Key": "k"}
    published = [
        (
            await server.call(
                "POST", "/v1/events", {"topic": "invoice:paid", "domain": "invoice"}, headers=headers
            )
        ).data["id"]
        for _ in range(2)
    ]
    assert len(set(published)) == 1
    files = [
        (await server.call("POST", "/v1/files?name=a", raw=b"x", headers=headers)).data["id"]
        for _ in range(2)
    ]
    assert len(set(files)) == 1
    assert len(list(server.node.blobs.folder.iterdir())) == 1
    mismatch = await server.call("POST", "/v1/files?name=a", raw=b"y", headers=headers)
    assert mismatch.error["code"] == "idempotency_mismatch"
    assert len(list(server.node.blobs.folder.iterdir())) == 1


async def test_an_upload_for_another_job_name_or_of_another_type_is_another(server):
    job, other = (await server.job())["id"], (await server.job())["id"]

    async def upload(query, type_="text/csv"):
        headers = {"Idempotency-Key": "k", "Content-Type": type_}
        return await server.call("POST", f"/v1/files?{query}", raw=b"x", headers=headers)

    first = (await upload(f"name=a&jobId={job}")).data
    assert (await upload(f"name=a&jobId={job}")).data["id"] == first["id"]
    for how in (
        ["name=a"],
        [f"name=a&jobId={other}"],
        [f"name=b&jobId={job}"],
        [f"name=a&jobId={job}", "text/tsv"],
    ):
        answer = await upload(*how)
        assert (answer.status, answer.error["code"]) == (422, "idempotency_mismatch"), how
    assert len(list(server.node.blobs.folder.iterdir())) == 1


async def test_a_key_is_not_made_twice_and_its_secret_not_shown_again(server):
    body = {"name": "ci", "role": "listener"}
    made, answer = [
        await server.call("POST", "/v1/keys", body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert (answer.status, answer.error["code"], answer.error["id"]) == (409, "conflict", made.data["id"])
    assert "revoke it" in answer.error["message"]
    assert made.data["key"][20:].encode() not in answer.raw
    listed = (await server.call("GET", "/v1/keys")).data
    assert [key["id"] for key in listed if key["name"] == "ci"] == [made.data["id"]]
    stored = await server.node.read(lambda reader: reader.rows("SELECT answer FROM idempotency"))
    assert "tw_" not in str(stored)


async def test_key_creations_at_once_show_one_secret(server):
    body = {"name": "ci", "role": "listener"}
    answers = await asyncio.gather(
        *(server.call("POST", "/v1/keys", body, headers={"Idempotency-Key": "k"}) for _ in range(10))
    )
    (made,) = [answer for answer in answers if answer.status == 200]
    assert [answer.error["code"] for answer in answers if answer is not made] == ["conflict"] * 9
    assert (await server.call("GET", "/v1/whoami", key=made.data["key"])).status == 200


async def test_the_sdk_reads_a_repeated_key_creation_as_a_refusal(server):
    async with Client(server.url, server.key) as client:
        sent = {"body": b'{"name": "ci", "role": "listener"}', "idempotency_key": "k"}
        await client._http.call("POST", "/v1/keys", **sent)
        with pytest.raises(ApiError) as caught:
            await client._http.call("POST", "/v1/keys", **sent)
    assert (caught.value.status, caught.value.code) == (409, "conflict")
