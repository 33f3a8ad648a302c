"""The stored curve of an attempt's progress, drawn on."""

from ..core.curve import Point, joined
from ..core.jobs import JobRow
from ..store import curves
from ..store.transaction import Transaction


def draw(tx: Transaction, row: JobRow, points: tuple[Point, ...]) -> list[Point]:
    """Add points to the stored curve of this attempt; the whole curve."""
    if not points:
        return []
    since = row.granted_at or 0
    before = [point for point in curves.load(tx.connection, row.id) if point[0] >= since]
    curve = joined(before, list(points))
    curves.save(tx.connection, row.id, curve.all())
    return curve.all()
