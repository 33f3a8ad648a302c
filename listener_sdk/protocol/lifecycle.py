"""The life of a job: one table of (status, move) to status. Everything else asks it.

A *move* is what is done to a job; a pair that is missing from `NEXT` is illegal and refused with
``illegal_move`` and the present status. The diagram in docs/reference/lifecycle.md is drawn from this table.

Two facts are not statuses. A job that is *granted* but not yet acknowledged is still ``ready``: its lease stands
on the row. A *partial* result is a property of the outcome; its status is ``complete``.
"""

from enum import StrEnum
from typing import Final

from .codes import Refusal


class Status(StrEnum):
    """Where a job stands (Flatfile's names)."""

    CREATED = "created"
    PLANNING = "planning"
    SCHEDULED = "scheduled"
    READY = "ready"
    EXECUTING = "executing"
    WAITING = "waiting"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELED = "canceled"


class Move(StrEnum):
    """What may be done to a job."""

    PLAN = "plan"
    """its execution plan is awaited"""
    SCHEDULE = "schedule"
    """it shall start at a time"""
    WAIT = "wait"
    """it must wait for another job, a person or an event"""
    MAKE_READY = "make ready"
    """executed by a person, its time has come, or what it waited for has happened"""
    ACK = "ack"
    """a listener begins, or reports progress"""
    COMPLETE = "complete"
    FAIL = "fail"
    """it ends without success: by its handler, or because its attempts or its time are used up"""
    RETRY_LATER = "retry later"
    """an attempt failed or its lease was lost, and another attempt follows after a back-off"""
    RELEASE = "release"
    """its listener gives it back untouched"""
    CANCEL = "cancel"


_OPEN: Final = (
    Status.CREATED,
    Status.PLANNING,
    Status.SCHEDULED,
    Status.READY,
    Status.EXECUTING,
    Status.WAITING,
)

NEXT: Final[dict[tuple[Status, Move], Status]] = {
    (Status.CREATED, Move.PLAN): Status.PLANNING,
    (Status.CREATED, Move.SCHEDULE): Status.SCHEDULED,
    (Status.CREATED, Move.WAIT): Status.WAITING,
    (Status.CREATED, Move.MAKE_READY): Status.READY,
    (Status.PLANNING, Move.SCHEDULE): Status.SCHEDULED,
    (Status.PLANNING, Move.WAIT): Status.WAITING,
    (Status.PLANNING, Move.MAKE_READY): Status.READY,
    (Status.SCHEDULED, Move.MAKE_READY): Status.READY,
    (Status.SCHEDULED, Move.WAIT): Status.WAITING,
    (Status.WAITING, Move.MAKE_READY): Status.READY,
    (Status.WAITING, Move.SCHEDULE): Status.SCHEDULED,
    (Status.READY, Move.ACK): Status.EXECUTING,
    (Status.READY, Move.RELEASE): Status.READY,
    (Status.READY, Move.RETRY_LATER): Status.SCHEDULED,
    (Status.EXECUTING, Move.ACK): Status.EXECUTING,
    (Status.EXECUTING, Move.COMPLETE): Status.COMPLETE,
    (Status.EXECUTING, Move.RELEASE): Status.READY,
    (Status.EXECUTING, Move.RETRY_LATER): Status.SCHEDULED,
    (Status.EXECUTING, Move.WAIT): Status.WAITING,
    (Status.READY, Move.FAIL): Status.FAILED,
    (Status.WAITING, Move.FAIL): Status.FAILED,
    (Status.SCHEDULED, Move.FAIL): Status.FAILED,
    (Status.EXECUTING, Move.FAIL): Status.FAILED,
    **{(status, Move.CANCEL): Status.CANCELED for status in _OPEN},
}

FINAL: Final = frozenset({Status.COMPLETE, Status.FAILED, Status.CANCELED})

TERMINAL_TOPIC: Final = {
    Status.COMPLETE: "job:completed",
    Status.FAILED: "job:failed",
    Status.CANCELED: "job:canceled",
}


def is_final(status: str) -> bool:
    """Whether a job of this status has ended."""
    return status in FINAL


def next_status(status: str, move: Move) -> Status:
    """The status after a move; Refusal ``illegal_move`` with the present status when the table has none."""
    found = NEXT.get((status, move))  # type: ignore[arg-type]  # a status is equal to its text
    if found is None:
        raise illegal(status, move)
    return found


def illegal(status: str, move: Move) -> Refusal:
    """The refusal of a move that the table does not have."""
    allowed = sorted({taken.value for current, taken in NEXT if current == status})
    may = f"it allows: {', '.join(allowed)}" if allowed else "it has ended; run it again with retry"
    return Refusal(
        "illegal_move",
        f"The job is {status}, so {move.value!r} is not possible; {may}.",
        key="status",
        status=str(status),
    )


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (status, move), after in NEXT.items():
        arrows.setdefault((status.value, after.value), []).append(move.value)
    lines = [f"    {a} --> {b}: {' / '.join(moves)}" for (a, b), moves in arrows.items()]
    ends = [f"    {status.value} --> [*]" for status in Status if status in FINAL]
    return "\n".join(["stateDiagram-v2", "    [*] --> created", *lines, *ends])
