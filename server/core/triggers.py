"""Event triggers in memory: those that look at one topic or pattern, at a cost that follows how many of them may start."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.filters import Filter, compile_filter, compile_topics, exact_values, texts_at
from listener_sdk.protocol.globs import Globs

MOST_KEYS: Final = 8
"""Keys of filters whose values in an event are looked up."""
MOST_SHARED: Final = 1_000
"""Texts and filters that are kept to be shared; what a trigger needs stays with it."""
_ANY: Final = "{}"


class Trigger(NamedTuple):
    """One trigger of a definition, by its number there; it starts on events behind the place ``after`` in the log."""

    definition_id: int
    number: int
    after: int
    topic: str
    filter: str
    """JSON text."""


def triggers_of(definition_id: int, after: int, wire: Iterable[dict[str, Any]]) -> tuple[Trigger, ...]:
    """The triggers of a definition as it keeps them."""
    return tuple(
        Trigger(
            definition_id,
            number,
            after,
            _shared(one["topic"]),
            _shared(orjson.dumps(one.get("filter") or {}).decode()),
        )
        for number, one in enumerate(wire)
    )


def patterns_of(topic: str) -> list[str]:
    """The topics and patterns, each once, that the topic of a trigger names."""
    return list(dict.fromkeys(part.strip() for part in topic.split(",")))


class Group:
    """Triggers that one filter lets start; the filter is compiled for the first event that may pass it."""

    __slots__ = ("_filter", "filter", "key", "triggers")

    def __init__(self, text: str, key: str | None) -> None:
        self.filter = text
        self.key = key
        """By whose values in an event they are found; None where every event may be one for them."""
        self.triggers: list[Trigger] = []
        """Sorted."""
        self._filter: Filter | None = None

    def passes(self, event: dict[str, Any]) -> bool:
        """Whether they start on an event of the topic."""
        if self.filter == _ANY:
            return True
        if self._filter is None:
            self._filter = _compiled(self.filter)
        return self._filter(event)


class _Groups:
    """Triggers by their filters, found by the values that these ask for."""

    __slots__ = ("_groups", "_keyed", "_plain")

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._plain: dict[str, Group] = {}
        self._keyed: dict[str, dict[str, dict[str, Group]]] = {}
        """By key, text and filter."""

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, one: Trigger) -> None:
        group = self._groups.get(one.filter)
        if group is None:
            group = self._groups[one.filter] = Group(one.filter, self._key(one.filter))
            for table, place in self._tables(group):
                table.setdefault(place, {})[group.filter] = group
        insort(group.triggers, one)

    def remove(self, one: Trigger) -> None:
        group = self._groups[one.filter]
        del group.triggers[bisect_left(group.triggers, one)]
        if group.triggers:
            return
        del self._groups[one.filter]
        for table, place in self._tables(group):
            del table[place][group.filter]
            if not table[place]:
                del table[place]
        if group.key is not None and not self._keyed[group.key]:
            del self._keyed[group.key]

    def candidates(self, event: dict[str, Any]) -> Iterator[Group]:
        yield from self._plain.values()
        for key, table in self._keyed.items():
            texts = texts_at(key, event)
            found = table.values() if texts is None else [table[text] for text in texts if text in table]
            # One with several texts stands in several places.
            yield from {name: group for groups in found for name, group in groups.items()}.values()

    def _key(self, text: str) -> str | None:
        """The key of a filter by which fewest others are found with it."""
        keys = _exact(text)
        room = len(self._keyed) < MOST_KEYS
        crowds = [(self._crowd(key, texts), key) for key, texts in keys.items() if room or key in self._keyed]
        return min(crowds)[1] if crowds else None

    def _crowd(self, key: str, texts: Iterable[str]) -> int:
        table = self._keyed.get(key, {})
        return sum(len(table.get(text, ())) for text in texts)

    def _tables(self, group: Group) -> list[tuple[dict[str, dict[str, Group]], str]]:
        """Where the group stands: in which table, under what."""
        if group.key is None:
            return [({"": self._plain}, "")]
        table = self._keyed.setdefault(group.key, {})
        return [(table, text) for text in _exact(group.filter)[group.key]]


class Watch:
    """All triggers that look at one topic or pattern. They are sorted by their filters when an event comes, and take little until then."""

    __slots__ = ("_groups", "_new", "_test", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._test: Globs | None = None
        self._new: list[Trigger] = []
        """Those that no event has met yet, sorted."""
        self._groups: _Groups | None = None

    def __bool__(self) -> bool:
        return bool(self._new or self._groups)

    def matches(self, topic: str) -> bool:
        """Whether they look at this topic; the pattern is compiled for the first one that is asked about."""
        if self._test is None:
            self._test = compile_topics(self.pattern)
        return self._test(topic)

    def add(self, one: Trigger) -> None:
        """Another trigger."""
        insort(self._new, one)

    def remove(self, one: Trigger) -> None:
        """A trigger that was added."""
        place = bisect_left(self._new, one)
        if self._new[place : place + 1] == [one]:
            del self._new[place]
        else:
            assert self._groups is not None
            self._groups.remove(one)

    def candidates(self, event: dict[str, Any]) -> Iterator[Group | None]:
        """Those that may start on an event of the topic: no others do. None is a step that was taken on the way."""
        if self._groups is None:
            self._groups = _Groups()
        while self._new:
            self._groups.add(self._new.pop())
            yield None
        yield from self._groups.candidates(event)


@lru_cache(maxsize=MOST_SHARED)
def _shared(text: str) -> str:
    return text


@lru_cache(maxsize=MOST_SHARED)
def _exact(text: str) -> dict[str, frozenset[str]]:
    return exact_values(orjson.loads(text))


@lru_cache(maxsize=MOST_SHARED)
def _compiled(text: str) -> Filter:
    return compile_filter(orjson.loads(text))
