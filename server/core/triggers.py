"""Event triggers in memory: which of them an event starts, at a cost that follows how many look at its topic."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.filters import Filter, compile_filter, compile_topics, exact_values, texts_at
from listener_sdk.protocol.globs import Globs

UNSEEN: Final = frozenset({
    "definition:trigger-stopped", "definition:trigger-failed", "definition:triggers-missed",
})  # fmt: skip
"""What is told of triggers starts none: else the stop of a loop would be another."""
MOST_TOPICS: Final = 10_000
"""Topics whose triggers are remembered: clients choose the names, so their number has no end."""
MOST_COMPILED: Final = 10_000
MOST_KEYS: Final = 8
"""Keys of filters whose values in an event are looked up."""
_ANY: Final = "{}"


class Trigger(NamedTuple):
    """One trigger of a definition, by its number there; it starts on events behind the place ``after`` in the log."""

    definition_id: int
    number: int
    after: int
    topic: str
    filter: str
    """JSON text."""


def triggers_of(definition_id: int, after: int, wire: Iterable[dict[str, Any]]) -> list[Trigger]:
    """The triggers of a definition as it keeps them."""
    return [
        Trigger(definition_id, number, after, one["topic"], orjson.dumps(one.get("filter") or {}).decode())
        for number, one in enumerate(wire)
    ]


@dataclass(slots=True)
class Group:
    """Triggers that one filter lets start on one topic, by definition and number."""

    filter: str
    key: str | None
    """By whose values in an event they are found; None where every event may be one for them."""
    triggers: dict[tuple[int, int], Trigger] = field(default_factory=dict)

    def passes(self, event: dict[str, Any]) -> bool:
        """Whether they start on an event of the topic."""
        return self.filter == _ANY or _filter(self.filter)(event)


class Watch:
    """All that look at one topic, found by the values that their filters ask for."""

    __slots__ = ("_groups", "_keyed", "_plain")

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._plain: dict[str, Group] = {}
        self._keyed: dict[str, dict[str, dict[str, Group]]] = {}
        """By key, text and filter."""

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, one: Trigger) -> None:
        """Another trigger."""
        group = self._groups.get(one.filter)
        if group is None:
            group = self._groups[one.filter] = Group(one.filter, self._key(one.filter))
            for table, place in self._tables(group):
                table.setdefault(place, {})[group.filter] = group
        group.triggers[one.definition_id, one.number] = one

    def remove(self, one: Trigger) -> None:
        """A trigger that was added."""
        group = self._groups[one.filter]
        del group.triggers[one.definition_id, one.number]
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
        """Those that may start on an event of the topic: no others do."""
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


class Triggers:
    """The triggers of all definitions that are enabled. Those of one definition are replaced as a whole."""

    def __init__(self) -> None:
        self._definitions: dict[tuple[int, str], list[Trigger]] = {}
        self._exact: dict[int, dict[str, dict[tuple[int, int], Trigger]]] = {}
        """Those of one topic: by space, topic, definition and number."""
        self._globbed: dict[int, dict[tuple[int, int], Trigger]] = {}
        """The others, by space."""
        self._known: dict[int, dict[str, Watch]] = {}
        """By space and topic, of topics that events had."""

    def __len__(self) -> int:
        return len(self._definitions)

    def every(self) -> Iterator[tuple[int, list[Trigger]]]:
        """The triggers of each definition, with its space."""
        for (space_id, _), triggers in self._definitions.items():
            yield space_id, triggers

    def clear(self) -> None:
        """Forget all."""
        for table in (self._definitions, self._exact, self._globbed, self._known):
            table.clear()

    def put(self, space_id: int, code: str, triggers: list[Trigger]) -> None:
        """The definition of this code has these triggers now; none: it is gone, disabled, or has none."""
        before = self._definitions.pop((space_id, code), [])
        if triggers:
            self._definitions[space_id, code] = triggers
        if before != triggers:
            for one in before:
                self._remove(space_id, one)
            for one in triggers:
                self._add(space_id, one)

    def knows(self, space_id: int, topic: str) -> bool:
        """Whether ``of`` answers at once: the first time, it looks at all triggers of the space."""
        return topic in self._known.get(space_id, {})

    def of(self, space_id: int, topic: str) -> Watch:
        """The triggers that look at events of this topic."""
        known = self._known.setdefault(space_id, {})
        found = known.get(topic)
        if found is None:
            if len(known) >= MOST_TOPICS:
                known.clear()
            found = known[topic] = self._find(space_id, topic)
        return found

    def _find(self, space_id: int, topic: str) -> Watch:
        watch = Watch()
        if topic not in UNSEEN:
            for one in self._exact.get(space_id, {}).get(topic, {}).values():
                watch.add(one)
            for one in self._globbed.get(space_id, {}).values():
                if _topics(one.topic)(topic):
                    watch.add(one)
        return watch

    def _add(self, space_id: int, one: Trigger) -> None:
        place = (one.definition_id, one.number)
        if _is_exact(one.topic):
            self._exact.setdefault(space_id, {}).setdefault(one.topic, {})[place] = one
        else:
            self._globbed.setdefault(space_id, {})[place] = one
        for watch in self._watches(space_id, one):
            watch.add(one)

    def _remove(self, space_id: int, one: Trigger) -> None:
        place = (one.definition_id, one.number)
        if _is_exact(one.topic):
            del self._exact[space_id][one.topic][place]
            if not self._exact[space_id][one.topic]:
                del self._exact[space_id][one.topic]
        else:
            del self._globbed[space_id][place]
        for watch in self._watches(space_id, one):
            watch.remove(one)

    def _watches(self, space_id: int, one: Trigger) -> list[Watch]:
        """What is known already of topics that it looks at."""
        known = self._known.get(space_id, {})
        if _is_exact(one.topic):
            return [known[one.topic]] if one.topic in known and one.topic not in UNSEEN else []
        matches = _topics(one.topic)
        return [watch for topic, watch in known.items() if topic not in UNSEEN and matches(topic)]


def _is_exact(topic: str) -> bool:
    return not any(sign in topic for sign in "*?,")


@lru_cache(maxsize=MOST_COMPILED)
def _exact(text: str) -> dict[str, frozenset[str]]:
    return exact_values(orjson.loads(text))


@lru_cache(maxsize=MOST_COMPILED)
def _topics(patterns: str) -> Globs:
    return compile_topics(patterns)


@lru_cache(maxsize=MOST_COMPILED)
def _filter(text: str) -> Filter:
    return compile_filter(orjson.loads(text))
