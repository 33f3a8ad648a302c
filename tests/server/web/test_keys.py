"""Keys over REST: made, listed without secrets, revoked."""

import aiohttp
import pytest


async def make(server, **fields):
    return await server.call("POST", "/v1/keys", {"name": "ci", "role": "listener"} | fields)


async def test_a_key_is_shown_once_and_works(server):
    made = (await make(server, expiresAt="2999-01-01T00:00:00Z")).data
    assert made["key"].startswith("tw_")
    assert (made["role"], made["expiresAt"], made["createdBy"]) == (
        "listener",
        "2999-01-01T00:00:00.000Z",
        "us_key_0000000000",
    )
    assert (await server.call("GET", "/v1/whoami", key=made["key"])).data["keyId"] == made["id"]
    listed = await server.call("GET", "/v1/keys")
    assert made["key"][20:].encode() not in listed.raw
    assert "key" not in listed.data[-1]


async def test_no_secret_stands_in_any_event_or_file(server):
    made = (await make(server)).data
    secret = made["key"].rsplit("_", 1)[1]
    events = await server.call("GET", "/v1/events?topics=**")
    assert made["id"].encode() in events.raw
    assert secret.encode() not in events.raw
    for path in server.settings.data_dir.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


async def test_lists_page_by_cursor_and_show_revoked_keys(server):
    ids = ["us_key_0000000000", "us_key_0000000001", *[(await make(server)).data["id"] for _ in range(3)]]
    await server.call("DELETE", f"/v1/keys/{ids[-1]}")
    found, cursor = [], None
    while True:
        answer = await server.call("GET", "/v1/keys?pageSize=2" + (f"&cursor={cursor}" if cursor else ""))
        found += answer.data
        cursor = answer.body["cursor"]
        if cursor is None:
            break
    assert [key["id"] for key in found] == ids
    assert found[-1]["revokedAt"]
    assert (await server.call("GET", "/v1/keys?cursor=x")).error["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("fields", "key"),
    [({"role": "owner"}, "role"), ({"role": None}, "role"), ({"name": ""}, "name"), ({"name": "a\u0007"}, "name"), ({"name": "x" * 129}, "name"),
     ({"expiresAt": "2000-01-01T00:00:00Z"}, "expiresAt"), ({"expiresAt": "x"}, "expiresAt")],
)  # fmt: skip
async def test_unfit_fields_are_named(server, fields, key):
    answer = await make(server, **fields)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", key)


async def test_revoking_closes_the_keys_sockets(server):
    made = (await make(server)).data
    headers = {"Authorization": f"Bearer {made['key']}"}
    async with server.http.ws_connect(f"{server.url}/v1/stream", headers=headers) as socket:
        await socket.send_json({"type": "hello", "id": 1, "session": "session-1"})
        assert (await socket.receive_json(timeout=10))[0]["type"] == "welcome"
        assert (await server.call("DELETE", f"/v1/keys/{made['id']}")).data == {"success": True}
        message = await socket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4401


async def test_the_last_administrator_stays(server):
    answer = await server.call("DELETE", "/v1/keys/us_key_0000000000")
    assert (answer.status, answer.error["code"]) == (409, "conflict")
    assert (await server.call("GET", "/v1/whoami")).status == 200
