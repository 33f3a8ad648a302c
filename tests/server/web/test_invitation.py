"""The address by which who starts a server gets in."""

import pytest

from listener_sdk.protocol.codes import Refusal
from server.web.invitation import invitation


def link_of(address):
    server, _, link = address.partition("/console/login#")
    return server, link


async def log_in(server, link):
    return await server.call("POST", "/v1/sessions", {"link": link}, key=None)


async def test_it_logs_in_the_administrators_key_once(server):
    address, link = link_of(await invitation(server.node, server.url))
    assert address == server.url
    begun = await log_in(server, link)
    assert (begun.data["role"], begun.data["member"]) == ("admin", None)
    assert (await log_in(server, link)).status == 401


async def test_without_the_keys_file_there_is_none(server):
    (server.node.settings.data_dir / "admin.key").unlink()
    assert await invitation(server.node, server.url) is None


async def test_a_key_that_is_valid_no_more_is_refused(server):
    (server.node.settings.data_dir / "admin.key").write_text("tw_0000000000_" + "0" * 64)
    with pytest.raises(Refusal) as caught:
        await invitation(server.node, server.url)
    assert caught.value.code == "unauthorized"


class TestWithAPublicAddress:
    @pytest.fixture
    def settings(self):
        return {"public_url": "https://jobs.example.com"}

    async def test_it_is_named(self, server):
        address, _ = link_of(await invitation(server.node, server.url))
        assert address == "https://jobs.example.com"


class TestWithAKeyOfTheOperator:
    @pytest.fixture
    def settings(self):
        return {"admin_key": "k" * 40}

    async def test_it_is_that_one(self, server):
        _, link = link_of(await invitation(server.node, server.url))
        assert (await log_in(server, link)).data["role"] == "admin"
