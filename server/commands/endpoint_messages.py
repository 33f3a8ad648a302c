"""Deliveries that events give rise to: decided on a reader's view, and made by the writer together with the move of the cursor.

The writer does it if the log was looked through by nobody else meanwhile: so each event is delivered to each endpoint once, whoever else
tries it, and however a server ends.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from listener_sdk.protocol.codes import Refusal

from ..core.actors import SYSTEM
from ..core.endpoint_deliveries import PENDING, DeliveryRow
from ..core.endpoints import EndpointRow
from ..store import endpoint_deliveries as deliveries_sql
from ..store import endpoints as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.endpoints import Cursor
from ..store.transaction import NewEvent, Transaction
from .changes import context_of
from .endpoints import say

MOST_PENDING: Final = 100_000
"""Deliveries that wait for one endpoint."""
FULL: Final = (
    f"{MOST_PENDING:,} deliveries wait for the endpoint: further events are left out until there are fewer."
)
TOLD_EVERY_MS: Final = 60_000
"""How often it is told that an endpoint misses events."""


class Wanted(NamedTuple):
    """An event that an endpoint hears, and what is posted of it."""

    space_id: int
    endpoint_id: int
    seq: int
    topic: str
    body: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What is to be made of the events up to and with a place; ``missed`` counts by endpoint what too many others wait before."""

    cursor: Cursor
    upto: int
    wanted: Sequence[Wanted]
    missed: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missed:
    """Events behind one place and before another were removed before they were looked at; in these spaces some may have been heard."""

    cursor: Cursor
    after: int
    before: int
    space_ids: tuple[int, ...]


def decide(reader: Reader, wanted: Sequence[Wanted], upto: int) -> Noted:
    """What is to be made of events that endpoints hear, as the store stands now: nothing where another server has made it."""
    cursor = sql.cursor(reader)
    left = [one for one in wanted if one.seq > cursor.seq]
    enabled = (
        {row.id: row for row in sql.hearing_of(reader, {one.endpoint_id for one in left})} if left else {}
    )
    room = {number: room_of(reader, number) for number in enabled}
    replayed = _replayed(reader, enabled, left)
    found: list[Wanted] = []
    missed: Counter[int] = Counter()
    for one in left:
        if one.endpoint_id not in enabled or (one.endpoint_id, one.seq) in replayed:
            continue
        if room[one.endpoint_id] > 0:
            room[one.endpoint_id] -= 1
            found.append(one)
        else:
            missed[one.endpoint_id] += 1
    return Noted(cursor, upto, found, missed)


def room_of(reader: Reader, endpoint_id: int) -> int:
    """How many more deliveries may wait for an endpoint."""
    return MOST_PENDING - deliveries_sql.pending(reader, endpoint_id, MOST_PENDING)


def _replayed(
    reader: Reader, enabled: Mapping[int, EndpointRow], wanted: Sequence[Wanted]
) -> set[tuple[int, int]]:
    """What was asked for by a replay before the log was looked through so far: endpoints with places, all from before they were enabled."""
    before: dict[int, list[int]] = {}
    for one in wanted:
        row = enabled.get(one.endpoint_id)
        if row is not None and one.seq <= row.heard_after:
            before.setdefault(row.id, []).append(one.seq)
    return {
        (number, seq)
        for number, places in before.items()
        for seq in deliveries_sql.of_events(reader, number, places)
    }


def make(tx: Transaction, item: Noted) -> int | None:
    """Make the deliveries, and move the cursor; how many. None, and nothing is done, where somebody else has moved it."""
    cursor = sql.keep_cursor(tx.connection)
    if cursor.version != item.cursor.version:
        return None
    insert(tx, item.wanted)
    if item.missed:
        leave_out(tx, item.missed, FULL)
    sql.move_cursor(tx.connection, cursor, item.upto)
    return len(item.wanted)


def insert(tx: Transaction, wanted: Sequence[Wanted]) -> None:
    """New deliveries, which are due now."""
    numbers = tx.next_ids("endpoint_message", len(wanted)) if wanted else ()
    rows = [
        DeliveryRow(
            id=number,
            space_id=one.space_id,
            endpoint_id=one.endpoint_id,
            seq=one.seq,
            topic=one.topic,
            status=PENDING,
            attempts=0,
            tries=0,
            due_at=tx.now,
            taken=0,
            created_at=tx.now,
            ended_at=None,
            body=one.body,
        )
        for number, one in zip(numbers, wanted, strict=True)
    ]
    if rows:
        deliveries_sql.insert(tx.connection, rows)


def leave_out(tx: Transaction, missed: Mapping[int, int], why: str) -> None:
    """Count what was left out, by endpoint, and tell it now and then."""
    for row in sql.hearing_of(tx.connection, missed):
        told_at = _told(tx, row, row.missed + missed[row.id], why)
        sql.miss(tx.connection, row.id, missed[row.id], told_at)


def _told(tx: Transaction, row: EndpointRow, count: int, why: str) -> int | None:
    if row.missed_told_at is not None and 0 <= tx.now - row.missed_told_at < TOLD_EVERY_MS:
        return None
    say(tx, "endpoint:overflowed", row, missed=count, message=why)
    return tx.now


def miss(tx: Transaction, item: Missed) -> None:
    """Tell the spaces that events were removed before their endpoints have heard them, and go on behind these."""
    cursor = sql.keep_cursor(tx.connection)
    if cursor.version != item.cursor.version:
        return
    for space_id in item.space_ids:
        _say_missed(tx, space_id, item)
    sql.move_cursor(tx.connection, cursor, item.before - 1)


def _say_missed(tx: Transaction, space_id: int, item: Missed) -> None:
    try:
        space = tx.space(space_id)
    except Refusal:
        return
    topic, payload = "endpoint:events-missed", {"after": item.after, "before": item.before}
    body = {
        "topic": topic,
        "domain": "endpoint",
        "context": context_of(tx, space, SYSTEM),
        "payload": payload,
    }
    tx.append(NewEvent(space_id, topic, None, terminal=False, body=body))


def move(tx: Transaction, seq: int) -> None:
    """All up to and with this event is looked at, and no endpoint has heard it."""
    sql.move_cursor(tx.connection, sql.keep_cursor(tx.connection), seq)


MAKE_DELIVERIES: Final[Command[Noted, int | None]] = Command("make_deliveries", make)
MISS_ENDPOINT_EVENTS: Final[Command[Missed, None]] = Command("miss_endpoint_events", miss)
MOVE_ENDPOINTS: Final[Command[int, None]] = Command("move_endpoints", move, lazy=True)
