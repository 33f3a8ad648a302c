"""Endpoints: made, changed, given new secrets and removed by those who define, and disabled by the server where nobody answers."""

from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.endpoints import EndpointCreate, EndpointUpdate
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from ..core.actors import SYSTEM, Actor
from ..core.audit import differing
from ..core.endpoints import KIND, WHY, EndpointRow, changed_endpoint, endpoint_facts, new_endpoint
from ..core.refusals import missing
from ..core.spaces import check_active
from ..store import endpoints as sql
from ..store import signing_secrets
from ..store.command import Command, always
from ..store.transaction import NewEvent, Transaction
from .changes import context_of, tell
from .signing_secrets import Signing, make, renew
from .standing import by

MOST_ENDPOINTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CreateEndpoint:
    actor: Actor
    body: EndpointCreate
    signing: Signing


@dataclass(frozen=True, slots=True)
class UpdateEndpoint:
    actor: Actor
    endpoint_id: int
    body: EndpointUpdate


@dataclass(frozen=True, slots=True)
class RotateEndpoint:
    actor: Actor
    endpoint_id: int
    signing: Signing
    overlap_ms: int


@dataclass(frozen=True, slots=True)
class DeleteEndpoint:
    actor: Actor
    endpoint_id: int


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint with a new secret, ``secret_id`` its number."""

    row: EndpointRow
    secret_id: int
    secret: str


def check_whole(actor: Actor) -> None:
    """Refusal ``forbidden`` for who does not reach the whole space: an endpoint may hear any event of it."""
    if actor.reach is not None:
        raise Refusal(
            "forbidden",
            "This key is restricted to some jobs or topics: endpoints may hear any event of the space, so keys without such a "
            "restriction look after them.",
        )


def create(tx: Transaction, item: CreateEndpoint) -> Made:
    """Store an endpoint. Refusals ``space_archived``, ``limit``, ``bad_filter``, ``too_large``, ``forbidden``."""
    actor = item.actor
    check_whole(actor)
    space = tx.space(actor.space.id)
    check_active(space)
    row = new_endpoint(space.id, item.body, tx.now, actor.key_id)
    if sql.count(tx.connection, space.id) >= MOST_ENDPOINTS:
        raise Refusal("limit", f"A space has at most {MOST_ENDPOINTS:,} endpoints: delete some first.")
    row = replace(row, id=tx.next_id("endpoint"))
    sql.insert(tx.connection, row)
    secret = make(tx, space.id, row.public_id, item.signing)
    _begin(
        tx,
        row,
        _tell(tx, actor, "endpoint:created", row, enabled=bool(row.enabled), after=endpoint_facts(row)),
    )
    return Made(row, secret.id, item.signing.secret)


def update(tx: Transaction, item: UpdateEndpoint) -> EndpointRow:
    """Change what was sent; nothing is said where nothing differs. Refusals as of ``create``, and ``not_found``."""
    actor = item.actor
    before = kept(tx, actor, item.endpoint_id)
    after = changed_endpoint(before, item.body.sent(), tx.now, actor.key_id)
    if after is before:
        return before
    sql.update(tx.connection, after)
    told = _tell_changes(tx, actor, before, after)
    if after.enabled > before.enabled:
        _begin(tx, after, told)
    return after


def _tell_changes(tx: Transaction, actor: Actor, before: EndpointRow, after: EndpointRow) -> NewEvent | None:
    told = None
    was, now = differing(endpoint_facts(before), endpoint_facts(after))
    enabled = now.pop("enabled", None)
    was.pop("enabled", None)
    changed = [name for name in now if name != "version"]
    if changed:
        told = _tell(tx, actor, "endpoint:updated", after, before=was, after=now, changed=changed)
    if enabled is not None:
        topic = "endpoint:enabled" if enabled else "endpoint:disabled"
        told = _tell(tx, actor, topic, after, before={"enabled": not enabled}, after={"enabled": enabled})
    return told


def _begin(tx: Transaction, row: EndpointRow, told: NewEvent | None) -> None:
    """What happened before this event is not for it."""
    if told is not None:
        tx.at_last(lambda: sql.hear_after(tx.connection, row.id, told.seq))


def rotate(tx: Transaction, item: RotateEndpoint) -> Made:
    """Give an endpoint a new secret; the one before signs beside it until the overlap ends."""
    row = kept(tx, item.actor, item.endpoint_id)
    until = tx.now + item.overlap_ms if item.overlap_ms else None
    secret = renew(tx, row.space_id, row.public_id, item.signing, item.overlap_ms)
    facts: dict[str, Any] = {"oldSecretUntil": to_wire_or_none(until)}
    _tell(tx, item.actor, "endpoint:rotated", row, after=facts, oldSecretUntil=facts["oldSecretUntil"])
    return Made(row, secret.id, item.signing.secret)


def delete(tx: Transaction, item: DeleteEndpoint) -> None:
    """The endpoint is gone, with its secrets; what waits for it is not delivered."""
    row = kept(tx, item.actor, item.endpoint_id)
    sql.delete(tx.connection, row.id)
    signing_secrets.forget(tx.connection, row.public_id)
    _tell(tx, item.actor, "endpoint:deleted", row, before=endpoint_facts(row))


def kept(tx: Transaction, actor: Actor, number: int) -> EndpointRow:
    """An endpoint that no other server changes before the end of this transaction. Refusal ``not_found`` or ``forbidden``."""
    check_whole(actor)
    row = sql.keep(tx.connection, actor.space.id, number)
    if row is None:
        raise missing("endpoint", encode(KIND, number))
    return row


def _tell(
    tx: Transaction,
    actor: Actor,
    topic: str,
    row: EndpointRow,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> NewEvent:
    payload = {**_payload(row), **more}
    return tell(tx, actor, topic, row.public_id, payload, before=before, after=after)


# ---- what the server itself sees to


def say(tx: Transaction, topic: str, row: EndpointRow, /, **more: Any) -> None:
    """An event that the server tells of an endpoint."""
    context = context_of(tx, tx.space(row.space_id), SYSTEM)
    body = {"topic": topic, "domain": "endpoint", "context": context, "payload": {**_payload(row), **more}}
    tx.append(NewEvent(row.space_id, topic, None, terminal=False, body=body))


def _payload(row: EndpointRow) -> dict[str, Any]:
    found = {"endpointId": row.public_id, "name": row.name, "version": row.version}
    return {name: value for name, value in found.items() if value is not None}


def disable(tx: Transaction, row: EndpointRow, because: str) -> None:
    """Nobody answers there: nothing more is sent."""
    after = replace(
        row,
        enabled=0,
        disabled_because=because,
        version=row.version + 1,
        updated_at=tx.now,
        updated_by=SYSTEM,
    )
    sql.update(tx.connection, after)
    since = None if row.failing_since is None else to_wire(row.failing_since)
    at = to_wire(tx.now)
    say(
        tx,
        "endpoint:disabled",
        after,
        reason=because,
        message=WHY[because],
        failingSince=since,
        disabledAt=at,
    )


CREATE_ENDPOINT: Final[Command[CreateEndpoint, Made]] = Command(
    "create_endpoint", create, guard=by("define"), turn=always
)
UPDATE_ENDPOINT: Final[Command[UpdateEndpoint, EndpointRow]] = Command(
    "update_endpoint", update, guard=by("define"), turn=always
)
ROTATE_ENDPOINT: Final[Command[RotateEndpoint, Made]] = Command(
    "rotate_endpoint", rotate, guard=by("define"), turn=always
)
DELETE_ENDPOINT: Final[Command[DeleteEndpoint, None]] = Command(
    "delete_endpoint", delete, needs_no_room=True, guard=by("define"), turn=always
)
