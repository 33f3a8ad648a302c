"""What one batch has looked up and later ones need not: definitions, job types, hooks, and that nothing waits for the end of a run.

It belongs to the writing connection. On a store with one server nobody else changes it, so whoever writes the rows behind it forgets it, and
nothing is asked. Where other servers write too, the first use in a transaction is `Connection.expect`: a question without a round trip.
"""

from collections.abc import Callable
from enum import StrEnum, auto
from typing import Any, Final, TypeVar

MOST: Final = 512
"""So many things of a kind are remembered."""
ROOM: Final = 8 * 2**20
"""Characters of the texts in them, of all of a kind: a definition alone may have 256 KiB."""
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
        self._taken = dict.fromkeys(Kind, 0)
        self._turn = 0
        self._rest = 0

    def begin(self) -> None:
        """Another transaction: what is known is as old as the ones before."""
        self._turn += 1
        if self._rest:
            self._rest -= 1
            self.clear()

    def undone(self) -> None:
        """The transaction was undone: it may have seen what never was, or have counted on what is no longer so."""
        self._rest = REST
        self.clear()

    def clear(self) -> None:
        """For who writes much at once."""
        for kind in Kind:
            self.forget(kind)

    def forget(self, kind: Kind) -> None:
        """For who writes what it was read from."""
        self._found[kind].clear()
        self._taken[kind] = 0

    def find(
        self,
        kind: Kind,
        key: Any,
        look: Callable[[], Value | None],
        expect: Callable[[Value], None],
        size: Callable[[Value], int] = lambda _: 0,
    ) -> Value | None:
        """What is known, or else what ``look`` finds. The first time that a transaction uses what an earlier one has found, it is to
        ``expect`` that it is still so. That there is nothing is not remembered. ``size`` says how many characters its texts have.
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
            self.keep(kind, key, value, 0 if before else size(value))
        return value

    def keep(self, kind: Kind, key: Any, value: Any, size: int = 0) -> None:
        """This was found, or is expected, in this transaction; what is kept anew takes so much room."""
        found = self._found[kind]
        if key not in found and (len(found) >= MOST or self._taken[kind] + size > ROOM):
            self.forget(kind)
        self._taken[kind] += size
        found[key] = (self._turn, value)

    def age(self, kind: Kind, key: Any) -> int | None:
        """How many transactions ago this was found or expected last; None where nothing is known."""
        found = self._found[kind].get(key)
        return None if found is None else self._turn - found[0]
