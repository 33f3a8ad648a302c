"""Execution plans: set for a job before it runs. A job that is being planned is executed when its plan is whole."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.lifecycle import Move, Status, next_status
from listener_sdk.protocol.plans import WHOLE, PlanPatch, PlanPut, plan_of

from ..core.actors import Actor
from ..core.jobs import JobRow
from ..core.sizes import bounded
from ..store import plans as sql
from ..store.command import Command
from ..store.transaction import Transaction
from . import moves
from .changes import note_job

EMPTY: Final[dict[str, Any]] = {name: [] for name in WHOLE}
"""What a job without plan shows, and what stands for the lists that a plan does not have yet."""


@dataclass(frozen=True, slots=True)
class SetPlan:
    actor: Actor
    job_id: int
    body: PlanPut | PlanPatch


def set_plan(tx: Transaction, item: SetPlan) -> tuple[JobRow, dict[str, Any]]:
    """Keep the plan, whole (PUT) or in the parts that were sent (PATCH). A created job is then in planning."""
    row = moves.found(tx, item.actor.space, item.job_id)
    _refuse_other_job(tx, row, item)
    _refuse_late(row)
    before = sql.load(tx.connection, row.id) if isinstance(item.body, PlanPatch) else None
    sent = plan_of(item.body)
    plan = {**(before or {}), **sent}
    bounded({"plan": plan})
    sql.save(tx.connection, row.id, plan)
    status = row.status
    if row.status == Status.CREATED:
        begin(tx, row)
    moves.touch(tx, row)
    tx.say("job:updated", row, item.actor.key_id)
    after = {"status": row.status, "set": sorted(sent)}
    note_job(tx, item.actor, "job:planned", row, {"status": status}, after)
    return row, {**EMPTY, **plan}


def begin(tx: Transaction, row: JobRow) -> None:
    """The job's plan is awaited."""
    row.status = next_status(row.status, Move.PLAN)
    moves.touch(tx, row)


def _refuse_other_job(tx: Transaction, row: JobRow, item: SetPlan) -> None:
    body = item.body
    other = decode("jb", body.job_id)
    if other is not None and other != row.id:
        moves.found(tx, item.actor.space, other, "jobId")
    if other != row.id:
        what = f"The body's jobId is {body.job_id[:64]!r}, but the address names {encode('jb', row.id)}: send a plan to its own job."
        raise Refusal("wrong_plan", what, key="jobId")
    if row.file_id is not None and body.file_id != row.file_id:
        what = f"The body's fileId is {body.file_id[:64]!r}, but the job is for {row.file_id[:64]!r}: name that file."
        raise Refusal("wrong_plan", what, key="fileId")


def _refuse_late(row: JobRow) -> None:
    if row.ended or row.status == Status.EXECUTING:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}: its plan can be set only before it is executed.",
            key="status",
            status=row.status,
        )


def require_plan(tx: Transaction, row: JobRow) -> None:
    """Refusal ``no_plan`` when the job is in planning and its plan is not whole."""
    if row.status != Status.PLANNING:
        return
    plan = sql.load(tx.connection, row.id) or {}
    missing = [name for name in WHOLE if name not in plan]
    if missing:
        address = f"/v1/jobs/{encode('jb', row.id)}/plan"
        what = f"The job is in planning and its plan lacks {', '.join(missing)}: PUT {address} first."
        raise Refusal("no_plan", what, key="plan", status=row.status)


def _job(item: SetPlan) -> tuple[int]:
    return (item.job_id,)


SET_PLAN: Final = Command("set_plan", set_plan, _job)
