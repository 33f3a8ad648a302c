"""What people and programs do with jobs: create, update, execute, cancel, retry, acknowledge the outcome, delete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode, environment_id, space_code, space_id
from listener_sdk.protocol.jobs import JobCreate, JobUpdate
from listener_sdk.protocol.lifecycle import Move, Status, next_status
from listener_sdk.protocol.times import from_datetime, to_wire

from ..core.actors import Actor, Space
from ..core.built_in import check_name
from ..core.effects import CancelAsked
from ..core.jobs import JobRow, alike, retagged
from ..core.later import later
from ..core.sizes import bounded
from ..core.spaces import check_active
from ..store import jobs as sql
from ..store import tags as tags_sql
from ..store.command import Command
from ..store.transaction import Transaction
from . import ends, moves, parts, predecessors, run_modes, starts
from .changes import note, note_job
from .reruns import Reruns

if TYPE_CHECKING:
    from . import plans, run_ends
else:
    plans = later(".plans", __package__)
    run_ends = later(".run_ends", __package__)

SPEC: Final = (
    "tags", "destination", "config", "trigger", "mode", "input", "subject", "managed", "metadata", "label", "partData",
    "partExecution",
)  # fmt: skip
"""Creation fields that have no column. Tags come first: `JobRow.tags` looks for them there."""


_NOTHING: Final[Mapping[str, Any]] = {}


class CreateJob(NamedTuple):
    """``trigger`` is what counts when the body names none.

    ``said`` joins the description: what the server itself knows of the job, and no client may say. ``described`` stands in the place of
    those fields of the body that have no column (`SPEC`), where the server has made them itself.
    """

    actor: Actor
    body: JobCreate
    trigger: str = "immediate"
    said: Mapping[str, Any] = _NOTHING
    definition_id: int | None = None
    described: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class JobAct:
    """An act on one job that needs nothing else."""

    actor: Actor
    job_id: int


@dataclass(frozen=True, slots=True)
class CancelJob:
    actor: Actor
    job_id: int
    info: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateJob:
    actor: Actor
    job_id: int
    body: JobUpdate


@dataclass(slots=True)
class Birth:
    """A job that may be stored. ``scheduled_at`` is a start time ahead, ``predecessors`` the jobs that it follows."""

    row: JobRow
    actor: str
    trigger: str
    scheduled_at: int | None
    predecessors: list[int]


def create(tx: Transaction, item: CreateJob) -> JobRow:
    """Store a job: created (manual), scheduled (with a start time ahead), waiting (for others), or ready."""
    birth = check(tx, item)
    store(tx, birth)
    set_out(tx, birth)
    return birth.row


def check(tx: Transaction, item: CreateJob) -> Birth:
    """The job that would be stored, or the Refusal that it meets. Nothing is changed but the room of its queue."""
    birth = draft(tx, item)
    _refuse_duplicate(tx, birth.row)
    admit(tx, birth.row)
    return birth


def draft(tx: Transaction, item: CreateJob) -> Birth:
    """The job by itself: what ``check`` asks but for its unique key and the room in its queue."""
    body, space = item.body, item.actor.space
    check_active(tx.space(space.id))
    if item.actor.reach is not None:
        item.actor.reach.check_name(body.name)
    check_name(body.name)
    trigger = body.trigger or item.trigger
    parent_id = _parent(tx, item)
    row = _new_row(tx, item, _spec(item, trigger), parent_id)
    _refuse_other_space(body, space)
    others = predecessors.check(tx, space, body.predecessor_ids or (), parent_id)
    moves.check_reach(tx, item.actor, others, "predecessorIds")
    scheduled_at = from_datetime(body.scheduled_at) if body.scheduled_at else None
    return Birth(row, item.actor.key_id, trigger, scheduled_at, others)


def admit(tx: Transaction, row: JobRow) -> None:
    """Take room in the queue of the row's space; Refusal ``queue_full``."""
    tx.facts.bound.admit(row.space_id, tx.now, lambda: sql.count_ready(tx.connection, row.space_id))


def store(tx: Transaction, birth: Birth) -> None:
    """Keep the job, under the id that it was given already or a new one."""
    row = birth.row
    row.id = row.id or tx.next_id("job")
    tx.add(row)
    if row.definition_id is not None:
        run_ends.begun(tx, row)
    tx.say("job:created", row, birth.actor)


