"""Jobs split into parts: the split itself, what the parts report to their job, and which part is next."""

from dataclasses import dataclass
from typing import Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobSplit
from listener_sdk.protocol.lifecycle import Status

from ..core.actors import SYSTEM, Actor
from ..core.effects import Divided
from ..core.estimate import Told
from ..core.job_events import progress_facts
from ..core.jobs import JobRow, alike
from ..core.parts import Split, digest, parts_data
from ..core.sizes import bounded
from ..store import jobs as jobs_sql
from ..store import parts as sql
from ..store import predecessors as predecessors_sql
from ..store.command import Command
from ..store.transaction import PROGRESS_ONLY, Transaction
from . import moves, pace, reruns, run_modes
from .drawing import draw

TOLD_EVERY_MS: Final = 1_000
"""How often a job says at most how far its parts are."""
MOST_LEVELS: Final = 16
"""How deep parts may be split into parts: a tick is carried up through all of them."""
MOST_BELOW: Final = 10_000
"""Parts below one job, on all levels: they end with it, in one transaction."""
OF_ONE_JOB: Final = frozenset({"predecessorIds", "part"})
"""What of a description neither its parts nor its reruns have."""
LARGEST_COPIES: Final = 16 * 1024 * 1024
"""Characters of what all parts of one split are described with, a copy each."""


@dataclass(frozen=True, slots=True)
class SplitJob:
    actor: Actor
    job_id: int
    body: JobSplit


def split(tx: Transaction, item: SplitJob) -> JobRow:
    """Make the parts of a job that has not ended; the same call again finds them made, and changes nothing.

    They wait for a job that may not begin yet. Who holds the job goes on holding it: its run time-out counts also while it waits for the parts.
    """
    row = moves.found(tx, item.actor.space, item.job_id)
    told = digest(item.body.parts, parallel=item.body.run_in_parallel)
    if row.parts is not None:
        _same(tx, row, told)
        return row
    root = _may_split(tx, row)
    run_modes.settle(tx)
    specs = _specs(row, item.body)
    _refuse_too_many(tx, root, len(specs))
    _admit(tx, row, len(specs) if item.body.run_in_parallel else 1)
    tx.splits.begin(Split(row.id, told, int(item.body.run_in_parallel), len(specs)))
    _divide(tx, row, len(specs), item.actor.key_id)
    _make(tx, row, specs, item.actor.key_id, parallel=item.body.run_in_parallel)
    return row


def _same(tx: Transaction, row: JobRow, told: str) -> None:
    before = tx.splits.of(row.id)
    if before is None or before.digest != told:
        raise Refusal(
            "already_split",
            f"The job has {row.parts} parts already, of another split: a job is split once, its parts may be split again.",
            key="parts",
        )


def _may_split(tx: Transaction, row: JobRow) -> JobRow:
    """The job at the top, of which this one may be a part of a part."""
    if row.ended:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}: only a job that has not ended can be split. Run it again with retry.",
            key="status",
            status=row.status,
        )
    above, levels = row, 1
    while above.part is not None and above.parent_id is not None and (parent := tx.job(above.parent_id)):
        above, levels = parent, levels + 1
    if levels > MOST_LEVELS:
        raise Refusal(
            "limit",
            f"Parts can be split {MOST_LEVELS} levels deep, and this one stands on the last: make more parts of its job.",
            key="parts",
        )
    return above


def _refuse_too_many(tx: Transaction, root: JobRow, count: int) -> None:
    if root.parts is None:
        return
    tx.flush()
    below = sql.count_below(tx.connection, root.id, MOST_BELOW + 1)
    if below + count > MOST_BELOW:
        raise Refusal(
            "limit",
            f"Job {encode('jb', root.id)} has {below} parts on all levels, and takes {MOST_BELOW} at most: make fewer, or start "
            "child jobs instead.",
            key="parts",
        )


