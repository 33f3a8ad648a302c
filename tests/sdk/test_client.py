import subprocess
import sys

import pytest

from listener_sdk.client import PARTS, Client
from listener_sdk.errors import SettingsError
from tests.sdk.fake_server import KEY
from tests.sdk.test_client_spaces import SPACE


async def test_without_a_key_it_says_how_to_give_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="TICKWIRE_API_KEY"):
        Client("http://127.0.0.1:8420")


async def test_the_environment_tells_where_and_who(server, monkeypatch):
    monkeypatch.setenv("TICKWIRE_URL", server.url)
    monkeypatch.setenv("TICKWIRE_API_KEY", KEY)
    server.routes["GET", "/v1/whoami"] = {
        "data": {"keyId": "k", "role": "admin", "space": "default", "spaceId": "us_sp_default", "accountId": "a",
                 "environmentId": "us_env_default", "version": "0.1.0", "position": "e:1"}
    }  # fmt: skip
    async with Client() as client:
        me = await client.whoami()
        assert client.url == server.url
    assert (me.role, me.space_id, me.position) == ("admin", "us_sp_default", "e:1")


async def test_a_closed_client_can_be_used_again(server, client):
    server.routes["GET", "/v1/spaces"] = {"data": [SPACE]}
    await client.spaces.list()
    await client.close()
    assert [space.name for space in (await client.spaces.list()).items] == ["Acme"]


def test_parts_are_made_once_and_others_are_no_attributes():
    client = Client("http://127.0.0.1:8420", KEY)
    assert {*PARTS} < {*dir(client)}
    assert all(getattr(client, name) is getattr(client, name) for name in PARTS)
    assert type(client.environments).__name__ == "Environments"
    with pytest.raises(AttributeError, match="no attribute 'job'"):
        client.job  # noqa: B018 - asking is what is tested


def test_a_client_begins_without_what_it_is_not_asked_for():
    """In a process of its own: here all is loaded already."""
    code = """
import sys
from listener_sdk import Client
client = Client("http://127.0.0.1:8420", "k")
client.jobs, client.subscribe
later = {"websockets", "listener_sdk._stream", "listener_sdk.protocol.frames", "listener_sdk.client_definitions", "listener_sdk.client_schedules"}
assert not later & set(sys.modules), sorted(later & set(sys.modules))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
