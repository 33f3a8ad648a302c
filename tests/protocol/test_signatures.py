"""How webhooks are signed, by the examples that their inventors publish."""

import base64
import hmac
import time
from hashlib import sha256

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from listener_sdk.protocol.signatures import (
    KINDS,
    body_digest,
    sign,
    signature,
    signed_bytes,
    standard_headers,
    way_of,
)

STANDARD = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "raw": b'{"test": 2432232314}',
    "at_s": 1614265330,
    "id_": "msg_p5jXN8AQM9LWM0D4loKWxJek",
}
SLACK = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
    b"&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
    b"397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def test_the_example_of_standard_webhooks():
    assert sign(way_of("standard", {}), **STANDARD) == {
        "webhook-id": STANDARD["id_"],
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_example_of_github():
    headers = sign(way_of("github", {}), "It's a Secret to Everybody", b"Hello, World!", at_s=0, id_="")
    assert headers == {
        "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }


def test_the_example_of_slack():
    headers = sign(way_of("slack", {}), "8f742231b10e8888abcd99yyyzzz85a5", SLACK, at_s=1531420618, id_="")
    assert headers == {
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "x-slack-request-timestamp": "1531420618",
    }


def test_stripe_signs_its_time_and_the_body_by_the_whole_secret():
    way = way_of("stripe", {})
    headers = sign(way, "whsec_test", b"{}", at_s=1492774577, id_="")
    right = signature(way_of("hmac", {}), "whsec_test", b"1492774577.{}")
    assert headers == {"stripe-signature": f"t=1492774577,v1={right}"}


def test_any_other_signature_says_how_it_is_written():
    said = {
        "header": "x-sig",
        "prefix": "p=",
        "encoding": "base64url",
        "algorithm": "sha512",
        "signed": "{id}:{timestamp}:{body}!",
        "timestamp_header": "x-time",
        "id_header": "x-id",
    }
    way = way_of("hmac", said)
    assert signed_bytes(way, b"{id}", "5", "a") == b"a:5:{id}!"
    headers = sign(way, "secret", b"raw", at_s=5, id_="a")
    assert headers == {"x-sig": f"p={signature(way, 'secret', b'a:5:raw!')}", "x-time": "5", "x-id": "a"}
    assert "=" not in headers["x-sig"].removeprefix("p=")


def test_a_token_is_sent_as_it_is_and_none_sends_nothing():
    assert sign(way_of("bearer", {}), "abc", b"", at_s=0, id_="") == {"authorization": "Bearer abc"}
    said = {"header": "x-token", "prefix": ""}
    assert sign(way_of("bearer", said), "abc", b"", at_s=0, id_="") == {"x-token": "abc"}
    assert sign(way_of("none", {}), "", b"", at_s=0, id_="") == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_sign(kind):
    assert isinstance(sign(way_of(kind, {"header": "x"}), "secret12", b"", at_s=1, id_="a"), dict)


def test_bodies_are_told_apart_by_each_byte():
    assert body_digest(b"{}") != body_digest(b"{ }")


def test_a_post_says_its_id_and_time_and_is_signed_with_a_secret():
    raw = b'{"text":"It failed"}'
    assert standard_headers("us_nd_1", 7, raw, []) == {"webhook-id": "us_nd_1", "webhook-timestamp": "7"}
    key = b"k" * 32
    right = base64.b64encode(hmac.new(key, b"us_nd_1.7." + raw, sha256).digest()).decode()
    for secret in (f"whsec_{base64.b64encode(key).decode()}", "k" * 32):
        assert standard_headers("us_nd_1", 7, raw, [secret])["webhook-signature"] == f"v1,{right}"


def test_one_secret_signs_as_who_checks_signs():
    headers = standard_headers(STANDARD["id_"], STANDARD["at_s"], STANDARD["raw"], [STANDARD["secret"]])
    assert headers == sign(way_of("standard", {}), **STANDARD)


def test_a_secret_that_only_begins_like_a_key_signs_as_text():
    assert "webhook-signature" in standard_headers("us_nd_1", 7, b"", ["whsec_no base64!"])


def test_a_library_for_standard_webhooks_verifies_what_is_signed_by_either_secret():
    raw = '{"type":"a:b","data":{"é":1}}'.encode()
    secrets = [f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3)]
    headers = standard_headers("us_msg_1", int(time.time()), raw, secrets[:2])
    for secret in secrets[:2]:
        assert Webhook(secret).verify(raw, headers) == {"type": "a:b", "data": {"é": 1}}
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[2]).verify(raw, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(raw + b" ", headers)
