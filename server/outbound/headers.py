"""The headers that a job may send along, checked."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

MOST_HEADERS: Final = 64
LONGEST_VALUE: Final = 8 * 1024
_OF_THE_CONNECTION: Final = frozenset({
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")


def _checked(headers: dict[str, str]) -> dict[str, str]:
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("takes each header once, in whatever case")
    for name, value in headers.items():
        _check(name, value)
    return headers


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"holds a name that no header has: {name[:64]!r}")
    if name.lower() in _OF_THE_CONNECTION:
        raise ValueError(f"does not take {name}, which belongs to the connection")
    if len(value) > LONGEST_VALUE or not _VALUE.fullmatch(value):
        raise ValueError(
            f"takes values of at most {LONGEST_VALUE} characters, none of them a control character; {name} has another"
        )


Headers = Annotated[dict[str, str], Field(max_length=MOST_HEADERS), AfterValidator(_checked)]
"""Headers by name: no repetition in whatever case, none that belongs to the connection, none that could end its line."""
