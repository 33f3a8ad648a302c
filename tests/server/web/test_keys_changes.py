"""Keys over REST: shown, changed, given a new secret; and when they were used."""

import asyncio

import aiohttp
import pytest

from listener_sdk.protocol.times import from_wire, to_wire
from server.commands import keys as commands
from server.web import auth
from server.web.key_watch import close_invalid


async def make(server, **fields):
    return (await server.call("POST", "/v1/keys", {"name": "ci", "role": "listener"} | fields)).data


async def status(server, key):
    return (await server.call("GET", "/v1/whoami", key=key)).status


def stream(server, key):
    return server.http.ws_connect(f"{server.url}/v1/stream", headers={"Authorization": f"Bearer {key}"})


async def greeted(socket):
    await socket.send_json({"type": "hello", "id": 1})
    assert (await socket.receive_json(timeout=10))[0]["type"] == "welcome"


async def close_code(socket):
    while (message := await socket.receive(timeout=10)).type is not aiohttp.WSMsgType.CLOSE:
        pass
    return message.data


async def audit(server, action):
    return await server.node.read(
        lambda reader: reader.rows(
            "SELECT target, before, after FROM audit WHERE action = :action", action=action
        )
    )


async def test_a_key_is_shown_without_its_secret(server):
    made = await make(server, jobs=["import:*"], topics=["job:*"])
    shown = await server.call("GET", f"/v1/keys/{made['id']}")
    assert shown.data == {name: value for name, value in made.items() if name != "key"}
    assert (shown.data["jobs"], shown.data["topics"]) == (["import:*"], ["job:*"])


