"""What one batch has looked up and later ones need not: definitions, job types, hooks, and that nothing waits for the end of a run.

It belongs to the writing connection. On a store with one server nobody else changes it, so whoever writes the rows behind it forgets it, and
nothing is asked. Where other servers write too, the first use in a transaction is `Connection.expect`: a question without a round trip.
"""

from collections.abc import Callable
from enum import StrEnum, auto
from typing import Any, Final, TypeVar

MOST: Final = 512
"""So many things of a kind are remembered."""
REST: Final = 1_000
"""So many transactions after one that was undone remember nothing: what other servers change all the time is cheaper asked than undone."""

Value = TypeVar("Value")


class Kind(StrEnum):
    """What is remembered."""

    DEFINITION = auto()
    """Definitions with their job types, by space and name."""
    TYPE = auto()
    """Job types, by space and code."""
    HOOK = auto()
    """Versions of hooks, by number."""
    CALM = auto()
    """Definitions that are not failing and where no due time is queued, by number."""


class Known:
    """What the transactions of one connection have looked up."""

    def __init__(self) -> None:
        self._found: dict[Kind, dict[Any, tuple[int, Any]]] = {kind: {} for kind in Kind}
        self._turn = 0
        self._rest = 0

    def begin(self) -> None:
        """Another transaction: what is known is as old as the ones before."""
        self._turn += 1
        if self._rest:
            self._rest -= 1
            self._clear()

    def undone(self) -> None:
        """The transaction was undone: it may have seen what never was, or have counted on what is no longer so."""
        self._rest = REST
        self._clear()

    def _clear(self) -> None:
        for found in self._found.values():
            found.clear()

    def forget(self, kind: Kind) -> None:
        """For who writes what it was read from."""
        self._found[kind].clear()

    def find(
        self, kind: Kind, key: Any, look: Callable[[], Value | None], expect: Callable[[Value], None]
    ) -> Value | None:
        """What is known, or else what ``look`` finds. The first time that a transaction uses what an earlier one has found, it is to
        ``expect`` that it is still so. That there is nothing is not remembered.
        """
        before = self._found[kind].get(key)
        value: Value | None
        if before is None:
            value = look()
        else:
            turn, value = before
            if turn == self._turn:
                return value
            assert value is not None, "that there is nothing is not kept"
            expect(value)
        if value is not None:
            self.keep(kind, key, value)
        return value

    def keep(self, kind: Kind, key: Any, value: Any) -> None:
        """This was found, or is expected, in this transaction."""
        found = self._found[kind]
        if len(found) >= MOST and key not in found:
            found.clear()
        found[key] = (self._turn, value)

    def age(self, kind: Kind, key: Any) -> int | None:
        """How many transactions ago this was found or expected last; None where nothing is known."""
        found = self._found[kind].get(key)
        return None if found is None else self._turn - found[0]
