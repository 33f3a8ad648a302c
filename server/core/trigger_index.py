"""Which event triggers look at a topic, whatever the number of those that do not."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from listener_sdk.protocol.events import RESERVED_DOMAINS, SERVER_TOPICS
from listener_sdk.protocol.globs import any_glob, is_glob
from listener_sdk.protocol.near_names import did_you_mean

from .triggers import Trigger, Watch, patterns_of

UNSEEN: Final = frozenset({
    "definition:trigger-stopped", "definition:trigger-failed", "definition:triggers-missed",
})  # fmt: skip
"""What is told of triggers starts none: else the stop of a loop would be another."""
MOST_TOPICS: Final = 10_000
"""Topics of a space whose patterns are remembered: clients choose the names, so their number has no end."""
_BEGINNING: Final = re.compile(r"[^*?]*")


def unseen(topics: str) -> Iterator[str]:
    """Why nothing ever starts on one of these topics and patterns: it names none but events that the server alone could publish, and does not."""
    for pattern in patterns_of(topics):
        domain = pattern.partition(":")[0]
        if domain not in RESERVED_DOMAINS:
            continue
        named = set(filter(any_glob([pattern]), SERVER_TOPICS))
        if not named:
            near = did_you_mean(pattern, SERVER_TOPICS)
            yield f"the server publishes no {pattern}, and nobody else may in the domain {domain}.{near}"
        elif named <= UNSEEN:
            yield f"no trigger starts on {pattern}, so that no stop of a circle begins another."


class _Local:
    """The triggers of one space."""

    __slots__ = ("definitions", "exact", "globs", "known")

    def __init__(self) -> None:
        self.definitions: dict[str, tuple[Trigger, ...]] = {}
        self.exact: dict[str, Watch] = {}
        """By topic."""
        self.globs: dict[str, dict[str, Watch]] = {}
        """By what stands before the first wildcard, and by pattern."""
        self.known: dict[str, tuple[Watch, ...]] = {}
        """By topics that events had: the patterns that match."""

    def add(self, one: Trigger) -> None:
        for pattern in patterns_of(one.topic):
            table = self._table(pattern)
            watch = table.get(pattern)
            if watch is None:
                watch = table[pattern] = Watch(pattern)
                if is_glob(pattern):
                    self.known.clear()
            watch.add(one)

    def remove(self, one: Trigger) -> None:
        for pattern in patterns_of(one.topic):
            table = self._table(pattern)
            table[pattern].remove(one)
            if table[pattern]:
                continue
            del table[pattern]
            if not table and is_glob(pattern):
                del self.globs[_beginning(pattern)]

    def _table(self, pattern: str) -> dict[str, Watch]:
        return self.globs.setdefault(_beginning(pattern), {}) if is_glob(pattern) else self.exact

    def of(self, topic: str) -> Sequence[Watch] | None:
        if topic in UNSEEN:
            return ()
        globs = self.known.get(topic) if self.globs else ()
        watch = self.exact.get(topic)
        return globs if globs is None or watch is None else (watch, *globs)

    def search(self, topic: str) -> Iterator[None]:
        # As globs see it: ``a:**`` matches ``a``.
        whole = f"{topic}:"
        found = []
        for end in range(len(whole) + 1):
            for watch in self.globs.get(whole[:end], {}).values():
                if watch.matches(topic):
                    found.append(watch)
                yield
        if len(self.known) >= MOST_TOPICS:
            self.known.clear()
        self.known[topic] = tuple(found)


class Triggers:
    """The triggers of all definitions that are enabled. Those of one definition are replaced as a whole."""

    def __init__(self) -> None:
        self._spaces: dict[int, _Local] = {}

    def __bool__(self) -> bool:
        return bool(self._spaces)

    def every(self) -> Iterator[tuple[int, tuple[Trigger, ...]]]:
        """The triggers of each definition, with its space."""
        for space_id, local in self._spaces.items():
            for triggers in local.definitions.values():
                yield space_id, triggers

    def clear(self) -> None:
        """Forget all."""
        self._spaces.clear()

    def drop(self, space_id: int) -> None:
        """The space is gone."""
        self._spaces.pop(space_id, None)

    def put(self, space_id: int, code: str, triggers: tuple[Trigger, ...]) -> None:
        """The definition of this code has these triggers now; none: it is gone, disabled, or has none."""
        local = self._spaces.get(space_id) or _Local()
        before = local.definitions.pop(code, ())
        if before != triggers:
            # In this order, so that a pattern that stays is known still.
            for one in triggers:
                local.add(one)
            for one in before:
                local.remove(one)
        if triggers:
            local.definitions[code] = triggers
        if local.definitions:
            self._spaces[space_id] = local
        else:
            self._spaces.pop(space_id, None)

    def of(self, space_id: int, topic: str) -> Sequence[Watch] | None:
        """Those that look at events of this topic; None where it is to be searched first."""
        local = self._spaces.get(space_id)
        return () if local is None else local.of(topic)

    def search(self, space_id: int, topic: str) -> Iterator[None]:
        """Find out which patterns match a topic, in small steps, so that ``of`` can say it."""
        local = self._spaces.get(space_id)
        return iter(()) if local is None else local.search(topic)


def _beginning(pattern: str) -> str:
    found = _BEGINNING.match(pattern)
    assert found is not None
    return found[0]