def set_out(tx: Transaction, birth: Birth) -> None:
    """Let a stored job go its way, as far as its trigger, its start time and its predecessors allow."""
    row, at = birth.row, birth.scheduled_at
    if birth.predecessors:
        predecessors.follow(tx, row, birth.predecessors)
    if at is not None and at > tx.now:
        row.scheduled_at = at
    elif birth.trigger != "immediate":
        return
    if birth.predecessors:
        starts.set_out(tx, row, birth.actor)
    else:
        moves.set_out(tx, row, birth.actor)


def _spec(item: CreateJob, trigger: str) -> dict[str, Any]:
    own = _given(item.body) if item.described is None else item.described
    # What the server says comes early: `JobRow.head` looks for it there.
    tags = {"tags": own["tags"]} if "tags" in own else {}
    spec: dict[str, Any] = {**tags, **item.said, **own}
    spec["trigger"] = trigger
    bounded(spec)
    return spec


def _given(body: JobCreate) -> dict[str, Any]:
    """No tags are the same as an empty list of them."""
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: given[name] for name in SPEC if name in given and given[name] != []}


def _parent(tx: Transaction, item: CreateJob) -> int | None:
    if item.body.parent_id is None:
        return None
    number = moves.job_number(item.body.parent_id, "parentId")
    parent_id = moves.found(tx, item.actor.space, number, "parentId").id
    moves.check_reach(tx, item.actor, (parent_id,), "parentId")
    return parent_id


def _refuse_other_space(body: JobCreate, space: Space) -> None:
    for key, value in (("spaceId", body.space_id), ("environmentId", body.environment_id)):
        if value is not None and space_code(value) != space.code:
            raise Refusal(
                "not_found",
                f"This key belongs to {space_id(space.code)} ({environment_id(space.code)}): leave {key} out, or name that.",
                key=key,
                named=space_id(space_code(value)),
            )


def _refuse_duplicate(tx: Transaction, row: JobRow) -> None:
    if row.unique_key is None:
        return
    tx.flush()
    other = sql.unfinished_with_key(tx.connection, row.space_id, row.unique_key)
    if other is not None:
        raise Refusal(
            "duplicate_job",
            f"Job {encode('jb', other)} has this uniqueKey and has not ended: wait for it, or use another key.",
            key="uniqueKey",
            job=encode("jb", other),
        )


def _new_row(tx: Transaction, item: CreateJob, spec: dict[str, Any], parent: int | None) -> JobRow:
    body, space = item.body, item.actor.space
    return JobRow(
        id=0,
        space_id=space.id,
        name=body.name,
        status=Status.CREATED.value,
        source=body.source or space_id(space.code),
        parent_id=parent,
        part=None,
        parts=None,
        followed=0,
        rerun_of=None,
        file_id=body.file_id,
        priority=body.priority,
        unique_key=body.unique_key,
        spec=orjson.dumps(spec).decode(),
        created_by=item.actor.key_id,
        created_at=tx.now,
        updated_at=tx.now,
        scheduled_at=None,
        ready_at=None,
        granted_at=None,
        started_at=None,
        attempt_started_at=None,
        finished_at=None,
        acknowledged_at=None,
        cancel_requested_at=None,
        info=body.info,
        progress=body.progress,
        done=None,
        total=None,
        eta_at=from_datetime(body.estimated_completion_at) if body.estimated_completion_at else None,
        eta_given=int(body.estimated_completion_at is not None),
        outcome=None,
        result=None,
        attempt=0,
        max_attempts=body.max_attempts,
        fence=0,
        holder=None,
        lease_expires_at=None,
        run_timeout_ms=int(body.run_timeout_s * 1000),
        queue_timeout_ms=int(body.queue_timeout_s * 1000) if body.queue_timeout_s else None,
        total_timeout_ms=int(body.total_timeout_s * 1000),
        due_at=None,
        definition_id=item.definition_id,
    )


def execute(tx: Transaction, item: JobAct) -> None:
    """A person starts the job now; one that has not set out waits for its predecessors first."""
    row = moves.found(tx, item.actor.space, item.job_id)
    may_start(tx, row)
    start(tx, row, item.actor)


def may_start(tx: Transaction, row: JobRow) -> None:
    """Refusal ``illegal_move``, ``space_archived``, or of a plan that is missing, unless a person may start the job."""
    next_status(row.status, Move.MAKE_READY)
    check_active(tx.space(row.space_id))
    plans.require_plan(tx, row)


