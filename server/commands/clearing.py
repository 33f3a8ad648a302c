"""The removal of what a space had that was deleted: by pages, so that nobody else waits."""

from dataclasses import dataclass
from typing import Final

from ..core.actors import SYSTEM
from ..store import clearing as sql
from ..store import endpoint_deliveries, hook_deliveries, retention, spaces
from ..store import jobs as jobs_sql
from ..store.command import Command
from ..store.transaction import Transaction
from . import ends

OF_A_HOOK: Final = 200
"""Deliveries of a hook that go at once."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one kind that belong to a space which was deleted."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Remains:
    """A space that was deleted, and has no jobs, files or events any more."""

    space_id: int


def end_jobs(tx: Transaction, item: Rows) -> None:
    """Those that have not ended are canceled: listeners lose them, queues forget them."""
    for job_id in item.ids:
        row = tx.job(job_id)
        if row is not None and not row.ended:
            ends.cancel(tx, row, SYSTEM)


def remove_jobs(tx: Transaction, item: Rows) -> bool:
    """Jobs that have ended, with all that belongs to them; whether this must be done again, since their logs are long."""
    tx.flush()
    if retention.remove_lines(tx.connection, list(item.ids)):
        return True
    jobs_sql.delete_many(tx.connection, item.ids)
    tx.forget_ended(item.ids)
    return False


def remove_files(tx: Transaction, item: Rows) -> list[str]:
    """The rows of files; the names of their bytes."""
    return [row.blob for row in retention.remove_files(tx.connection, list(item.ids))]


def remove_deliveries(tx: Transaction, item: Rows) -> None:
    """Deliveries to endpoints, whether they have ended or not."""
    endpoint_deliveries.remove(tx.connection, item.ids)


def remove_of_hook(tx: Transaction, hook_id: int) -> bool:
    """What came to a hook that is gone, a page of it; whether this must be done again."""
    return hook_deliveries.remove_of(tx.connection, hook_id, OF_A_HOOK)


def erase_events(tx: Transaction, item: Rows) -> None:
    """What events told; their places stay."""
    sql.erase_events(tx.connection, item.ids)


def remove_space(tx: Transaction, item: Remains) -> bool:
    """The space itself, its keys, and what is left; False when somebody put a job or file into it meanwhile, who knew no better."""
    tx.flush()
    spaces.keep(tx.connection, item.space_id)
    if sql.has_more(tx.connection, item.space_id):
        return False
    sql.forget(tx.connection, item.space_id)
    spaces.delete(tx.connection, item.space_id)
    return True


END_JOBS: Final[Command[Rows, None]] = Command(
    "end_jobs", end_jobs, lambda item: item.ids, needs_no_room=True
)
REMOVE_JOBS: Final[Command[Rows, bool]] = Command("clear_jobs", remove_jobs, needs_no_room=True)
REMOVE_FILES: Final[Command[Rows, list[str]]] = Command("clear_files", remove_files, needs_no_room=True)
REMOVE_DELIVERIES: Final[Command[Rows, None]] = Command(
    "clear_deliveries", remove_deliveries, needs_no_room=True
)
REMOVE_OF_HOOK: Final[Command[int, bool]] = Command("clear_hook", remove_of_hook, needs_no_room=True)
ERASE_EVENTS: Final[Command[Rows, None]] = Command("erase_events", erase_events, needs_no_room=True)
REMOVE_SPACE: Final[Command[Remains, bool]] = Command("remove_space", remove_space, needs_no_room=True)
