"""Who calls: keys that open, keys that do not, and how often one may guess."""

import asyncio

import pytest

from server.core.rates import Rates
from server.web import auth


@pytest.fixture
def settings():
    return {"auth_failures_per_minute": 5, "rate_per_key": 20}


async def me(server, key, **how):
    return await server.call("GET", "/v1/whoami", key=key, **how)


async def make(server, **fields):
    return (await server.call("POST", "/v1/keys", {"name": "n", "role": "listener"} | fields)).data


async def test_a_key_opens_its_space_in_its_role(server):
    found = (await me(server, server.listener)).data
    assert (found["role"], found["space"]) == ("listener", "default")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dXNlcjpw", "bearer\t", "Token x", "Bearer " + "x" * 600]
)
async def test_what_is_no_bearer_key_opens_nothing_and_is_no_guess(server, header):
    for _ in range(8):
        answer = await server.call(
            "GET", "/v1/whoami", key=None, headers={"Authorization": header} if header else {}
        )
        assert (answer.status, answer.error["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_scheme_is_written_as_one_likes(server):
    answer = await server.call(
        "GET", "/v1/whoami", key=None, headers={"Authorization": f"bearer  {server.key}"}
    )
    assert answer.status == 200


@pytest.mark.parametrize("name", ["token", "key", "access_token", "apiKey", "authorization"])
@pytest.mark.parametrize("valid", [True, False])
async def test_a_key_in_the_address_is_refused_and_repeated_nowhere(server, name, valid, capfd):
    for path in ("/v1/whoami", "/v1/stream", "/healthz", "/nowhere"):
        answer = await server.call("GET", f"{path}?a=b&{name}={server.key}", key="" if valid else None)
        assert (answer.status, answer.error["code"]) == (400, "key_in_address")
        assert server.key.encode() not in answer.raw
    assert server.key not in "".join(capfd.readouterr())


SHAPES = [
    "tw_0000000001_" + "0a" * 32, "twc_0000000001_" + "0a" * 32, "twl_0000000001_" + "0a" * 32,
    "twt_0000000001_" + "0a" * 32, "tws_eyJhIjoxfQ." + "0a" * 32,
]  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs?x-api-key={}",
        "/v1/jobs?a=b&cookie=x%3D{}%3B",
        "/v1/stream?{}",
        "/v1/jobs/{}",
        "/nowhere/{}?a=1",
    ],
)
async def test_what_looks_like_a_key_is_refused_wherever_it_stands_in_the_address(server, path, text, capfd):
    for written in (text, f"%{ord(text[0]):x}{text[1:]}"):
        answer = await server.call("GET", path.format(written), key=None)
        assert (answer.status, answer.error["code"]) == (400, "key_in_address")
        assert text.encode() not in answer.raw
    assert text not in "".join(capfd.readouterr())


async def test_after_a_few_wrong_keys_an_address_must_wait(server):
    codes = [(await me(server, f"wrong{number}")).status for number in range(7)]
    assert codes == [401] * 5 + [429] * 2
    answer = await me(server, "wrong")
    assert answer.error["code"] == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 12


async def test_even_guesses_at_once_are_counted(server):
    codes = [answer.status for answer in await asyncio.gather(*(me(server, f"wrong{n}") for n in range(20)))]
    assert codes.count(401) == 5


async def test_keys_that_were_valid_here_are_not_held_up_by_anothers_guesses(server):
    assert (await me(server, server.listener)).status == 200
    for number in range(10):
        await me(server, f"wrong{number}")
    server.clock.forward(auth.REMEMBERED_MS / 1000 + 0.5)
    assert (await me(server, server.listener)).status == 200


async def test_nor_are_keys_that_come_for_the_first_time(server):
    fresh = await make(server)
    for number in range(60):
        await me(server, f"wrong{number}")
    assert (await me(server, fresh["key"])).status == 200
    assert (await me(server, "wrong")).status == 429


