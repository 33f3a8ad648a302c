"""Spaces: made, changed, set aside, and removed with all that is theirs."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import space_id
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.spaces import SpaceCreate, SpaceUpdate

from ..core.actors import SYSTEM, Actor, Space
from ..core.later import later
from ..core.spaces import FIRST, changed_space, differences, new_space
from ..store import audit
from ..store import spaces as sql
from ..store.command import Command
from ..store.transaction import Transaction
from . import jobs, standing
from .changes import tell

if TYPE_CHECKING:
    from ..core import zones
    from ..store import schedules
else:
    zones = later("..core.zones", __package__)
    schedules = later("..store.schedules", __package__)

MOST_SPACES: Final = 10_000
CONFIGURE: Final = ("space", "configure")
"""The job by which a listener sets a new space up."""


@dataclass(frozen=True, slots=True)
class CreateSpace:
    actor: Actor
    body: SpaceCreate


@dataclass(frozen=True, slots=True)
class UpdateSpace:
    actor: Actor
    space_id: int
    body: SpaceUpdate


@dataclass(frozen=True, slots=True)
class DeleteSpace:
    actor: Actor
    space_id: int


def create(tx: Transaction, item: CreateSpace) -> Space:
    """Store a space; ``space:created``, and the job ``space:configure`` that waits for a listener of the space."""
    _check_zone(item.body.time_zone)
    _refuse_taken(tx, item.body)
    if sql.count_all(tx.connection) >= MOST_SPACES:
        raise Refusal("limit", f"A store has at most {MOST_SPACES} spaces: delete one first.")
    space = new_space(tx.next_id("space"), item.body, tx.now)
    sql.insert(tx.connection, space)
    tx.keep_space(space)
    payload = {"code": space.code, "name": space.name}
    tell(tx, item.actor, "space:created", space_id(space.code), payload, after=payload, space=space)
    _configure(tx, space)
    return space


def update(tx: Transaction, item: UpdateSpace) -> Space:
    """Change what was sent; nothing is said where nothing differs."""
    _check_zone(item.body.time_zone)
    before = found(tx, item.space_id)
    after = changed_space(before, item.body, tx.now)
    if after is before:
        return before
    sql.update(tx.connection, after)
    tx.keep_space(after)
    _keep_schedules(tx, before, after)
    was, now = differences(before, after)
    archives = before.archived_at is None and after.archived_at is not None
    topic = "space:archived" if archives else "space:updated"
    told = {"before": was, "after": now}
    tell(tx, item.actor, topic, space_id(after.code), told, before=was, after=now, space=after)
    return after


def _keep_schedules(tx: Transaction, before: Space, after: Space) -> None:
    if after.time_zone != before.time_zone:
        schedules.plan_anew(tx.connection, after.id)
    if after.archived_at is None and before.archived_at is not None:
        schedules.wake(tx.connection, tx.now, space_id=after.id)


def delete(tx: Transaction, item: DeleteSpace) -> Space:
    """Nobody opens the space any more; what it has is removed in the background, then the space itself."""
    space = found(tx, item.space_id)
    if space.id == FIRST:
        raise Refusal(
            "conflict",
            "The keys of the whole store belong to this space: it can be archived, and stays.",
            key="id",
        )
    if space.id == item.actor.space.id:
        raise Refusal(
            "conflict", "This call acts in the space that it would delete: name another one.", key="id"
        )
    gone = replace(space, deleted_at=tx.now, updated_at=tx.now)
    sql.update(tx.connection, gone)
    tx.keep_space(gone)
    payload = {"code": space.code, "name": space.name}
    # Both hear it, and both audits have it: that of the deleted space is kept as long as any other line.
    tell(tx, item.actor, "space:deleted", space_id(gone.code), payload, before=payload)
    tell(tx, item.actor, "space:deleted", space_id(gone.code), payload, before=payload, space=gone)
    audit.keep_deleted(tx.connection, gone.id, gone.code)
    return gone


def _check_zone(name: str | None) -> None:
    if name is not None and name not in zones.names():
        raise Refusal("invalid", zones.unknown_zone(name), key="timeZone")


def found(tx: Transaction, number: int) -> Space:
    """The space, unless it is being removed; Refusal ``not_found``."""
    space = sql.keep(tx.connection, number)
    if space is None or not space.open:
        raise Refusal("not_found", "There is no such space.", key="id")
    return space


def _refuse_taken(tx: Transaction, body: SpaceCreate) -> None:
    assert body.code is not None
    taken = sql.by_code(tx.connection, body.code)
    if taken is not None:
        state = "exists" if taken.open else "is still being removed"
        raise Refusal("conflict", f"A space of code {body.code} {state}: choose another code.", key="code")


def _configure(tx: Transaction, space: Space) -> None:
    kind, operation = CONFIGURE
    described = {"spaceId": space_id(space.code), "code": space.code, "name": space.name}
    body = JobCreate(type=kind, operation=operation, trigger="immediate", input=described)
    jobs.create(tx, jobs.CreateJob(Actor(SYSTEM, "admin", space), body))


CREATE_SPACE: Final[Command[CreateSpace, Space]] = Command("create_space", create, guard=standing.by("own"))
UPDATE_SPACE: Final[Command[UpdateSpace, Space]] = Command(
    "update_space", update, guard=standing.by("administer")
)
DELETE_SPACE: Final[Command[DeleteSpace, Space]] = Command(
    "delete_space", delete, needs_no_room=True, guard=standing.by("own")
)
