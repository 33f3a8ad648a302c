"""Proxies: whom a trusted one names is believed, and nobody else names anybody."""

import asyncio
import contextlib

import aiohttp
import pytest

from server.outbound.addresses import read_networks
from server.web.proxies import MOST_HOPS, Proxies

FORWARDED = "X-Forwarded-For"
OWN = Proxies(read_networks(["10.0.0.0/8", "fd00::/8"]))


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ([], "10.0.0.1"),
        ([""], "10.0.0.1"),
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.9, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.9", "203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        (["203.0.113.7,10.0.0.2 , fd00::1"], "203.0.113.7"),
        (["10.9.9.9, 10.0.0.2"], "10.9.9.9"),
        (["203.0.113.7, unknown"], "10.0.0.1"),
        (["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
        (["<script>"], "10.0.0.1"),
        (["203.0.113.7:4711"], "203.0.113.7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["2001:DB8:0::7"], "2001:db8::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["fe80::1%eth0"], "10.0.0.1"),
        (["203.0.113.7" + ", 10.0.0.2" * MOST_HOPS], "10.0.0.2"),
    ],
)
def test_the_rightmost_address_that_is_no_proxys_is_the_callers(headers, caller):
    assert OWN.caller("10.0.0.1", headers) == caller


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("fd00::5", True),
        ("192.0.2.1", False),
        ("unknown", False),
    ],
)
def test_proxies_are_those_of_the_networks(peer, trusted):
    assert OWN.trusts(peer) is trusted
    assert not Proxies().trusts(peer)


async def wrong(server, forwarded, count):
    """The answers to so many wrong keys, each said to come from there."""
    return [
        (await server.call("GET", "/v1/whoami", key=f"w{n}", headers={FORWARDED: forwarded})).status
        for n in range(count)
    ]


async def addresses(server):
    lines = (await server.call("GET", "/v1/audit?action=key:created")).data
    return [line["address"] for line in lines[:-1]]  # the last one is that of the server's first listener


async def make(server, forwarded):
    body = {"name": "n", "role": "viewer"}
    return await server.call("POST", "/v1/keys", body, headers={FORWARDED: forwarded})


class TestNobodyIsTrusted:
    @pytest.fixture
    def settings(self):
        return {"auth_failures_per_minute": 5}

    async def test_a_header_does_nothing(self, server):
        codes = [(await wrong(server, f"203.0.113.{n}", 1))[0] for n in range(7)]
        assert codes == [401] * 5 + [429] * 2
        await make(server, "203.0.113.7")
        assert "203.0.113.7" not in await addresses(server)


class TestAnotherProxyIsTrusted:
    @pytest.fixture
    def settings(self):
        return {"trusted_proxies": read_networks(["10.0.0.0/8"])}

    async def test_a_header_of_who_is_none_does_nothing(self, server):
        await make(server, "203.0.113.7")
        assert await addresses(server) == ["127.0.0.1"]


class TestTrusted:
    @pytest.fixture
    def settings(self):
        return {
            "auth_failures_per_minute": 5,
            "strangers_per_address": 1,
            "trusted_proxies": read_networks(["127.0.0.0/8", "::1"]),
        }

    async def test_each_caller_has_guesses_of_its_own(self, server):
        assert await wrong(server, "203.0.113.7", 7) == [401] * 5 + [429] * 2
        assert await wrong(server, "203.0.113.8", 1) == [401]

    async def test_what_a_client_writes_itself_changes_nothing(self, server):
        codes = [(await wrong(server, f"198.51.100.{n}, 203.0.113.7", 1))[0] for n in range(7)]
        assert codes == [401] * 5 + [429] * 2

    async def test_the_audit_has_the_callers_address(self, server):
        await make(server, "203.0.113.7")
        await make(server, "203.0.113.8, 127.0.0.1")
        assert await addresses(server) == ["203.0.113.8", "203.0.113.7"]

    async def test_strangers_are_counted_by_caller_and_only_while_they_call(self, server, monkeypatch):
        monkeypatch.setattr("server.web.admission.HERD", 1)
        monkeypatch.setattr("server.web.admission.PATIENCE_S", 3600.0)
        async with contextlib.AsyncExitStack() as stack:

            async def stands(address):
                http = await stack.enter_async_context(aiohttp.ClientSession())
                return await stack.enter_async_context(
                    http.ws_connect(f"{server.url}/v1/stream", headers={FORWARDED: address})
                )

            await stands("203.0.113.7")
            await stands("203.0.113.8")
            with pytest.raises(aiohttp.WSServerHandshakeError, match="429"):
                await stands("203.0.113.7")
            assert await wrong(server, "203.0.113.9", 3) == [401] * 3
            answers = await asyncio.gather(*(make(server, "127.0.0.1") for _ in range(3)))
            assert {answer.status for answer in answers} == {200}
