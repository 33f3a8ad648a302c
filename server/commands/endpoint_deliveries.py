"""Deliveries to endpoints: taken by one server at a time with a lease, each attempt kept, tried again by the timetable, and replayed.

A server that ends between the sending and the telling sends once more after the lease, under the same id: at least once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actors import Actor
from ..core.endpoint_deliveries import (
    DELIVERED,
    DISABLED,
    FAILED,
    KIND,
    MOST_ATTEMPTS,
    PENDING,
    AttemptRow,
    DeliveryRow,
    replayable,
    test_body,
)
from ..core.endpoint_retries import TOLD_AFTER, is_given_up, next_attempt_ms
from ..core.endpoint_turns import Post, Shares
from ..core.endpoints import FAILING, GONE, TEST, EndpointRow
from ..core.endpoints import KIND as ENDPOINT
from ..core.refusals import missing
from ..security.sealing import Sealer
from ..store import endpoint_deliveries as sql
from ..store import endpoints as endpoints_sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import Transaction
from . import signing_secrets
from .changes import context_of, note
from .endpoints import check_whole, disable, kept, say
from .standing import by

LEASE_MS: Final = 60_000
AT_ONCE: Final = 5
"""Deliveries to one endpoint that are under way at the same time; one, where it fails."""
PAGE: Final = 500
LONGEST_MESSAGE: Final = 500
GONE_STATUS: Final = 410
LOCKED: Final = (
    "This server has not the master key under which the endpoint's secret was sealed: rotate the secret."
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that are due, of these endpoints in this order, as many as there is room for beside what is ``running``."""

    sealer: Sealer
    endpoint_ids: Sequence[int]
    running: Sequence[Post]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that this server makes now. ``secrets`` sign it; ``problem`` says why it cannot be sent."""

    row: DeliveryRow
    url: str
    secrets: Sequence[str] = field(repr=False)
    problem: str | None = None
    fails: bool = False
    """Whether nothing that was sent there lately has succeeded."""

    @property
    def post(self) -> Post:
        """What is under way by it."""
        return Post(self.row.endpoint_id, self.row.space_id, self.fails)


@dataclass(frozen=True, slots=True)
class Attempted:
    """How an attempt went: the ``status`` of the answer and the beginning of its text, or what went wrong (``message``)."""

    row: DeliveryRow
    at: int
    duration_ms: int = 0
    delivered: bool = False
    status: int | None = None
    message: str | None = None
    answer: str | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class TryEndpoint:
    """Post a test to an endpoint now."""

    actor: Actor
    endpoint_id: int
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class ReplayDelivery:
    actor: Actor
    delivery_id: int


@dataclass(frozen=True, slots=True)
class ReplayDeliveries:
    """Those of an endpoint that ended so, made in a span, behind a number."""

    actor: Actor
    endpoint_id: int
    statuses: Sequence[str]
    since: int
    until: int
    after: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many go out again, and behind which number others may; None where that were all."""

    count: int
    after: int | None


# ---- taking


def claim(tx: Transaction, item: Claim) -> list[Parcel]:
    """Deliveries whose time has come. Until the end of the lease they are this server's alone."""
    found: list[Parcel] = []
    shares = Shares.beside(item.running)
    kept = {row.id: row for row in endpoints_sql.claim_many(tx.connection, item.endpoint_ids)}
    for endpoint in (kept[number] for number in item.endpoint_ids if number in kept):
        fails = endpoint.failing_since is not None
        room = shares.room(endpoint.space_id, fails=fails)
        room = min(_room(tx, endpoint), room) if room > 0 else 0
        rows = sql.claim(tx.connection, endpoint.id, tx.now, tx.now + LEASE_MS, room) if room > 0 else []
        shares.take(endpoint.space_id, len(rows), fails=fails)
        found += _parcels(tx, item.sealer, endpoint, rows)
    return found


def _room(tx: Transaction, endpoint: EndpointRow) -> int:
    if not endpoint.enabled or (endpoint.rests_until or 0) > tx.now:
        return 0
    most = AT_ONCE if endpoint.failing_since is None else 1
    return most - sql.under_way(tx.connection, endpoint.id, tx.now)


def _parcels(
    tx: Transaction, sealer: Sealer, endpoint: EndpointRow, rows: Sequence[DeliveryRow]
) -> list[Parcel]:
    secrets = signing_secrets.valid(tx.connection, sealer, endpoint.public_id, tx.now) if rows else []
    problem = None if secrets else LOCKED
    fails = endpoint.failing_since is not None
    return [Parcel(row, endpoint.url, secrets, problem, fails) for row in rows]


