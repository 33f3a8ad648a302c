"""API keys: ``tw_<id>_<secret>``. Only the hash of the secret is stored; a lost key cannot be shown again.

A fast hash is enough: the secret has 256 random bits, so there is nothing to guess that a slow one would protect.
"""

import re
import secrets
from hashlib import sha256
from typing import Final

from .equal import equal

_KEY: Final = re.compile(r"tw_([0-9a-z]{10})_([0-9a-f]{64})")
_ID_PREFIX: Final = "us_key_"


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_hex(32)


def key_text(key_id: str, secret: str) -> str:
    """The key as its owner keeps it."""
    return f"tw_{key_id.removeprefix(_ID_PREFIX)}_{secret}"


def parse_key(text: str) -> tuple[str, str] | None:
    """The id and secret of a key; None when the text is not one."""
    found = _KEY.fullmatch(text)
    return (_ID_PREFIX + found[1], found[2]) if found else None


def digest(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def matches(secret: str, stored: str) -> bool:
    """Whether the secret has this hash; takes the same time for every wrong secret."""
    return equal(digest(secret), stored)


def stamp(secret_hash: str) -> str:
    """Which secret of a key it was, said without telling the hash."""
    return digest(secret_hash)[:16]
