"""Tokens of a tag: the jobs that have it, whoever made them, and what is told of them; nothing else."""

from server.web.reaching import OF_A_TAG
from server.web.routes import ROUTES
from tests.server.web.test_tokens import Browser, backend, read, token


async def pair(server, **fields):
    """A job that has the tag, and one that has another."""
    return [await server.job(tags=tags, **fields) for tags in (["vip", "acme"], ["acme2"])]


async def finish(server, *jobs):
    for job in jobs:
        await server.call("POST", f"/v1/jobs/{job['id']}/ack", {"progress": 50})
        await server.call("POST", f"/v1/jobs/{job['id']}/complete", {})


async def test_it_opens_the_jobs_that_have_the_tag(server):
    mine, other = await pair(server)
    key = await token(server, tag="acme")
    listed = await server.call("GET", "/v1/jobs", key=key)
    assert [job["id"] for job in listed.data] == [mine["id"]]
    assert listed.body["pagination"]["totalCount"] == 1
    assert (await server.call("GET", "/v1/jobs?tag=acme2", key=key)).data == []
    for path in ("", "/log", "/attempts", "/progress"):
        assert await read(server, key, f"/v1/jobs/{mine['id']}{path}") == 200
        assert await read(server, key, f"/v1/jobs/{other['id']}{path}") == 404
    assert await read(server, key, f"/v1/jobs?parentId={other['id']}") == 404


async def test_it_may_be_made_before_the_jobs(server):
    key = await token(server, tag="acme")
    assert (await server.call("GET", "/v1/jobs", key=key)).data == []
    mine, _ = await pair(server)
    assert [job["id"] for job in (await server.call("GET", "/v1/jobs", key=key)).data] == [mine["id"]]


async def test_it_lists_the_events_of_its_jobs_to_the_end(server):
    mine, other = await pair(server)
    key = await token(server, tag="acme")
    await finish(server, mine, other)
    await server.call("POST", f"/v1/files?name=a.csv&jobId={mine['id']}", raw=b"a,b")
    claim = {"domain": "invoice", "topic": "invoice:paid", "payload": {"job": "x", "tags": ["acme"]}}
    assert (await server.call("POST", "/v1/events", claim)).status == 200
    found, cursor = [], ""
    while cursor is not None:
        page = await server.call("GET", f"/v1/events?topics=**&pageSize=2&cursor={cursor}", key=key)
        found += page.data
        cursor = page.body["cursor"]
    assert {event["context"]["jobId"] for event in found} == {mine["id"]}
    assert [event["topic"] for event in found] == ["job:created", "job:ready", "job:updated", "job:completed"]


async def test_every_other_route_is_closed(server):
    job, _ = await pair(server)
    key = await token(server, tag="acme")
    for route in ROUTES:
        if route.auth in {"public", "stream"} or f"{route.method} {route.path}" in OF_A_TAG:
            continue
        path = route.path.replace("{id}", job["id"]).replace("{version}", "1")
        path = path.replace("{code}", "noop").replace("{name}", "noop")
        answer = await server.call(route.method, path, key=key, raw=b"{}")
        assert (answer.status, answer.error["code"]) == (403, "forbidden"), route
    assert (await server.call("GET", f"/v1/jobs/{job['id']}")).data["status"] == "ready"


async def test_parts_and_reruns_are_seen_and_other_children_are_not(server):
    mine, _ = await pair(server)
    await server.call("POST", f"/v1/jobs/{mine['id']}/ack", {})
    await server.call("POST", f"/v1/jobs/{mine['id']}/split", {"parts": 2})
    await server.job(parentId=mine["id"])
    key = await token(server, tag="acme")
    seen = (await server.call("GET", f"/v1/jobs?parentId={mine['id']}", key=key)).data
    assert sorted(job["part"] for job in seen) == [0, 1]
    await server.call("POST", f"/v1/jobs/{mine['id']}/complete", {})
    again = (await server.call("POST", f"/v1/jobs/{mine['id']}/retry")).data
    assert await read(server, key, f"/v1/jobs/{again['id']}") == 200