def end_waiting(tx: Transaction, endpoint_id: int) -> int:
    """What waits for an endpoint that is disabled or gone has ended with it; how many, a page of them at most."""
    rows = endpoints_sql.hearing_of(tx.connection, [endpoint_id])
    return 0 if rows else sql.end_waiting(tx.connection, endpoint_id, tx.now, PAGE)


# ---- telling how it went


def end(tx: Transaction, item: Attempted) -> DeliveryRow | None:
    """Keep how an attempt went; the delivery as it is then. None where it is not this server's any more."""
    row = sql.keep(tx.connection, item.row.id)
    if row is None or row.attempts != item.row.attempts or not row.taken:
        return None
    sql.insert_attempt(tx.connection, _attempt(item))
    after = _after(tx, row, item)
    sql.save(tx.connection, [after])
    return after


def _attempt(item: Attempted) -> AttemptRow:
    message = None if item.message is None else item.message[:LONGEST_MESSAGE]
    return AttemptRow(
        item.row.id,
        item.row.attempts,
        item.at,
        item.duration_ms,
        int(item.delivered),
        item.status,
        message,
        item.answer,
    )


def _after(tx: Transaction, row: DeliveryRow, item: Attempted) -> DeliveryRow:
    """The delivery after an attempt; its endpoint changes with it, unless it was a test."""
    ended = replace(row, taken=0, due_at=None, ended_at=tx.now)
    if row.seq is None:
        return replace(ended, status=DELIVERED if item.delivered else FAILED)
    if item.delivered:
        _recovered(tx, row)
        return replace(ended, status=DELIVERED)
    endpoint = endpoints_sql.keep(tx.connection, row.space_id, row.endpoint_id)
    if endpoint is None or not endpoint.enabled:
        return replace(ended, status=DISABLED)
    because = _given_up(tx, endpoint, item)
    if because is not None:
        disable(tx, endpoint, because)
        return replace(ended, status=DISABLED)
    wait = next_attempt_ms(row.tries, tx.random(), item.retry_after_s)
    _failed(tx, endpoint, row, item, is_last=wait is None)
    return replace(ended, status=FAILED) if wait is None else replace(row, taken=0, due_at=tx.now + wait)


def _given_up(tx: Transaction, endpoint: EndpointRow, item: Attempted) -> str | None:
    """Why nothing more is sent to an endpoint that has failed once more."""
    if item.status == GONE_STATUS:
        return GONE
    return FAILING if is_given_up(endpoint.failing_since, tx.now) else None


def _recovered(tx: Transaction, row: DeliveryRow) -> None:
    seen = endpoints_sql.load(tx.connection, row.space_id, row.endpoint_id)
    if seen is None or seen.failing_since is None:
        return
    endpoint = endpoints_sql.keep(tx.connection, row.space_id, row.endpoint_id)
    if endpoint is None or endpoint.failing_since is None:
        return
    endpoints_sql.update(
        tx.connection, replace(endpoint, failing_since=None, failing_told=0, rests_until=None)
    )
    if endpoint.failing_told:
        say(tx, "endpoint:recovered", endpoint, failingSince=to_wire(endpoint.failing_since))


def _failed(
    tx: Transaction, endpoint: EndpointRow, row: DeliveryRow, item: Attempted, *, is_last: bool
) -> None:
    """What a failure says of the endpoint."""
    facts = {"deliveryId": row.public_id, "topic": row.topic, "message": item.message, "status": item.status}
    told = {name: value for name, value in facts.items() if value is not None}
    if is_last:
        say(tx, "endpoint:delivery-failed", endpoint, **told, attempts=row.attempts)
    is_news = row.tries >= TOLD_AFTER and not endpoint.failing_told
    since = endpoint.failing_since or tx.now
    rests = None if item.retry_after_s is None else tx.now + int(item.retry_after_s * 1000)
    after = replace(
        endpoint,
        failing_since=since,
        failing_told=int(is_news or endpoint.failing_told),
        rests_until=rests or endpoint.rests_until,
    )
    if after != endpoint:
        endpoints_sql.update(tx.connection, after)
    if is_news:
        say(tx, "endpoint:failing", endpoint, failingSince=to_wire(since), **told)


# ---- what people ask for


