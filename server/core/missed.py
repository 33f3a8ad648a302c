"""Due times at which nothing ran: their ids, why there was no job, and how that is said. Pure."""

from typing import Final, NamedTuple

from listener_sdk.protocol.ids import WIDTH, decode, encode

MISSED: Final = "slt"
LATE: Final = "late"
CLOCK_CHANGE: Final = "clock_change"
STILL_RUNNING: Final = "still_running"
REPLACED: Final = "replaced"
CHANGED: Final = "schedule_changed"
PAUSED: Final = "schedule_paused"
DISABLED: Final = "definition_disabled"
ARCHIVED: Final = "space_archived"
OWNER_INACTIVE: Final = "owner_inactive"
WHY: Final = {
    LATE: "No server could see to it in time.",
    CLOCK_CHANGE: "The clocks went forward over this time of day.",
    STILL_RUNNING: "A job of the definition had not ended.",
    REPLACED: "It waited for the end of a job, and a later due time has taken its place.",
    CHANGED: "The schedule was changed, switched off or removed before it could run.",
    PAUSED: "The schedule was paused before it could run.",
    DISABLED: "The definition was disabled.",
    ARCHIVED: "The space was archived.",
    OWNER_INACTIVE: "The schedule's owner was set aside, or may not have jobs run at set times any more: hand the schedule over to somebody else.",
}
"""What people read of a reason; others are codes of errors."""
MOST_COUNTED: Final = 10_000
"""Due times that are counted one by one; of more of them the newest are found, and the count says no more than this."""


class Missed(NamedTuple):
    """A due time that became no job, or ``times`` of them up to ``until_at``; ``job_id`` is one that was made for it later.

    ``name`` is what the schedule was called then, ``said`` what more was said than the reason tells.
    """

    schedule_id: int
    due_at: int
    space_id: int
    definition_id: int | None
    at: int
    job_id: int | None
    result: str
    reason: str | None
    times: int
    until_at: int | None
    name: str | None = None
    said: str | None = None

    @property
    def public_id(self) -> str:
        """The id of the run."""
        return missed_id(self.schedule_id, self.due_at)

    @property
    def message(self) -> str:
        """What people read of it."""
        least = "At least " if self.times >= MOST_COUNTED else ""
        many = "" if self.times <= 1 else f" {least}{self.times:,} due times in all."
        return f"{self.said or why(self.reason)}{many}"


def why(reason: str | None) -> str:
    """The reason in words; of one without, its code."""
    if reason is None:
        return "No job was made."
    return WHY.get(reason) or f"No job could be made: {reason}."


def missed_id(schedule_id: int, due_at: int) -> str:
    """The id of a due time of a schedule."""
    return encode(MISSED, schedule_id) + encode(MISSED, due_at)[-WIDTH:]


def read_missed_id(text: str) -> tuple[int, int] | None:
    """The schedule and the due time that an id names; None when it is no such id."""
    schedule_id, due_at = decode(MISSED, text[:-WIDTH]), decode(MISSED, f"us_{MISSED}_{text[-WIDTH:]}")
    return None if schedule_id is None or due_at is None else (schedule_id, due_at)
