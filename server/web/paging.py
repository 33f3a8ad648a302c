"""Pages of lists: by number, as Flatfile's clients ask, or by cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.ids import LARGEST, decode, encode

from ..store import log
from ..store.database import Reader
from ..store.log import Head
from ..store.pages import Window
from .answers import data
from .call import Call
from .queries import Query

LARGEST_PAGE_SIZE: Final = 1_000
LARGEST_PAGE_NUMBER: Final = 1_000_000_000


class Numbered(Protocol):
    """A row with a number."""

    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Numbered)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Paging:
    """What page was asked for: by ``number``, or (None) by cursor."""

    size: int
    number: int | None
    after: int | None = None

    @property
    def window(self) -> Window:
        """The rows of the page."""
        offset = 0 if self.number is None else (self.number - 1) * self.size
        return Window(self.size, offset, self.after)

    def pagination(self, total: int) -> dict[str, Any]:
        """Flatfile's account of the pages."""
        return {
            "currentPage": self.number or 1,
            "pageCount": -(-total // self.size),
            "totalCount": total,
        }


def read_paging(query: Query, kind: str, size: int) -> Paging:
    """By ``cursor`` where it is given, else by ``pageNumber``, from 1; ``size`` is the default of ``pageSize``."""
    size = page_size(query, size)
    after = cursor(query, kind)
    if after is None:
        return Paging(size, query.integer("pageNumber", 1, 1, LARGEST_PAGE_NUMBER))
    if query.text("pageNumber") is not None:
        raise Refusal("invalid", "pageNumber and cursor exclude each other.", key="cursor")
    return Paging(size, None, after)


def page_size(query: Query, size: int) -> int:
    """``pageSize`` within its bounds, or its default."""
    return query.integer("pageSize", size, 1, LARGEST_PAGE_SIZE)


def cursor(query: Query, kind: str, name: str = "cursor") -> int | None:
    """The row's number in a cursor that an earlier page gave; None when none is given."""
    text = query.text(name)
    if text is None:
        return None
    number = decode(kind, text)
    if number is None:
        raise Refusal("bad_cursor", f"{name} takes what an earlier page gave as cursor.", key=name)
    return number


def page_of(found: Sequence[T], size: int, kind: str) -> tuple[Sequence[T], str | None]:
    """The page among rows of which one more than its ``size`` was asked for, and the cursor of the next page, if there is one."""
    rows = found[:size]
    return rows, cursor_after(kind, rows[-1].id) if len(found) > size else None


def cursor_after(kind: str, number: int) -> str:
    """The cursor of the page that follows a row."""
    return encode(kind, min(number, LARGEST))


async def dated(call: Call, query: Callable[[Reader], R]) -> tuple[R, str]:
    """What a query finds, and the position of the log that it shows: who follows the log after it misses no change of what was found."""

    def read(reader: Reader) -> tuple[R, str]:
        return query(reader), position(log.head(reader))

    return await call.node.read(read)


def position(head: Head) -> str:
    """Where the log ended when a list was read."""
    return str(Position(head.epoch, head.seq))


def listed(rows: Sequence[Any], as_of: str, following: str | None = None, **beside: Any) -> web.Response:
    """The answer of every list: its rows, the position of the log that they show, and the cursor of the next page."""
    return data(rows, **beside, asOf=as_of, cursor=following)
