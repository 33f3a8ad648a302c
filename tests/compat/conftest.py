"""Flatfile's official clients, unmodified, against a server in a process of its own.

Every test that takes ``flatfile`` runs twice: with ``Flatfile`` of Python, and with ``AsyncFlatfile``, whose calls are awaited here.
``node`` calls the client of Node.
"""

import asyncio
import contextlib
import functools
import inspect

import httpx
import pytest
from flatfile import AsyncFlatfile, Flatfile
from flatfile.core.api_error import ApiError
from node_clients import NodeClient, NodeError
from processes import server

HTTP = {
    "trust_env": False,
    "timeout": 30,
    "verify": False,
}  # to read certificates takes long, and none are shown


class Awaited:
    """The asynchronous client, called as if it were the other."""

    def __init__(self, target, runner):
        self._target = target
        self._runner = runner

    def __getattr__(self, name):
        found = getattr(self._target, name)
        if not inspect.iscoroutinefunction(found):
            return Awaited(found, self._runner)

        @functools.wraps(found)
        def call(*args, **fields):
            return self._runner.run(found(*args, **fields))

        return call


@pytest.fixture(scope="session")
def tickwire(tmp_path_factory):
    """One server for all: every test looks only at jobs and events of its own."""
    with server(tmp_path_factory.mktemp("tickwire"), auth_failures_per_minute=1_000) as started:
        yield started


@pytest.fixture(scope="module", params=("sync", "async"))
def connected(request, tickwire):
    """Makes clients of one kind; ``answered`` sees every answer before the client does, and may spoil it."""
    with contextlib.ExitStack() as ends:
        runner = ends.enter_context(asyncio.Runner())

        def connect(key=None, answered=None, to=tickwire):
            address = {"base_url": f"{to.url}/v1", "token": key or to.key}
            if request.param == "sync":
                hooks = {"response": [answered] if answered else []}
                http = httpx.Client(**HTTP, event_hooks=hooks)
                ends.callback(http.close)
                return Flatfile(**address, httpx_client=http)

            async def hook(response):
                answered(response)

            hooks = {"response": [hook] if answered else []}
            http = httpx.AsyncClient(**HTTP, event_hooks=hooks)
            ends.callback(lambda: runner.run(http.aclose()))
            return Awaited(AsyncFlatfile(**address, httpx_client=http), runner)

        yield connect


@pytest.fixture(scope="module")
def flatfile(connected):
    return connected()


@pytest.fixture(scope="module")
def create(flatfile):
    """A new job, ready unless said otherwise."""

    def make(trigger="immediate", **fields):
        given = {"type": "workbook", "operation": "export", "source": "us_wb_1"} | fields
        return flatfile.jobs.create(trigger=trigger, **given).data

    return make


@pytest.fixture(scope="module")
def begin(flatfile, create):
    """A new job that runs, held by the client's key."""
    return lambda **fields: flatfile.jobs.ack(create(**fields).id).data


@pytest.fixture(scope="session")
def http(tickwire):
    """For what Flatfile's client cannot do."""
    headers = {"Authorization": f"Bearer {tickwire.key}"}
    with httpx.Client(**HTTP, base_url=tickwire.url, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def another_key(http):
    """A key beside the administrator's."""
    made = http.post("/v1/keys", json={"name": "another", "role": "listener"})
    return made.raise_for_status().json()["data"]["key"]


@pytest.fixture(scope="session")
def listed(http):
    """A young job's events as the server lists them: the client takes long to read many."""

    def found(job, **query):
        given = {"domain": "job", "since": job.created_at.isoformat(), "pageSize": 1000, **query}
        events = http.get("/v1/events", params=given).raise_for_status().json()["data"]
        return [event for event in events if event["context"]["jobId"] == job.id]

    return found


@pytest.fixture(scope="session")
def topics(listed):
    """The topics of a young job's events, those that the client can read."""
    return lambda job: [event["topic"] for event in listed(job)]


@pytest.fixture(scope="session")
def refused():
    """Inside, the client must raise ApiError with this status, and as body the one shape with this code."""

    @contextlib.contextmanager
    def refusal(status, code, /, kind=ApiError, **facts):
        with pytest.raises(kind) as caught:
            yield caught
        assert caught.value.status_code == status
        body = caught.value.body
        # Errors that the client gives a type of its own hold the parsed body.
        first = (body if isinstance(body, dict) else body.dict())["errors"][0]
        assert first["code"] == code
        assert first["message"]
        assert {name: first.get(name) for name in facts} == facts

    return refusal


@pytest.fixture(scope="session")
def parameters():
    """What may be sent with a method, by its signature: a test that sends all of it fails when a newer client has more."""

    def named(method):
        return {
            name
            for name, parameter in inspect.signature(method).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name != "request_options"
        }

    return named


@pytest.fixture(scope="session")
def node(tickwire):
    """The client of Node: ``node("jobs.get", job_id)``."""
    client = NodeClient(tickwire.url, tickwire.key)
    yield client
    client.close()


@pytest.fixture(scope="session")
def node_refused():
    """Inside, the client of Node must throw its error of this kind, with this status, and as body the one shape with this code."""

    @contextlib.contextmanager
    def refusal(status, code, /, kind="FlatfileError", **facts):
        with pytest.raises(NodeError) as caught:
            yield
        assert (caught.value.kind, caught.value.status) == (kind, status), caught.value
        first = caught.value.body["errors"][0]
        assert first["code"] == code
        assert first["message"]
        assert {name: first.get(name) for name in facts} == facts

    return refusal
