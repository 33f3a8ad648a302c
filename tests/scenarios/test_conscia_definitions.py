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
EXECUTE = f"POST {HOME}/job-definitions/{{{{jobDefinitionCode}}}}/_execute{HEAD}{{}}"
NAMES = {"customerCode": "default", "jobDefinitionCode": "web-test", "email address": "ada@example.com"}


@dataclass
class Customer:
    """Sends examples: their hosts are those of the test, names in braces are filled in, and remarks left out."""

    home: Server
    service: str

    async def send(self, example: str) -> tuple[int, Any]:
        names = {**NAMES, "apiKey": self.home.key}
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
        """The job, once it has ended."""
        head = {"Authorization": f"Bearer {self.home.key}"}
        async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession(headers=head) as http:
            while True:
                async with http.get(f"{self.home.url}/v1/jobs/{job_id}") as answer:
                    found = (await answer.json())["data"]
                if "finishedAt" in found:
                    return found
                await asyncio.sleep(0.02)


async def posts(request: web.Request) -> web.StreamResponse:
    """The service that the example calls."""
    return web.json_response(
        [{"id": 1, "asked": [request.method, request.path, request.headers["Content-Type"]]}]
    )


@pytest.fixture(params=["sqlite", "postgresql"])
async def customer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Customer]:
    store = {} if request.param == "sqlite" else {"database_url": postgres().store()}
    async with website(posts) as service:
        with server(tmp_path, allow_addresses="127.0.0.0/8", **store) as home:
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
    assert await customer.send(GET) == (200, made)
    status, listed = await customer.send(LIST)
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
