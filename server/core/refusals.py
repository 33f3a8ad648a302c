"""Refusals that are made in many places, and several of one call told together."""

from collections.abc import Sequence
from typing import Final

from listener_sdk.protocol.codes import Refusal

MOST_TOLD: Final = 1_000


class Refusals(Refusal):
    """One of them gives the status: the first that no repetition mends, else the first. All stand in the answer."""

    def __init__(self, every: Sequence[Refusal]) -> None:
        first = next((refusal for refusal in every if not refusal.error.retry), every[0])
        super().__init__(first.code, first.message, key=first.key, named=first.named, **first.details)
        self.all = list(every[:MOST_TOLD])


def every(refusal: Refusal) -> list[Refusal]:
    """All that one stands for."""
    return refusal.all if isinstance(refusal, Refusals) else [refusal]


def missing(what: str, shown: str, key: str = "id", *, named: str | None = None) -> Refusal:
    """The refusal of what names nothing in this space; ``named`` is its id, where that is not what is ``shown``."""
    return Refusal("not_found", f"There is no {what} {shown} in this space.", key=key, named=named or shown)
