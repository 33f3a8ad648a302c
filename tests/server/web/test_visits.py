"""Whom a cookie, a link or a ticket lets in."""

from browser import Browser, member

from server.core.keys import KeyRow
from server.core.logins import LoginRow, Owner, Visitor
from server.security.passes import LINK, TICKET
from server.web.visits import Visit, by_cookie, by_pass

KEY = KeyRow("us_key_0000000007", 1, "k", "viewer", "hash", 0, expires_at=700)
LOGIN = LoginRow(1, 1, 5, None, None, "h", 1, None, 0, 0, expires_at=900)


def test_what_is_known_is_known_until_the_first_of_its_ends():
    visitor = Visitor(Owner(1, member_id=5), None)
    assert Visit(visitor, "viewer").until(100, 500) == 600
    assert Visit(visitor, "viewer", LOGIN).until(500, 500) == 900
    assert Visit(Visitor(visitor.owner, None, key=KEY), "viewer", LOGIN).until(500, 500) == 700


def role_of(visitor, now):
    return visitor.member_role


async def test_looking_does_not_use_a_link_up(server):
    ada = await member(server)
    made = (await server.call("POST", "/v1/login-links", {"member": ada["id"]})).data
    token = made["url"].partition("#")[2]
    for _ in range(2):
        visit = await by_pass(server.node, role_of, LINK, token)
        assert (visit.role, visit.visitor.actor_id, visit.used.kind) == ("operator", ada["id"], LINK)
    assert await by_pass(server.node, role_of, TICKET, token) is None
    assert await by_pass(server.node, role_of, TICKET, token.replace("twl", "twt")) is None


async def test_a_cookie_lets_in_whom_it_belongs_to_now(server):
    ada = await member(server)
    browser = Browser(server)
    await browser.by_link(ada["id"])
    visit = await by_cookie(server.node, role_of, browser.cookie)
    assert (visit.visitor.member.name, visit.role) == ("Ada", "operator")
    await server.call("PATCH", f"/v1/members/{ada['id']}", {"name": "Bob", "role": "viewer"})
    visit = await by_cookie(server.node, role_of, browser.cookie)
    assert (visit.visitor.member.name, visit.role) == ("Bob", "viewer")
    assert await by_cookie(server.node, role_of, browser.cookie[:-1] + "x") is None
