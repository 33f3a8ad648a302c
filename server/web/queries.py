"""Parameters in the address: each read as what it is, and refused by name when it is not."""

import re
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from multidict import MultiMapping

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.times import from_wire

LONGEST: Final = 512
LATEST_MS: Final = 253_402_300_799_999
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """The parameters of one request. An empty one counts as left out; see `parameters` for unknown ones."""

    def __init__(self, request: web.Request) -> None:
        self._given: MultiMapping[str] = request.query

    def text(self, name: str, limit: int = LONGEST) -> str | None:
        """A text without control characters."""
        value = self._given.get(name)
        if not value:
            return None
        if len(value) > limit or not _TEXT.fullmatch(value):
            raise _invalid(name, f"at most {limit} printable characters")
        return value

    def texts(self, name: str, most: int = 32) -> tuple[str, ...]:
        """Texts given by repetition or separated by commas."""
        given = [part.strip() for value in self._given.getall(name, []) for part in value.split(",")]
        found = tuple(part for part in given if part)
        if len(found) > most or any(len(part) > LONGEST or not _TEXT.fullmatch(part) for part in found):
            raise _invalid(name, f"at most {most} texts of at most {LONGEST} printable characters")
        return found

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        """One of some words."""
        value = self._given.get(name) or default
        if value not in allowed:
            raise _invalid(name, f"one of {', '.join(allowed)}")
        return value

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self._given.get(name)
        if not value:
            return default
        number = int(value) if re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII) else None
        if number is None or not least <= number <= most:
            raise _invalid(name, f"a whole number from {least} to {most}")
        return number

    def truth(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._given.get(name)
        if not value:
            return default
        if value.lower() not in _TRUTH:
            raise _invalid(name, "true or false")
        return _TRUTH[value.lower()]

    def time(self, name: str) -> int | None:
        """An ISO-8601 time, in milliseconds."""
        value = self._given.get(name)
        if not value:
            return None
        try:
            # A plus that was not escaped arrives as a blank.
            moment = from_wire(re.sub(r" (?=\d\d:?\d\d$)", "+", value))
        except (ValueError, OverflowError):
            moment = -1
        if not 0 <= moment <= LATEST_MS:
            raise _invalid(name, "an ISO-8601 time such as 2026-01-31T12:00:00.000Z")
        return moment


def _invalid(name: str, allowed: str) -> Refusal:
    return Refusal("invalid", f"{name} takes {allowed}.", key=name)
