"""Whether calls prove from whom they come: right ones do, and no other."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from listener_sdk.protocol.signatures import KINDS, sign, way_of
from server.security.signatures import MOST_SIGNATURES, Proof, Rejected, verify

NOW = 1_767_225_600
RAW = b'{"a":1}'
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
HMAC = {"header": "x-sig", "signed": "{id}.{timestamp}.{body}", "timestamp_header": "x-t", "id_header": "x-i"}
SIGNING = [kind for kind in KINDS if kind not in {"bearer", "none"}]


def way(kind):
    return way_of(kind, HMAC if kind == "hmac" else {})


def headers(kind, secret=SECRET, raw=RAW, at_s=NOW, id_="m1"):
    return sign(way(kind), secret, raw, at_s=at_s, id_=id_)


def reason(kind, sent, raw=RAW, secrets=(SECRET,), now=NOW):
    with pytest.raises(Rejected) as caught:
        verify(way(kind), sent, raw, secrets, now)
    assert SECRET not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_one_is_taken_by_either_secret(kind):
    proof = verify(way(kind), headers(kind), RAW, [OTHER, SECRET], NOW)
    assert proof == Proof("m1" if kind in {"standard", "hmac"} else None)


@pytest.mark.parametrize("kind", SIGNING)
def test_every_other_is_refused(kind):
    assert reason(kind, headers(kind, OTHER)) == "wrong"
    assert reason(kind, headers(kind), raw=RAW + b" ") == "wrong"
    assert reason(kind, headers(kind), secrets=()) == "wrong"
    for name in headers(kind):
        sent = {n: v for n, v in headers(kind).items() if n != name}
        assert reason(kind, sent) == "missing"
        assert reason(kind, {**sent, name: " "}) == "missing"
        for odd in ("x", "\udcff", "1" * 5_000, "v1," + "A" * 44, "t=1", "sha256=" + "0" * 64, "=,=,"):
            assert reason(kind, {**sent, name: odd}) in {"wrong", "too_old"}, (name, odd)


@pytest.mark.parametrize("kind", ["standard", "stripe", "slack", "hmac"])
@pytest.mark.parametrize(("behind", "why"), [(300, None), (301, "too_old"), (-300, None), (-301, "too_new")])
def test_a_timestamp_lies_near(kind, behind, why):
    sent = headers(kind, at_s=NOW - behind)
    if why is None:
        verify(way(kind), sent, RAW, [SECRET], NOW)
    else:
        assert reason(kind, sent) == why


def test_the_id_is_signed():
    assert reason("standard", {**headers("standard"), "webhook-id": "m2"}) == "wrong"
    assert reason("standard", {**headers("standard"), "webhook-id": "m" * 300}) == "wrong"


def test_several_signatures_may_be_sent_up_to_a_number():
    sent = headers("standard")
    right = sent["webhook-signature"]
    several = {**sent, "webhook-signature": f"v1,AAAA v2,x {right}"}
    assert verify(way("standard"), several, RAW, [SECRET], NOW) == Proof("m1")
    many = {**sent, "webhook-signature": "v1,AAAA " * MOST_SIGNATURES + right}
    assert reason("standard", many) == "wrong"
    stripe = headers("stripe")["stripe-signature"]
    twice = stripe.replace(",v1=", f",v1={'0' * 64},v0=x,v1=")
    verify(way("stripe"), {"stripe-signature": twice}, RAW, [SECRET], NOW)


def test_a_signature_in_hex_may_be_written_in_capitals():
    sent = headers("github")["x-hub-signature-256"].removeprefix("sha256=").upper()
    verify(way("github"), {"x-hub-signature-256": f"sha256={sent}"}, RAW, [SECRET], NOW)


def test_a_token_stands_behind_its_word():
    verify(way("bearer"), {"authorization": f"bearer {SECRET}"}, RAW, [SECRET], NOW)
    assert reason("bearer", {"authorization": SECRET}) == "wrong"
    assert reason("bearer", {}) == "missing"


def test_what_a_private_key_has_signed_its_public_key_checks():
    private = Ed25519PrivateKey.generate()
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    made = base64.b64encode(private.sign(f"m1.{NOW}.".encode() + RAW)).decode()
    sent = {"webhook-id": "m1", "webhook-timestamp": str(NOW), "webhook-signature": f"v1a,{made}"}
    assert verify(way("standard"), sent, RAW, [public], NOW) == Proof("m1")
    assert reason("standard", sent, raw=b"x", secrets=[public]) == "wrong"
    assert reason("standard", {**sent, "webhook-signature": "v1a,AAAA"}, secrets=[public]) == "wrong"
    # By the public key itself, which everybody knows, nobody signs.
    forged = sign(way("standard"), public, RAW, at_s=NOW, id_="m1")
    assert reason("standard", forged, secrets=[public]) == "wrong"


def test_a_timestamp_counts_in_whole_seconds_as_it_is_written():
    verify(way("standard"), headers("standard", at_s=NOW - 300), RAW, [SECRET], NOW + 0.9)
    assert reason("standard", headers("standard", at_s=NOW - 300), now=NOW + 1.0) == "too_old"


@pytest.mark.parametrize("kind", ["standard", "hmac"])
def test_what_was_signed_is_no_message_under_another_id(kind):
    raw = b'%d.{"text": ".%d.forged"}' % (NOW, NOW)
    sent = headers(kind, raw=raw)
    verify(way(kind), sent, raw, [SECRET], NOW)
    name = way(kind).id_header
    for id_, rest in (
        (f"m1.{NOW}", raw.partition(b".")[2]),
        (f'm1.{NOW}.{NOW}.{{"text": "', b'forged"}'),
    ):
        assert reason(kind, {**sent, name: id_}, raw=rest) == "wrong"
    # The sender who puts a timestamp into an id would be the one that is taken for another.
    assert reason(kind, headers(kind, id_=f"m1.{NOW}")) == "wrong"
    for id_ in ("m.1", "2026.11.22", f"m{NOW}", "é.x"):
        assert verify(way(kind), headers(kind, id_=id_), RAW, [SECRET], NOW) == Proof(id_)