async def test_keys_of_other_spaces_and_of_the_whole_store_are_not_there(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    theirs = (
        await server.call(
            "POST", "/v1/keys", {"name": "a", "role": "admin"}, headers={"X-Customer-Code": "acme"}
        )
    ).data
    whole = await make(server, role="admin", everySpace=True)
    mine = (await make(server, role="admin"))["key"]
    for key_id, key in ((theirs["id"], ""), (whole["id"], mine), (whole["id"], theirs["key"])):
        for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rotate"), ("DELETE", "")):
            answer = await server.call(method, f"/v1/keys/{key_id}{path}", raw=b"{}", key=key)
            assert (answer.status, answer.error["code"]) == (404, "not_found"), (method, path)
    assert await status(server, whole["key"]) == 200


async def test_only_administrators_touch_keys(server):
    made = await make(server)
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rotate")):
        assert (
            await server.call(method, f"/v1/keys/{made['id']}{path}", raw=b"{}", key=server.listener)
        ).status == 403


async def test_what_is_sent_changes(server):
    made = await make(server, expiresAt="2999-01-01T00:00:00Z", jobs=["a:b"])
    path = f"/v1/keys/{made['id']}"
    changed = (await server.call("PATCH", path, {"name": "new", "topics": ["job:*"]})).data
    assert (changed["name"], changed["topics"], changed["jobs"]) == ("new", ["job:*"], ["a:b"])
    lifted = (await server.call("PATCH", path, {"expiresAt": None, "jobs": None, "topics": None})).data
    assert (lifted["expiresAt"], lifted["jobs"], lifted["topics"], lifted["name"]) == (
        None,
        None,
        None,
        "new",
    )
    assert (await server.call("PATCH", path, {})).data == lifted
    lines = await audit(server, "key:updated")
    assert [line[0] for line in lines] == [made["id"]] * 2
    assert lines[0][1:] == ('{"name":"ci","topics":null}', '{"name":"new","topics":["job:*"]}')
    events = (await server.call("GET", "/v1/events?topics=key:updated")).data
    assert events[0]["payload"]["after"] == {"name": "new", "topics": ["job:*"]}


@pytest.mark.parametrize(
    ("fields", "code", "key"),
    [
        ({"name": ""}, "invalid", "name"),
        ({"name": "a\u0007"}, "invalid", "name"),
        ({"expiresAt": "2000-01-01T00:00:00Z"}, "invalid", "expiresAt"),
        ({"jobs": []}, "invalid", "jobs"),
        ({"jobs": [""]}, "invalid", "jobs[0]"),
        ({"jobs": "a:b"}, "invalid", "jobs"),
        ({"jobs": ["a:*"] * 33}, "invalid", "jobs"),
        ({"jobs": ["x" * 129]}, "invalid", "jobs[0]"),
        ({"jobs": ["a:*" + "a*" * 9]}, "bad_filter", "jobs"),
        ({"jobs": ["import"]}, "invalid", "jobs[0]"),
        ({"jobs": [f"a:{'a' * 60}{n}*" for n in range(20)]}, "bad_filter", "jobs"),
        ({"jobs": ["a:**:b"]}, "bad_filter", "jobs"),
        ({"topics": ["job ready"]}, "bad_filter", "topics"),
        ({"topics": ["a:**:b"]}, "bad_filter", "topics"),
    ],
)
async def test_unfit_changes_are_named_and_change_nothing(server, fields, code, key):
    made = await make(server)
    for method, path, body in (
        ("PATCH", f"/v1/keys/{made['id']}", fields),
        ("POST", "/v1/keys", {"name": "x", "role": "listener"} | fields),
    ):
        answer = await server.call(method, path, body)
        assert (answer.status, answer.error["code"], answer.error["key"]) == (400, code, key)
    assert (await server.call("GET", f"/v1/keys/{made['id']}")).data["name"] == "ci"


async def test_administrators_are_not_restricted(server):
    for fields in ({"jobs": ["a:*"]}, {"topics": ["a:*"]}):
        answer = await server.call("POST", "/v1/keys", {"name": "x", "role": "admin"} | fields)
        assert (answer.status, answer.error["key"]) == (400, next(iter(fields)))
        made = await make(server, role="admin")
        assert (await server.call("PATCH", f"/v1/keys/{made['id']}", fields)).status == 400


async def test_a_key_that_has_ended_stays_as_it_is(server):
    made = await make(server)
    await server.call("DELETE", f"/v1/keys/{made['id']}")
    for method, path in (("PATCH", ""), ("POST", "/rotate")):
        answer = await server.call(method, f"/v1/keys/{made['id']}{path}", {"name": "x"})
        assert (answer.status, answer.error["code"]) == (409, "conflict")


# ---- rotation


async def test_both_secrets_open_until_the_overlap_ends(server):
    made = await make(server)
    rotated = (await server.call("POST", f"/v1/keys/{made['id']}/rotate", {"overlapS": 600})).data
    assert rotated["id"] == made["id"]
    assert rotated["key"] != made["key"]
    assert from_wire(rotated["oldSecretUntil"]) - from_wire(rotated["rotatedAt"]) == 600_000
    assert [await status(server, key) for key in (made["key"], rotated["key"])] == [200, 200]
    server.clock.forward(599)
    assert await status(server, made["key"]) == 200
    server.clock.forward(2)
    assert [await status(server, key) for key in (made["key"], rotated["key"])] == [401, 200]


async def test_without_overlap_the_old_secret_ends_at_once_with_its_sockets(server):
    made = await make(server)
    async with stream(server, made["key"]) as socket:
        await greeted(socket)
        rotated = (await server.call("POST", f"/v1/keys/{made['id']}/rotate", {"overlapS": 0})).data
        assert await close_code(socket) == 4401
    assert [await status(server, key) for key in (made["key"], rotated["key"])] == [401, 200]


async def test_sockets_of_the_old_secret_end_with_the_overlap_and_those_of_the_new_stay(server):
    made = await make(server)
    rotated = (await server.call("POST", f"/v1/keys/{made['id']}/rotate", {"overlapS": 60})).data
    async with stream(server, made["key"]) as old, stream(server, rotated["key"]) as new:
        await greeted(old)
        await greeted(new)
        assert await close_invalid(server.node) == set()
        server.clock.forward(61)
        assert await close_invalid(server.node) == {made["id"]}
        assert await close_code(old) == 4401
        await new.send_json({"type": "unsubscribe", "sub": "x", "id": 2})
        assert (await new.receive_json(timeout=10))[0]["id"] == 2


async def test_a_second_rotation_does_not_cut_the_first_overlap_short(server):
    made = await make(server)
    path = f"/v1/keys/{made['id']}/rotate"
    await server.call("POST", path, {"overlapS": 600})
    answer = await server.call("POST", path, {})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (409, "conflict", "overlapS")
    last = (await server.call("POST", path, {"overlapS": 0})).data
    assert await status(server, made["key"]) == 401
    assert await status(server, last["key"]) == 200


async def test_the_old_secret_ends_with_the_key(server):
    ends = to_wire(server.clock() + 60_000)
    made = await make(server, expiresAt=ends)
    await server.call("POST", f"/v1/keys/{made['id']}/rotate", {"overlapS": 600})
    assert await status(server, made["key"]) == 200
    server.clock.forward(61)
    assert await status(server, made["key"]) == 401


async def test_a_secret_is_shown_once_under_an_idempotency_key(server):
    made = await make(server)
    path, once = f"/v1/keys/{made['id']}/rotate", {"Idempotency-Key": "once"}
    answers = [await server.call("POST", path, {"overlapS": 0}, headers=once) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 409]
    assert await status(server, answers[0].data["key"]) == 200


@pytest.mark.parametrize("overlap", [-1, 30 * 86_400 + 1, "x", None])
async def test_an_overlap_has_bounds(server, overlap):
    answer = await server.call("POST", f"/v1/keys/{(await make(server))['id']}/rotate", {"overlapS": overlap})
    assert (answer.status, answer.error["key"]) == (400, "overlapS")


async def test_rotation_is_told_without_any_secret(server):
    made = await make(server)
    rotated = (await server.call("POST", f"/v1/keys/{made['id']}/rotate", {"overlapS": 0})).data
    events = await server.call("GET", "/v1/events?topics=key:*")
    assert "key:rotated" in [event["topic"] for event in events.data]
    (line,) = await audit(server, "key:rotated")
    for key in (made["key"], rotated["key"]):
        secret = key.rsplit("_", 1)[1].encode()
        assert secret not in events.raw
        assert secret not in str(line).encode()
        for path in server.settings.data_dir.rglob("*"):
            assert not path.is_file() or secret not in path.read_bytes()


# ---- restrictions that change


async def test_a_socket_comes_back_when_its_key_is_restricted_anew(server):
    made = await make(server)
    async with stream(server, made["key"]) as socket:
        await greeted(socket)
        await server.call("PATCH", f"/v1/keys/{made['id']}", {"name": "other"})
        await server.call("PATCH", f"/v1/keys/{made['id']}", {"jobs": ["import:*"]})
        assert await close_code(socket) == 4004
    assert (await server.call("GET", "/v1/whoami", key=made["key"])).data["jobs"] == ["import:*"]


async def test_a_restriction_made_elsewhere_holds_within_seconds(server):
    made = await make(server)
    job = await server.job()
    assert (await server.call("GET", f"/v1/jobs/{job['id']}", key=made["key"])).status == 200
    changes = commands.UpdateKey(await server.actor(server.key), made["id"], {"jobs": ("import:*",)})
    async with stream(server, made["key"]) as socket:
        await greeted(socket)
        await server.node.submit(commands.UPDATE_KEY, changes)
        server.clock.forward(auth.REMEMBERED_MS / 1000)
        assert await close_invalid(server.node) == {made["id"]}
        assert await close_code(socket) == 4004
    assert (await server.call("GET", f"/v1/jobs/{job['id']}", key=made["key"])).status == 404


# ---- when keys were used


async def used_at(server, key_id):
    return (await server.call("GET", f"/v1/keys/{key_id}")).data["lastUsedAt"]


async def stored(server, key_id):
    return (await server.node.read(lambda reader: commands.sql.load(reader, key_id))).last_used_at


async def noted(server, key_id, at):
    async with asyncio.timeout(10):
        while await stored(server, key_id) != at:  # noqa: ASYNC110 - the writer tells nobody of a note
            await asyncio.sleep(0)


async def test_the_last_use_is_written_once_a_minute(server):
    made = await make(server)
    assert await used_at(server, made["id"]) is None
    await status(server, made["key"])
    first = from_wire(await used_at(server, made["id"]))
    await noted(server, made["id"], first)
    for _ in range(5):
        server.clock.forward(6)
        await status(server, made["key"])
    assert auth.keyring(server.node).used_at(made["id"]) == first
    server.clock.forward(60)
    await status(server, made["key"])
    later = auth.keyring(server.node).used_at(made["id"])
    assert later - first >= 60_000
    await noted(server, made["id"], later)


async def test_an_open_socket_is_a_use(server):
    made = await make(server)
    async with stream(server, made["key"]) as socket:
        await greeted(socket)
        server.clock.forward(3_600)
        await close_invalid(server.node)
        await noted(server, made["id"], auth.keyring(server.node).used_at(made["id"]))
        assert server.clock() - await stored(server, made["id"]) < 60_000


async def test_of_two_servers_the_latest_use_counts(server):
    made = await make(server)
    now = server.clock()
    for at in (now + 5, now + 1):
        await server.node.submit(commands.USED_KEY, commands.UsedKey(made["id"], at))
    assert from_wire(await used_at(server, made["id"])) == now + 5
