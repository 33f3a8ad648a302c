"""What the items of a batch want to know by a key each, such as whether a call came before: asked in few statements, and one message."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .database import Connection, Row


class Sought(NamedTuple):
    """The row of a ``key`` within a ``scope``, of which there is one at most. ``query`` gives the key, then what is wanted; it has a place ``{}``
    for the condition on the key, as in ``SELECT name, value FROM setting WHERE scope = :scope AND name {}``.
    """

    query: str
    scope: int | str
    key: str


class Seeker:
    """What one transaction seeks. It sees what was there when it was asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked: dict[Sought, _Found] = {}

    def ask(self, many: Iterable[Sought]) -> None:
        """These will be wanted: nothing waits for the answers yet."""
        groups: dict[tuple[str, int | str], dict[str, Sought]] = {}
        for one in many:
            if one not in self._asked:
                groups.setdefault((one.query, one.scope), {})[one.key] = one
        for (query, scope), keys in groups.items():
            found = _Found(self._look(query, scope, [*keys]))
            self._asked |= dict.fromkeys(keys.values(), found)

    def _look(self, query: str, scope: int | str, keys: list[str]) -> Callable[[], list[Row]]:
        # The usual batch has one, and a list costs more than a comparison.
        if len(keys) == 1:
            return self._connection.later(query.format("= :key"), scope=scope, key=keys[0])
        return self._connection.later(query.format("IN TEXTS(:keys)"), scope=scope, keys=keys)

    def find(self, one: Sought) -> Row | None:
        """What was wanted of it, asked now where it was not asked before; None where there is none."""
        if one not in self._asked:
            self.ask([one])
        return self._asked[one].row(one.key)


class _Found:
    """The rows of one statement, by key."""

    def __init__(self, rows: Callable[[], list[Row]]) -> None:
        self._ask = rows
        self._rows: dict[Any, Row] | None = None

    def row(self, key: str) -> Row | None:
        if self._rows is None:
            self._rows = {found[0]: found[1:] for found in self._ask()}
        return self._rows.get(key)
