"""Which callbacks an event reaches: a tree of filters with callbacks in it, after Flatfile's rules.

A branch lets through what its filter passes, and its children only see that. Within a branch the callbacks come in the order of
their registration, then its children. Patterns and filters are those of `protocol.filters`.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from .errors import RegistrationError
from .handlers import Function, Handler, place_of
from .protocol.codes import Refusal
from .protocol.events import Event
from .protocol.filters import MAX_PATTERNS, PLACES, compile_filter, compile_topics
from .protocol.jobs import JsonObject

if TYPE_CHECKING:
    from .client import Client

Run = Callable[[Function, "WatchedEvent"], Awaitable[Any]]

log = logging.getLogger("tickwire")


class WatchedEvent(Event):
    """An `Event` as callbacks get it: `cache` is theirs to share for as long as it is handled."""

    _cache: dict[str, Any] = PrivateAttr(default_factory=dict)
    _afterwards: list[Function] = PrivateAttr(default_factory=list)

    @property
    def cache(self) -> dict[str, Any]:
        """A memo of this event, shared by its callbacks."""
        return self._cache

    @property
    def afterwards(self) -> list[Function]:
        """What `after_all` was given."""
        return self._afterwards

    def after_all(self, function: Function) -> None:
        """Call the function with the event once all callbacks have ended."""
        self._afterwards.append(function)


@dataclass(frozen=True, slots=True)
class Watcher:
    """A callback, the topics it watches, and its filter."""

    function: Function
    topics: tuple[str, ...]
    where: JsonObject | None
    on_topic: Callable[[str], bool]
    on_event: Callable[[JsonObject], bool]

    def wants(self, event: JsonObject) -> bool:
        return self.on_topic(str(event.get("topic", ""))) and self.on_event(event)


def make_watcher(function: Function, topics: str | Sequence[str], where: JsonObject | None) -> Watcher:
    """RegistrationError, naming the callback's file and line, when topics or filter are malformed."""
    patterns = (topics,) if isinstance(topics, str) else tuple(topics)
    try:
        return Watcher(function, patterns, where, compile_topics(patterns), compile_filter(where))
    except Refusal as refused:
        raise RegistrationError(f"{place_of(function)}: {refused.message}") from refused


class Branch:
    """A filter and what is registered under it."""

    def __init__(self, filter: JsonObject | None = None) -> None:  # noqa: A002 - the field's name on the wire
        self.filter = filter
        self.watchers: list[Watcher] = []
        self.handlers: list[Handler] = []
        self.children: list[Branch] = []
        self.client: Client | None = None
        try:
            self._passes = compile_filter(filter)
        except Refusal as refused:
            raise RegistrationError(
                f"The filter {filter!r:.200} is malformed: {refused.message}"
            ) from refused

    def reached(self, event: JsonObject) -> Iterator[Watcher]:
        """The callbacks that the event reaches, in their order."""
        if self._passes(event):
            yield from (watcher for watcher in self.watchers if watcher.wants(event))
            for child in self.children:
                yield from child.reached(event)

    def serve_with(self, client: "Client | None") -> None:
        """Give the client to this branch and all under it."""
        self.client = client
        for child in self.children:
            child.serve_with(client)

    def topics(self) -> tuple[str, ...]:
        """The patterns to subscribe to so that no callback misses anything; none without callbacks."""
        found = tuple(dict.fromkeys(one for watcher in self.all_watchers() for one in watcher.topics))
        return found if len(found) <= MAX_PATTERNS else ("**",)

    def all_handlers(self) -> Iterator[Handler]:
        """The job handlers, each with all filters around it joined into its own."""
        yield from self.handlers_under(())

    def all_watchers(self) -> Iterator[Watcher]:
        """The callbacks of this branch and all under it."""
        yield from self.watchers
        for child in self.children:
            yield from child.all_watchers()

    def handlers_under(self, filters: tuple[JsonObject, ...]) -> Iterator[Handler]:
        """The job handlers of this branch and all under it, inside these filters."""
        around = (*filters, self.filter) if self.filter else filters
        for handler in self.handlers:
            yield replace(handler, filter=_joined(handler, (*around, handler.filter or {})))
        for child in self.children:
            yield from child.handlers_under(around)


async def dispatch(branch: Branch, raw: JsonObject, run: Run) -> None:
    """Run the callbacks that an event reaches, one at a time; one that fails is logged and stops none of the others."""
    reached = [*branch.reached(raw)]
    if not reached:
        return
    event = WatchedEvent.model_validate(raw)
    for watcher in reached:
        await _run(watcher.function, event, run)
    for function in event.afterwards:
        await _run(function, event, run)


async def _run(function: Function, event: WatchedEvent, run: Run) -> None:
    try:
        await run(function, event)
    except Exception:
        log.exception("the callback at %s failed on %s (%s)", place_of(function), event.topic, event.id)


def _joined(handler: Handler, filters: Sequence[JsonObject]) -> JsonObject | None:
    """One filter that passes what all pass: a key that stands twice takes another of its names."""
    found: JsonObject = {}
    for key, value in (pair for one in filters for pair in _flat(one)):
        free = next((name for name in _names(key) if found.get(name, value) == value), None)
        if free is None:
            raise RegistrationError(
                f"{handler.place}: the filters around {handler.name} name {key!r} too often; join them into one."
            )
        found[free] = value
    return found or None


def _names(key: str) -> tuple[str, ...]:
    """Ways to write a filter's key that read the same value of a ``job:ready`` event."""
    if "*" in key or "?" in key:
        return (key,)
    if "." in key:
        return (key, f"src.{key}")
    places = PLACES.get(key, ())
    if len(places) == 1 and "." in places[0]:
        return (key, places[0], f"src.{places[0]}")
    return (key,) if places else (key, f"**.{key}")


def _flat(filter: JsonObject, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: A002 - the field's name on the wire
    for key, value in filter.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
