"""What a call of a hook brings."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import HookCreate
from server.core.hook_calls import (
    LARGEST_HEAD,
    LONGEST_VALUE,
    MOST_HEADERS,
    Came,
    came,
    hook_of,
    passes,
    read_call,
    replay_key,
    says_hello,
)
from server.core.hooks import new_hook

FORM = "application/x-www-form-urlencoded"


def row(kind="none", **fields):
    verification = {"kind": kind, **({"header": "x-sig"} if kind in {"hmac", "bearer"} else {})}
    body = {"name": "Shop", "verification": verification, "event": "shop:called", **fields}
    return new_hook(1, HookCreate.model_validate(body), "door", 5, "us_key_1")


def call(text, content_type="application/json", headers=(), made=None):
    return came(made or row(), content_type, headers, (), text.encode())


def value(text, content_type="application/json", kind="none", **fields):
    return read_call(row(kind, **fields).said, call(text, content_type))


@pytest.mark.parametrize(
    ("text", "content_type", "expected"),
    [
        ('{"a":1}', "application/json", {"a": 1}),
        ("[1]", "Application/Vnd.x+JSON ; charset=utf-8", [1]),
        ("a=1&b=&a=2", FORM, {"a": ["1", "2"], "b": ""}),
        (' {"a":1}', FORM, {"a": 1}),
        ("a,b", "text/csv", "a,b"),
        ("", "text/plain", ""),
    ],
)
def test_a_body_is_what_its_type_says(text, content_type, expected):
    assert value(text, content_type) == expected


def test_a_hook_may_know_better():
    assert value("{}", "text/plain", accepts="json") == {}
    assert value("{}", "application/octet-stream", accepts="json") == {}
    assert value("{}", "application/json", accepts="text") == "{}"


def test_json_in_a_form_is_read_for_those_who_send_it():
    text = "payload=%7B%22a%22%3A1%7D"
    assert value(text, FORM, "github") == value(text, FORM, "slack") == {"a": 1}
    assert value(text, FORM) == {"payload": '{"a":1}'}
    assert value("payload=x", FORM, "github") == {"payload": "x"}


@pytest.mark.parametrize(
    ("text", "content_type", "code"),
    [
        ("<a/>", "application/xml", "unsupported_media_type"),
        ("{}", "", "unsupported_media_type"),
        ('{"a":1,"a":2}', "application/json", "bad_json"),
        ("&".join(["a=1"] * 1_001), FORM, "bad_request"),
        ("a=%FF", FORM, "bad_request"),
        ("%00=a", FORM, "bad_request"),
    ],
)
def test_others_are_refused(text, content_type, code):
    with pytest.raises(Refusal) as caught:
        value(text, content_type)
    assert caught.value.code == code


def test_what_may_be_secret_in_a_head_is_not_kept():
    secret = [
        "Authorization",
        "X-Sig",
        "X-Api-Key",
        "x-auth-token",
        "Cookie",
        "X-Hub-Signature-256",
        "Session-Id",
        "X-Goog-Iap-Jwt-Assertion",
    ]
    kept = call(
        "{}", headers=[(name, "canary") for name in secret] + [("X-Event", "a\0\udcff")], made=row("hmac")
    )
    assert set(kept.headers.values()) == {"***", "a??"}
    assert kept.headers["x-event"] == "a??"
    assert Came.of(kept.stored(), kept.text) == kept


def test_a_head_is_kept_up_to_a_size():
    many = call("{}", headers=[(f"x-{number}", "v" * 5_000) for number in range(MOST_HEADERS * 2)])
    assert sum(len(name) + len(text) for name, text in many.headers.items()) <= LARGEST_HEAD
    small = call("{}", headers=[(f"x-{number}", "v") for number in range(MOST_HEADERS * 2)])
    assert len(small.headers) == MOST_HEADERS


def test_a_filter_looks_into_body_headers_and_query():
    made = row(filter={"action": "opened", "headers.x-kind": "a*"})
    for action, kind, expected in (("opened", "ab", True), ("closed", "ab", False), ("opened", "b", False)):
        kept = call(f'{{"action":"{action}"}}', headers=[("X-Kind", kind)])
        assert passes(made.said, hook_of(made, kept, read_call(made.said, kept), "")) is expected


def test_who_tries_the_address_is_greeted():
    for kind, text, headers, expected in (
        ("slack", '{"type":"url_verification","challenge":"abc"}', [], "abc"),
        ("slack", '{"type":"url_verification","challenge":5}', [], ""),
        ("slack", '{"type":"event_callback"}', [], None),
        ("github", "{}", [("X-GitHub-Event", "ping")], ""),
        ("github", "{}", [("X-GitHub-Event", "push")], None),
        ("none", '{"type":"url_verification","challenge":"abc"}', [], None),
    ):
        made = row(kind)
        kept = call(text, headers=headers)
        assert says_hello(made.said, hook_of(made, kept, read_call(made.said, kept), "")) == expected


def key(kind="none", signed_id=None, headers=None, raw=b"{}", body=None, **fields):
    return replay_key(row(kind, **fields).said, signed_id, headers or {}, raw, body)


def test_a_call_that_is_sent_again_is_known_by_what_nobody_can_change():
    assert (
        key("standard", "m1", raw=b"a") == key("standard", "m1", raw=b"b") != key("standard", "m2", raw=b"a")
    )
    assert key("github", headers={"x-github-delivery": "1"}) == key(
        "github", headers={"x-github-delivery": "2"}
    )
    assert key("github", raw=b"a") != key("github", raw=b"b")
    assert key("stripe", body={"id": "evt_1"}, raw=b"a") == key("stripe", body={"id": "evt_1"}, raw=b"b")
    assert key("stripe", body={}, raw=b"a") != key("stripe", body={}, raw=b"b")
    assert key("bearer") is None
    assert key("bearer", headers={"idempotency-key": "a"}) == key("none", headers={"idempotency-key": "a"})
    assert key("github", replayBy="none") is None
    assert key(
        "github", replayBy="header", replayHeader="X-GitHub-Delivery", headers={"x-github-delivery": "1"}
    )


def test_a_header_never_stands_for_a_body():
    assert key("none", headers={"idempotency-key": "{}"}) != key("none", replayBy="body", raw=b"{}")


def test_a_content_type_is_kept_as_text_that_every_store_keeps():
    kept = call("hello", "text/plain; x=\udcff" + "y" * 9_000)
    assert kept.content_type.startswith("text/plain; x=?y")
    assert len(kept.content_type) == LONGEST_VALUE
    assert Came.of(kept.stored(), kept.text) == kept
