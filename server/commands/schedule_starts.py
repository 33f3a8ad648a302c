"""Doing what was decided about due times: the slot, the job and the next due time in one transaction.

A schedule that is not as it was when that was decided is left for the next look. So servers may race, and each due time is dealt with once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.actors import SYSTEM, Actor
from ..core.due_times import Skip
from ..core.missed import OWNER_INACTIVE, REPLACED, STILL_RUNNING
from ..core.schedules import ScheduleRow
from ..core.zones import VERSION as ZONE_RULES
from ..store import schedules as sql
from ..store.command import Command
from ..store.schedules import Slot
from ..store.transaction import Transaction
from . import actions, jobs
from .actions import Pressed
from .schedule_decisions import ROLE, Batch, Decision
from .schedule_ends import after_failure
from .schedule_events import failed, skipped, told

TRY_AGAIN_MS: Final = 5_000
"""After so long a start is tried again that met a full queue."""
LOOK_AGAIN_MS: Final = 60_000
"""So often it is looked whether a due time must wait still, and at a schedule that could not be looked at."""


@dataclass(slots=True)
class Report:
    """What came of a batch; ``done`` counts the schedules that were as they had been."""

    done: int = 0
    started: int = 0
    skipped: int = 0
    failed: int = 0
    postponed: int = 0


def start(tx: Transaction, batch: Batch) -> Report:
    """Do what was decided, as far as nothing that counts has changed since."""
    # What the same batch of the writer has stored counts.
    tx.flush()
    rows = [decision.row for decision in batch.decisions]
    # Before the schedules: who deletes a definition keeps it, and then removes its schedules.
    made = sql.use_definitions(tx.connection, batch.standing) if batch.standing else {}
    standing = sql.claim(tx.connection, [row.id for row in rows])
    doing = _Doing.of(tx, [row for row in rows if row.id in standing])
    for decision in batch.decisions:
        row = decision.row
        is_same = standing.get(row.id) == sql.standing(row)
        if is_same and made.get(row.definition_id or 0) == batch.standing.get(row.definition_id or 0):
            doing.do(decision)
    doing.finish()
    return doing.report


@dataclass(slots=True)
class _Doing:
    tx: Transaction
    running: dict[int, list[int]]
    """Jobs that have not ended, by definition."""
    last: dict[int, int]
    """The same of actions: their schedule's last job."""
    report: Report = field(default_factory=Report)
    changed: list[ScheduleRow] = field(default_factory=list)

    @staticmethod
    def of(tx: Transaction, rows: Iterable[ScheduleRow]) -> "_Doing":
        known = list(rows)
        made = {row.definition_id for row in known if row.definition_id is not None}
        pressed = [row.id for row in known if row.definition_id is None]
        return _Doing(
            tx,
            sql.running(tx.connection, made) if made else {},
            sql.running_of(tx.connection, pressed) if pressed else {},
        )

    def do(self, decision: Decision) -> None:
        """Do what was decided about one schedule."""
        self.report.done += 1
        if decision.plan is None:
            row = replace(decision.row, fires_at=self.tx.now + LOOK_AGAIN_MS)
        elif decision.rests is not None:
            row = self._rest(decision, decision.rests)
        else:
            row = _One(self, decision, decision.row).done()
        self.changed.append(row)

    def _rest(self, decision: Decision, reason: str) -> ScheduleRow:
        """Nothing runs until somebody wakes it; what was due by now is told once, what follows when it wakes."""
        row, plan, dues = decision.row, decision.plan, decision.dues
        assert plan is not None
        self.skip_all(decision, plan.skips)
        if dues:
            self.skip_all(decision, [Skip(dues[0], dues[-1], len(dues), reason)])
        if plan.next_at is None:
            return _ended(self, decision, row)
        return replace(row, next_at=plan.next_at, fires_at=None, asleep=reason, woken_at=None, queued_at=None)

    def skip_all(self, decision: Decision, skips: Iterable[Skip]) -> None:
        for one in skips:
            skipped(self.tx, decision.row, decision.code, one)
            self.report.skipped += one.times

    def finish(self) -> None:
        """Write how the schedules stand."""
        sql.update(self.tx.connection, self.changed, sql.MOVED)


def _ended(doing: _Doing, decision: Decision, row: ScheduleRow) -> ScheduleRow:
    """Nothing is due any more."""
    told(doing.tx, "schedule:finished", row, decision.code)
    return replace(row, next_at=None, fires_at=None, asleep=None, woken_at=None, queued_at=None)


