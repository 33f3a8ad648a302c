"""Job types: declared by listeners as they begin to listen, seen as long as they are served, removed when nobody needs them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.job_types import MOST_TYPES

from ..core.actors import Actor
from ..core.audit import differing
from ..core.built_in import CODES
from ..core.fleets import Taker
from ..core.job_types import KIND, SEEN_MS, JobType, JobTypeRow
from ..core.later import later
from ..core.roles import may, roles_with
from ..store import job_types as sql
from ..store.command import Command, always
from ..store.transaction import Transaction
from . import sessions
from .changes import tell
from .standing import by

if TYPE_CHECKING:
    from . import definitions, launches
else:
    definitions = later(".definitions", __package__)
    launches = later(".launches", __package__)

Rows = Mapping[str, JobTypeRow]


@dataclass(frozen=True, slots=True)
class ListenFor:
    """What a session takes from now on, and the types that it declares, by their codes."""

    actor: Actor
    taker: Taker
    types: Mapping[str, JobType]


@dataclass(frozen=True, slots=True)
class SeeTypes:
    """Types that are served."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeleteType:
    """``served`` says whether a session of this server takes its jobs; ``shared``, whether there may be other servers."""

    actor: Actor
    code: str
    served: bool
    shared: bool


def listen(tx: Transaction, item: ListenFor) -> None:
    """Declare the types, and take jobs. Refusals as of ``declare``, and nothing is taken."""
    declare(tx, item.actor, item.types)
    sessions.listen(tx, item.taker)


def declare(tx: Transaction, actor: Actor, types: Mapping[str, JobType]) -> None:
    """Keep the types as they are declared; where they are the same as before nothing is written.

    Refusals ``forbidden`` and ``in_use`` of a code that stands for other jobs, and ``limit``.
    """
    if not _changed(types, sql.by_codes(tx.connection, actor.space.id, types)):
        return
    # Two servers must not both find that a code is free.
    tx.connection.take_turn()
    known = sql.by_codes(tx.connection, actor.space.id, types)
    changed = _changed(types, known)
    for job_type in changed:
        if job_type.code in known:
            _check_name(tx, actor, known[job_type.code], job_type)
    _check_room(tx, actor, len(types) - len(known))
    for job_type in changed:
        _keep(tx, actor, known.get(job_type.code), job_type)


def _changed(types: Mapping[str, JobType], known: Rows) -> list[JobType]:
    return [
        job_type
        for code, job_type in types.items()
        if code not in known or known[code].body != job_type.stored()
    ]


def _check_name(tx: Transaction, actor: Actor, before: JobTypeRow, job_type: JobType) -> None:
    """Whose handlers run the jobs of definitions is for those to say who define jobs: secrets go there too."""
    if before.name == job_type.name:
        return
    if actor.reach is not None and not actor.reach.names(before.name):
        raise Refusal(
            "forbidden",
            f"The job type {before.code} is one of jobs that this key is not for: choose another code.",
            key="types",
        )
    if not may(actor.role, "define"):
        definitions.refuse_type_in_use(
            tx,
            before.space_id,
            before.code,
            f"choose another code than that of {before.name}, or declare it with a key of role {' or '.join(roles_with('define'))}",
            key="types",
        )


def _check_room(tx: Transaction, actor: Actor, more: int) -> None:
    if more and sql.count(tx.connection, actor.space.id) + more > MOST_TYPES:
        raise Refusal(
            "limit",
            f"A space has at most {MOST_TYPES} job types: delete those that nobody serves any more (tickwire types delete).",
            key="types",
        )


def _keep(tx: Transaction, actor: Actor, before: JobTypeRow | None, job_type: JobType) -> None:
    if before is None:
        row = _new(tx, actor, job_type)
        sql.insert(tx.connection, row)
    else:
        row = replace(
            before,
            name=job_type.name,
            label=job_type.label,
            body=job_type.stored(),
            # Always a later one: by it servers see whether it is the type that they know.
            updated_at=max(tx.now, before.updated_at + 1),
            updated_by=actor.key_id,
            seen_at=tx.now,
        )
        sql.update(tx.connection, row)
    _say(tx, actor, before, row)


def _new(tx: Transaction, actor: Actor, job_type: JobType) -> JobTypeRow:
    return JobTypeRow(
        id=tx.next_id("job_type"),
        space_id=actor.space.id,
        code=job_type.code,
        name=job_type.name,
        body=job_type.stored(),
        created_at=tx.now,
        updated_at=tx.now,
        updated_by=actor.key_id,
        seen_at=tx.now,
        label=job_type.label,
    )


def _say(tx: Transaction, actor: Actor, before: JobTypeRow | None, after: JobTypeRow | None) -> None:
    """One of the two is there."""
    row = after or before
    assert row is not None
    topic = (
        "job-type:declared" if before is None else "job-type:deleted" if after is None else "job-type:updated"
    )
    was = None if before is None else before.facts()
    now = None if after is None else after.facts()
    label = {} if row.label is None else {"label": row.label}
    payload: dict[str, Any] = {"jobType": row.code, "name": row.name, **label}
    if was is not None and now is not None:
        was, now = differing(was, now)
        payload["changed"] = list(now)
        if "name" in was:
            payload["before"] = {"name": was["name"]}
    tell(tx, actor, topic, encode(KIND, row.id), payload, before=was, after=now)


def see(tx: Transaction, item: SeeTypes) -> None:
    """Other servers learn that the types are served here."""
    sql.see(tx.connection, item.ids, tx.now)


def delete(tx: Transaction, item: DeleteType) -> None:
    """The type is gone; jobs that were made of it go on. Refusal ``not_found``, or ``in_use``."""
    actor = item.actor
    if item.code in CODES:
        raise Refusal("in_use", f"The job type {item.code} is built in, and stays.", key="code")
    row = sql.by_code(tx.connection, actor.space.id, item.code)
    if row is None or (actor.reach is not None and not actor.reach.names(row.name)):
        raise launches.unknown_type(tx.connection, actor, item.code)
    _refuse_served(tx, item, row)
    definitions.refuse_type_in_use(tx, row.space_id, row.code)
    sql.delete(tx.connection, row.id)
    _say(tx, actor, row, None)


def _refuse_served(tx: Transaction, item: DeleteType, row: JobTypeRow) -> None:
    if item.served or (item.shared and row.seen_at >= tx.now - SEEN_MS):
        raise Refusal(
            "in_use",
            f"Listeners serve the job type {row.code}, and would declare it again: stop them first.",
            key="code",
        )


LISTEN_FOR: Final[Command[ListenFor, None]] = Command("listen_for", listen, needs_no_room=True)
SEE_TYPES: Final[Command[SeeTypes, None]] = Command("see_types", see, lazy=True, needs_no_room=True)
DELETE_TYPE: Final[Command[DeleteType, None]] = Command(
    "delete_job_type", delete, needs_no_room=True, guard=by("define"), turn=always
)