async def test_who_loses_the_tag_is_not_seen_any_more(server):
    mine, other = await pair(server)
    key = await token(server, tag="acme")
    await server.call("PATCH", f"/v1/jobs/{mine['id']}", {"tags": ["else"]})
    await server.call("PATCH", f"/v1/jobs/{other['id']}", {"tags": ["acme"]})
    assert [job["id"] for job in (await server.call("GET", "/v1/jobs", key=key)).data] == [other["id"]]
    assert await read(server, key, f"/v1/jobs/{mine['id']}") == 404
    said = (await server.call("GET", "/v1/events?topics=**", key=key)).data
    assert [(event["topic"], event["context"]["jobId"]) for event in said] == [
        ("job:created", mine["id"]), ("job:ready", mine["id"]), ("job:updated", other["id"]),
    ]  # fmt: skip


async def test_it_reaches_no_further_than_its_key_and_its_space(server):
    maker = await backend(server, jobs=["import:*"])
    mine = await server.job(type="import", tags=["acme"])
    beyond = await server.job(type="export", tags=["acme"])
    key = await token(server, maker["key"], tag="acme")
    assert [job["id"] for job in (await server.call("GET", "/v1/jobs", key=key)).data] == [mine["id"]]
    assert await read(server, key, f"/v1/jobs/{beyond['id']}") == 404
    events = (await server.call("GET", "/v1/events?topics=**&pageSize=100", key=key)).data
    assert {event["context"]["jobId"] for event in events} == {mine["id"]}
    await server.call("POST", "/v1/spaces", {"name": "Elsewhere", "code": "elsewhere"})
    headers = {"X-Customer-Code": "elsewhere"}
    theirs = (await server.call("POST", "/v1/tokens", {"tag": "acme"}, headers=headers)).data["token"]
    assert (await server.call("GET", "/v1/jobs", key=theirs)).data == []
    assert await read(server, theirs, f"/v1/jobs/{mine['id']}") == 404


async def test_a_browser_hears_of_the_jobs_of_its_tag_alone(server):
    mine, other = await pair(server, trigger="manual")
    async with Browser(server, await token(server, tag="acme")) as browser:
        for after in ("oldest", "now"):
            answer = await browser.ask(type="subscribe", sub=after, topics=["**"], after=after, progress=True)
            assert answer["type"] == "subscribed"
        claim = {"domain": "invoice", "topic": "invoice:paid", "payload": {"tags": ["acme"]}}
        await server.call("POST", "/v1/events", claim)
        for job in (other, mine):
            await server.call("POST", f"/v1/jobs/{job['id']}/execute", {})
        await finish(server, other, mine)
        told = await browser.events_until("job:completed")
        assert {event["context"]["jobId"] for event in told} == {mine["id"]}


async def test_live_ticks_of_its_jobs_alone_come(server):
    mine, other = await pair(server)
    async with (
        Browser(server, server.listener) as listener,
        Browser(server, await token(server, tag="acme")) as browser,
        Browser(server, await token(server)) as wide,
    ):
        for one in (browser, wide):
            await one.ask(type="subscribe", sub="s", topics=["**"], progress=True)
        await listener.say(type="listen", jobs=[{"job": "**"}], credit=2)
        grants = []
        while len(grants) < 2:
            grants += (await listener.want(lambda frame: frame["type"] == "grants"))["jobs"]
        for grant in sorted(grants, key=lambda grant: grant["job"]["id"] == mine["id"]):
            await listener.say(type="tick", job=grant["job"]["id"], fence=grant["fence"], percent=30)
        seen = set()
        while seen != {mine["id"], other["id"]}:
            seen |= {
                job["id"] for job in (await wide.want(lambda frame: frame["type"] == "progress"))["jobs"]
            }
        told = (await browser.want(lambda frame: frame["type"] == "progress"))["jobs"]
        assert [job["id"] for job in told] == [mine["id"]]
