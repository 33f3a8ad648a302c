"""What the writer runs: commands, each on one item, and the promise that a repeated call is answered once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .sought import Sought
from .transaction import Transaction

Item = TypeVar("Item")
Result = TypeVar("Result")


def _no_jobs(item: Any) -> Iterable[int]:
    return ()


def _nothing(item: Any) -> Iterable[Sought]:
    return ()


def always(item: Any) -> bool:
    """Every item of the command takes the turn."""
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Command(Generic[Item, Result]):
    """A change of state. ``run`` answers with its result or raises Refusal *before* it has changed anything.

    ``jobs`` names the jobs that an item needs, so that a batch loads them by one query; ``seeks`` says what else it will look up. A ``lazy`` command never
    earns a commit of its own: it joins the next one, within 2 ms. One that ``needs_no_room`` goes on when the disk is
    nearly full: it frees some, changes memory alone, or must not wait. ``placed`` says that its result tells the places of
    its events in the log, which are known last. ``guard`` raises Refusal for who may not do this any more, also where a
    repeated call would be answered. ``turn`` says whether an item is done by one server at a time: the batch waits for its turn before
    it keeps anything, since who has the turn may wait for what a batch keeps.
    """

    name: str
    run: Callable[[Transaction, Item], Result]
    jobs: Callable[[Item], Iterable[int]] = _no_jobs
    seeks: Callable[[Item], Iterable[Sought]] = _nothing
    lazy: bool = False
    needs_no_room: bool = False
    placed: bool = False
    guard: Callable[[Transaction, Item], None] | None = None
    turn: Callable[[Item], bool] | None = None

    def takes_turn(self, item: Item) -> bool:
        """Whether this item is done by one server at a time."""
        return self.turn is not None and self.turn(item)


@dataclass(frozen=True, slots=True)
class Once(Generic[Result]):
    """An Idempotency-Key: ``answer`` makes the text that is stored with the change, and replayed to a repetition."""

    scope: str
    key: str
    body_hash: str
    answer: Callable[[Result], str]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The stored answer of the first call with this Idempotency-Key."""

    answer: str
