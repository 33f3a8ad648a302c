"""What belongs to a definition's jobs: tokens, lists, calls about many jobs, events and live ticks that go by it."""

from server.web.reaching import OF_A_TAG
from tests.server.web.test_definitions import declare, made, make
from tests.server.web.test_tokens import Browser, backend, read, token


async def launched(server, code="web-test"):
    """A job of a definition that is made now."""
    if code == "web-test":
        await declare(server)
    made(await make(server, jobDefinitionCode=code, enabled=True))
    answer = await server.call("POST", f"/v1/job-definitions/{code}/_execute", {"tags": ["acme"]})
    return (await server.call("GET", f"/v1/jobs/{answer.body['jobId']}")).data


async def listed(server, query="", key=""):
    return [job["id"] for job in (await server.call("GET", f"/v1/jobs?{query}", key=key)).data]


async def test_jobs_are_listed_and_acted_upon_by_definition(server):
    mine, other = await launched(server), await launched(server, "other")
    assert await listed(server, "definition=web-test") == [mine["id"]]
    assert await listed(server, "definition=other&status=ready&tag=acme") == [other["id"]]
    assert await listed(server, "definition=nobody") == []
    done = await server.call("POST", "/v1/jobs/bulk/cancel", {"filter": {"definition": "web-test"}})
    assert (done.data["matched"], done.data["done"]) == (1, 1)
    assert await listed(server, "status=canceled") == [mine["id"]]


async def test_a_token_opens_the_jobs_of_a_definition(server):
    mine, other = await launched(server), await launched(server, "other")
    key = await token(server, definition="web-test")
    assert await listed(server, key=key) == [mine["id"]]
    assert await listed(server, "definition=other", key=key) == []
    for path in ("", "/log", "/attempts", "/progress"):
        assert await read(server, key, f"/v1/jobs/{mine['id']}{path}") == 200
        assert await read(server, key, f"/v1/jobs/{other['id']}{path}") == 404
    assert await read(server, key, "/v1/job-definitions/web-test") == 403
    assert "GET /v1/jobs" in OF_A_TAG
    events = (await server.call("GET", "/v1/events?topics=**", key=key)).data
    assert {event["context"]["jobId"] for event in events} == {mine["id"]}
    assert {event["topic"] for event in events} == {"job:created", "job:ready"}


async def test_a_token_shows_the_parts_by_their_counts_alone(server):
    mine = await launched(server)
    await server.call("POST", f"/v1/jobs/{mine['id']}/split", {"parts": 2})
    key = await token(server, definition="web-test")
    assert await listed(server, key=key) == [mine["id"]]
    (part, _) = await listed(server, f"parentId={mine['id']}")
    assert await read(server, key, f"/v1/jobs/{part}") == 404
    events = (await server.call("GET", "/v1/events?topics=**", key=key)).data
    assert {event["context"]["jobId"] for event in events} == {mine["id"]}


async def test_a_definition_must_be_there_for_a_token(server):
    await launched(server)
    answer = await server.call("POST", "/v1/tokens", {"definition": "web-tst"})
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "web-test" in answer.error["message"]
    near = await backend(server, jobs=["crm:*"])
    assert (
        await server.call("POST", "/v1/tokens", {"definition": "web-test"}, key=near["key"])
    ).status == 404


async def test_streams_choose_events_and_live_ticks_by_definition(server):
    mine, other = await launched(server), await launched(server, "other")
    end = await server.job()
    async with (
        Browser(server, server.key) as browser,
        Browser(server, await token(server, definition="web-test")) as far,
    ):
        for one, where in ((browser, {"definition": "web-test", "jobType": "export"}), (far, {})):
            await one.ask(type="subscribe", sub="s", topics=["job:*"], filter=where, progress=True)
        async with Browser(server, server.listener) as worker:
            await worker.say(
                type="listen",
                jobs=[{"job": "workbook:export", "filter": {"label": "x"}}, {"job": "workbook:*"}],
                credit=9,
                id=5,
            )
            grants = []
            while len(grants) < 3:
                grants += (await worker.want(lambda frame: frame["type"] == "grants"))["jobs"]
            leases = {grant["job"]["id"]: grant["fence"] for grant in grants}
            for job in (other, end, mine):
                lease = {"job": job["id"], "fence": leases[job["id"]]}
                await worker.say(type="ack", **lease)
                await worker.say(type="tick", **lease, percent=30)
                await worker.say(type="complete", **lease, id=6)
            for one in (browser, far):
                found = await one.events_until("job:completed")
                assert {event["context"]["jobId"] for event in found} == {mine["id"]}
                assert {event["payload"]["definition"] for event in found} == {"web-test"}
