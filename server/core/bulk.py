"""Jobs of one call that wait for each other: what they name, in which order they are stored, and circles among them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from listener_sdk.protocol.bulk import MEMBER
from listener_sdk.protocol.codes import Refusal

Follows = Mapping[int, Sequence[int]]
"""Of the members that wait for others of the same call: which, by index."""

MOST_NAMES: Final = 10_000
"""Predecessors of all members of a call together: each is a row."""
MOST_STEPS: Final = 100_000
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)


def members_named(names: Iterable[str], index: int, count: int) -> list[int]:
    """The members that a member names among its predecessors; other names are left out.

    Refusal ``invalid`` for one that the call does not have, ``cycle`` for itself.
    """
    found: dict[int, None] = {}
    for name in names:
        if name.startswith(MEMBER):
            number = name.removeprefix(MEMBER)
            other = int(number) if _INDEX.fullmatch(number) else count
            if other >= count:
                what = f"{name[:16]!r} names no job of this call: it has {MEMBER}0 to {MEMBER}{count - 1}."
                raise Refusal("invalid", what, key="predecessorIds")
            if other == index:
                raise Refusal("cycle", "The job names itself: it would wait for ever.", key="predecessorIds")
            found[other] = None
    return list(found)


def names_behind(
    names: Mapping[int, Sequence[str]], follows: Follows, order: Iterable[int]
) -> dict[int, set[str]]:
    """Of the members that follow others: the stored jobs that they wait for, themselves or by way of members.

    ``names`` are what each member names. Refusal ``limit`` when that is more than a call is worth.
    """
    found: dict[int, set[str]] = {}
    steps = 0
    if sum(map(len, names.values())) > MOST_NAMES:
        raise _too_many(f"name more than {MOST_NAMES} predecessors together")
    for index in order:
        own = {name for name in names.get(index, ()) if not name.startswith(MEMBER)}
        behind = [found[other] for other in follows.get(index, ()) if found.get(other)]
        # Of a long chain all have the same set.
        found[index] = behind[0] if len(behind) == 1 and own <= behind[0] else own.union(*behind)
        steps += len(own) + sum(len(some) for some in behind)
        if steps > MOST_STEPS:
            raise _too_many("wait for too many others by way of each other")
    return {index: found[index] for index in follows}


def _too_many(what: str) -> Refusal:
    return Refusal(
        "limit", f"The jobs of this call {what}: make them by several calls.", key="predecessorIds"
    )


def in_order(follows: Follows, count: int) -> tuple[list[int], set[int]]:
    """All indexes, each behind those that it follows; and the members of circles, which stand last with those behind them."""
    if not follows:
        return list(range(count)), set()
    ahead, rest = _peeled(follows, range(count))
    # What stays when those that nobody of the rest waits for are taken off as well stands in a circle, or between two.
    behind, circles = _peeled(_turned(follows, rest), rest)
    return [*ahead, *sorted({*behind, *circles})], set(circles)


def _peeled(follows: Follows, among: Iterable[int]) -> tuple[list[int], list[int]]:
    """Those that follow nobody, then those that follow only these, and so on; and who is left."""
    members = list(among)
    inside = set(members)
    open_ = {index: len(inside.intersection(follows.get(index, ()))) for index in members}
    followers = _turned(follows, inside)
    taken = [index for index in members if not open_[index]]
    for index in taken:
        for follower in followers.get(index, ()):
            open_[follower] -= 1
            if not open_[follower]:
                taken.append(follower)
    return taken, [index for index in members if open_[index]]


def _turned(follows: Follows, among: Iterable[int]) -> dict[int, list[int]]:
    """Who is followed by whom."""
    turned: dict[int, list[int]] = {}
    for index in among:
        for other in follows.get(index, ()):
            turned.setdefault(other, []).append(index)
    return turned