def start(tx: Transaction, row: JobRow, actor: Actor) -> None:
    """As ``execute``, of a job that may be."""
    before = {"status": row.status}
    starts.execute(tx, row, actor.key_id)
    note_job(tx, actor, "job:executed", row, before, {"status": row.status})


def cancel(tx: Transaction, item: CancelJob) -> JobRow:
    """Ask a handler on the stream to stop, within the grace; any other unfinished job ends at once."""
    before = _standing(moves.found(tx, item.actor.space, item.job_id))
    row = stop(tx, item)
    note_job(tx, item.actor, "job:canceled", row, before, _standing(row))
    return row


def _standing(row: JobRow) -> dict[str, Any]:
    asked_at = None if row.cancel_requested_at is None else to_wire(row.cancel_requested_at)
    return {"status": row.status, "cancelRequestedAt": asked_at}


def stop(tx: Transaction, item: CancelJob) -> JobRow:
    """As ``cancel``, for a call about many jobs, which has one line in the audit for all."""
    row = moves.found(tx, item.actor.space, item.job_id)
    next_status(row.status, Move.CANCEL)
    if row.status == Status.EXECUTING and row.on_stream:
        _ask(tx, row, item)
    else:
        ends.cancel(tx, row, item.actor.key_id, item.info)
    return row


def _ask(tx: Transaction, row: JobRow, item: CancelJob) -> None:
    if row.cancel_requested_at is not None or row.holder is None:
        return
    row.cancel_requested_at = tx.now
    if item.info is not None:
        row.info = item.info
    moves.touch(tx, row)
    tx.say("job:updated", row, item.actor.key_id, cancelRequestedAt=to_wire(tx.now))
    tx.effects.append(CancelAsked(row.holder, row.id, row.fence, item.info))


def retry(tx: Transaction, item: JobAct, edit: Mapping[str, Any] = _NOTHING) -> JobRow:
    """A new job like the ended one, which waits for those of its predecessors that go on, and for no other; ``rerunOf`` names the old.

    ``edit`` are fields of its description that are others, None for those that it has no more.
    """
    old = ended(tx, item)
    _refuse_duplicate(tx, old)
    tx.flush()
    row = run_again(tx, old, item.actor, Reruns(tx, [old.id]), edit)
    changed = {"edited": sorted(edit)} if edit else {}
    note(tx, item.actor, "job:retried", encode("jb", old.id), after={"job": encode("jb", row.id), **changed})
    return row


def ended(tx: Transaction, item: JobAct) -> JobRow:
    """The job, which has ended; or the Refusal."""
    row = moves.found(tx, item.actor.space, item.job_id)
    if not row.ended:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}: only a job that has ended can be run again.",
            key="status",
            status=row.status,
        )
    return row


def run_again(
    tx: Transaction, old: JobRow, actor: Actor, reruns: Reruns, edit: Mapping[str, Any] = _NOTHING
) -> JobRow:
    """The rerun of a job that has ended, and whose unique key is free. Refusal ``disabled``, ``already_retried``, ``queue_full``."""
    check_active(tx.space(old.space_id))
    reruns.refuse_disabled(old)
    reruns.refuse_double(tx, old)
    place, others = parts.place_of(tx, old), reruns.waits_for(tx, old)
    if others and old.parent_id is not None:
        names = [encode("jb", number) for number in others]
        predecessors.check(tx, actor.space, names, old.parent_id)
    row = _again(tx, old, actor, edit)
    admit(tx, row)
    parts.take_place(tx, place, row)
    store(tx, Birth(row, actor.key_id, "immediate", None, others))
    reruns.made[old.id] = row.id
    if others:
        predecessors.follow(tx, row, others)
    starts.set_out(tx, row, actor.key_id)
    parts.carry_up(tx, row)
    return row


def _again(tx: Transaction, old: JobRow, actor: Actor, edit: Mapping[str, Any]) -> JobRow:
    spec = {name: value for name, value in old.described().items() if name not in parts.OF_ONE_JOB}
    spec = run_modes.of_rerun(_edited(spec, edit)) if edit else run_modes.of_rerun(spec)
    spec["trigger"] = "immediate"
    number = old.part_number
    return alike(
        old, tx.now, part=number, rerun_of=old.id, created_by=actor.key_id, spec=orjson.dumps(spec).decode()
    )


