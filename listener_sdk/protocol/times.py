"""Times on the wire: ISO-8601, UTC, milliseconds, ``Z``; inside, integer milliseconds since 1970."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, PlainSerializer

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_MS: Final = 253_402_300_799_999


def to_wire(ms: int) -> str:
    """``2026-01-01T00:00:00.000Z`` for integer milliseconds since 1970."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def from_datetime(moment: datetime) -> int:
    """Milliseconds since 1970; a time without zone is read as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def to_datetime(ms: int) -> datetime:
    """The aware UTC time of integer milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


def from_wire(text: str) -> int:
    """Milliseconds since 1970 of an ISO-8601 text; ValueError when it is not one."""
    return from_datetime(datetime.fromisoformat(text))


def _in_range(moment: datetime) -> datetime:
    if not 0 <= from_datetime(moment) <= _LARGEST_MS:
        raise ValueError("a time must lie between 1970 and 9999")
    return moment


Time = Annotated[
    datetime,
    AfterValidator(_in_range),
    PlainSerializer(lambda moment: to_wire(from_datetime(moment)), return_type=str, when_used="json"),
]
"""A pydantic field that reads ISO-8601 and writes milliseconds and ``Z``."""
