"""The URL of a call, read once: what is checked is what is connected to."""

import re
from typing import Final
from urllib.parse import unquote

from yarl import URL

from listener_sdk.protocol.codes import Refusal

from .addresses import spelled_address

LONGEST_URL: Final = 8_192
_NAME: Final = re.compile(
    r"(?=.{1,253}\.?\Z)([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.IGNORECASE | re.ASCII
)
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2000-\u200f\u2028-\u202f\u3000\ufeff]")
"""Blanks, control characters and backslashes: programs differ in what they make of them."""


def read_target(text: str) -> URL:
    """A URL that a call may go to, its host in one spelling. Refusal ``invalid`` says what is wrong.

    It may have a name and a password. Whether the address may be reached is not asked here.
    """
    if len(text) > LONGEST_URL:
        raise _invalid(f"it has {len(text)} characters; {LONGEST_URL} are taken")
    if _UNSEEN.search(text):
        raise _invalid("blanks, control characters and backslashes must be percent-encoded")
    try:
        url = URL(text)
    except ValueError as error:
        raise _invalid(str(error).rstrip(".")) from None
    return checked_target(url)


def checked_target(url: URL) -> URL:
    """The same for a URL that has been parsed already, such as one that a redirect led to."""
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise _invalid("it takes the form https://host/path, with http or https")
    if not url.port:
        raise _invalid("there is no port 0")
    return _canonical(_decoded(url.with_fragment(None)))


def _decoded(url: URL) -> URL:
    """Without percent signs in the host, where some programs decode them and some do not."""
    host = url.raw_host or ""
    if "%" not in host or ":" in host:
        return url
    try:
        return url.with_host(unquote(host))
    except ValueError:
        raise _invalid("its host is neither a name nor an address") from None


def _canonical(url: URL) -> URL:
    host = url.raw_host or ""
    try:
        address = spelled_address(host)
    except ValueError as error:
        raise _invalid(f"its host is no address. {str(error).rstrip('.')}") from None
    if address is not None:
        # A zone stays as it was written; no address with one may be reached.
        return url if "%" in host else url.with_host(str(address))
    if not _NAME.fullmatch(host):
        raise _invalid("its host is neither a name nor an address")
    return url


def _invalid(what: str) -> Refusal:
    return Refusal("invalid", f"url cannot be called: {what[:200]}.", key="url")
