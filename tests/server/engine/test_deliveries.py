"""Messages are handed over at least once and by one server at a time, tried again, given up, and told of on the run's timeline."""

import asyncio

import pytest
from notified import Runs, member, post_office, receiver, tell, told
from stage import ADMIN, DEADLINE_S, opened

from listener_sdk.protocol.secrets import SecretWrite
from server.channels.undelivered import Undelivered
from server.commands.notification_deliveries import LEASE_MS
from server.commands.secrets import DELETE_SECRET, SET_SECRET, DeleteSecret, SetSecret
from server.core.delivery_turns import MAILS_OF_A_SPACE
from server.engine.deliveries import NO_MAIL, Deliveries

MAIL = {"channels": ["email"], "addresses": ["a@b.example"]}


@pytest.fixture
async def office():
    async with post_office() as found:
        yield found


@pytest.fixture
async def hook():
    async with receiver() as found:
        yield found


@pytest.fixture
async def stage(tmp_path, office):
    async with opened(tmp_path, allow_addresses="127.0.0.0/8", **office.settings) as found:
        yield found


async def secret(stage, name, value, **fields):
    body = SecretWrite.model_validate({"name": name, "value": value, **fields})
    return await stage.do(SET_SECRET, SetSecret(ADMIN, body, stage.node.sealer))


async def said(stage):
    events = await stage.events()
    return [
        (one["topic"].partition(":")[2], one["payload"].get("attempts"), one["payload"].get("message"))
        for one in events
        if one["topic"].startswith("notification:")
    ]


def another(stage):
    """A second server on the same store."""
    node = stage.node
    return Deliveries(node.settings, node.meta.link_secret, node.sealer, node.submit, node.read, stage.clock)


async def test_a_failed_attempt_is_tried_again_under_the_same_id(stage, office):
    office.refusals = ["451 Later", "451 Later"]
    row = await told(stage, "nightly", MAIL)
    job = await Runs(stage).end(row)
    await tell(stage)
    stage.clock.forward(5)
    await tell(stage)
    assert await said(stage) == [("delayed", 1, "The mail server answers 451: Later")]
    stage.clock.forward(10)
    await tell(stage)
    stage.clock.forward(80)
    await tell(stage)
    assert (await said(stage))[1:] == [("delivered", 3, None)]
    [event] = await stage.events("notification:delivered")
    assert event["context"]["jobId"] == job
    assert office.mails[0]["Message-ID"] == f"<{event['payload']['deliveryId']}@tickwire.example>"


async def test_it_is_given_up_after_hours_and_told(stage, office):
    office.refusals = ["451 Later"] * 20
    row = await told(stage, "nightly", MAIL)
    await Runs(stage).end(row)
    for _ in range(20):
        await tell(stage)
        stage.clock.forward(3_600 * 5)
    assert (await said(stage))[1:] == [("failed", 4, "The mail server answers 451: Later")]
    assert await stage.rows("SELECT 1 FROM notification_delivery") == []
    assert office.mails == []


async def test_a_recipient_who_is_refused_for_good_is_given_up_at_once(stage, office):
    office.refusals = ["550 No such user"]
    row = await told(stage, "nightly", MAIL)
    await Runs(stage).end(row)
    await tell(stage)
    assert await said(stage) == [("failed", 1, "The mail server answers 550: No such user")]


async def test_a_server_that_sends_no_mail_says_so(tmp_path):
    async with opened(tmp_path) as stage:
        row = await told(stage, "nightly", MAIL)
        await Runs(stage).end(row)
        await tell(stage)
        assert await said(stage) == [("failed", 1, NO_MAIL)]
        with pytest.raises(Undelivered):
            await stage.node.deliveries.send_trial("a@b.example", "Default")


