"""Inboxes over REST: one's own, and every other for administrators; and whether mails can be sent."""

import pytest
from browser import logged_in
from notified import post_office

from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.notifications import Notification
from server.commands.notification_decisions import Group, Noted, Target
from server.commands.notification_messages import NOTE
from server.core.notifications import Audience, RuleKey
from server.settings import Settings
from server.store import notification_rules as sql
from server.web.notifications import _half


@pytest.fixture
async def office():
    async with post_office() as found:
        yield found


@pytest.fixture
def settings(office):
    return office.settings


@pytest.fixture
async def ada(server):
    browser = await logged_in(server, role="viewer")
    browser.id = (await browser.call("GET", "/v1/members/me")).data["id"]
    return browser


async def told(server, member_id, count=1):
    for _ in range(count):
        cursor = await server.node.read(sql.cursor)
        key = RuleKey(1, "definition", cursor.version + 1, 0)
        target = Target(Audience(inbox=(member_id,)), "Nightly", "nightly")
        run = {"result": "failed", "jobId": "us_jb_0000000001"}
        assert await server.node.submit(NOTE, Noted(cursor, cursor.seq, [Group(key, target, (run,))]))


async def test_a_member_sees_the_own_inbox_newest_first(server, ada):
    await told(server, ada.id, 3)
    answer = await ada.call("GET", "/v1/notifications?pageSize=2")
    assert (len(answer.data), answer.body["unread"]) == (2, 3)
    rest = await ada.call("GET", f"/v1/notifications?pageSize=2&cursor={answer.body['cursor']}")
    assert (len(rest.data), rest.body["cursor"]) == (1, None)
    found = [decode("nt", one["id"]) for one in [*answer.data, *rest.data]]
    assert found == sorted(found, reverse=True)
    one = Notification.model_validate(answer.data[0])
    assert (one.title, one.result, one.job_id, one.counts) == (
        "Nightly failed",
        "failed",
        "us_jb_0000000001",
        {"failed": 1},
    )


async def test_reading_counts_down(server, ada):
    await told(server, ada.id, 3)
    first, second, _ = (await ada.call("GET", "/v1/notifications")).data
    assert (await ada.call("POST", f"/v1/notifications/{first['id']}/read", {})).data["readAt"]
    unread = await ada.call("GET", "/v1/notifications?unread=true")
    assert (len(unread.data), unread.body["unread"]) == (2, 2)
    assert (await ada.call("POST", "/v1/notifications/read", {"upTo": second["id"]})).data == {"read": 2}
    await told(server, ada.id)
    misspelt = await ada.call("POST", "/v1/notifications/read", {"upto": second["id"]})
    assert (misspelt.status, misspelt.error["key"]) == (400, "upto")
    assert (await ada.call("POST", "/v1/notifications/read", {})).data == {"read": 1}


async def test_an_administrator_sees_each_inbox_and_a_key_has_none(server, ada):
    await told(server, ada.id)
    found = (await server.call("GET", f"/v1/notifications?member={ada.id}")).data
    assert found[0]["memberId"] == ada.id
    assert (await server.call("POST", f"/v1/notifications/{found[0]['id']}/read", {})).status == 200
    assert (await server.call("POST", "/v1/notifications/read", {"member": ada.id})).data == {"read": 0}
    answer = await server.call("GET", "/v1/notifications")
    assert (answer.status, answer.error["key"]) == (400, "member")
    stranger = await server.call("GET", f"/v1/notifications?member={encode('mem', 99)}")
    assert stranger.status == 404


async def test_other_members_see_nothing_of_it(server, ada):
    body = {"name": "Bob", "email": "bob@example.com", "role": "developer"}
    bob = (await server.call("POST", "/v1/members", body)).data["id"]
    await told(server, bob)
    found = (await server.call("GET", f"/v1/notifications?member={bob}")).data[0]["id"]
    assert (await ada.call("GET", f"/v1/notifications?member={bob}")).status == 403
    assert (await ada.call("POST", f"/v1/notifications/{found}/read", {})).status == 403
    assert (await ada.call("POST", "/v1/notifications/read", {"member": bob})).status == 403
    assert (await ada.call("GET", f"/v1/notifications?member={ada.id}")).data == []


async def test_whether_mails_can_be_sent_is_told_without_the_password(server):
    assert (await server.call("GET", "/v1/notifications/channels")).data == {
        "configured": True,
        "sender": "jobs@tickwire.example",
        "server": server.settings.smtp_url,
    }


async def test_administrators_may_ask_whether_the_mail_server_answers(server, office, ada):
    path = "/v1/notifications/channels?check=true"
    assert (await server.call("GET", path)).data["reachable"] is True
    assert office.mails == []
    office.listening.close()
    found = (await server.call("GET", path)).data
    assert found["reachable"] is False
    assert "cannot be reached" in found["problem"]
    assert (await ada.call("GET", path)).status == 403
    assert (await ada.call("GET", "/v1/notifications/channels")).data["configured"] is True


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, None),
        ({"smtp_url": "smtp://m"}, "TICKWIRE_SMTP_FROM is not set."),
        ({"smtp_from": "a@b.example"}, "TICKWIRE_SMTP_URL is not set."),
    ],
)
def test_what_is_missing_of_mail_is_told(given, problem):
    assert _half(Settings(**given)) == problem


async def test_a_trial_mail_is_sent_at_once_or_says_why_not(server, office, ada):
    sent = await server.call("POST", "/v1/notifications/test", {"address": "a@b.example"})
    assert sent.data == {"address": "a@b.example", "delivered": True}
    assert office.mails[0]["Subject"] == "[Default] Mails of Tickwire reach you"
    office.refusals = ["550 No such user"]
    refused = await server.call("POST", "/v1/notifications/test", {"address": "a@b.example"})
    assert (refused.status, refused.error["code"]) == (502, "bad_answer")
    assert refused.error["message"] == "The mail server answers 550: No such user"
    assert (await server.call("POST", "/v1/notifications/test", {"address": "a@b, c@d"})).status == 400
    assert (await ada.call("POST", "/v1/notifications/test", {"address": "a@b.example"})).status == 403


@pytest.mark.parametrize("body", [{"upTo": "us_nt_x"}, {"upTo": "us_jb_0000000001"}])
async def test_what_is_no_notification_is_not_read_up_to(server, ada, body):
    assert (await ada.call("POST", "/v1/notifications/read", body)).status == 404
