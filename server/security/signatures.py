"""Whether a webhook comes from whom it says: the raw bytes are checked, in a time that says nothing of where they differ. Pure."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from listener_sdk.protocol.signatures import PUBLIC_KEY, Way, signature, signed_bytes

from .equal import equal

MOST_SIGNATURES: Final = 16
"""Signatures of one call that are looked at: a sender who changes secrets sends two."""
LONGEST_HEADER: Final = 4_096
LONGEST_ID: Final = 256
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_AMBIGUOUS: Final = re.compile(r"\.[0-9]{9,12}(?:\.|$)")
"""A timestamp in an id: the same bytes would be signed of another id, time and body, as which the call could be sent again."""
_ASYMMETRIC: Final = "v1a,"


class Rejected(Exception):  # noqa: N818 - says what became of the call
    """The call does not prove from whom it comes. ``reason`` is ``missing``, ``wrong``, ``too_old`` or ``too_new``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proof:
    """What a call has proved beside its body: the id of the message, where that is signed."""

    id: str | None = None


def verify(way: Way, headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now_s: float) -> Proof:
    """Check a call, whose headers' names are in small letters, against each secret. Rejected where none fits."""
    if way.kind == "none":
        return Proof()
    given = _header(headers, way.header)
    if way.kind == "bearer":
        return _bearer(way, given, secrets)
    if way.kind == "stripe":
        timestamp, found = _parts_of_stripe(way, given)
        id_ = ""
    else:
        timestamp = _header(headers, way.timestamp_header) if way.timestamp_header else ""
        id_ = _id(headers, way) if way.id_header else ""
        found = _signatures(way, given)
    if timestamp or way.timestamp_header:
        _check_time(way, timestamp, now_s)
    content = signed_bytes(way, raw, timestamp, id_)
    if not _any_fits(way, found, content, secrets):
        raise Rejected("wrong", _WRONG.format(header=way.header))
    return Proof(id_ if "{id}" in way.signed else None)


_WRONG: Final = "The signature in {header} does not fit the body and the secret: sign the bytes of the body as they are sent, by the hook's own secret."


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name, "").strip()
    if not found:
        raise Rejected("missing", f"The header {name} is missing, by which a call proves from whom it comes.")
    if len(found) > LONGEST_HEADER:
        raise Rejected("wrong", f"The header {name} has more than {LONGEST_HEADER} characters.")
    return found


def _id(headers: Mapping[str, str], way: Way) -> str:
    found = _header(headers, way.id_header)
    if len(found) > LONGEST_ID:
        raise Rejected("wrong", f"The header {way.id_header} has more than {LONGEST_ID} characters.")
    if "{timestamp}" in way.signed and _AMBIGUOUS.search(found):
        raise Rejected(
            "wrong",
            f"The id in {way.id_header} holds what reads as a timestamp between dots: send it without dots.",
        )
    return found


def _bearer(way: Way, given: str, secrets: Sequence[str]) -> Proof:
    prefix, length = way.prefix.strip(), len(way.prefix.strip())
    if given[:length].lower() != prefix.lower():
        raise Rejected("wrong", f"The header {way.header} begins with {prefix}, and then the token.")
    token = given[length:].strip()
    if True not in [equal(token, secret) for secret in secrets]:
        raise Rejected("wrong", f"The token in the header {way.header} is not that of the hook.")
    return Proof()


def _parts_of_stripe(way: Way, given: str) -> tuple[str, list[str]]:
    pairs = [part.strip().partition("=") for part in given.split(",")]
    timestamp = next((value for name, _, value in pairs if name == "t"), "")
    found = [value for name, _, value in pairs if name == "v1"]
    if not timestamp or not found:
        raise Rejected("wrong", f"The header {way.header} must read t=<seconds>,v1=<signature>.")
    return timestamp, found[:MOST_SIGNATURES]


def _signatures(way: Way, given: str) -> list[str]:
    """The signatures of a header: Standard Webhooks may send several, each with the name of its form."""
    if way.kind == "standard":
        return given.split()[:MOST_SIGNATURES]
    if not given.startswith(way.prefix):
        raise Rejected("wrong", f"The header {way.header} must begin with {way.prefix}.")
    return [given.removeprefix(way.prefix)]


def _check_time(way: Way, timestamp: str, now_s: float) -> None:
    where = way.timestamp_header or way.header
    if not _TIMESTAMP.fullmatch(timestamp):
        raise Rejected("wrong", f"The timestamp in {where} must be the seconds since 1970.")
    behind = int(now_s) - int(timestamp)
    if abs(behind) <= way.tolerance_s:
        return
    ahead = "past" if behind > 0 else "future"
    raise Rejected(
        "too_old" if behind > 0 else "too_new",
        f"The timestamp in {where} lies {abs(behind)} s in the {ahead}; {way.tolerance_s} s are tolerated. Sign each attempt anew, and "
        "see to the clock of the sender.",
    )


def _any_fits(way: Way, found: Sequence[str], content: bytes, secrets: Sequence[str]) -> bool:
    """All are compared, whichever fits."""
    fits = False
    for secret in secrets:
        if secret.startswith(PUBLIC_KEY) and way.kind == "standard":
            fits |= True in [_fits_key(secret, one, content) for one in found if one.startswith(_ASYMMETRIC)]
            continue
        right = signature(way, secret, content)
        for one in found:
            text = one
            if way.kind == "standard":
                if not one.startswith(way.prefix):
                    continue
                text = one.removeprefix(way.prefix)
            if way.encoding == "hex":
                text = text.lower()
            elif way.encoding == "base64url":
                text = text.rstrip("=")
            fits |= equal(text, right)
    return fits


def _fits_key(public_key: str, given: str, content: bytes) -> bool:
    """Whether the owner of the private key has signed this, by Ed25519."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 7 MiB that few servers need
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - likewise

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix(PUBLIC_KEY)))
        key.verify(base64.b64decode(given.removeprefix(_ASYMMETRIC)), content)
    except (InvalidSignature, ValueError):
        return False
    return True
