"""Conscia's HTTP examples about job definitions, as their documents have them, against a server of its own."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from own_jobs import website
from postgres import postgres
from processes import DEADLINE_S, Server, server

pytestmark = pytest.mark.must_run

HEAD = """
Content-Type: application/json
Authorization: Bearer {{apiKey}}
X-Customer-Code: {{customerCode}}

"""
HOME = "https://io.conscia.ai/vue/_api/v1"
CREATE = f"""POST {HOME}/job-definitions{HEAD}{{
"jobDefinition": {{
"jobDefinitionCode": "web-test",
"jobType": "callWebserviceEndpoint",
"name": "Call My favourite webservice",
"schedule": {{ "cron": "* * * * *" }}, // Optional.
"params": {{
"url": "https://jsonplaceholder.typicode.com/posts",
"method": "GET",
"headers": {{
"Content-Type": "application/json"
}}
}},
"options": {{
"skipNotification": true, // Show/hide notifications in the UI
"sendCompletionEmail": true, // Send completion email to the person who triggered the job
"sendFailureEmail": true, // Send failure email to the person who triggered the job
"emailList": ["{{{{email address}}}}"] // Optional. Send completion/failure email to the specified email addresses
}}
}}
}}"""
LIST = f"GET {HOME}/job-definitions{HEAD}"
GET = f"GET {HOME}/job-definitions/{{{{jobDefinitionCode}}}}{HEAD}"
UPDATE = f"""PATCH {HOME}/job-definitions/{{{{jobDefinitionCode}}}}{HEAD}{{
"jobDefinition": {{
"jobDefinitionCode": "web-test",
"jobType": "callWebserviceEndpoint",
"name": "My new name", // new name
"schedule": {{ "cron": "*/5 * * * *" }}, // every 5 minutes
"params": {{
"url": "https://jsonplaceholder.typicode.com/posts",
"method": "GET",
"headers": {{
"Content-Type": "application/json"
}}
}}
}}
}}"""
DELETE = f"DELETE {HOME}/job-definitions/{{{{jobDefinitionCode}}}}{HEAD}"
UNSCHEDULED = CREATE.replace('"schedule": { "cron": "* * * * *" }, // Optional.\n', "")
EXECUTE = f"POST {HOME}/job-definitions/{{{{jobDefinitionCode}}}}/_execute{HEAD}{{}}"
JOB = f"GET {HOME}/jobs/{{{{jobId}}}}{HEAD}"
NAMES = {"customerCode": "default", "jobDefinitionCode": "web-test", "email address": "ada@example.com"}


@dataclass
class Customer:
    """Sends examples: their hosts are those of the test, names in braces are filled in, and remarks left out."""

    home: Server
    service: str

    async def send(self, example: str, **given: str) -> tuple[int, Any]:
        names = {**NAMES, "apiKey": self.home.key, **given}
        text = re.sub(r"\{\{([\w ]+)\}\}", lambda found: names[found[1]], re.sub(r" // .*", "", example))
        text = text.replace("https://io.conscia.ai", self.home.url).replace(
            "https://jsonplaceholder.typicode.com", self.service
        )
        head, _, body = text.partition("\n\n")
        first, *lines = head.splitlines()
        method, url = first.split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines)
        data = body.strip().encode() or None
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, url, headers=headers, data=data) as answer,
        ):
            return answer.status, await answer.json()

    async def job(self, job_id: str) -> Any:
        """The job as Tickwire shows it, once it has ended."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = await self.get(f"/v1/jobs/{job_id}")
                if "finishedAt" in found:
                    return found
                await asyncio.sleep(0.02)

    async def get(self, path: str) -> Any:
        """What Conscia's examples do not show."""
        head = {"Authorization": f"Bearer {self.home.key}"}
        async with (
            aiohttp.ClientSession(headers=head) as http,
            http.get(f"{self.home.url}{path}") as answer,
        ):
            return (await answer.json())["data"]


async def posts(request: web.Request) -> web.StreamResponse:
    """The service that the example calls."""
    return web.json_response(
        [{"id": 1, "asked": [request.method, request.path, request.headers["Content-Type"]]}]
    )


@pytest.fixture(params=["sqlite", "postgresql"])
async def customer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Customer]:
    store = {} if request.param == "sqlite" else {"database_url": postgres().store()}
    async with website(posts) as service:
        with server(tmp_path, allow_addresses="127.0.0.0/8", auth_failures_per_minute=1_000, **store) as home:
            yield Customer(home, service)


