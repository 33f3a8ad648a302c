"""Signatures of webhooks: what is signed by each way, and the headers that carry it. Whoever sends one and whoever checks it use the same."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

SECRET: Final = "whsec_"  # noqa: S105 - what secrets begin with, and none itself
"""Before the secrets of Standard Webhooks, whose bytes follow in base64."""
PUBLIC_KEY: Final = "whpk_"
"""Before a public key of theirs, which checks what a private one has signed."""
KINDS: Final = ("standard", "github", "stripe", "slack", "hmac", "bearer", "none")
ALGORITHMS: Final = ("sha256", "sha512", "sha384", "sha1")
ENCODINGS: Final = ("hex", "base64", "base64url")


@dataclass(frozen=True, slots=True)
class Way:
    """How calls are signed.

    - ``header``, ``prefix``, ``encoding``, ``algorithm``: where the signature stands, and how it is written and made (``hmac``); of
      ``bearer`` the header of the token and what stands before it
    - ``signed``: what is signed (``hmac``): a text with ``{body}``, ``{timestamp}`` and ``{id}`` in it, of which the last two are read
      in ``timestamp_header`` and ``id_header``
    """

    kind: str
    tolerance_s: int = 300
    header: str = ""
    prefix: str = ""
    encoding: str = "hex"
    algorithm: str = "sha256"
    signed: str = "{body}"
    timestamp_header: str = ""
    id_header: str = ""


STANDARD: Final = Way("standard", header="webhook-signature", prefix="v1,", encoding="base64", signed="{id}.{timestamp}.{body}", timestamp_header="webhook-timestamp", id_header="webhook-id")  # fmt: skip
_OWN: Final = {
    "standard": STANDARD,
    "github": Way("github", header="x-hub-signature-256", prefix="sha256="),
    "stripe": Way("stripe", header="stripe-signature", signed="{timestamp}.{body}"),
    "slack": Way("slack", header="x-slack-signature", prefix="v0=", signed="v0:{timestamp}:{body}", timestamp_header="x-slack-request-timestamp"),
    "bearer": Way("bearer", header="authorization", prefix="Bearer "),
    "none": Way("none"),
}  # fmt: skip


def secret_text(raw: bytes) -> str:
    """A secret of Standard Webhooks of these bytes, as it is written."""
    return SECRET + base64.b64encode(raw).decode()


def way_of(kind: str, said: Mapping[str, object]) -> Way:
    """The way of this kind; what is ``said`` of it stands in the place of what the kind has by itself."""
    own = _OWN.get(kind, Way(kind))
    given = {name: value for name, value in said.items() if value is not None}
    return Way(**{**{name: getattr(own, name) for name in Way.__slots__}, **given})


def key_of(way: Way, secret: str) -> bytes:
    """The bytes by which is signed: those behind ``whsec_`` of Standard Webhooks, else the text itself."""
    if way.kind == "standard" and secret.startswith(SECRET):
        try:
            return base64.b64decode(secret.removeprefix(SECRET), validate=True)
        except ValueError:
            pass
    return secret.encode()


def signed_bytes(way: Way, raw: bytes, timestamp: str, id_: str) -> bytes:
    """What is signed of a body."""
    before, _, after = way.signed.partition("{body}")
    head, tail = (
        part.replace("{timestamp}", timestamp).replace("{id}", id_).encode("utf-8", "surrogatepass")
        for part in (before, after)
    )
    return head + raw + tail


def signature(way: Way, secret: str, content: bytes) -> str:
    """The signature as it is written, without what stands before it."""
    digest = hmac.new(key_of(way, secret), content, way.algorithm).digest()
    if way.encoding == "hex":
        return digest.hex()
    if way.encoding == "base64":
        return base64.b64encode(digest).decode()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def sign(way: Way, secret: str, raw: bytes, *, at_s: int, id_: str) -> dict[str, str]:
    """The headers that prove from whom this body comes. ``at_s`` is the time in seconds since 1970, ``id_`` tells one message from others."""
    if way.kind == "none":
        return {}
    if way.kind == "bearer":
        return {way.header: f"{way.prefix}{secret}"}
    found = signature(way, secret, signed_bytes(way, raw, str(at_s), id_))
    if way.kind == "stripe":
        return {way.header: f"t={at_s},v1={found}"}
    headers = {way.header: f"{way.prefix}{found}"}
    if way.timestamp_header:
        headers[way.timestamp_header] = str(at_s)
    if way.id_header:
        headers[way.id_header] = id_
    return headers


def standard_headers(id_: str, at_s: int, raw: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of Standard Webhooks, signed by each secret, the newest first; without one those alone that name the message."""
    headers = {STANDARD.id_header: id_, STANDARD.timestamp_header: str(at_s)}
    if secrets:
        content = signed_bytes(STANDARD, raw, str(at_s), id_)
        signed = (f"{STANDARD.prefix}{signature(STANDARD, secret, content)}" for secret in secrets)
        headers[STANDARD.header] = " ".join(signed)
    return headers


def body_digest(raw: bytes) -> str:
    """What tells one body from another."""
    return sha256(raw).hexdigest()
