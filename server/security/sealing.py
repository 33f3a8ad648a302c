"""Secrets sealed at rest: each value under a random key of its own, and that key under the master key, both by AES-256-GCM.

What is sealed is bound to its place: text that is copied to another name, version, space or store does not open. The stored
texts carry the version of their form, the wrapped key also the id of the master key, which tells nothing of it.
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORM: Final = "1"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
ID_BYTES: Final = 8
PREFIX_LENGTH: Final = len(FORM) + 1 + 2 * ID_BYTES + 1
"""Characters of a wrapped key that say how, and under which master key."""


class Locked(Exception):  # noqa: N818 - says what it is
    """No master key of this server opens the secret."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs. ``store`` is the account's id."""

    store: str
    space_id: int
    name: str
    owner: str
    version: int

    def bound(self, what: str) -> bytes:
        """The associated data of one of its two texts."""
        return orjson.dumps([what, self.store, self.space_id, self.name, self.owner, self.version])


class Sealed(NamedTuple):
    """What is stored of a secret."""

    wrapped: str
    sealed: str


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key; only what is derived of it is used."""

    _key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """What tells it from others."""
        return sha256(self._derived("id")).digest()[:ID_BYTES].hex()

    @property
    def wrapping(self) -> bytes:
        """The key that wraps others."""
        return self._derived("wrap")

    @property
    def marking(self) -> bytes:
        """The key of hashes that nobody without it can compare with guesses."""
        return self._derived("mark")

    def _derived(self, use: str) -> bytes:
        return hmac.new(self._key, f"tickwire {use}".encode(), sha256).digest()


def new_master_key() -> str:
    """The text of a random master key."""
    return os.urandom(KEY_BYTES).hex()


def parse_master_key(text: str) -> MasterKey:
    """32 bytes in hex or base64; ValueError, which does not repeat the text."""
    raw = text.strip()
    try:
        if re.fullmatch(r"[0-9a-fA-F]{64}", raw):
            return MasterKey(bytes.fromhex(raw))
        standard = raw.rstrip("=").translate(str.maketrans("-_", "+/"))
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be 32 bytes in hex or base64, as of: openssl rand -hex 32")
    return MasterKey(key)


class Sealer:
    """Seals under the first master key, and opens what any of them has sealed."""

    def __init__(self, store: str, keys: Sequence[MasterKey]) -> None:
        self._store = store
        self._by_prefix = {f"{FORM}.{key.id}.": key.wrapping for key in reversed(keys)}
        self._marking = keys[0].marking
        self.prefix = f"{FORM}.{keys[0].id}."
        """What every key begins with that is wrapped under the first master key."""

    def __repr__(self) -> str:
        return f"Sealer({self._store!r})"

    def place(self, space_id: int, name: str, owner: str, version: int) -> Place:
        """A place in this store."""
        return Place(self._store, space_id, name, owner, version)

    def knows(self, prefix: str) -> bool:
        """Whether keys that begin so are wrapped under a master key of this server."""
        return prefix in self._by_prefix

    def seal(self, place: Place, value: str) -> Sealed:
        """The two texts to be stored."""
        key = os.urandom(KEY_BYTES)
        sealed = _encrypt(key, value.encode(), place.bound("value"))
        return Sealed(self._wrap(place, key), f"{FORM}.{sealed}")

    def open(self, place: Place, sealed: Sealed) -> str:
        """The value; Locked when no master key opens it, or the texts were altered or belong elsewhere."""
        key = self._unwrap(place, sealed.wrapped)
        form, _, text = sealed.sealed.partition(".")
        if form != FORM:
            raise Locked
        return _decrypt(key, text, place.bound("value")).decode()

    def opens(self, place: Place, wrapped: str) -> bool:
        """Whether a master key of this server opens the key."""
        try:
            self._unwrap(place, wrapped)
        except Locked:
            return False
        return True

    def rewrap(self, place: Place, wrapped: str) -> str:
        """The same key under the first master key; Locked."""
        return self._wrap(place, self._unwrap(place, wrapped))

    def mark(self, text: bytes) -> str:
        """A hash that tells texts apart, and which only this master key can make."""
        return hmac.new(self._marking, text, sha256).hexdigest()

    def _wrap(self, place: Place, key: bytes) -> str:
        return self.prefix + _encrypt(self._by_prefix[self.prefix], key, place.bound("key"))

    def _unwrap(self, place: Place, wrapped: str) -> bytes:
        master = self._by_prefix.get(wrapped[:PREFIX_LENGTH])
        if master is None:
            raise Locked
        return _decrypt(master, wrapped[PREFIX_LENGTH:], place.bound("key"))


def _cipher(key: bytes) -> "AESGCM":
    """Its library takes 7 MiB, which a server without secrets can spare."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - as said above

    return AESGCM(key)


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + _cipher(key).encrypt(nonce, plain, bound)).decode()


def _decrypt(key: bytes, text: str, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as in ``_cipher``

    try:
        raw = base64.b64decode(text, validate=True)
        return _cipher(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise Locked from None
