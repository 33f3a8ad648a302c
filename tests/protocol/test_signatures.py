"""How webhooks are signed, by the examples that their inventors publish."""

import pytest

from listener_sdk.protocol.signatures import KINDS, body_digest, sign, signature, signed_bytes, way_of

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