@dataclass(slots=True)
class _One:
    """What is done about one schedule that is awake."""

    doing: _Doing
    decision: Decision
    row: ScheduleRow
    postponed: int | None = None
    """The first due time for which there was no room."""

    def done(self) -> ScheduleRow:
        """The schedule as it stands then."""
        decision, plan = self.decision, self.decision.plan
        assert plan is not None
        next_at = plan.next_at
        following = (*decision.dues[1:], plan.next_at)
        for number, due_at in enumerate(decision.dues):
            # Where it pauses now, it gives up what follows.
            next_at = following[number]
            self.row = replace(self.row, next_at=next_at)
            if decision.fails is not None:
                self._failed(due_at, decision.fails, decision.why)
            else:
                self._due(due_at, decision.starts[number])
            if self.postponed is not None or not self.row.enabled:
                break
        if self.postponed is not None:
            rest = [at for at in plan.due if at >= self.postponed]
            next_at = rest[0] if rest else plan.next_at
        self.doing.skip_all(decision, [one for one in plan.skips if next_at is None or one.due_at < next_at])
        return self._moved(next_at) if self.row.enabled else self.row

    def _moved(self, next_at: int | None) -> ScheduleRow:
        row, now = self.row, self.doing.tx.now
        if next_at is None and row.queued_at is None:
            return _ended(self.doing, self.decision, row)
        times = [] if next_at is None else [row.fires_when(next_at)]
        if row.queued_at is not None:
            times.append(now + LOOK_AGAIN_MS)
        fires_at = min(times) if self.postponed is None else now + TRY_AGAIN_MS
        return replace(
            row, next_at=next_at, fires_at=fires_at, asleep=None, woken_at=None, planned_with=ZONE_RULES
        )

    def _due(self, due_at: int, start: Pressed) -> None:
        """A due time that has come."""
        if isinstance(start, Refusal):
            self._refused(due_at, start)
            return
        overlap = self.row.said.facts["overlap"]
        running = [] if overlap == "allow" else self._running()
        if running and overlap == "cancel_running":
            running = self._canceled(running)
        if not running:
            self._start(due_at, start)
        elif overlap == "cancel_running":
            self._wait(due_at, in_place=True)
        elif overlap == "queue_one" and self.row.queued_at in {None, due_at}:
            self._wait(due_at, in_place=False)
        else:
            self._skip(due_at, STILL_RUNNING, running[0])

    def _running(self) -> list[int]:
        if self.row.definition_id is not None:
            return self.doing.running.get(self.row.definition_id, [])
        last = self.doing.last.get(self.row.id)
        return [] if last is None else [last]

    def _canceled(self, running: list[int]) -> list[int]:
        """End these jobs, or ask their handlers to: those that go on for now."""
        tx, row = self.doing.tx, self.row
        actor = Actor(SYSTEM, ROLE, tx.space(row.space_id))
        going_on = []
        for job_id in running:
            job = tx.job(job_id)
            if job is None or job.ended:
                continue
            if job.cancel_requested_at is None:
                jobs.stop(
                    tx, jobs.CancelJob(actor, job_id, f"The next run of the schedule {row.label} is due.")
                )
            if not job.ended:
                going_on.append(job_id)
        if row.definition_id is not None:
            self.doing.running[row.definition_id] = going_on
        else:
            self.doing.last.pop(row.id, None)
        return going_on

    def _wait(self, due_at: int, *, in_place: bool) -> None:
        """The due time runs when the job has ended; one that has waited before gives way where it runs ``in_place``."""
        before = self.row.queued_at
        if in_place and before not in {None, due_at}:
            assert before is not None
            self._skip(before, REPLACED)
        self.row = replace(self.row, queued_at=due_at)

    def _start(self, due_at: int, start: Pressed) -> None:
        tx, row = self.doing.tx, self.row
        try:
            job = actions.execute(tx, start)
        except Refusal as refusal:
            if refusal.code == "queue_full":
                self.postponed = due_at
                self.doing.report.postponed += 1
            else:
                self._refused(due_at, refusal)
            return
        tx.insert("slot", sql.SLOT, Slot(row.id, due_at, row.space_id, row.definition_id, tx.now, job.id))
        self._not_waiting(due_at)
        self.doing.report.started += 1
        if row.definition_id is not None:
            self.doing.running.setdefault(row.definition_id, []).append(job.id)
        else:
            self.doing.last[row.id] = job.id

    def _not_waiting(self, due_at: int) -> None:
        if self.row.queued_at == due_at:
            self.row = replace(self.row, queued_at=None)

    def _skip(self, due_at: int, reason: str, job_id: int | None = None) -> None:
        message = None if job_id is None else f"The job {encode('jb', job_id)} had not ended."
        skipped(self.doing.tx, self.row, self.decision.code, Skip(due_at, due_at, 1, reason), message)
        self._not_waiting(due_at)
        self.doing.report.skipped += 1

    def _refused(self, due_at: int, refusal: Refusal) -> None:
        self._failed(due_at, refusal.code, refusal.message)

    def _failed(self, due_at: int, reason: str, message: str | None = None) -> None:
        failed(self.doing.tx, self.row, self.decision.code, Skip(due_at, due_at, 1, reason), message)
        self._not_waiting(due_at)
        self.doing.report.failed += 1
        if reason != OWNER_INACTIVE:
            # Whoever takes over finds the schedule going on.
            self.row = after_failure(self.doing.tx, self.row, self.decision.code)


START_SCHEDULED: Final[Command[Batch, Report]] = Command("start_scheduled", start)


def reckon(tx: Transaction, rows: list[tuple[ScheduleRow, ScheduleRow]]) -> None:
    """Write the due times of these schedules that were reckoned anew, as far as they are still as they were."""
    standing = sql.claim(tx.connection, [before.id for before, _ in rows])
    same = [after for before, after in rows if standing.get(before.id) == sql.standing(before)]
    sql.update(tx.connection, same, ("body", *sql.MOVED))


RECKON_ANEW: Final[Command[list[tuple[ScheduleRow, ScheduleRow]], None]] = Command("reckon_schedules", reckon)


def forget_old(tx: Transaction, item: tuple[int, int]) -> int:
    """Remove so many slots that became jobs before a time, at most; how many there were."""
    before, count = item
    return sql.forget_old(tx.connection, before, count)


FORGET_SLOTS: Final[Command[tuple[int, int], int]] = Command("forget_slots", forget_old, needs_no_room=True)
