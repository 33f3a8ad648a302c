"""SQL of lists of events for readers who ask now and then, rather than follow the log."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.events import PRIVATE_TOPICS

from ..core.events import ReadEvent
from ..core.reach import Reach
from . import globs, jobs, log, reach
from .database import Reader
from .pages import Page, Window, fitting

WITHOUT_INDEX: Final = 1
"""The first space, whose events the index of spaces leaves out: most stores have no other."""
CLOCK_SLACK_MS: Final = 60_000
"""How far a clock may have gone back without hiding events from a list that begins at a time."""
MOST_LOOKED_AT: Final = 500_000
"""Events among which a page finds those of one job."""

_COLUMNS: Final = "e.seq, e.topic, e.at, e.body, a.at, a.actor"
_PUBLIC: Final = "e.topic NOT IN ('" + "', '".join(sorted(PRIVATE_TOPICS)) + "')"
"""Lists have no events that are for one member alone."""
_FROM: Final = "FROM event e LEFT JOIN event_ack a ON a.seq = e.seq"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a list shows: topics by name or by patterns, both empty for all; ``since`` in milliseconds.

    - ``newest``: the newest first, then ``before`` this number
    """

    topics: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    domain: str | None = None
    since: int | None = None
    acknowledged: bool = False
    job_id: int | None = None
    within: Reach | None = None
    newest: bool = False
    before: int | None = None


class Span(NamedTuple):
    """Behind one place and up to another, and from one time to before another, in milliseconds."""

    after: int
    upto: int
    since: int
    until: int


class Named(NamedTuple):
    """An event without what it tells, and how long that is."""

    seq: int
    topic: str
    size: int


def page(reader: Reader, space_id: int, wanted: EventFilter, window: Window) -> Page[ReadEvent]:
    """Events in log order, or against it. Of what is within somebody's reach a page may have fewer, although more follow."""
    head = log.head(reader)
    looked = _of_job(reader, head, space_id, wanted, window)
    where, params = _where(reader, head, space_id, wanted, window)
    if looked is not None:
        where = f"{where} AND e.seq > :beyond AND e.seq <= :upto"
        params |= {"beyond": looked.after, "upto": looked.upto}
    order = "e.seq DESC" if wanted.newest else "e.seq"
    sizes = reader.rows(
        f"SELECT e.seq, length(e.body) {_FROM} WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset",
        **params,
        limit=window.size + 1,
        offset=window.offset,
    )
    numbers = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE e.seq IN LIST(:numbers) ORDER BY {order}",
        numbers=numbers,
    )
    found = [ReadEvent(head.epoch, *row) for row in rows]
    within, last = wanted.within, found[-1].seq if found else None
    if within is not None:
        found = [event for event in found if within.hears(orjson.loads(event.body))]
    more = len(sizes) > len(numbers)
    if looked is not None and looked.following is not None and not more:
        more, last = True, looked.following
    return Page(found, more, f"{head.epoch}:{head.seq}", last=last)


class _Looked(NamedTuple):
    """The part of the log that is looked at, behind one place and up to another, and the place where the next page goes on."""

    after: int
    upto: int
    following: int | None


def _of_job(
    reader: Reader, head: log.Head, space_id: int, wanted: EventFilter, window: Window
) -> _Looked | None:
    """Where the events of a job are looked for: not before it was made, and in a part of the log at a time."""
    if wanted.job_id is None:
        return None
    row = jobs.load(reader, space_id, wanted.job_id)
    first = head.oldest if row is None else first_at(reader, head, row.created_at - CLOCK_SLACK_MS)
    after, upto = max(window.after or 0, first - 1), min(head.seq, (wanted.before or head.seq + 1) - 1)
    if upto - after <= MOST_LOOKED_AT:
        return _Looked(after, upto, None)
    if wanted.newest:
        return _Looked(upto - MOST_LOOKED_AT, upto, upto - MOST_LOOKED_AT + 1)
    return _Looked(after, after + MOST_LOOKED_AT, after + MOST_LOOKED_AT)


