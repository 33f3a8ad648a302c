"""SQL of the overview: how the queue of a space stands, and how its schedules fared. Each query goes along an index, as far as it says."""

from typing import Final

from listener_sdk.protocol.overview import MOST_COUNTED

from ..core.overview import Late
from ..core.runs import FAILED, SKIPPED, Facets
from . import run_pages
from .database import Reader

MOST_LATE: Final = 10_000
"""Jobs of schedules of which it is looked how late they were."""
_SCHEDULE: Final = "schedule"
"""The trigger of jobs that a schedule has started."""


def waiting(reader: Reader, space_id: int) -> int:
    """How many jobs wait that nobody has, up to a bound: along ``job_ready``."""
    return _counted(
        reader,
        "SELECT 1 FROM job WHERE space_id = :space AND name >= '' AND status = 'ready' AND holder IS NULL LIMIT :most",
        space_id,
    )


def running(reader: Reader, space_id: int) -> int:
    """How many somebody has, up to a bound: along ``job_holder``, through what is held in all spaces.

    The plus keeps the index of the space away, which has all the jobs that there ever were.
    """
    return _counted(
        reader,
        "SELECT 1 FROM job WHERE holder IS NOT NULL AND +space_id = :space LIMIT :most",
        space_id,
    )


def _counted(reader: Reader, query: str, space_id: int) -> int:
    rows = reader.rows(f"SELECT COUNT(*) FROM ({query}) AS counted", space=space_id, most=MOST_COUNTED)  # noqa: S608 - queries of our own
    return int(rows[0][0])


def ran(reader: Reader, space_id: int, since: int) -> int:
    """Due times of definitions that became jobs: of each facet of the space one stretch of ``job_run_space``."""
    facets = [
        text for text in run_pages.facets_there(reader, space_id) if Facets.read(text).trigger == _SCHEDULE
    ]
    return sum(
        int(
            reader.rows(
                "SELECT COUNT(*) FROM job_run WHERE space_id = :space AND facets = :facets AND at >= :since",
                space=space_id,
                facets=text,
                since=since,
            )[0][0]
        )
        for text in facets
    )


def missed(reader: Reader, space_id: int, since: int) -> tuple[int, int]:
    """Due times of definitions that were skipped, and for which no job could be made: along ``slot_missed_space``."""
    counts = [
        int(
            reader.rows(
                "SELECT COALESCE(SUM(count), 0) FROM slot WHERE space_id = :space AND result = :result AND at >= :since "
                "AND result IS NOT NULL AND definition_id IS NOT NULL",
                space=space_id,
                result=result,
                since=since,
            )[0][0]
        )
        for result in (SKIPPED, FAILED)
    ]
    return counts[0], counts[1]


def late(reader: Reader, space_id: int, since: int) -> list[Late]:
    """How late the newest jobs of schedules were made, as far as that is known: along ``slot_space``, or ``slot_job``."""
    rows = reader.rows(
        "SELECT at, at - due_at FROM slot WHERE space_id = :space AND at >= :since AND result IS NULL "
        "ORDER BY at DESC LIMIT :most",
        space=space_id,
        since=since,
        most=MOST_LATE,
    )
    return [Late(at, max(0, ms)) for at, ms in rows]