def _edited(spec: dict[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """The description with other fields, in the order in which `JobRow` looks for them. Refusal ``too_large``."""
    first: dict[str, Any] = {n: spec[n] for n in ("tags", "jobType", "definition") if n in spec}
    modes = {name: value for name, value in edit.items() if name in {"modes", "runMode"}}
    found: dict[str, Any] = {**first, **modes, **spec, **edit}
    bounded(found)
    return {name: value for name, value in found.items() if value is not None}


def ack_outcome(tx: Transaction, item: JobAct) -> JobRow:
    """A person has seen the outcome; a second time changes nothing."""
    row = moves.found(tx, item.actor.space, item.job_id)
    see_outcome(tx, row, item.actor)
    return row


def see_outcome(tx: Transaction, row: JobRow, actor: Actor) -> None:
    """Note that the outcome was seen; Refusal ``illegal_move`` while there is none."""
    if not row.ended:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}: there is no outcome to acknowledge yet.",
            key="status",
            status=row.status,
        )
    if row.acknowledged_at is None:
        row.acknowledged_at = tx.now
        moves.touch(tx, row)
        tx.say("job:outcome-acknowledged", row, actor.key_id)


def delete(tx: Transaction, item: JobAct) -> None:
    """Remove the job with its attempts, log and curve; an unfinished one is canceled first."""
    row = moves.found(tx, item.actor.space, item.job_id)
    before = {"job": row.name, "status": row.status}
    if not row.ended:
        ends.cancel(tx, row, item.actor.key_id)
    tx.say("job:deleted", row, item.actor.key_id)
    note(tx, item.actor, "job:deleted", encode("jb", row.id), before=before)
    tx.forget(row)
    sql.delete(tx.connection, row.id)


def change(tx: Transaction, row: JobRow, item: UpdateJob) -> None:
    """Set the plain fields that were sent. Status and progress belong to the lease: ``commands.rest`` does them, and tells all."""
    body = item.body
    described = _described(row, body)
    before = _audited(row, body)
    if body.priority is not None:
        _may_change(row, "priority")
        row.priority = body.priority
    if body.outcome_acknowledged_at is not None:
        see_outcome(tx, row, item.actor)
    if body.info is not None:
        row.info = body.info
    if described is not None:
        row.spec = described
    if body.tags is not None:
        _retag(tx, row, body.tags)
    moves.touch(tx, row)
    note_job(tx, item.actor, "job:updated", row, before, _audited(row, body))


def _retag(tx: Transaction, row: JobRow, tags: list[str]) -> None:
    if tags == row.tags:
        return
    # What the same batch has stored of them must be there to be removed.
    tx.flush()
    tags_sql.remove(tx.connection, row.id)
    row.spec = orjson.dumps(retagged(row.described(), tags)).decode()
    for tag in tags:
        tx.insert(tags_sql.TABLE, tags_sql.COLUMNS, tags_sql.row(row, tag))


def _audited(row: JobRow, body: JobUpdate) -> dict[str, Any]:
    """Those fields of the job that the body changes, and that are no listener's own work."""
    spec = row.described() if body.config is not None or body.metadata is not None else {}
    fields = {
        "priority": row.priority,
        "config": spec.get("config"),
        "metadata": spec.get("metadata"),
        "tags": row.tags,
    }
    return {name: value for name, value in fields.items() if getattr(body, name) is not None}


def _may_change(row: JobRow, field: str) -> None:
    if row.ended:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}: its {field} means nothing any more.",
            key=field,
            status=row.status,
        )


def _described(row: JobRow, body: JobUpdate) -> str | None:
    given = {
        name: value
        for name, value in (("config", body.config), ("metadata", body.metadata))
        if value is not None
    }
    if not given:
        return None
    bounded(given)
    return orjson.dumps({**row.described(), **given}).decode()


def _job(item: JobAct | CancelJob | UpdateJob) -> tuple[int]:
    return (item.job_id,)


CREATE: Final = Command("create", create)
EXECUTE: Final = Command("execute", execute, _job)
CANCEL: Final = Command("cancel", cancel, _job)
RETRY: Final = Command("retry", retry, _job)
ACK_OUTCOME: Final = Command("ack_outcome", ack_outcome, _job)
DELETE: Final = Command("delete", delete, _job, needs_no_room=True)
