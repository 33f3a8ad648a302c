"""SQL of lists of events for readers who ask now and then, rather than follow the log."""

from dataclasses import dataclass
from typing import Any, Final

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

_COLUMNS: Final = "e.seq, e.topic, e.at, e.body, a.at, a.actor"
_PUBLIC: Final = "e.topic NOT IN ('" + "', '".join(sorted(PRIVATE_TOPICS)) + "')"
"""Lists have no events that are for one member alone."""
_FROM: Final = "FROM event e LEFT JOIN event_ack a ON a.seq = e.seq"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a list shows: topics by name or by patterns, both empty for all; ``since`` in milliseconds."""

    topics: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    domain: str | None = None
    since: int | None = None
    acknowledged: bool = False
    within: Reach | None = None


def page(reader: Reader, space_id: int, wanted: EventFilter, window: Window) -> Page[ReadEvent]:
    """Events in log order. Of what is within somebody's reach a page may have fewer, although more follow."""
    head = log.head(reader)
    where, params = _where(reader, head, space_id, wanted, window)
    sizes = reader.rows(
        f"SELECT e.seq, length(e.body) {_FROM} WHERE {where} ORDER BY e.seq LIMIT :limit OFFSET :offset",
        **params,
        limit=window.size + 1,
        offset=window.offset,
    )
    numbers = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE e.seq IN LIST(:numbers) ORDER BY e.seq",
        numbers=numbers,
    )
    found = [ReadEvent(head.epoch, *row) for row in rows]
    within, last = wanted.within, found[-1].seq if found else None
    if within is not None:
        found = [event for event in found if within.hears(orjson.loads(event.body))]
    return Page(found, len(sizes) > len(numbers), f"{head.epoch}:{head.seq}", last=last)


def load(reader: Reader, space_id: int, seq: int) -> ReadEvent | None:
    """One event of a space."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE e.seq = :seq AND e.space_id = :space AND {_PUBLIC}",
        seq=seq,
        space=space_id,
    )
    return ReadEvent(log.head(reader).epoch, *rows[0]) if rows else None


def _where(
    reader: Reader, head: log.Head, space_id: int, wanted: EventFilter, window: Window
) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {"space": space_id, "after": max(window.after or 0, head.oldest - 1)}
    parts = ["e.space_id = :space", "e.seq > :after", _PUBLIC]
    if space_id != WITHOUT_INDEX:
        # Said in the words of the index of other spaces: no database could prove it of a parameter.
        parts.append(f"e.space_id <> {WITHOUT_INDEX}")
    if wanted.since is not None:
        params |= {"since": wanted.since, "first": _first_at(reader, head, wanted.since - CLOCK_SLACK_MS)}
        parts.append("e.seq >= :first AND e.at >= :since")
    if not wanted.acknowledged:
        parts.append("a.seq IS NULL")
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
        params["reach_first"] = _first_at(reader, head, row.created_at - CLOCK_SLACK_MS)
        parts.append("e.seq >= :reach_first")
    return parts


def _first_at(reader: Reader, head: log.Head, moment: int) -> int:
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
