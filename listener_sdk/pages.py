"""Pages of lists, and walking over all of them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .protocol.model import WireModel

Item = TypeVar("Item")
M = TypeVar("M", bound=WireModel)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list."""

    items: list[Item]
    """What was asked for."""
    pagination: dict[str, Any] | None = None
    """``currentPage``, ``pageCount`` and ``totalCount``, where the list counts them."""
    as_of: str | None = None
    """The log's position that the list shows: a subscription after it misses nothing."""
    cursor: str | None = None
    """Leads to the next page; None after the last."""


def page_of(model: type[M], answer: Mapping[str, Any]) -> Page[M]:
    """The page that a server has answered."""
    items = [model.model_validate(one) for one in answer["data"]]
    return Page(items, answer.get("pagination"), answer.get("asOf"), answer.get("cursor"))


async def each(read: Callable[..., Awaitable[Page[Item]]], **filters: Any) -> AsyncGenerator[Item, None]:
    """All items of a list, which ``read`` gives by pages."""
    while True:
        page = await read(**filters)
        for item in page.items:
            yield item
        if page.cursor is None:
            return
        filters["cursor"] = page.cursor


async def every(read: Callable[..., Awaitable[Page[Item]]], **filters: Any) -> list[Item]:
    """The same at once, for lists that are short."""
    return [item async for item in each(read, **filters)]
