import pytest

from listener_sdk.cli.connection import call
from listener_sdk.errors import ConnectionFailed


async def role(client):
    return (await client.whoami()).role


def test_address_and_key_come_from_the_environment(api):
    assert call(None, None, role) == "admin"


def test_options_win_over_the_environment(api, monkeypatch):
    url = api.url
    monkeypatch.setenv("TICKWIRE_URL", "http://127.0.0.1:9")
    assert call(url, None, role) == "admin"
    with pytest.raises(ConnectionFailed):
        call(None, None, role)


def test_commands_take_them_as_options(api, tickwire, monkeypatch):
    monkeypatch.delenv("TICKWIRE_API_KEY")
    assert "There is no API key" in tickwire("jobs").stderr
    assert "not valid" in tickwire("jobs", "--key", "wrong").stderr