async def test_two_servers_never_deliver_the_same_at_once(stage, office):
    office.held = asyncio.Event()
    row = await told(stage, "nightly", MAIL)
    await Runs(stage).end(row)
    await stage.idle()
    await stage.node.notifier.look()
    other = another(stage)
    assert [await stage.node.deliveries.look(), await other.look()] == [1, 0]
    stage.clock.forward(LEASE_MS / 1000 - 1)
    assert await other.look() == 0
    office.held.set()
    await stage.node.deliveries.settle()
    assert len(office.mails) == 1


async def test_what_a_killed_server_had_begun_is_sent_once_more_under_the_same_id(stage, office):
    row = await told(stage, "nightly", MAIL)
    await Runs(stage).end(row)
    await stage.idle()
    await stage.node.notifier.look()
    killed = another(stage)

    async def lost(command, item, *_):
        if command.name == "end_delivery":
            raise asyncio.CancelledError
        return await stage.node.submit(command, item)

    killed._submit = lost
    await killed.look()
    await killed.settle()
    assert len(office.mails) == 1
    await tell(stage)
    stage.clock.forward(LEASE_MS / 1000 + 1)
    await tell(stage)
    assert len({mail["Message-ID"] for mail in office.mails}) == 1
    assert len(office.mails) == 2
    assert await said(stage) == [("delivered", 2, None)]


async def test_an_end_that_comes_after_the_lease_counts_no_more(stage, office):
    office.held = asyncio.Event()
    row = await told(stage, "nightly", MAIL)
    await Runs(stage).end(row)
    await stage.idle()
    await stage.node.notifier.look()
    slow = another(stage)
    await slow.look()
    stage.clock.forward(LEASE_MS / 1000 + 1)
    await stage.node.deliveries.look()
    office.held.set()
    await slow.settle()
    await stage.node.deliveries.settle()
    assert await said(stage) == [("delivered", 2, None)]


async def test_urls_take_secrets_that_nobody_sees(stage, hook):
    await secret(stage, "PATH", "T0/hidden-token")
    await secret(stage, "SIGN", "whsec_" + "a2V5" * 8)
    rule = {
        "channels": ["webhook"],
        "webhook": f"{hook.url}/{{{{ secrets.PATH }}}}",
        "webhookSecret": "{{ secrets.SIGN }}",
    }
    row = await told(stage, "nightly", rule)
    hook.statuses = [500]
    await Runs(stage).end(row)
    await tell(stage)
    stage.clock.forward(20)
    await tell(stage)
    assert hook.paths == ["/T0/hidden-token"] * 2
    assert hook.headers[0]["webhook-signature"].startswith("v1,")
    assert hook.headers[0]["webhook-id"] == hook.headers[1]["webhook-id"] == hook.bodies[0]["id"]
    assert "hidden-token" not in str(await stage.events())
    assert [one[0] for one in await said(stage)] == ["delayed", "delivered"]


async def test_a_secret_that_is_gone_or_for_other_jobs_is_told(stage, hook):
    found = await secret(stage, "PATH", "hidden-token")
    row = await told(stage, "nightly", {"channels": ["slack"], "slack": f"{hook.url}/{{{{ secrets.PATH }}}}"})
    runs = Runs(stage)
    await secret(stage, "PATH", "hidden-token", jobs=["other:*"])
    await runs.end(row)
    await tell(stage)
    await stage.do(DELETE_SECRET, DeleteSecret(ADMIN, found.id))
    stage.clock.forward(61)
    await runs.end(row)
    await tell(stage)
    assert [one[2] for one in await said(stage)] == [
        "The secret PATH is not for the jobs of this definition.",
        "There is no secret PATH in this space any more.",
    ]
    assert hook.bodies == []


async def test_an_address_that_is_not_public_is_not_reached(tmp_path, hook):
    async with opened(tmp_path) as stage:
        row = await told(stage, "nightly", {"channels": ["slack"], "slack": f"{hook.url}/x"})
        await Runs(stage).end(row)
        await tell(stage)
        [(what, attempts, why)] = await said(stage)
        assert (what, attempts) == ("failed", 1)
        assert "may not be reached" in why
    assert hook.bodies == []


