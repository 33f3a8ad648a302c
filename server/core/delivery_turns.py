"""Which deliveries begin next: each space and destination has its share, so that none which hangs holds up the others. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

MAILS: Final = 16
"""Mails that are handed over at once: all of them go to one mail server."""
MAILS_OF_A_SPACE: Final = 12
POSTS: Final = 64
POSTS_OF_A_SPACE: Final = 8
POSTS_TO_ONE: Final = 2
"""Posts to one address of a space at once."""


class Waiting(NamedTuple):
    """A delivery that is due, or is under way."""

    id: int
    space_id: int
    channel: str
    recipient: str

    @property
    def is_mail(self) -> bool:
        """Whether the mail server takes it."""
        return self.channel == "email"


def full_spaces(running: Iterable[Waiting], *, mail: bool) -> set[int]:
    """Spaces whose share of mails, or of posts, is under way."""
    counts = Counter(one.space_id for one in running if one.is_mail == mail)
    most = MAILS_OF_A_SPACE if mail else POSTS_OF_A_SPACE
    return {space for space, count in counts.items() if count >= most}


def room(running: Iterable[Waiting], *, mail: bool) -> int:
    """How many more mails, or posts, may begin."""
    return (MAILS if mail else POSTS) - sum(one.is_mail == mail for one in running)


def chosen(waiting: Iterable[Waiting], running: Collection[Waiting]) -> list[Waiting]:
    """Those that begin now, of some that wait in the order of their times: first of the spaces that have the fewest under way."""
    under_way, begun = list(running), list[Waiting]()
    known = {one.id for one in running}
    left = [one for one in waiting if one.id not in known]
    while (following := _next(left, under_way)) is not None:
        left.remove(following)
        under_way.append(following)
        begun.append(following)
    return begun


def _next(left: Iterable[Waiting], under_way: Collection[Waiting]) -> Waiting | None:
    counts = Counter((one.space_id, one.is_mail) for one in under_way)
    to_one = Counter((one.space_id, one.recipient) for one in under_way if not one.is_mail)
    rooms = {mail: room(under_way, mail=mail) for mail in (True, False)}

    def may(one: Waiting) -> bool:
        most = MAILS_OF_A_SPACE if one.is_mail else POSTS_OF_A_SPACE
        is_free = one.is_mail or to_one[one.space_id, one.recipient] < POSTS_TO_ONE
        return is_free and rooms[one.is_mail] > 0 and counts[one.space_id, one.is_mail] < most

    return min(filter(may, left), key=lambda one: counts[one.space_id, one.is_mail], default=None)
