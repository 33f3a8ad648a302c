"""Addresses of this server as its callers reach it."""

import pytest


async def url_of(server, **headers):
    stored = await server.call("POST", "/v1/files?name=a", raw=b"x", headers=headers)
    return stored.data["url"]


@pytest.mark.parametrize("host", ["jobs.example.com", "jobs.example.com:8080", "[::1]:8420"])
async def test_links_lead_where_the_call_went(server, host):
    assert (await url_of(server, Host=host)).startswith(f"http://{host}/v1/files/")


@pytest.mark.parametrize("host", ["", "evil.example/x?", "a b", 'x"y', "user@host", "x" * 10 + "\\"])
async def test_an_odd_host_is_not_repeated(server, host):
    assert (await url_of(server, Host=host)).startswith(f"http://127.0.0.1:{server.settings.port}/")


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