def _specs(row: JobRow, body: JobSplit) -> list[str]:
    """The description of each part: that of its job, and its own ``partData``. Refusal ``too_large``."""
    whole = {name: value for name, value in row.described().items() if name not in OF_ONE_JOB}
    whole = run_modes.of_part(whole)
    whole |= {"trigger": "immediate", "partExecution": "parallel" if body.run_in_parallel else "sequential"}
    specs, size = [], 0
    for data in parts_data(body.parts):
        bounded({"partData": data})
        specs.append(orjson.dumps({**whole, "partData": data}).decode())
        size += len(specs[-1])
        if size > LARGEST_COPIES:
            raise Refusal(
                "too_large",
                f"Each part has a copy of its job's input, config and metadata; together they take at most "
                f"{LARGEST_COPIES // 2**20} MiB: make fewer parts, or put large data into a file and name that.",
                key="parts",
            )
    return specs


def _admit(tx: Transaction, row: JobRow, count: int) -> None:
    space = row.space_id
    tx.facts.bound.admit(space, tx.now, lambda: jobs_sql.count_ready(tx.connection, space), count)


def _divide(tx: Transaction, row: JobRow, count: int, actor: str) -> None:
    """From now on the job's progress is that of its parts, and its lease takes no credit."""
    row.parts = count
    row.progress, row.done, row.total = row.progress or 0.0, 0, count
    row.stalls_at = row.stalled_at = None
    if not row.eta_given:
        row.eta_at = None
    draw(tx, row, ((tx.now, row.progress),))
    moves.touch(tx, row)
    tx.say("job:updated", row, actor, **progress_facts(row))
    if row.holder is not None:
        tx.dispatch.given_back(row.holder)
        tx.effects.append(Divided(row.holder, row.id, row.fence))


def _make(tx: Transaction, row: JobRow, specs: list[str], actor: str, *, parallel: bool) -> None:
    ids = tx.next_ids("job", len(specs))
    for number, (job_id, spec) in enumerate(zip(ids, specs, strict=True)):
        part = alike(
            row,
            tx.now,
            id=job_id,
            parent_id=row.id,
            part=number,
            rerun_of=None,
            unique_key=None,
            spec=spec,
            created_by=actor,
            definition_id=None,
        )
        tx.add(part)
        tx.say("job:created", part, actor)
        turn = () if parallel or number == 0 else (ids[number - 1],)
        moves.set_out(tx, part, actor, (row.id,) if _held_back(row) else turn)


def _held_back(row: JobRow) -> bool:
    """Whether the parts of the job must wait, since it has never been ready itself."""
    return row.ready_at is None


# ---- what parts report


def carry_up(tx: Transaction, row: JobRow, *, at_once: bool = False) -> None:
    """Carry what has changed of a part into its job, and so on while that is a part itself."""
    while row.part is not None and row.parent_id is not None:
        parent, found = tx.job(row.parent_id), tx.splits.of(row.parent_id)
        if parent is None or found is None or parent.ended:
            return
        _show(tx, parent, found, at_once=at_once)
        row, at_once = parent, False


def _show(tx: Transaction, row: JobRow, found: Split, *, at_once: bool) -> None:
    # What is canceled because its job ends was not done: the job shows how far it got.
    if not found.closing:
        row.progress = max(row.progress or 0.0, found.progress)
        row.done, row.total = found.ended, found.total
    if not at_once and tx.now - row.updated_at < TOLD_EVERY_MS:
        tx.changed(row, PROGRESS_ONLY)
        return
    points = draw(tx, row, ((tx.now, row.progress or 0.0),))
    pace.foresee(tx, row, points, Told(row.updated_at, row.eta_at))
    moves.touch_progress(tx, row)
    tx.say("job:updated", row, SYSTEM, **progress_facts(row), partCounts=found.counts())


