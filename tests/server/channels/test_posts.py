"""Posts to webhooks: what counts as delivered, what is tried again, and who has signed."""

import base64
import hmac
import time
from hashlib import sha256

import pytest
from notified import receiver
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from server.channels.posts import encoded, post, signed
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


async def test_who_does_not_answer_is_tried_again(outbound):
    with pytest.raises(Undelivered) as raised:
        await posted("http://127.0.0.1:1/x", outbound)
    assert raised.value.retry


def test_a_post_says_its_id_and_time_and_is_signed_with_a_secret():
    raw = encoded(BODY)
    assert signed("us_nd_1", 7, raw, []) == {"webhook-id": "us_nd_1", "webhook-timestamp": "7"}
    key = b"k" * 32
    right = base64.b64encode(hmac.new(key, b"us_nd_1.7." + raw, sha256).digest()).decode()
    for secret in (f"whsec_{base64.b64encode(key).decode()}", "k" * 32):
        assert signed("us_nd_1", 7, raw, [secret])["webhook-signature"] == f"v1,{right}"


def test_a_secret_that_only_begins_like_a_key_signs_as_text():
    assert "webhook-signature" in signed("us_nd_1", 7, b"", ["whsec_no base64!"])


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


def test_a_library_for_standard_webhooks_verifies_what_is_signed_by_either_secret():
    raw = '{"type":"a:b","data":{"é":1}}'.encode()
    secrets = [f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3)]
    headers = signed("us_msg_1", int(time.time()), raw, secrets[:2])
    for secret in secrets[:2]:
        assert Webhook(secret).verify(raw, headers) == {"type": "a:b", "data": {"é": 1}}
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[2]).verify(raw, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(raw + b" ", headers)
