"""What is asked of the store again and again, whether or not there are schedules: when the next is to be seen to."""

from .database import Reader


def least(reader: Reader) -> int | None:
    """When the next schedule is to be seen to."""
    found: int | None = reader.rows("SELECT MIN(fires_at) FROM schedule WHERE fires_at IS NOT NULL")[0][0]
    return found


def are_any(reader: Reader) -> bool:
    """Whether there are schedules, or slots of those that there were."""
    return bool(reader.rows("SELECT 1 FROM schedule LIMIT 1") or reader.rows("SELECT 1 FROM slot LIMIT 1"))
