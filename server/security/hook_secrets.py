"""New secrets and addresses of hooks."""

import secrets
from typing import Final

from listener_sdk.protocol.signatures import KINDS, secret_text

SECRET_BYTES: Final = 32
DOOR_BYTES: Final = 16


def new_secrets() -> dict[str, str]:
    """A secret for each kind of verification that has one."""
    standard = secret_text(secrets.token_bytes(SECRET_BYTES))
    other = secrets.token_hex(SECRET_BYTES)
    return {kind: standard if kind == "standard" else other for kind in KINDS if kind != "none"}


def new_door() -> str:
    """The last part of an address, which nobody guesses."""
    return secrets.token_hex(DOOR_BYTES)
