"""Conscia's HTTP examples about job types and jobs, as their documents have them, against a server of its own."""

import asyncio
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from postgres import postgres
from processes import DEADLINE_S, Server, server

pytestmark = pytest.mark.must_run

LIST = """
GET https://io.conscia.ai/vue/_api/v1/job-types
Content-Type: application/json
Authorization: Bearer {{apiKey}}
X-Customer-Code: {{customerCode}}
"""
GET = """
GET https://io.conscia.ai/vue/_api/v1/job-types/{{jobTypeCode}}
Content-Type: application/json
Authorization: Bearer {{apiKey}}
X-Customer-Code: {{customerCode}}
"""
EXECUTE = """
POST https://io.conscia.ai/vue/_api/v1/job-types/callWebserviceEndpoint/_execute
Content-Type: application/json
X-Customer-Code: {{customerCode}}
Authorization: Bearer {{API_KEY}}
{
"params": {
"url": "https://api.example.com/_query_",
"method": "POST",
"headers": {
"Content-Type": "application/json"
},
"body": {
"searchTerms": "running shoe"
},
"searchParams": {
"limit": 10
}
}
}
"""
JOB = """
GET https://io.conscia.ai/vue/_api/v1/jobs/{{jobId}}
Content-Type: application/json
Authorization: Bearer {{apiKey}}
X-Customer-Code: {{customerCode}}
"""


class Search(BaseHTTPRequestHandler):
    """The service that the example calls; it keeps what it was asked."""

    asked: list[tuple[str, str | None, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers["Content-Type"], orjson.loads(body)))
        answer = orjson.dumps({"found": ["Pegasus"]})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@dataclass
class Customer:
    """Sends examples: their host is that of the test's servers, and their names in braces are filled in."""

    home: Server
    service: str
    asked: list[tuple[str, str | None, Any]]

    async def send(self, example: str, **names: str) -> tuple[int, Any]:
        names = {"customerCode": "default", "apiKey": self.home.key, "API_KEY": self.home.key, **names}
        text = re.sub(r"\{\{(\w+)\}\}", lambda found: names[found[1]], example.strip())
        text = text.replace("https://io.conscia.ai", self.home.url)
        text = text.replace("https://api.example.com", self.service)
        head, brace, body = text.partition("\n{")
        first, *lines = head.splitlines()
        method, url = first.split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines)
        data = (brace + body).strip().encode() or None
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, url, headers=headers, data=data) as answer,
        ):
            return answer.status, await answer.json()


@pytest.fixture(params=["sqlite", "postgresql"])
def customer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Customer]:
    asked: list[tuple[str, str | None, Any]] = []
    service = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (Search,), {"asked": asked}))
    threading.Thread(target=service.serve_forever, daemon=True).start()
    store = {} if request.param == "sqlite" else {"database_url": postgres().store()}
    try:
        with server(tmp_path, allow_addresses="127.0.0.1", **store) as home:
            yield Customer(home, f"http://127.0.0.1:{service.server_port}", asked)
    finally:
        service.shutdown()
        service.server_close()


async def test_types_are_listed_and_read(customer: Customer) -> None:
    status, listed = await customer.send(LIST)
    assert status == 200
    found = {one["code"]: one for one in listed["data"]}
    status, read = await customer.send(GET, jobTypeCode="callWebserviceEndpoint")
    assert (status, read["data"]) == (200, found["callWebserviceEndpoint"])
    assert (read["data"]["builtIn"], read["data"]["online"]) == (True, True)
    assert {"url", "method", "headers", "body", "searchParams"} <= read["data"]["inputSchema"][
        "properties"
    ].keys()
    status, read = await customer.send(GET, jobTypeCode="callWebserviceEndpont")
    assert (status, "callWebserviceEndpoint?" in read["errors"][0]["message"]) == (404, True)


async def test_a_job_is_made_of_a_type_and_read_until_it_is_completed(customer: Customer) -> None:
    status, made = await customer.send(EXECUTE)
    assert (status, list(made)) == (200, ["jobId"])
    job = await ended(customer, made["jobId"])
    assert (job["jobId"], job["status"]) == (made["jobId"], "COMPLETED")
    assert job["result"]["body"] == {"found": ["Pegasus"]}
    assert customer.asked == [("/_query_?limit=10", "application/json", {"searchTerms": "running shoe"})]


async def test_a_job_that_fails_says_why(customer: Customer) -> None:
    status, made = await customer.send(EXECUTE.replace("api.example.com", "10.0.0.1"))
    assert status == 200
    job = await ended(customer, made["jobId"])
    assert (job["status"], customer.asked) == ("FAILED", [])
    assert "10.0.0.1" in job["result"]


async def test_another_customer_s_code_opens_nothing(customer: Customer) -> None:
    for example in (LIST, GET, EXECUTE, JOB):
        status, answer = await customer.send(
            example, customerCode="other", jobTypeCode="noop", jobId="us_jb_1"
        )
        assert (status, answer["errors"][0]["key"]) == (404, "X-Customer-Code")


async def ended(customer: Customer, job_id: str) -> Any:
    """The job, once it is no longer STARTED."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            status, job = await customer.send(JOB, jobId=job_id)
            assert status == 200
            assert set(job) == {"jobId", "status", "result"}
            if job["status"] != "STARTED":
                return job
            await asyncio.sleep(0.05)