async def test_a_definition_lives_as_the_examples_have_it(customer: Customer) -> None:
    status, made = await customer.send(CREATE)
    assert status == 200, made
    first = made["jobDefinition"]
    assert (first["jobDefinitionCode"], first["jobType"], first["name"]) == (
        "web-test", "callWebserviceEndpoint", "Call My favourite webservice",
    )  # fmt: skip
    assert (first["schedule"], first["enabled"]) == ({"cron": "* * * * *"}, True)
    assert first["params"] == {
        "url": f"{customer.service}/posts", "method": "GET", "headers": {"Content-Type": "application/json"}
    }  # fmt: skip
    assert first["options"] == {
        "skipNotification": True, "sendCompletionEmail": True, "sendFailureEmail": True, "emailList": ["ada@example.com"]
    }  # fmt: skip
    assert (await customer.send(CREATE))[0] == 409
    status, shown = await customer.send(GET)
    # When its schedule is due next is told of what is read, not of what was just made.
    assert shown["jobDefinition"].pop("nextAt")
    assert (status, shown) == (200, made)
    status, listed = await customer.send(LIST)
    assert [one.pop("nextAt") for one in listed["data"]]
    assert (status, listed["data"]) == (200, [first])

    status, changed = await customer.send(UPDATE)
    assert status == 200, changed
    after = changed["jobDefinition"]
    assert (after["name"], after["schedule"], after["version"]) == ("My new name", {"cron": "*/5 * * * *"}, 2)
    assert (after["options"], after["params"], after["enabled"]) == (first["options"], first["params"], True)

    status, started = await customer.send(EXECUTE)
    assert (status, list(started)) == (200, ["jobId"])
    job = await customer.job(started["jobId"])
    assert (job["status"], job["definition"], job["definitionVersion"]) == ("complete", "web-test", 2), (
        json.dumps(job)
    )
    assert job["result"]["body"] == [{"id": 1, "asked": ["GET", "/posts", "application/json"]}]

    status, gone = await customer.send(DELETE)
    assert (status, gone) == (200, {"data": {"success": True}})
    assert (await customer.send(GET))[0] == 404


async def test_a_definition_without_a_schedule_runs_when_it_is_executed_alone(customer: Customer) -> None:
    status, made = await customer.send(UNSCHEDULED)
    assert status == 200, made
    definition = made["jobDefinition"]
    assert (definition["jobDefinitionCode"], definition["enabled"]) == ("web-test", True)
    assert definition.get("schedule") is None
    assert await customer.send(GET) == (200, made)
    assert await customer.get("/v1/job-definitions/web-test/schedules") == []
    status, started = await customer.send(EXECUTE)
    assert (status, list(started)) == (200, ["jobId"])
    job = await done(customer, started["jobId"])
    assert job["status"] == "COMPLETED"
    assert job["result"]["body"][0]["asked"] == ["GET", "/posts", "application/json"]
    status, changed = await customer.send(UPDATE)
    assert (status, changed["jobDefinition"]["schedule"]) == (200, {"cron": "*/5 * * * *"})


async def test_the_schedule_of_the_example_is_one_that_is_due(customer: Customer) -> None:
    await customer.send(CREATE)
    [made] = await customer.get("/v1/job-definitions/web-test/schedules")
    assert (made["cron"], made["origin"], made["state"]) == ("* * * * *", "definition", "active")
    assert made["nextAt"].endswith(":00.000Z")
    await customer.send(UPDATE)
    [changed] = await customer.get("/v1/job-definitions/web-test/schedules")
    assert (changed["id"], changed["cron"]) == (made["id"], "*/5 * * * *")
    assert int(changed["nextAt"][14:16]) % 5 == 0
    await customer.send(DELETE)
    assert await customer.get("/v1/schedules") == []


async def test_a_schedule_in_the_dialect_of_the_documents_starts_jobs(customer: Customer) -> None:
    """They refer to `0 0 12 * * ?`, which has seconds: so a test need not wait for a minute."""
    status, made = await customer.send(CREATE.replace("* * * * *", "0 0 12 * * ?"))
    assert (status, made["jobDefinition"]["schedule"]) == (200, {"cron": "0 0 12 * * ?"})
    [noon] = await customer.get("/v1/job-definitions/web-test/schedules")
    assert noon["nextAt"][11:] == "12:00:00.000Z"
    await customer.send(UPDATE.replace("*/5 * * * *", "*/10 * * * * ?"))
    started: list[Any] = []
    async with asyncio.timeout(DEADLINE_S):
        while not started:
            await asyncio.sleep(0.1)
            started = await customer.get("/v1/jobs?definition=web-test")
    assert started[-1]["startedBy"]["kind"] == "schedule"
    assert (await done(customer, started[-1]["id"]))["status"] == "COMPLETED"


async def test_a_job_that_fails_says_so(customer: Customer) -> None:
    await customer.send(UNSCHEDULED.replace("https://jsonplaceholder.typicode.com", "http://10.0.0.1"))
    _, started = await customer.send(EXECUTE)
    job = await done(customer, started["jobId"])
    assert (job["status"], "10.0.0.1" in job["result"]) == ("FAILED", True)


async def test_every_call_needs_the_key_and_the_customers_own_code(customer: Customer) -> None:
    await customer.send(UNSCHEDULED)
    _, started = await customer.send(EXECUTE)
    for example in (CREATE, LIST, GET, UPDATE, DELETE, EXECUTE, JOB):
        status, answer = await customer.send(example, apiKey="tw_wrong", **started)
        assert (status, answer["errors"][0]["code"]) == (401, "unauthorized")
        bare = example.replace("Authorization: Bearer {{apiKey}}\n", "")
        assert (await customer.send(bare, **started))[0] == 401
        status, answer = await customer.send(example, customerCode="other", **started)
        assert (status, answer["errors"][0]["key"]) == (404, "X-Customer-Code")
    [left] = (await customer.send(LIST))[1]["data"]
    assert (left["name"], left["version"]) == ("Call My favourite webservice", 1)


async def done(customer: Customer, job_id: str) -> Any:
    """The job as the example reads it, once it is no longer STARTED."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            status, job = await customer.send(JOB, jobId=job_id)
            assert (status, set(job), job["jobId"]) == (200, {"jobId", "status", "result"}, job_id)
            if job["status"] != "STARTED":
                return job
            await asyncio.sleep(0.05)
