"""What a person is told of due times that fall into a clock change. Times are local: seconds since 1970 as clocks show them."""

from datetime import UTC, datetime

from .cron_words import MONTHS, clock

_DAY_S = 86_400


def left_out(first: int, last: int, begin: int, end: int, *, skipped: bool) -> str:
    """Of times, ``first`` to ``last``, that clocks leave out as they go forward from ``begin`` to ``end``."""
    several = first != last
    what = f"{_time(first)} to {_time(last)} do" if several else f"{_time(first)} does"
    does = (
        ("They are skipped" if several else "It is skipped")
        if skipped
        else f"{'They run once,' if several else 'It runs'} at {_time(end)}"
    )
    return f"{what} not exist on {on_date(first)}: clocks go forward from {_change(begin, end)}. {does}."


def twice(local: int, begin: int, end: int, *, once: bool, second: bool) -> str:
    """Of a time that comes twice, as clocks go back from ``begin`` to ``end``: it runs ``once`` alone, or this is the first or ``second``."""
    does = "It runs the first time" if once else f"This is the {'second' if second else 'first'} time"
    return (
        f"{_time(local)} comes twice on {on_date(local)}: clocks go back from {_change(begin, end)}. {does}."
    )


def shifted(before: int, offset: int) -> str:
    """Of the first due time behind a clock change; offsets in seconds."""
    minutes = abs(offset - before) // 60
    span = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
    return f"Clocks have gone {'forward' if offset > before else 'back'} {span} since the time before."


def on_date(local: int) -> str:
    """``29 March 2026``."""
    moment = datetime.fromtimestamp(local, UTC)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def _time(local: int) -> str:
    return clock(local % _DAY_S)


def _change(begin: int, end: int) -> str:
    if begin // _DAY_S == end // _DAY_S:
        return f"{_time(begin)} to {_time(end)}"
    return f"{on_date(begin)} {_time(begin)} to {on_date(end)} {_time(end)}"