async def test_a_message_that_cannot_be_made_keeps_no_other_from_its_way(stage, office, monkeypatch):
    row = await told(stage, "nightly", {**MAIL, "addresses": ["a@b.example", "b@b.example"]})
    send = stage.node.deliveries.send_mail

    async def broken(letter):
        if letter.to.startswith("a"):
            raise RuntimeError("no")
        await send(letter)

    monkeypatch.setattr(stage.node.deliveries, "send_mail", broken)
    await Runs(stage).end(row)
    await tell(stage)
    assert sorted(one[0] for one in await said(stage)) == ["delayed", "delivered"]


async def test_only_so_many_go_at_once(stage, office):
    office.held = asyncio.Event()
    addresses = [f"{n}@b.example" for n in range(MAILS_OF_A_SPACE + 4)]
    row = await told(stage, "nightly", {**MAIL, "addresses": addresses})
    await Runs(stage).end(row)
    await stage.idle()
    await stage.node.notifier.look()
    assert [await stage.node.deliveries.look() for _ in range(2)] == [MAILS_OF_A_SPACE, 0]
    office.held.set()
    await stage.node.deliveries.settle()
    await tell(stage)
    assert len({str(mail["To"]) for mail in office.mails}) == MAILS_OF_A_SPACE + 4


async def test_what_hangs_holds_up_no_other_channel_address_or_space(stage, office, hook):
    office.held = hook.held = asyncio.Event()
    addresses = [f"{n}@b.example" for n in range(40)]
    hanging = [{"channels": ["slack"], "slack": f"{hook.url}/held/{n % 2}"} for n in range(6)]
    row = await told(stage, "nightly", {**MAIL, "addresses": addresses}, *hanging)
    fine = await told(stage, "fine", {"channels": ["webhook"], "webhook": f"{hook.url}/fine"})
    runs = Runs(stage)
    await runs.end(row)
    await stage.idle()
    await stage.node.notifier.look()
    while await stage.node.deliveries.look():
        pass
    await runs.end(fine)
    await stage.idle()
    await stage.node.notifier.look()
    assert await stage.node.deliveries.look() == 1
    async with asyncio.timeout(DEADLINE_S):
        while "/fine" not in hook.paths:  # noqa: ASYNC110 - the receiver has no event for it
            await asyncio.sleep(0.01)
    office.held.set()
    await stage.node.deliveries.settle()
    await tell(stage)
    assert len(office.mails) == 40


async def test_a_clock_that_is_set_back_does_not_keep_what_was_put_off(stage, office):
    office.refusals = ["451 Later"]
    row = await told(stage, "nightly", MAIL)
    await Runs(stage).end(row)
    await tell(stage)
    stage.clock.jump(-86_400)
    await tell(stage)
    assert len(office.mails) == 1


async def test_the_loops_deliver_by_themselves_and_end_with_the_server(tmp_path, office):
    async with opened(tmp_path, **office.settings) as stage:
        row = await told(stage, "nightly", MAIL)
        loops = [
            asyncio.create_task(stage.node.notifier.run()),
            asyncio.create_task(stage.node.deliveries.run()),
        ]
        await Runs(stage).end(row)
        async with asyncio.timeout(DEADLINE_S):
            while not await stage.events("notification:delivered"):  # noqa: ASYNC110 - the loops have no event for their end
                await asyncio.sleep(0.01)
        stage.node.deliveries.drain()
        assert await stage.node.deliveries.look() == 0
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
    assert len(office.mails) == 1


