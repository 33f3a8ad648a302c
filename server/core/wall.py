"""The wall between spaces: which texts of a call may be ids, so that it is seen when one names what belongs to another space. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal

from .actors import Actor
from .refusals import Refusals

MOST_NAMES: Final = 1_000
"""Names of one call that are looked at."""
_NAME: Final = re.compile(r"us_[a-z]{1,8}_[0-9a-z-]{1,64}", re.ASCII)
_TOLD: Final = ("role", "permission")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an actor was refused: ``how`` names the route or frame, ``space_id`` whose it is if that is another space."""

    actor: Actor
    action: str
    target: str
    how: dict[str, Any]
    space_id: int | None = None

    @property
    def sort(self) -> str:
        """The same for all attempts that need not be told apart."""
        return f"{self.actor.key_id} {self.actor.space.id} {self.action} {self.target} {sorted(self.how.items())}"


def names_in(value: Any) -> Iterator[str]:
    """The texts in a JSON value that look like ids."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if _NAME.fullmatch(one):
                yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def named_by(errors: Iterable[Exception]) -> list[str]:
    """The ids that refusals are about."""
    flat = [one for error in errors for one in (error.all if isinstance(error, Refusals) else [error])]
    return [one.named for one in flat if isinstance(one, Refusal) and one.named is not None]


def forbidden(actor: Actor, refusal: Refusal, how: dict[str, Any], target: str) -> Attempt:
    """An attempt at what the role does not allow."""
    told: dict[str, Any] = {name: refusal.details[name] for name in _TOLD if name in refusal.details}
    return Attempt(actor, "access:forbidden", target, {**how, **told})
