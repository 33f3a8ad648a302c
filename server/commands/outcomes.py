"""The end of an attempt, as its listener tells it on the stream: complete or fail. Repetition is answered alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.lifecycle import Move, Status
from listener_sdk.protocol.outcomes import Outcome
from listener_sdk.protocol.times import from_datetime

from ..core.jobs import JobRow
from ..core.reach import Reach
from ..core.sizes import sized_text
from ..store import files
from ..store.command import Command
from ..store.transaction import Transaction
from . import ends, moves, pace, parts, run_modes
from .ends import LARGEST_SHOWN
from .leases import Held, one, own, started


@dataclass(frozen=True, slots=True)
class CompleteLease:
    lease: Held
    outcome: Outcome | None = None
    info: str | None = None
    result: dict[str, Any] | None = None
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class FailLease:
    """``detail`` (a traceback) goes to the job's log; ``retry`` false makes the failure final."""

    lease: Held
    message: str
    outcome: Outcome | None = None
    detail: str | None = None
    retry: bool = True
    retry_at: datetime | None = None


def complete(tx: Transaction, item: CompleteLease) -> JobRow:
    """The job ended well. The same call again (same fence, same outcome) is answered as the first."""
    lease = item.lease
    outcome, result = texts(item.outcome, item.result)
    before = tx.job(lease.job_id)
    if (
        before is not None
        and before.space_id == lease.space_id
        and repeats(before, lease.fence, outcome, result, item.watermark)
    ):
        return before
    row = own(tx, lease)
    check_files(tx, lease.space_id, lease.reach, item.outcome)
    run_modes.check_moves(row, item.watermark)
    started(tx, row, lease.actor)
    end_well(tx, row, outcome, result, item.info, lease.actor, item.watermark)
    return row


def repeats(
    row: JobRow, fence: int | None, outcome: str | None, result: str | None, watermark: str | None
) -> bool:
    """Whether the job already ended well with exactly this."""
    return (
        row.status == Status.COMPLETE
        and fence in {None, row.fence}
        and row.outcome == outcome
        and row.result == result
        and (watermark is None or watermark == run_modes.told(row))
    )


def texts(outcome: Outcome | None, result: dict[str, Any] | None) -> tuple[str | None, str | None]:
    """The stored texts of an outcome and a result; Refusal ``too_large``."""
    wire = outcome.to_wire() if outcome else None
    return sized_text("outcome", wire or None), sized_text("result", result or None)


def failure_text(outcome: Outcome | None) -> str | None:
    """The stored text of a failed job's outcome, which has no ``result``: none is a success. Refusal ``too_large``."""
    return texts(outcome.model_copy(update={"result": None}) if outcome else None, None)[0]


def check_files(tx: Transaction, space_id: int, reach: Reach | None, outcome: Outcome | None) -> None:
    """Refusal ``invalid`` for a file that its holder cannot see: readers of the outcome get a link to each.

    Texts that are no ids of ours are kept, as other systems have theirs.
    """
    named = outcome.file_ids() if outcome is not None else ()
    ids = {number: text for text in named if (number := decode("fl", text)) is not None}
    unseen = ids.keys() - files.within(tx.connection, space_id, list(ids), reach) if ids else ()
    for number in sorted(unseen):
        raise Refusal(
            "invalid",
            f"The outcome names the file {ids[number]}, and there is none in this space: store it first.",
            key="outcome",
            named=ids[number],
        )


def end_well(
    tx: Transaction,
    row: JobRow,
    outcome: str | None,
    result: str | None,
    info: str | None,
    actor: str,
    watermark: str | None = None,
) -> None:
    """Write the outcome; the progress is then whole. Of parts those count as done that have ended.

    What the run says of the ``watermark`` counts for its definition from this transaction on.
    """
    told = orjson.loads(outcome) if outcome else {}
    if told.get("result") != "partial":
        pace.remember(tx, row)
    row.outcome, row.result = outcome, result
    row.progress = 100.0
    if row.total is not None and row.parts is None:
        row.done = row.total
    parts.warn_of_open(tx, row)
    if info is not None:
        row.info = info
    moved = run_modes.succeed(tx, row, actor, watermark, is_partial=told.get("result") == "partial")
    ends.end(tx, row, Move.COMPLETE, actor, **_shown(told, len(outcome or "")), **moved)


def _shown(outcome: dict[str, Any], size: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"result": outcome.get("result") or "success"}
    if outcome.get("counts"):
        shown["counts"] = outcome["counts"]
    if 0 < size <= LARGEST_SHOWN:
        shown["outcome"] = outcome
    return shown


def fail(tx: Transaction, item: FailLease) -> JobRow:
    """The attempt ended badly: another follows while any remain, else the job is failed."""
    lease = item.lease
    outcome = failure_text(item.outcome)
    before = tx.job(lease.job_id)
    if before is not None and before.space_id == lease.space_id and _failed_before(tx, before, item):
        return before
    row = own(tx, lease)
    check_files(tx, lease.space_id, lease.reach, item.outcome)
    started(tx, row, lease.actor)
    if item.detail:
        moves.write_log(tx, row, "error", item.detail)
    moves.end_attempt(tx, row, "failed", item.message, lease.actor)
    retry_at = from_datetime(item.retry_at) if item.retry_at else None
    if not ends.after_attempt(tx, row, lease.actor, retry=item.retry, retry_at=retry_at):
        ends.end_badly(tx, row, outcome, item.message, lease.actor)
    return row


def _failed_before(tx: Transaction, row: JobRow, item: FailLease) -> bool:
    """Whether this attempt has failed with this message already."""
    if item.lease.fence > row.fence or (row.holder, row.fence) == (item.lease.holder, item.lease.fence):
        return False
    tx.flush()
    found = tx.rows(
        "SELECT holder, reason, message FROM attempt WHERE job_id = :id AND fence = :fence",
        id=row.id,
        fence=item.lease.fence,
    )
    return found == [(item.lease.holder, "failed", item.message)]


COMPLETE: Final[Command[CompleteLease, JobRow]] = Command("complete", complete, one, lazy=True)
FAIL: Final[Command[FailLease, JobRow]] = Command("fail", fail, one, lazy=True)
