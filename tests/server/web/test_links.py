"""Addresses of this server as its callers reach it."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from server.settings import Settings
from server.web.links import base_url


async def url_of(server, **headers):
    stored = await server.call("POST", "/v1/files?name=a", raw=b"x", headers=headers)
    return stored.data["url"]


@pytest.mark.parametrize("host", ["jobs.example.com", "jobs.example.com:8080", "[::1]:8420"])
async def test_links_lead_where_the_call_went(server, host):
    assert (await url_of(server, Host=host)).startswith(f"http://{host}/v1/files/")


@pytest.mark.parametrize("host", ["", "evil.example/x?", "a b", 'x"y', "user@host", "x" * 10 + "\\"])
async def test_an_odd_host_is_not_repeated(server, host):
    assert server.settings.port == 0
    assert (await url_of(server, Host=host)).startswith(f"{server.url}/")


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        (("10.0.0.1", 80), "10.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        (None, "0.0.0.0:8420"),
        ("/socket", "0.0.0.0:8420"),
    ],
)
def test_a_call_without_a_host_tells_where_it_arrived(own, shown):
    transport = Mock()
    transport.get_extra_info.side_effect = lambda name, default=None: own if name == "sockname" else default
    request = make_mocked_request("GET", "/", transport=transport)
    node = SimpleNamespace(settings=Settings(host="0.0.0.0", port=8420))
    assert base_url(node, request) == f"http://{shown}"


async def test_headers_of_proxies_are_not_believed(server):
    found = await url_of(server, **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert found.startswith(server.url)


class TestPublicUrl:
    @pytest.fixture
    def settings(self):
        return {"public_url": "https://jobs.example.com/tickwire"}

    async def test_the_public_address_wins(self, server):
        found = await url_of(server, Host="inside.example")
        assert found.startswith("https://jobs.example.com/tickwire/v1/files/")


async def test_each_reading_makes_a_fresh_link(server):
    stored = (await server.call("POST", "/v1/files?name=a", raw=b"x")).data
    server.clock.forward(5)
    later = (await server.call("GET", f"/v1/files/{stored['id']}")).data
    assert later["url"] != stored["url"]
    assert later["urlExpiresAt"] > stored["urlExpiresAt"]
