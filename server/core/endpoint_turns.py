"""Which endpoints are posted to next: each space has its share, and those that fail have theirs, so that none which hangs holds up the others. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

POSTS: Final = 200
"""Posts of one server at once, to all endpoints together."""
POSTS_OF_A_SPACE: Final = 150
POSTS_TO_FAILING: Final = 100
"""Those to endpoints of which none has succeeded lately: each may take until its time is over."""


class Post(NamedTuple):
    """One that is under way."""

    endpoint_id: int
    space_id: int
    fails: bool


class Waiting(NamedTuple):
    """An endpoint for which deliveries wait, and when the first of them is due. ``enabled`` is 0 where it is gone."""

    endpoint_id: int
    due_at: int
    enabled: int
    rests_until: int | None
    space_id: int
    fails: int


@dataclass(slots=True)
class Shares:
    """How many posts may begin beside those that are under way."""

    of_space: Counter[int]
    to_failing: int
    in_all: int

    @staticmethod
    def beside(running: Iterable[Post]) -> "Shares":
        """Those that these leave."""
        posts = list(running)
        of_space = Counter(one.space_id for one in posts)
        return Shares(of_space, sum(one.fails for one in posts), len(posts))

    def room(self, space_id: int, *, fails: bool) -> int:
        """How many more may go to an endpoint of this space."""
        left = min(POSTS - self.in_all, POSTS_OF_A_SPACE - self.of_space[space_id])
        return min(left, POSTS_TO_FAILING - self.to_failing) if fails else left

    def take(self, space_id: int, count: int, *, fails: bool) -> None:
        """So many begin."""
        self.of_space[space_id] += count
        self.to_failing += count if fails else 0
        self.in_all += count


def in_turn(ready: Iterable[Waiting], running: Sequence[Post]) -> list[int]:
    """The endpoints in the order in which they are posted to: by turns of the spaces, first of those that have the fewest posts under way;
    of a space those that fail come last.
    """
    shares, turn = Shares.beside(running), Counter(one.space_id for one in running)
    turns: list[tuple[int, int]] = []
    for one in sorted(ready, key=lambda one: (one.fails, one.due_at)):
        if shares.room(one.space_id, fails=bool(one.fails)) > 0:
            turns.append((turn[one.space_id], one.endpoint_id))
            turn[one.space_id] += 1
    turns.sort(key=lambda pair: pair[0])
    return [endpoint_id for _, endpoint_id in turns]