def ended(tx: Transaction, part: JobRow) -> None:
    """A part has ended, in whatever way: the next one begins, or its job learns that it was the last."""
    parent = tx.job(part.parent_id) if part.parent_id is not None else None
    found = tx.splits.of(parent.id) if parent is not None else None
    if parent is None or found is None:
        return
    carry_up(tx, part, at_once=not found.open)
    if not found.open:
        if parent.holder is not None:
            tx.dispatch.taken(parent.holder)
        tx.say("job:parts-completed", parent, SYSTEM, parts=found.counts())
    elif not found.parallel and not found.closing:
        _begin_next(tx, parent)


def _begin_next(tx: Transaction, parent: JobRow) -> None:
    """The first part that has not ended may begin, unless it has begun."""
    if _held_back(parent):
        return
    for row in unfinished(tx, parent, 1):
        if row.status == Status.WAITING:
            moves.set_out(tx, row, SYSTEM, predecessors_sql.open_of(tx.connection, row.id))


def unfinished(tx: Transaction, parent: JobRow, count: int | None = None) -> list[JobRow]:
    """The parts of a job that have not ended, or the first of them, in the order of their numbers."""
    tx.flush()
    ids = sql.unfinished(tx.connection, parent.id, parent.parts or 0 if count is None else count)
    tx.preload(ids)
    return [row for job_id in ids if (row := tx.job(job_id)) is not None]


def before(tx: Transaction, row: JobRow) -> list[int]:
    """The part that must end before this one may begin, if any; or the job that must be ready before."""
    parent = tx.job(row.parent_id) if row.part is not None and row.parent_id is not None else None
    found = tx.splits.of(parent.id) if parent is not None else None
    if parent is not None and _held_back(parent):
        return [parent.id]
    if parent is None or found is None or found.parallel:
        return []
    first = [other.id for other in unfinished(tx, parent, 1) if other.id != row.id]
    return first or sql.begun(tx.connection, parent.id, row.id)


def place_of(tx: Transaction, old: JobRow) -> JobRow | None:
    """The run that counts as the part of which ``old`` was a run; None when the job has ended, for then none counts any more.

    Refusal ``already_retried`` while it goes on.
    """
    number = old.part_number
    parent = tx.job(old.parent_id) if number is not None and old.parent_id is not None else None
    if parent is None or parent.ended or old.part is not None:
        return None if parent is None or parent.ended else old
    tx.flush()
    ids = sql.of_number(tx.connection, parent.id, number or 0)
    found = tx.job(ids[0]) if ids else None
    if found is not None and not found.ended:
        raise reruns.already_retried(found.id)
    return found


def take_place(tx: Transaction, old: JobRow | None, new: JobRow) -> None:
    """The new run is the part from now on instead of ``old``, which has ended; without one it is a part that counts for nobody."""
    if old is None or old.parent_id is None:
        _by_itself(new)
        return
    parent = tx.job(old.parent_id)
    held = parent is not None and parent.holder is not None and not tx.awaits_parts(parent)
    tx.splits.replaced(old)
    new.part = old.part
    _by_itself(old)
    tx.changed(old)
    if held and parent is not None and parent.holder is not None:
        tx.dispatch.given_back(parent.holder)


def _by_itself(row: JobRow) -> None:
    if row.part is not None:
        row.spec = orjson.dumps({**row.described(), "part": row.part}).decode()
        row.part = None


def warn_of_open(tx: Transaction, row: JobRow) -> None:
    """Say in the log of a job that completes that parts of it had not ended: its handler may have forgotten to wait."""
    split = tx.splits.of(row.id) if row.parts is not None else None
    if split is not None and split.open:
        left = split.total - split.ended
        moves.write_log(
            tx,
            row,
            "warning",
            f"The job completed while {left} of its {split.total} parts had not ended: they were canceled. A handler that needs them "
            "waits for them first (parts.wait()).",
        )


def of_job(row: JobRow) -> str:
    """How a part is told why it was canceled with its job."""
    return f"Job {encode('jb', row.id)}, of which this is a part, has ended."


SPLIT: Final[Command[SplitJob, JobRow]] = Command("split", split, lambda item: (item.job_id,))