async def test_a_flood_of_wrong_keys_is_not_even_looked_up_until_it_ebbs(server, monkeypatch):
    fresh = await make(server)
    monkeypatch.setattr(auth.keyring(server.node).guesses, "_looks", Rates(rate_per_s=1, burst=20))
    for number in range(20):
        await me(server, f"wrong{number}")
    assert (await me(server, fresh["key"])).status == 429
    server.clock.forward(60)
    assert (await me(server, fresh["key"])).status == 200


async def test_many_valid_keys_are_no_guesses(server):
    keys = [(await make(server))["key"] for _ in range(8)]
    assert {(await me(server, key)).status for key in keys} == {200}


async def test_a_revoked_key_is_refused_at_once(server):
    made = await make(server)
    assert (await me(server, made["key"])).status == 200
    await server.call("DELETE", f"/v1/keys/{made['id']}")
    assert (await me(server, made["key"])).status == 401


async def test_an_expired_key_is_refused_at_its_instant(server):
    made = await make(server, expiresAt="2999-01-01T00:00:00Z")
    assert (await me(server, made["key"])).status == 200
    ends = server.clock() + 2_000
    soon = await make(server, expiresAt=f"{_iso(ends)}")
    assert (await me(server, soon["key"])).status == 200
    server.clock.forward(2.1)
    assert (await me(server, soon["key"])).status == 401


def _iso(ms):
    from listener_sdk.protocol.times import to_wire

    return to_wire(ms)


async def test_a_key_revoked_elsewhere_is_noticed_within_seconds(server):
    made = await make(server)
    assert (await me(server, made["key"])).status == 200

    from server.commands.keys import REVOKE_KEY, RevokeKey

    await server.node.submit(REVOKE_KEY, RevokeKey(await server.actor(server.key), made["id"]))
    server.clock.forward(auth.REMEMBERED_MS / 1000)
    assert (await me(server, made["key"])).status == 401


async def test_a_key_may_call_so_often_and_no_more(server):
    answers = [await me(server, server.listener) for _ in range(30)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    assert {answer.status for answer in refused} == {429}
    assert refused[0].headers["Retry-After"] == "1"
    server.clock.forward(1)
    assert (await me(server, server.listener)).status == 200


async def test_what_is_remembered_is_bounded(server, monkeypatch):
    monkeypatch.setattr(auth, "MOST_REMEMBERED", 3)
    for _ in range(6):
        await me(server, (await make(server))["key"])
    assert len(auth.keyring(server.node)._checked) <= 3


async def test_keys_that_were_valid_here_stay_so_when_a_space_changes(server):
    made = (await make(server))["key"]
    await me(server, made)
    for number in range(6):
        await me(server, f"wrong{number}")
    await server.call("PATCH", "/v1/spaces/default", {"name": "Other"})
    assert [(await me(server, key)).status for key in (server.key, made)] == [200, 200]


async def test_what_was_looked_up_while_it_ended_is_looked_up_again(server, monkeypatch):
    made, keys = await make(server), auth.keyring(server.node)
    look_up = keys._look_up

    async def slowly(*given):
        found = await look_up(*given)
        await server.call("DELETE", f"/v1/keys/{made['id']}")
        monkeypatch.undo()
        return found

    await me(server, server.key)
    monkeypatch.setattr(keys, "_look_up", slowly)
    assert [(await me(server, made["key"])).status for _ in range(2)] == [200, 401]


class TestOwnAdministratorsKey:
    @pytest.fixture
    def settings(self):
        return {"admin_key": "an-administrators-own-key-of-32-characters"}

    async def test_it_opens_everything_and_no_other_is_made(self, server):
        found = (await me(server, server.key)).data
        assert (found["role"], found["keyId"]) == ("admin", "us_key_0000000000")
        assert not (server.settings.data_dir / "admin.key").exists()

    async def test_nothing_close_to_it_opens_anything(self, server):
        for key in (server.key[:-1], server.key + "x", server.key.upper()):
            assert (await me(server, key)).status == 401

    async def test_it_is_stored_nowhere(self, server):
        for path in server.settings.data_dir.rglob("*"):
            if path.is_file():
                assert server.key.encode() not in path.read_bytes()
