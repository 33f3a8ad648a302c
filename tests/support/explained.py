"""What SQLite does for a statement, seen while it is asked."""

from typing import Any

from server.store.database import Reader, Row


class Explained:
    """A reader that notes the plans of what it is asked."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.plans: list[str] = []

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        """What the reader answers."""
        self.plans += [row[3] for row in self.reader.rows(f"EXPLAIN QUERY PLAN {sql}", **params)]
        return self.reader.rows(sql, **params)
