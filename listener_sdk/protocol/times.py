"""Times on the wire: ISO-8601, UTC, milliseconds, ``Z``; inside, integer milliseconds since 1970."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, PlainSerializer

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_MS: Final = 253_402_300_799_999
_FRACTIONS: Final = [f".{ms:03d}Z" for ms in range(1000)]


def to_wire(ms: int) -> str:
    """``2026-01-01T00:00:00.000Z`` for integer milliseconds since 1970."""
    second, rest = divmod(ms, 1000)
    return _to_the_second(second) + _FRACTIONS[rest]


def to_wire_or_none(ms: int | None) -> str | None:
    """The same of a time that may be none."""
    return None if ms is None else to_wire(ms)


# A job's life writes its times some twenty times, most of them in the second that it is: 0.3 us instead of 5.
@lru_cache(maxsize=1024)
def _to_the_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]


def from_datetime(moment: datetime) -> int:
    """Milliseconds since 1970; a time without zone is read as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def to_datetime(ms: int) -> datetime:
    """The aware UTC time of integer milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


def from_wire(text: str) -> int:
    """Milliseconds since 1970 of an ISO-8601 text; ValueError when it is not one."""
    return from_datetime(datetime.fromisoformat(text))


def _in_range(moment: datetime) -> datetime:
    # A job has four times: all but those at either end need no reckoning, which is half of what reading one costs.
    if not 1970 < moment.year < 9999 and not 0 <= from_datetime(moment) <= _LARGEST_MS:
        raise ValueError("a time must lie between 1970 and 9999")
    return moment


Time = Annotated[
    datetime,
    AfterValidator(_in_range),
    PlainSerializer(lambda moment: to_wire(from_datetime(moment)), return_type=str, when_used="json"),
]
"""A pydantic field that reads ISO-8601 and writes milliseconds and ``Z``."""
