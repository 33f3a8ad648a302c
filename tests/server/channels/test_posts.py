"""Posts to webhooks: what counts as delivered, and what is tried again."""

import pytest
from notified import receiver

from server.channels import posts
from server.channels.posts import post, send
from server.channels.undelivered import Undelivered
from server.outbound.addresses import Guard, read_networks
from server.outbound.requests import Outbound

BODY = {"text": "It failed"}


@pytest.fixture
async def hook():
    async with receiver() as found:
        yield found


@pytest.fixture
async def outbound():
    async with Outbound(Guard(read_networks(["127.0.0.0/8"]))) as found:
        yield found


async def posted(url, outbound, **headers):
    await post(url, BODY, outbound, lambda: 0.0, headers)


async def test_a_post_is_json_with_its_headers(hook, outbound):
    await posted(f"{hook.url}/a", outbound, **{"webhook-id": "us_nd_1"})
    assert (hook.bodies, hook.paths, hook.headers[0]["webhook-id"]) == ([BODY], ["/a"], "us_nd_1")
    assert hook.headers[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "retry"),
    [(400, False), (404, False), (410, False), (408, True), (429, True), (500, True), (503, True)],
)
async def test_only_success_counts_and_some_answers_ask_for_another_try(hook, outbound, status, retry):
    hook.statuses.append(status)
    with pytest.raises(Undelivered) as raised:
        await posted(f"{hook.url}/a", outbound)
    assert raised.value.retry is retry
    assert raised.value.message == f"It was answered {status}: no: /a."


async def test_a_redirect_is_not_followed(hook, outbound):
    hook.statuses.append(307)
    with pytest.raises(Undelivered) as raised:
        await posted(f"{hook.url}/a", outbound)
    assert hook.paths == ["/a"]
    assert not raised.value.retry
    assert "Give the address to which it redirects." in raised.value.message


async def test_an_address_that_is_not_public_is_not_reached(hook):
    async with Outbound(Guard(())) as outbound:
        with pytest.raises(Undelivered) as raised:
            await posted(f"{hook.url}/a", outbound)
    assert hook.bodies == []
    assert not raised.value.retry
    assert "may not be reached" in raised.value.message


@pytest.mark.parametrize("url", ["nonsense", "https://a b", "", f"https://x/{'y' * 9_000}"])
async def test_what_is_no_address_is_given_up(outbound, url):
    with pytest.raises(Undelivered) as raised:
        await posted(url, outbound)
    assert not raised.value.retry


async def test_posts_connect_within_five_of_their_fifteen_seconds():
    async with posts.outbound(read_networks(["127.0.0.0/8"])) as outbound:
        assert outbound.connect_s == 5 < posts.TIMEOUT_S


async def test_who_does_not_answer_is_tried_again(outbound):
    with pytest.raises(Undelivered) as raised:
        await posted("http://127.0.0.1:1/x", outbound)
    assert raised.value.retry


@pytest.mark.parametrize(
    ("answer", "secrets", "shown"),
    [
        ("channel_is_archived", ["https://x/T0/B0"], ": channel_is_archived"),
        ("no_service", ["https://x/no_service/B0"], ""),
        ("no: /T0/B0", ["https://x/T0/B0"], ""),
        ("no: /T0/B0", [], ": no: /T0/B0"),
    ],
)
async def test_an_answer_to_a_secret_address_is_quoted_where_it_is_a_mere_code(
    hook, outbound, answer, secrets, shown
):
    hook.statuses.append(404)
    hook.answer = answer
    with pytest.raises(Undelivered) as raised:
        await post(f"{hook.url}/a", BODY, outbound, lambda: 0.0, secrets=secrets)
    assert raised.value.message == f"It was answered 404{shown}."


@pytest.mark.parametrize("answer", ['{"ok":true,"why":null}', "[]", "0", "plain"])
async def test_an_answer_in_json_is_kept_as_it_is_written(hook, outbound, answer):
    hook.statuses.append(202)
    hook.answer, hook.answer_type = answer, "text/plain" if answer == "plain" else "application/json"
    found = await send(f"{hook.url}/a", b"{}", outbound, lambda: 0.0, {})
    assert found.text == answer
