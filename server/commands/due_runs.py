"""Making up for due times at which nothing ran: a job as the schedule would have made it then, on somebody's word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.actors import Actor
from ..core.definitions import KIND as DEFINITION
from ..core.definitions import DefinitionRow
from ..core.job_types import JobType
from ..core.jobs import JobRow
from ..core.missed import Missed, missed_id
from ..core.refusals import missing
from ..core.roles import may
from ..core.runs import SLOT_ID
from ..core.schedules import KIND, ScheduleRow
from ..store import schedules as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.transaction import Transaction
from . import definition_starts, definitions, launches
from .changes import note
from .definition_starts import Start
from .launches import Launch
from .reruns import already_retried
from .schedules import of_due_time, start_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A due time that is to run after all; ``params`` join those of its schedule as they stand, ``mode`` takes the place of its own."""

    actor: Actor
    schedule_id: int
    due_at: int
    params: Mapping[str, Any]
    mode: str | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a launch rests on: of another one it would be another."""

    schedule: ScheduleRow
    definition: DefinitionRow


@dataclass(frozen=True, slots=True)
class RunDue:
    """``launch`` is what was `prepared` before it came to the writer, or why nothing was, of things as they were then (``basis``)."""

    asked: Asked
    basis: Basis | None
    launch: Launch | Refusal


def prepared(reader: Reader, asked: Asked) -> RunDue:
    """What the command takes: what may take long is done. Refusals are kept for it to tell, so that a repeated call has the first answer."""
    basis = None
    try:
        missed = sql.missed(reader, asked.actor.space.id, asked.schedule_id, asked.due_at)
        row, job_type = definitions.find(reader, asked.actor, _definition_of(missed, asked))
        basis = Basis(_schedule(sql.load(reader, asked.actor.space.id, asked.schedule_id), row, asked), row)
        return RunDue(asked, basis, _launch(basis, job_type, asked))
    except Refusal as refusal:
        return RunDue(asked, basis, refusal)


def run(tx: Transaction, item: RunDue) -> JobRow:
    """Make a job for the due time, of the definition as it is now; its slot names the job.

    Refusals ``not_found`` of the run, or of its schedule where that is gone; ``disabled``; ``already_retried`` while a job that was made
    for it before has not ended; ``forbidden`` for parameters of one's own where secrets stand beside them; else as `definition_starts.start`.
    """
    asked, space_id = item.asked, item.asked.actor.space.id
    tx.flush()
    seen = sql.missed(tx.connection, space_id, asked.schedule_id, asked.due_at)
    # In this order: who deletes a definition keeps it, and then removes its schedules.
    row, job_type = definitions.use(tx, asked.actor, _definition_of(seen, asked))
    basis = Basis(_schedule(sql.keep(tx.connection, space_id, asked.schedule_id), row, asked), row)
    missed = sql.keep_missed(tx.connection, space_id, asked.schedule_id, asked.due_at)
    if missed is None:
        raise _unknown(asked)
    definition_starts.check_enabled(row)
    _refuse_double(tx, missed)
    launch = item.launch if _is_same(basis, item.basis) else _launch(basis, job_type, asked)
    if isinstance(launch, Refusal):
        raise launch
    job = launches.launch(tx, launch)
    sql.made_up_for(tx.connection, missed, job.id)
    edited = [name for name, value in (("params", asked.params), ("mode", asked.mode)) if value]
    changed = {"edited": edited} if edited else {}
    note(tx, asked.actor, "job:retried", missed.public_id, after={"job": encode("jb", job.id), **changed})
    return job


def _is_same(now: Basis, before: Basis | None) -> bool:
    """Whether the same launch comes of both: that a schedule moves on is no difference."""
    return (
        before is not None
        and now.definition == before.definition
        and (now.schedule.body, now.schedule.name) == (before.schedule.body, before.schedule.name)
    )


def _definition_of(missed: Missed | None, asked: Asked) -> str:
    if missed is None or missed.definition_id is None:
        raise _unknown(asked)
    return encode(DEFINITION, missed.definition_id)


def _unknown(asked: Asked) -> Refusal:
    return missing("run", missed_id(asked.schedule_id, asked.due_at))


def _schedule(found: ScheduleRow | None, definition: DefinitionRow, asked: Asked) -> ScheduleRow:
    if found is None:
        shown = encode(KIND, asked.schedule_id)
        raise Refusal(
            "not_found",
            f"The schedule {shown} of this due time is gone, and with it what its runs were given: launch {definition.code} instead, "
            f"with POST /v1/job-definitions/{definition.code}/_execute.",
            key="id",
            named=shown,
        )
    return found


def _refuse_double(tx: Transaction, missed: Missed) -> None:
    """A call that is repeated must not double the work."""
    job = None if missed.job_id is None else tx.job(missed.job_id)
    if job is not None and not job.ended:
        raise already_retried(job.id)


def _launch(basis: Basis, job_type: JobType, asked: Asked) -> Launch:
    """What the schedule would have launched then, but for what was asked for otherwise."""
    schedule, actor = basis.schedule, asked.actor
    by = {**of_due_time(schedule, asked.due_at), SLOT_ID: missed_id(schedule.id, asked.due_at)}
    own = start_of(schedule, actor, by, asked.due_at)
    start = Start(actor, by, own.context, joined=own.joined, values=asked.params, mode=asked.mode or own.mode)
    launch = definition_starts.prepared(basis.definition, job_type, start)
    if launch.params.secret_refs and asked.params and not may(actor.role, "use_secrets"):
        raise Refusal(
            "forbidden",
            f"This run uses the secret {launch.params.secret_refs[0].name}: a key of role {actor.role} runs it as it was due, without "
            "params of its own.",
            key="params",
        )
    return launch


RUN_DUE: Final[Command[RunDue, JobRow]] = Command("run_due", run)
