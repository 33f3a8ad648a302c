"""The descriptions over HTTP: who may read them, and that they are what is served."""

import pytest

from listener_sdk._version import __version__
from server.web import descriptions
from server.web.routes import ROUTES

PATHS = ("/openapi.json", "/asyncapi.json", "/docs")


async def test_they_take_a_key(server):
    for path in PATHS:
        assert (await server.call("GET", path, key=None)).status == 401
        assert (await server.call("GET", path)).status == 200


async def test_every_role_may_read_them(server):
    for path in PATHS:
        assert (await server.call("GET", path, key=server.listener)).status == 200


async def test_they_are_of_this_server(server):
    calls = (await server.call("GET", "/openapi.json")).body
    assert calls["info"]["version"] == __version__
    assert {(method.upper(), path) for path, item in calls["paths"].items() for method in item} == {
        (route.method, route.path) for route in ROUTES
    }
    assert (await server.call("GET", "/asyncapi.json")).body["asyncapi"] == "3.0.0"


async def servers_of(server, **headers):
    found = (await server.call("GET", "/asyncapi.json", headers=headers)).body["servers"]
    for one in found.values():
        one.pop("security")
    return found


async def test_the_messages_are_said_where_the_call_went(server):
    assert await servers_of(server, Host="jobs.example.com:8080") == {
        "stream": {"host": "jobs.example.com:8080", "protocol": "ws"},
        "events": {"host": "jobs.example.com:8080", "protocol": "http"},
    }
    assert (await servers_of(server))["stream"]["host"] == server.url.removeprefix("http://")


async def test_the_calls_go_where_the_description_was_read(server):
    assert (await server.call("GET", "/openapi.json")).body["servers"] == [{"url": "/"}]


async def test_the_page_runs_nothing(server):
    answer = await server.call("GET", "/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"<script" not in answer.raw
    assert b"/v1/jobs/{id}/ack" in answer.raw


class TestPublic:
    @pytest.fixture
    def settings(self):
        return {"public_docs": True}

    async def test_by_setting_nobody_asks(self, server):
        for path in PATHS:
            assert (await server.call("GET", path, key=None)).status == 200
        assert (await server.call("GET", "/v1/jobs", key=None)).status == 401


class TestPublicUrl:
    @pytest.fixture
    def settings(self):
        return {"public_url": "https://jobs.example.com/tickwire"}

    async def test_the_messages_are_said_at_the_public_address(self, server):
        at = {"host": "jobs.example.com", "pathname": "/tickwire"}
        assert await servers_of(server, Host="inside.example") == {
            "stream": {**at, "protocol": "wss"},
            "events": {**at, "protocol": "https"},
        }

    async def test_and_so_are_the_calls(self, server):
        found = (await server.call("GET", "/openapi.json", headers={"Host": "inside.example"})).body
        assert found["servers"] == [{"url": "https://jobs.example.com/tickwire"}]
        assert "/v1/jobs" in found["paths"]


def test_they_are_printed_without_a_server(capsysbinary):
    for name, text in descriptions.TEXTS.items():
        descriptions.main([name])
        assert capsysbinary.readouterr().out == text()
