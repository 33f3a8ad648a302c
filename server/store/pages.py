"""Pages of long lists: where one begins, how much it may hold, and whether another follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from listener_sdk.protocol.codes import Refusal

LARGEST_PAGE: Final = 32 * 1024 * 1024
"""Bytes of the rows of one page: what a reader of large jobs may make the server hold at once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Window:
    """``size`` rows, either after ``offset`` others or beyond the row ``after`` (an id or sequence number)."""

    size: int
    offset: int = 0
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in their order; ``more`` says whether others follow the last; ``total`` counts all, where it was asked for.

    ``last`` is the number of the last row that was looked at, where not all of them are shown.
    """

    rows: list[T]
    more: bool
    as_of: str
    total: int | None = None
    last: int | None = None


def fitting(found: Sequence[tuple[int, int]], window: Window) -> list[int]:
    """The numbers of (number, bytes) rows that make up a page.

    A page beyond a row ends early when it grows too large; one at an offset cannot, since the next one counts on its
    size: then Refusal ``too_large``.
    """
    numbers: list[int] = []
    total = 0
    for number, size in found[: window.size]:
        total += size
        if total > LARGEST_PAGE and numbers:
            if window.after is None:
                raise Refusal(
                    "too_large",
                    f"This page holds more than {LARGEST_PAGE // 2**20} MiB: ask for a smaller pageSize.",
                    key="pageSize",
                )
            break
        numbers.append(number)
    return numbers
