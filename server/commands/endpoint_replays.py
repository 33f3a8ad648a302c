"""Events that an endpoint hears and that never became deliveries, since it was disabled or too many waited: found in the log by a reader,
and made into deliveries by the writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.actors import Actor
from ..core.endpoint_deliveries import posted
from ..core.endpoints import KIND, EndpointRow, watch
from ..core.refusals import missing
from ..core.views import event_text
from ..store import endpoint_deliveries as deliveries_sql
from ..store import endpoints as sql
from ..store import event_pages, log
from ..store.command import Command, always
from ..store.database import Reader
from ..store.event_pages import Named
from ..store.transaction import Transaction
from .changes import note
from .endpoint_deliveries import Replayed, check_enabled, end_rest
from .endpoint_messages import MOST_PENDING, Wanted, insert, room_of
from .endpoints import check_whole, kept
from .standing import by

LOOKED_AT: Final = 10_000
"""Events of the log of which one call looks at the topics."""
PAGE: Final = 500
PAGE_BYTES: Final = 4 * 1024 * 1024
"""Events that one call reads."""


@dataclass(frozen=True, slots=True)
class ReplayMissed:
    """What was found; ``after`` is the place behind which more may be, None where that was all."""

    actor: Actor
    endpoint_id: int
    wanted: Sequence[Wanted]
    after: int | None


def find(reader: Reader, actor: Actor, number: int, since: int, until: int, after: int) -> ReplayMissed:
    """Look through a page of the log, behind a place. Refusals ``not_found``, ``forbidden``, ``disabled``, ``limit`` where too many wait."""
    check_whole(actor)
    row = sql.load(reader, actor.space.id, number)
    if row is None:
        raise missing("endpoint", encode(KIND, number))
    check_enabled(row)
    room = room_of(reader, row.id)
    if room <= 0:
        message = f"{MOST_PENDING:,} deliveries wait for the endpoint: replay what it has missed when there are fewer."
        raise Refusal("limit", message, key="id")
    # What comes behind this becomes a delivery by itself.
    upto = max(row.heard_after, sql.cursor(reader).seq)
    # What came before it was made was never for it.
    span = event_pages.Span(after, upto, max(since, row.created_at), until)
    looked_at = event_pages.between(reader, row.space_id, span, LOOKED_AT)
    left = _left(reader, row, looked_at)
    chosen = _page(left, min(room, PAGE))
    following = chosen if len(chosen) < len(left) else looked_at if len(looked_at) == LOOKED_AT else None
    wanted = _heard(reader, row, [one.seq for one in chosen])
    return ReplayMissed(actor, row.id, wanted, following[-1].seq if following else None)


def _left(reader: Reader, row: EndpointRow, events: Sequence[Named]) -> list[Named]:
    """Those with a topic of the endpoint, of which there is no delivery."""
    topics = watch(row).topics
    named = [one for one in events if topics(one.topic)]
    there = deliveries_sql.of_events(reader, row.id, [one.seq for one in named]) if named else set()
    return [one for one in named if one.seq not in there]


def _page(events: Sequence[Named], count: int) -> Sequence[Named]:
    size = 0
    for place, one in enumerate(events[:count]):
        size += one.size
        if size > PAGE_BYTES and place:
            return events[:place]
    return events[:count]


def _heard(reader: Reader, row: EndpointRow, places: Sequence[int]) -> list[Wanted]:
    """Those that pass its filter."""
    own, epoch = watch(row), log.head(reader).epoch
    wanted: list[Wanted] = []
    for one in log.load_many(reader, places):
        text = event_text(epoch, one.seq, one.at, one.body)
        if own.hears(orjson.loads(text)):
            body = posted(one.topic, one.at, text)
            wanted.append(Wanted(row.space_id, row.id, one.seq, one.topic, body))
    return wanted


def replay_missed(tx: Transaction, item: ReplayMissed) -> Replayed:
    """Make these deliveries, but for those that somebody else has made meanwhile. Refusals as of ``find``."""
    endpoint = kept(tx, item.actor, item.endpoint_id)
    check_enabled(endpoint)
    # Who decides by the log at this moment decides anew: some of these may be among what it is about to make.
    cursor = sql.keep_cursor(tx.connection)
    there = deliveries_sql.of_events(tx.connection, endpoint.id, [one.seq for one in item.wanted])
    wanted = [one for one in item.wanted if one.seq not in there]
    if wanted:
        insert(tx, wanted)
        sql.move_cursor(tx.connection, cursor, cursor.seq)
        end_rest(tx, endpoint)
        facts = {"deliveries": len(wanted), "missed": True}
        note(tx, item.actor, "endpoint:replayed", endpoint.public_id, after=facts)
    return Replayed(len(wanted), item.after)


REPLAY_MISSED: Final[Command[ReplayMissed, Replayed]] = Command(
    "replay_missed", replay_missed, guard=by("define"), turn=always
)
