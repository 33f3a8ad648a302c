"""When something is due: a cron expression, a repetition or one time, in a time zone; and what a preview of it asks and shows."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from .model import WireModel
from .spaces import Zone
from .times import Time

LONGEST_CRON: Final = 256
MOST_EVERY: Final = 10_000
MOST_TIMES: Final = 100_000
"""After how many times a repetition may end; it may also have no end."""
MOST_PREVIEWED: Final = 100
PREVIEWED: Final = 10
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2199
_LONG_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _expression(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("must be a line of fields, such as */5 * * * *")
    return " ".join(text.split())


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "must be a date or time such as 2026-12-24T09:00, with an offset or Z only where it is no time of the zone"
        ) from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return (
        moment.date().isoformat()
        if len(text) <= len("20261224") + 2
        else moment.isoformat(timespec="seconds")
    )


def _weekday(value: Any) -> Any:
    small = value.strip().lower() if isinstance(value, str) else value
    return WEEKDAYS[_LONG_WEEKDAYS.index(small)] if small in _LONG_WEEKDAYS else small


def _else(told: str) -> WrapValidator:
    """What does not fit is told in these words: pydantic's own name a choice by its Python types."""

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise ValueError(told) from None

    return WrapValidator(check)


_DAYS: Final = f"{', '.join(WEEKDAYS[:-1])} and {WEEKDAYS[-1]}"

Cron = Annotated[str, Field(max_length=LONGEST_CRON), AfterValidator(_expression)]
Dialect = Literal["unix", "quartz"]
Moment = Annotated[
    str,
    BeforeValidator(_written),
    StringConstraints(max_length=40, strip_whitespace=True),
    AfterValidator(_moment),
]
"""A time of the zone that stands beside it (``2026-12-24T09:00``), or with an offset or ``Z`` an instant; a date alone is a whole day."""
Weekday = Annotated[
    Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    BeforeValidator(_weekday),
    _else(f"must be one of {_DAYS}"),
]
Weekdays = Annotated[
    tuple[Weekday, ...], Field(min_length=1, max_length=7), _else(f"must be a list of 1 to 7 of {_DAYS}")
]
Day = Annotated[
    Annotated[int, Field(ge=1, le=31)] | Literal["last"], _else("must be a number from 1 to 31, or last")
]
Nth = Annotated[
    Annotated[int, Field(ge=1, le=5)] | Literal["last"], _else("must be a number from 1 to 5, or last")
]
Gap = Literal["next-valid", "skip"]
Fold = Literal["first", "both"]


class _Strict(WireModel):
    """Other fields are refused: one that is misspelt would be dropped in silence. Frozen, so that what was made of it can be kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Repeat(_Strict):
    """Every so many units from ``start`` on, at its time of day, up to ``until`` or for ``count`` times.

    Minutes and hours are elapsed time from the start on. Weeks take ``weekdays`` (else the start's), counted in weeks that begin on Monday.
    Months take ``day`` (a number, or ``last``), or ``nth`` (1 to 5, or ``last``) with ``weekday``, else the start's day; a month that has
    no such day is passed over.
    """

    every: int = Field(default=1, ge=1, le=MOST_EVERY)
    unit: Literal["minutes", "hours", "days", "weeks", "months"]
    start: Moment
    weekdays: Weekdays | None = None
    day: Day | None = None
    nth: Nth | None = None
    weekday: Weekday | None = None
    until: Moment | None = None
    count: int | None = Field(default=None, ge=1, le=MOST_TIMES)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.weekdays is not None and self.unit != "weeks":
            raise ValueError("weekdays belong to a repetition by weeks")
        if (self.day, self.nth, self.weekday) != (None, None, None) and self.unit != "months":
            raise ValueError("day, nth and weekday belong to a repetition by months")
        if (self.nth is None) != (self.weekday is None):
            raise ValueError("nth and weekday belong together, such as nth 2 and weekday tue")
        if self.day is not None and self.nth is not None:
            raise ValueError("a month takes either day, or nth with weekday")
        return self


class Timing(_Strict):
    """When something is due: by ``cron`` (in a ``dialect``), ``repeat`` or ``once``, as the clocks of ``timeZone`` show it.

    ``gap`` says what becomes of times that a clock change leaves out, ``fold`` what of those that come twice, but for ``once``, which is due
    the first time. Nothing is due before ``start`` or after ``end``.
    """

    cron: Cron | None = None
    dialect: Dialect | None = None
    repeat: Repeat | None = None
    once: Moment | None = None
    time_zone: Zone
    gap: Gap = "next-valid"
    fold: Fold = "first"
    start: Moment | None = None
    end: Moment | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(one is not None for one in (self.cron, self.repeat, self.once)) != 1:
            raise ValueError("takes one of cron, repeat and once")
        if self.dialect is not None and self.cron is None:
            raise ValueError("dialect belongs to cron")
        return self


class PreviewAsked(Timing):
    """``POST /v1/schedules/preview``: a timing, and how many of its times to show that come after ``from`` (now, unless given; of the zone, unless it
    has an offset).

    ``neighbours``: whether to show too what else of the space is due in the minute of the first; ``schedule``, which is to have this timing, is
    none of itself.
    """

    from_: Moment | None = Field(default=None, alias="from")
    count: int = Field(default=PREVIEWED, ge=1, le=MOST_PREVIEWED)
    neighbours: bool | None = None
    schedule: Annotated[str, Field(max_length=64)] | None = None

    def timing(self) -> Timing:
        """The timing alone."""
        return Timing.model_construct(**{name: getattr(self, name) for name in Timing.model_fields})


class PreviewTime(WireModel):
    """One due time: as an instant, as the zone's clocks show it with their offset, and what a clock change does to it."""

    utc: Time
    local: str
    note: str | None = None


class Neighbours(WireModel):
    """Schedules that run in the minute of the first time: how many, the names of ten, and a minute of the next hour in which none does."""

    count: int
    names: list[str] = Field(default_factory=list)
    free: PreviewTime | None = None


class Preview(WireModel):
    """What a timing means. ``dialect`` is that of its expression, null where it has none; ``neighbours`` are there when asked for."""

    dialect: Dialect | None = None
    words: str
    times: list[PreviewTime] = Field(default_factory=list)
    neighbours: Neighbours | None = None