def try_(tx: Transaction, item: TryEndpoint) -> Parcel:
    """A test that this server posts now, whether the endpoint is enabled or not. Refusal ``not_found``."""
    endpoint = kept(tx, item.actor, item.endpoint_id)
    number = tx.next_id("endpoint_message")
    context = context_of(tx, tx.space(endpoint.space_id), item.actor.key_id)
    row = DeliveryRow(
        id=number,
        space_id=endpoint.space_id,
        endpoint_id=endpoint.id,
        seq=None,
        topic=TEST,
        status=PENDING,
        attempts=1,
        tries=1,
        due_at=None,
        taken=1,
        created_at=tx.now,
        ended_at=None,
        body=test_body(tx.now, encode(KIND, number), endpoint.id, context),
    )
    sql.insert(tx.connection, [row])
    note(tx, item.actor, "endpoint:tested", endpoint.public_id, after={"deliveryId": row.public_id})
    return _parcels(tx, item.sealer, endpoint, [row])[0]


def find(reader: Reader, actor: Actor, number: int) -> DeliveryRow:
    """A delivery to an endpoint that is there still. Refusal ``not_found`` or ``forbidden``."""
    check_whole(actor)
    row = sql.load(reader, actor.space.id, number)
    if row is None or endpoints_sql.load(reader, row.space_id, row.endpoint_id) is None:
        raise missing("delivery", encode(KIND, number))
    return row


def replay(tx: Transaction, item: ReplayDelivery) -> DeliveryRow:
    """Deliver now, once more or at last, under the same id. Refusals ``not_found``, ``conflict``, ``limit``, ``disabled``."""
    number = find(tx.connection, item.actor, item.delivery_id).id
    row = sql.keep(tx.connection, number)
    if row is None:
        raise missing("delivery", encode(KIND, number))
    replayable(row)
    endpoint = kept(tx, item.actor, row.endpoint_id)
    check_enabled(endpoint)
    after = _anew(tx, row)
    sql.save(tx.connection, [after])
    end_rest(tx, endpoint)
    note(
        tx,
        item.actor,
        "endpoint:replayed",
        encode(ENDPOINT, row.endpoint_id),
        after={"deliveryId": row.public_id},
    )
    return after


def replay_many(tx: Transaction, item: ReplayDeliveries) -> Replayed:
    """The same of a page of those that ended so; those with too many attempts are left out."""
    endpoint = kept(tx, item.actor, item.endpoint_id)
    check_enabled(endpoint)
    rows = sql.ended(tx.connection, endpoint.id, item.statuses, item.after, item.since, item.until, PAGE)
    again = [_anew(tx, row) for row in rows if row.attempts < MOST_ATTEMPTS]
    sql.save(tx.connection, again)
    if again:
        end_rest(tx, endpoint)
        note(tx, item.actor, "endpoint:replayed", endpoint.public_id, after={"deliveries": len(again)})
    return Replayed(len(again), rows[-1].id if len(rows) == PAGE else None)


def check_enabled(endpoint: EndpointRow) -> None:
    """Refusal ``disabled``."""
    if not endpoint.enabled:
        raise Refusal("disabled", "The endpoint is disabled: enable it first.", key="id")


def end_rest(tx: Transaction, endpoint: EndpointRow) -> None:
    """Who asks for a delivery now does not wait as long as the receiver has asked the server to wait."""
    if endpoint.rests_until is not None:
        endpoints_sql.update(tx.connection, replace(endpoint, rests_until=None))


def _anew(tx: Transaction, row: DeliveryRow) -> DeliveryRow:
    return replace(row, status=PENDING, tries=0, due_at=tx.now, ended_at=None)


CLAIM_ENDPOINT_DELIVERIES: Final[Command[Claim, list[Parcel]]] = Command(
    "claim_endpoint_deliveries", claim, needs_no_room=True
)
END_WAITING: Final[Command[int, int]] = Command("end_waiting_deliveries", end_waiting, needs_no_room=True)
END_ENDPOINT_DELIVERY: Final[Command[Attempted, DeliveryRow | None]] = Command(
    "end_endpoint_delivery", end, needs_no_room=True
)
TRY_ENDPOINT: Final[Command[TryEndpoint, Parcel]] = Command(
    "try_endpoint", try_, guard=by("define"), turn=always
)
REPLAY_DELIVERY: Final[Command[ReplayDelivery, DeliveryRow]] = Command(
    "replay_delivery", replay, guard=by("define"), turn=always
)
REPLAY_DELIVERIES: Final[Command[ReplayDeliveries, Replayed]] = Command(
    "replay_deliveries", replay_many, guard=by("define"), turn=always
)
