"""Members over REST: added, found, changed, set aside and removed by administrators of their space."""

import asyncio

import pytest
from aiohttp import WSMsgType
from browser import Browser, logged_in, member

from listener_sdk.protocol.codes import CLOSES
from listener_sdk.protocol.members import Member


async def events(server, *topics):
    found = (await server.call("GET", "/v1/events?topics=member:*&pageSize=1000")).data
    return [event for event in found if not topics or event["topic"] in topics]


async def audit(server):
    return await server.node.read(
        lambda reader: reader.rows("SELECT action, target, before, after FROM audit ORDER BY id")
    )


async def opened(browser):
    """The browser's stream."""
    socket = await browser.server.http.ws_connect(
        f"{browser.server.url}/v1/stream", headers=browser.headers(csrf=None)
    )
    await socket.send_json({"type": "hello", "id": 1})
    assert (await socket.receive_json())[0]["type"] == "welcome"
    return socket


async def closed(socket):
    async with asyncio.timeout(10):
        while (message := await socket.receive()).type is not WSMsgType.CLOSE:
            assert message.type is WSMsgType.TEXT
    return message.data


async def test_one_is_added_and_shown(server):
    made = await member(server, "Ada", "developer")
    Member.model_validate(made)
    assert (made["name"], made["email"], made["role"], made["active"]) == (
        "Ada",
        "ada@example.com",
        "developer",
        True,
    )
    assert made["createdBy"] == "us_key_0000000000"
    assert (await server.call("GET", f"/v1/members/{made['id']}")).data == {**made, "schedules": 0}
    assert (await server.call("GET", "/v1/members")).data == [made]


async def test_an_event_and_a_line_of_the_audit_tell_of_it_and_the_e_mail_stands_in_the_line_alone(server):
    made = await member(server)
    (event,) = await events(server)
    assert event["topic"] == "member:created"
    assert event["payload"] == {"memberId": made["id"], "name": "Ada", "role": "operator", "active": True}
    assert "example.com" not in str(event)
    (line,) = [line for line in await audit(server) if line[0] == "member:created"]
    assert line[1] == made["id"]
    assert "ada@example.com" in line[3]


@pytest.mark.parametrize(
    "email", ["ada@example.com", "ADA@EXAMPLE.COM", "Ada@example.com", "\uff21da@example.com"]
)
async def test_an_e_mail_is_one_member_s_whatever_its_case(server, email):
    made = await member(server)
    answer = await server.call("POST", "/v1/members", {"name": "B", "email": email, "role": "viewer"})
    assert (answer.status, answer.error["code"], answer.error["key"]) == (409, "conflict", "email")
    bob = await member(server, "Bob")
    answer = await server.call("PATCH", f"/v1/members/{bob['id']}", {"email": email})
    assert answer.status == 409
    same = await server.call("PATCH", f"/v1/members/{made['id']}", {"email": "ADA@example.com"})
    assert same.data["email"] == "ADA@example.com"


async def test_another_space_has_its_own(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    inside = {"X-Customer-Code": "acme"}
    made, other = await member(server), await member(server, headers=inside)
    assert (await server.call("GET", "/v1/members")).data == [made]
    assert (await server.call("GET", "/v1/members", headers=inside)).data == [other]
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("DELETE", "/sessions"),
    ):
        answer = await server.call(method, f"/v1/members/{other['id']}{path}", {"name": "x"})
        assert (answer.status, answer.error["code"]) == (404, "not_found"), method
    assert (await server.call("GET", f"/v1/members/{other['id']}", headers=inside)).data == {
        **other,
        "schedules": 0,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "x" * 129),
        ("name", "a\nb"),
        ("email", ""),
        ("email", "ada"),
        ("email", "@example.com"),
        ("email", "ada@"),
        ("email", "a@b@c"),
        ("email", "a da@example.com"),
        ("email", "ada@exam\u200bple.com"),
        ("email", "a" * 251 + "@b.c"),
        ("email", None),
        ("role", "owner"),
        ("role", "listener"),
        ("role", None),
    ],
)
async def test_what_describes_no_member_is_refused(server, field, value):
    body = {"name": "Ada", "email": "ada@example.com", "role": "viewer"} | {field: value}
    answer = await server.call("POST", "/v1/members", body)
    assert (answer.status, answer.error["code"], answer.error["key"]) == (400, "invalid", field)
    if value == "listener":
        assert "for programs" in answer.error["message"]
    if value is not None:
        made = await member(server, "Bob")
        assert (await server.call("PATCH", f"/v1/members/{made['id']}", {field: value})).status == 400


async def test_they_are_listed_by_cursor_role_activity_and_e_mail(server):
    names = ["Ada", "Bob", "Carol"]
    made = [
        await member(server, name, role)
        for name, role in zip(names, ("admin", "viewer", "viewer"), strict=True)
    ]
    await server.call("PATCH", f"/v1/members/{made[2]['id']}", {"active": False})

    async def found(query):
        return [one["name"] for one in (await server.call("GET", f"/v1/members?{query}")).data]

    first = await server.call("GET", "/v1/members?pageSize=2")
    rest = await server.call("GET", f"/v1/members?pageSize=2&cursor={first.body['cursor']}")
    assert [one["name"] for one in first.data + rest.data] == names
    assert rest.body["cursor"] is None
    assert await found("role=viewer") == ["Bob", "Carol"]
    assert await found("active=true") == ["Ada", "Bob"]
    assert await found("active=false&role=viewer") == ["Carol"]
    assert await found("email=BOB@example.com") == ["Bob"]
    assert await found("email=nobody@example.com") == []
    for query in ("role=x", "active=perhaps", "cursor=x", "pageSize=0"):
        assert (await server.call("GET", f"/v1/members?{query}")).status == 400


