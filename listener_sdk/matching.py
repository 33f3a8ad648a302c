"""Which callbacks an event reaches: a tree of filters with callbacks in it, after Flatfile's rules.

A branch lets through what its filter passes, and its children only see that. Within a branch the callbacks come in the order of
their registration, then its children. Patterns and filters are those of `protocol.filters`.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import PrivateAttr, TypeAdapter, ValidationError

from .errors import RegistrationError
from .handlers import Function, Handler, place_of
from .protocol.codes import Refusal
from .protocol.events import Event, Position
from .protocol.filters import MAX_PATTERNS, PLACES, compile_filter, compile_topics
from .protocol.jobs import JsonObject
from .protocol.subscriptions import DurableName

if TYPE_CHECKING:
    from .client import Client

Run = Callable[[Function, "WatchedEvent"], Awaitable[Any]]
Test = Callable[[JsonObject], bool]

_NAME: Final[TypeAdapter[str]] = TypeAdapter(DurableName)

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
    """A callback, the topics it watches, and its filter. One with a ``name`` is durable: the server keeps how far it has come, from ``start`` on."""

    function: Function
    topics: tuple[str, ...]
    where: JsonObject | None
    on_topic: Callable[[str], bool]
    on_event: Callable[[JsonObject], bool]
    name: str | None = None
    start: str = "now"

    def wants(self, event: JsonObject) -> bool:
        return self.on_topic(str(event.get("topic", ""))) and self.on_event(event)


def make_watcher(
    function: Function,
    topics: str | Sequence[str],
    where: JsonObject | None,
    name: str | None = None,
    start: str | None = None,
) -> Watcher:
    """RegistrationError, naming the callback's file and line, when topics, filter, name or start are malformed."""
    patterns = (topics,) if isinstance(topics, str) else tuple(topics)
    try:
        _check_durable(name, start)
        tests = compile_topics(patterns), compile_filter(where)
    except Refusal as refused:
        raise RegistrationError(f"{place_of(function)}: {refused.message}") from refused
    return Watcher(function, patterns, where, *tests, name, start or "now")


def _check_durable(name: str | None, start: str | None) -> None:
    if name is None:
        if start is not None:
            raise Refusal(
                "invalid", "start is for callbacks with a name: without one nobody knows how far it has come."
            )
        return
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise Refusal("invalid", f"name={name!r:.80}: {error.errors()[0]['msg']}.") from None
    if start not in {None, "now", "oldest"}:
        Position.parse(str(start))


class Branch:
    """A filter and what is registered under it."""

    def __init__(self, filter: JsonObject | None = None) -> None:  # noqa: A002 - the field's name on the wire
        self.filter = filter
        self.watchers: list[Watcher] = []
        self.durables: list[Watcher] = []
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

    def all_durables(self) -> "Iterator[tuple[Watcher, Test]]":
        """The durable callbacks of this branch and all under it, each with a test of what is let through to it."""
        for watcher in self.durables:
            yield watcher, self._passes
        for child in self.children:
            for watcher, passes in child.all_durables():
                yield watcher, _both(self._passes, passes)

    def handlers_under(self, filters: tuple[JsonObject, ...]) -> Iterator[Handler]:
        """The job handlers of this branch and all under it, inside these filters."""
        around = (*filters, self.filter) if self.filter else filters
        for handler in self.handlers:
            yield replace(handler, filter=_joined(handler, (*around, handler.filter or {})))
        for child in self.children:
            yield from child.handlers_under(around)


def _both(first: Test, second: Test) -> Test:
    return lambda event: first(event) and second(event)


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
