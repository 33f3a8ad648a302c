import pytest

from listener_sdk.client import Client
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