def load(reader: Reader, space_id: int, seq: int) -> ReadEvent | None:
    """One event of a space."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE e.seq = :seq AND e.space_id = :space AND {_PUBLIC}",
        seq=seq,
        space=space_id,
    )
    return ReadEvent(log.head(reader).epoch, *rows[0]) if rows else None


def between(reader: Reader, space_id: int, span: Span, count: int) -> list[Named]:
    """The first events of a space in a span, at most ``count``, without what they tell."""
    head = log.head(reader)
    indexed = "" if space_id == WITHOUT_INDEX else f" AND e.space_id <> {WITHOUT_INDEX}"
    rows = reader.rows(
        "SELECT e.seq, e.topic, length(e.body) FROM event e WHERE e.space_id = :space AND e.seq > :after AND e.seq <= :upto "  # noqa: S608 - names of our own
        f"AND e.at >= :since AND e.at < :until AND {_PUBLIC}{indexed} ORDER BY e.seq LIMIT :count",
        space=space_id,
        after=max(span.after, first_at(reader, head, span.since - CLOCK_SLACK_MS) - 1),
        upto=span.upto,
        since=span.since,
        until=span.until,
        count=count,
    )
    return [Named(*row) for row in rows]


def _where(
    reader: Reader, head: log.Head, space_id: int, wanted: EventFilter, window: Window
) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {"space": space_id, "after": max(window.after or 0, head.oldest - 1)}
    parts = ["e.space_id = :space", "e.seq > :after", _PUBLIC]
    if space_id != WITHOUT_INDEX:
        # Said in the words of the index of other spaces: no database could prove it of a parameter.
        parts.append(f"e.space_id <> {WITHOUT_INDEX}")
    if wanted.before is not None:
        params["before"] = wanted.before
        parts.append("e.seq < :before")
    if wanted.since is not None:
        params |= {"since": wanted.since, "first": first_at(reader, head, wanted.since - CLOCK_SLACK_MS)}
        parts.append("e.seq >= :first AND e.at >= :since")
    if not wanted.acknowledged:
        parts.append("a.seq IS NULL")
    if wanted.job_id is not None:
        params["job"] = wanted.job_id
        parts.append("e.job_id = :job")
    if wanted.domain is not None:
        parts.append(globs.condition("e.topic", f"{wanted.domain}:*", "domain", params))
    if wanted.topics:
        names = {f"topic{i}": topic for i, topic in enumerate(wanted.topics)}
        params |= names
        parts.append(f"e.topic IN ({', '.join(f':{name}' for name in names)})")
    if wanted.patterns:
        any_of = [globs.condition("e.topic", p, f"topics{i}", params) for i, p in enumerate(wanted.patterns)]
        parts.append("(" + " OR ".join(f"({one})" for one in any_of) + ")")
    if wanted.within is not None:
        parts += _reach(reader, head, space_id, wanted.within, params)
    return " AND ".join(parts), params


def _reach(reader: Reader, head: log.Head, space_id: int, within: Reach, params: dict[str, Any]) -> list[str]:
    """Who sees one job alone need not look at what was before it."""
    parts = [reach.of_events(within, params)]
    row = None if within.job_id is None else jobs.load(reader, space_id, within.job_id)
    if row is not None:
        params["reach_first"] = first_at(reader, head, row.created_at - CLOCK_SLACK_MS)
        parts.append("e.seq >= :reach_first")
    return parts


def first_at(reader: Reader, head: log.Head, moment: int) -> int:
    """The first sequence number at or after a time, by halving: times rise with the numbers, but for odd clocks."""
    low, high = head.oldest, head.seq + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.rows("SELECT at FROM event WHERE seq >= :seq ORDER BY seq LIMIT 1", seq=middle)
        if found and found[0][0] < moment:
            low = middle + 1
        else:
            high = middle
    return low