async def test_adding_one_again_under_its_key_gives_the_same(server):
    once = {"Idempotency-Key": "once"}
    first = await member(server, headers=once)
    assert await member(server, headers=once) == first


async def test_what_is_sent_changes_and_nothing_is_said_where_nothing_differs(server):
    made = await member(server)
    path = f"/v1/members/{made['id']}"
    changed = (await server.call("PATCH", path, {"name": "Ada L.", "role": "admin"})).data
    assert (changed["name"], changed["role"], changed["email"]) == ("Ada L.", "admin", made["email"])
    assert (
        await server.call("PATCH", path, {"name": "Ada L.", "active": True, "email": None})
    ).data == changed
    assert (await server.call("PATCH", path, {})).data == changed
    (event,) = await events(server, "member:updated")
    assert event["payload"]["changed"] == ["name", "role"]
    (line,) = [line for line in await audit(server) if line[0] == "member:updated"]
    assert line[2:] == ('{"name":"Ada","role":"operator"}', '{"name":"Ada L.","role":"admin"}')


async def test_one_that_is_set_aside_is_logged_out_at_once_and_may_come_back(server):
    browser = await logged_in(server)
    socket = await opened(browser)
    ada = {"member": (await browser.call("GET", "/v1/members/me")).data["id"]}
    path = f"/v1/members/{ada['member']}"
    link = (await server.call("POST", "/v1/login-links", ada)).data["url"]
    assert (await server.call("PATCH", path, {"active": False})).data["deactivatedAt"]
    assert (await browser.call("GET", "/v1/whoami")).status == 401
    assert await closed(socket) == CLOSES["unauthorized"].code
    assert (await Browser(server).log_in(link=link.partition("#")[2])).status == 401
    refused = await server.call("POST", "/v1/login-links", ada)
    assert (refused.status, refused.error["code"]) == (409, "conflict")
    assert (await server.call("PATCH", path, {"active": True})).data["deactivatedAt"] is None
    assert (await browser.call("GET", "/v1/whoami")).status == 401
    assert [event["topic"] for event in await events(server)] == [
        "member:created",
        "member:deactivated",
        "member:activated",
    ]


async def test_a_new_role_holds_at_once_also_on_the_stream(server):
    browser = await logged_in(server, role="operator")
    socket = await opened(browser)
    member_id = (await browser.call("GET", "/v1/members/me")).data["id"]
    await server.call("PATCH", f"/v1/members/{member_id}", {"role": "viewer"})
    assert (await browser.call("POST", "/v1/jobs", {"type": "a", "operation": "b"})).status == 403
    assert await closed(socket) == CLOSES["changed"].code
    assert (await browser.call("GET", "/v1/whoami")).data["role"] == "viewer"


async def test_one_that_is_removed_is_gone_for_all_but_history(server):
    browser = await logged_in(server)
    member_id = (await browser.call("GET", "/v1/members/me")).data["id"]
    path = f"/v1/members/{member_id}"
    assert (await server.call("DELETE", path)).data == {"success": True}
    assert (await browser.call("GET", "/v1/whoami")).status == 401
    assert (await server.call("GET", "/v1/members")).data == []
    kept = (await server.call("GET", path)).data
    assert (kept["name"], kept["email"], kept["active"]) == ("Ada", None, False)
    assert kept["deletedAt"]
    for method in ("PATCH", "DELETE"):
        assert (await server.call(method, path, {"name": "x"})).status == 404
    assert (await server.call("DELETE", f"{path}/sessions")).status == 404
    assert (await server.call("POST", "/v1/login-links", {"member": member_id})).status == 404
    again = await member(server)
    assert again["id"] != member_id
    assert [event["topic"] for event in await events(server)][1] == "member:deleted"


async def test_one_is_logged_out_everywhere(server):
    browser, other = await logged_in(server), Browser(server)
    member_id = (await browser.call("GET", "/v1/members/me")).data["id"]
    await other.by_link(member_id)
    socket = await opened(other)
    assert (await server.call("DELETE", f"/v1/members/{member_id}/sessions")).data == {"success": True}
    for one in (browser, other):
        assert (await one.call("GET", "/v1/whoami")).status == 401
    assert await closed(socket) == CLOSES["unauthorized"].code


async def test_a_member_of_role_admin_administers(server):
    browser = await logged_in(server, role="admin")
    body = {"name": "Bob", "email": "bob@example.com", "role": "viewer"}
    made = (await browser.call("POST", "/v1/members", body)).data
    me = (await browser.call("GET", "/v1/members/me")).data["id"]
    assert made["createdBy"] == me
    key = (await browser.call("POST", "/v1/keys", {"name": "k", "role": "listener"})).data
    assert key["createdBy"] == me
    assert (await browser.call("POST", "/v1/spaces", {"name": "Acme"})).status == 403


async def test_a_space_takes_them_with_it(server):
    await server.call("POST", "/v1/spaces", {"name": "Acme"})
    inside = {"X-Customer-Code": "acme"}
    ada = await member(server, role="admin", headers=inside)
    made = await server.call("POST", "/v1/login-links", {"member": ada["id"]}, headers=inside)
    browser = Browser(server)
    await browser.log_in(link=made.data["url"].partition("#")[2])
    await browser.call("POST", "/v1/login-links", {"member": ada["id"]})
    await server.call("DELETE", "/v1/spaces/acme")

    def left(reader):
        return [
            reader.rows(f"SELECT COUNT(*) FROM {name}")[0][0] for name in ("member", "login", "login_pass")
        ]

    async with asyncio.timeout(10):
        while await server.node.read(left) != [0, 0, 0]:  # noqa: ASYNC110 - the removal in the background has no event here
            await asyncio.sleep(0.01)