async def test_a_mail_offers_links_that_open_for_a_week(tmp_path, office):
    async with opened(tmp_path, public_url="https://jobs.example", **office.settings) as stage:
        ada = await member(stage)
        row = await told(stage, "nightly", {"on": "all", "channels": ["email"], "members": [ada.public_id]})
        upload = {"type": "download", "fileId": "us_fl_0000000001", "label": "Report"}
        await Runs(stage).end(
            row, "success", next={"type": "url", "url": "https://docs.example", "label": "Docs"}
        )
        await tell(stage)
        text = str(office.mails[0])
        assert "Docs: https://docs.example" in text
        links = stage.node.deliveries._links(1)
        assert links.file(upload["fileId"]).startswith(
            "https://jobs.example/v1/files/us_fl_0000000001/content?"
        )
        assert f"expires={stage.clock() + 7 * 86_400_000}" in links.file(upload["fileId"])


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("{{ secrets.SLACK }}", "{url}/services/T000/B000/tOpSeCrEtPaTh?k=AnotherLongOne"),
        ("{url}/{{ secrets.SLACK }}", "services/T000/B000/tOpSeCrEtPaTh?k=AnotherLongOne"),
        ("{url}/services/T000/B000/tOpSeCrEtPaTh?k=AnotherLongOne", None),
        ("{login}/services/T000/B000/tOpSeCrEtPaTh", None),
    ],
)
async def test_no_answer_gives_away_a_piece_of_the_address(stage, hook, address, value, caplog, capsys):
    login = hook.url.replace("://", "://somebody:tOpSeCrEtPaTh@")
    if value is not None:
        await secret(stage, "SLACK", value.replace("{url}", hook.url))
    filled = address.replace("{url}", hook.url).replace("{login}", login)
    row = await told(stage, "nightly", {"channels": ["slack"], "slack": filled})
    hook.statuses = [404]
    await Runs(stage).end(row)
    await tell(stage)
    [(what, _, why)] = await said(stage)
    assert (what, "404" in why) == ("failed", True)
    seen = str(await stage.events()) + caplog.text + str(capsys.readouterr())
    for piece in ("tOpSeCrEtPaTh", "T000", "AnotherLongOne"):
        assert piece not in seen


async def test_events_name_no_mail_address_that_the_mail_server_repeats(stage, office):
    office.refusals = ["550 5.1.1 <some.body@example.com>: no some.body here, ask <boss@example.org>"] * 2
    ada = await member(stage)
    row = await told(
        stage, "nightly", {**MAIL, "addresses": ["some.body@example.com"], "members": [ada.public_id]}
    )
    await Runs(stage).end(row)
    await tell(stage)
    first, second = sorted(one[2] for one in await said(stage))
    assert "s***@example.com" in first
    assert "ask <b***@example.org>" in first
    assert "no *** here" in first
    assert "some.body@" not in str(await stage.events())
    assert "boss@" not in first + second


async def test_what_keeps_a_post_from_its_way_does_not_name_a_secret_host(stage):
    await secret(stage, "SLACK", "http://10.11.12.13:8443/services/T000")
    row = await told(stage, "nightly", {"channels": ["slack"], "slack": "{{ secrets.SLACK }}"})
    await Runs(stage).end(row)
    await tell(stage)
    [(what, _, why)] = await said(stage)
    assert (what, "may not be reached" in why) == ("failed", True)
    assert "10.11.12.13" not in str(await stage.events())


@pytest.mark.parametrize("path", ["redir", "answered", "address"])
async def test_a_path_does_not_black_out_what_is_told(stage, hook, path):
    row = await told(stage, "nightly", {"channels": ["webhook"], "webhook": f"{hook.url}/{path}"})
    hook.statuses = [307]
    await Runs(stage).end(row)
    await tell(stage)
    [(what, _, why)] = await said(stage)
    assert what == "failed"
    assert why == "It was answered 307: no: ***. Give the address to which it redirects."


async def test_a_path_with_what_is_not_seen_is_hidden_as_it_is_shown(stage, hook):
    where = f"{hook.url}/T0/hid%E2%80%8Bden-token"
    row = await told(stage, "nightly", {"channels": ["webhook"], "webhook": where})
    hook.statuses, hook.answer = [400], "no hid\u200bden-token"
    await Runs(stage).end(row)
    await tell(stage)
    [(_, _, why)] = await said(stage)
    assert why == "It was answered 400: no ***."
