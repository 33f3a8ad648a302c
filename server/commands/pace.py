"""How past runs of the same work went on: remembered when a run ends well, asked when another tells its progress."""

from ..core import estimate
from ..core.curve import Point
from ..core.estimate import Told
from ..core.jobs import JobRow
from ..core.pace import SHORTEST_MS, Pace, pace_of, past_run, remembered
from ..store import curves
from ..store import pace as sql
from ..store.transaction import Transaction


def remember(tx: Transaction, row: JobRow) -> None:
    """The run ends well, whole: keep how it went. Costs nothing for a run that was short or told no progress."""
    if row.progress is None or row.attempt_started_at is None:
        return
    if tx.now - row.attempt_started_at < SHORTEST_MS:
        return
    run = past_run(row.attempt_started_at, tx.now, drawn(tx, row))
    if run is not None:
        name = _name(row)
        sql.save(
            tx.connection, row.space_id, name, remembered(sql.load(tx.connection, row.space_id, name), run)
        )


def foresee(tx: Transaction, row: JobRow, points: list[Point], previous: Told) -> None:
    """Estimate the completion anew, from the curve and from past runs, unless the handler has given one."""
    if row.eta_given or not points:
        return
    started_at = row.attempt_started_at or points[0][0]
    if len(points) > 1:
        previous = Told(previous.at, previous.ends_at, estimate.rate(started_at, points[:-1]))
    row.eta_at = estimate.told(previous, started_at, points, usual(tx, row)).ends_at


def drawn(tx: Transaction, row: JobRow) -> list[Point]:
    """The stored curve of this attempt."""
    return [point for point in curves.load(tx.connection, row.id) if point[0] >= (row.granted_at or 0)]


def usual(tx: Transaction, row: JobRow) -> Pace | None:
    """What past runs of such jobs have in common, if any are known."""
    return pace_of(sql.load(tx.connection, row.space_id, _name(row)))


def _name(row: JobRow) -> str:
    """Parts have the name of the whole, and are other work. No job's own name has a tab."""
    return row.name if row.part_number is None else f"{row.name}\tpart"
