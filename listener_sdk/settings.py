"""Where the server is and which key opens it: from arguments, else from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .errors import SettingsError
from .protocol.ids import space_code
from .protocol.spaces import CODE

DEFAULT_URL: Final = "http://127.0.0.1:8420"
DEFAULT_DATA_DIR: Final = "./.tickwire"
_LARGEST_KEY: Final = 512


@dataclass(frozen=True, slots=True)
class Connection:
    """The server's address without a trailing slash, the key, and the space where it is not the key's own.

    ``key_file`` is the ``admin.key`` that the key was read from, if it was.
    """

    url: str
    key: str
    space: str | None = None
    key_file: Path | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What says to the server who calls, and where."""
        own = {"Authorization": f"Bearer {self.key}"}
        return own if self.space is None else own | {"X-Customer-Code": self.space}

    @property
    def stream_url(self) -> str:
        """The address of the websocket."""
        return f"ws{self.url.removeprefix('http')}/v1/stream"


def connection(
    url: str | None = None,
    key: str | None = None,
    space: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Connection:
    """The connection that arguments and environment describe.

    ``TICKWIRE_URL``, ``TICKWIRE_API_KEY`` and ``TICKWIRE_SPACE`` stand in for what is not given; on loopback the key is else read from
    ``admin.key`` in ``TICKWIRE_DATA_DIR``. SettingsError, with the way out, when the address or key is missing or malformed; also for
    a ``TICKWIRE_API_KEY`` that is set and empty, which must not make an administrator of whoever forgot it.
    """
    found = os.environ if environ is None else environ
    address = _address(url or found.get("TICKWIRE_URL") or DEFAULT_URL)
    secret, key_file = key or found.get("TICKWIRE_API_KEY"), None
    if secret is None:
        secret, key_file = _admin_key(address, found)
    elif not secret.strip():
        raise SettingsError("TICKWIRE_API_KEY is set and empty. Set it to a key, or unset it.")
    named = space or found.get("TICKWIRE_SPACE") or None
    return Connection(address, _checked_key(secret), _checked_space(named), key_file)


def is_loopback(url: str) -> bool:
    """Whether the address is of this machine alone."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address(text: str) -> str:
    address = text.strip().rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(address)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", address):
        raise SettingsError(
            f"{text[:200]!r} is not an address of a server. Write it as http://host:8420 or https://host."
        )
    return address


def _admin_key(url: str, environ: Mapping[str, str]) -> tuple[str, Path]:
    if not is_loopback(url):
        raise SettingsError(f"There is no API key for {url}. Set TICKWIRE_API_KEY to one.")
    path = Path(environ.get("TICKWIRE_DATA_DIR") or DEFAULT_DATA_DIR, "admin.key")
    try:
        return path.read_text("utf-8").strip(), path
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"There is no API key: TICKWIRE_API_KEY is not set and {path} cannot be read "
            f"({_reason(error)}). Set TICKWIRE_API_KEY, or set TICKWIRE_DATA_DIR to the server's data directory."
        ) from error


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not text"


def _checked_key(key: str) -> str:
    text = key.strip()
    if not text or len(text) > _LARGEST_KEY or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            "The API key is empty or malformed: it is one line of at most 512 printable characters."
        )
    return text


def _checked_space(space: str | None) -> str | None:
    if space is not None and not CODE.fullmatch(space_code(space)):
        raise SettingsError(
            f"{space[:80]!r} is not a space: give its code, as `tickwire spaces` lists it, in small letters, digits and dashes."
        )
    return space
