"""The name of a file that another server sends: as it says (RFC 6266), or as the URL ends, and always a mere name."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote_to_bytes

from yarl import URL

LONGEST_NAME: Final = 200
"""Bytes in UTF-8; file systems take 255."""
UNNAMED: Final = "download"
_PARAMETER: Final = re.compile(
    r""";[ \t]*(filename\*?)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))""", re.IGNORECASE
)
_EXTENDED: Final = re.compile(r"(utf-8|iso-8859-1)'[^']*'(.*)", re.IGNORECASE | re.DOTALL)
_ELSEWHERE: Final = re.compile(r'[<>:"|?*]')
"""What some file systems do not take."""


def file_name(disposition: str | None, url: URL) -> str:
    """A name without path, control characters or what file systems refuse; ``download`` when there is none."""
    return _fit(_told(disposition or "")) or _fit(url.name) or UNNAMED


def _told(disposition: str) -> str:
    found: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(";" + disposition.partition(";")[2][:4096]):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or token)
    return _extended(found.get("filename*", "")) or found.get("filename", "")


def _extended(text: str) -> str:
    """A value of RFC 8187, or nothing."""
    match = _EXTENDED.fullmatch(text)
    return unquote_to_bytes(match[2]).decode(match[1], "replace") if match else ""


def _fit(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join("_" if unicodedata.category(sign)[0] == "C" else sign for sign in last)
    return _short(_ELSEWHERE.sub("_", plain).strip(". "))


def _short(name: str) -> str:
    """At most 200 bytes, the extension kept."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = dot + extension if stem and len(extension.encode()) <= 20 else ""
    head = (stem if tail else name).encode()[: LONGEST_NAME - len(tail.encode())]
    return head.decode(errors="ignore").rstrip(". ") + tail
