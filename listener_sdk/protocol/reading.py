"""One event while filters are tested on it: what they look at, in steps that are counted."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from .globs import LONGEST_TEXT, Globs

MAX_STEPS: Final = 3500
"""Steps of all that is asked about one event: at most 0.2 microseconds each (measured)."""
MAX_NAMES_SEEN: Final = 200
"""Names of an event, those nearest to its top, that searches at any depth and globs over paths see."""
MAX_ELEMENTS_SEEN: Final = 1000
"""Elements of a list that are compared."""

_GLOB_STEPS: Final = 5
_PAIRS_A_STEP: Final = 128
"""So many pairs, of a character of a text and one of the globs' size, take as long as a step."""
_MISSING: Final = object()

_Object = dict[Any, Any]
_Leaf = tuple[str | None, str, Any]
"""The path before a name (None where the whole is too long for globs), the name and its value."""


class OutOfSteps(Exception):  # noqa: N818 - it ends a test, which has an answer then: nothing went wrong
    """What is asked takes more steps than one event is worth."""


class Reading:
    """An event, and the steps that may still be spent on it. Every method raises OutOfSteps once they are used up."""

    def __init__(self, event: _Object, steps: int = MAX_STEPS) -> None:
        self.steps = steps
        self._event = event
        self._leaves: list[_Leaf] | None = None
        self._named: dict[str, list[Any]] | None = None
        self._paths: list[tuple[str, Any]] | None = None
        self._length = 0

    def at(self, path: str) -> list[Any]:
        """The values at a dotted path; a dot may also stand within a key of the event."""
        found: list[Any] = []
        pending = [(self._event, path)]
        while pending:
            node, rest = pending.pop()
            self.spend(1 + rest.count("."))
            value = node.get(rest, _MISSING)
            if value is not _MISSING and not (isinstance(value, dict) and value):
                found.append(value)
            dot = rest.find(".")
            while dot >= 0:
                child = node.get(rest[:dot])
                if isinstance(child, dict):
                    pending.append((child, rest[dot + 1 :]))
                dot = rest.find(".", dot + 1)
        return found

    def anywhere(self, name: str) -> list[Any]:
        """The values under a name at any depth, among the names that are seen."""
        if self._named is None:
            self._named = {}
            for _, key, value in self._seen():
                last = key.rpartition(".")[2] if "." in key else key
                self._named.setdefault(last, []).append(value)
        found = self._named.get(name, [])
        self.spend(len(found))
        return found

    def matching(self, paths: Globs) -> list[Any]:
        """The values at the paths that these globs match, among the names that are seen."""
        if self._paths is None:
            self._paths = [(prefix + key, value) for prefix, key, value in self._seen() if prefix is not None]
            self._length = sum(len(path) for path, _ in self._paths)
        self.spend(_GLOB_STEPS * len(self._paths) + paths.size * self._length // _PAIRS_A_STEP)
        return [value for path, value in self._paths if paths(path)]

    def elements(self, values: list[Any]) -> Iterator[Any]:
        """What a list holds, and the lists in it, however deep."""
        pending: list[Any] = [values]
        while pending:
            one = pending.pop()
            if isinstance(one, list):
                seen = one[:MAX_ELEMENTS_SEEN]
                self.spend(len(seen))
                pending += reversed(seen)
            else:
                yield one

    def is_one_of(self, texts: Globs, text: str) -> bool:
        """Whether the text is among these."""
        if texts.size:
            self.spend(_GLOB_STEPS + texts.size * min(len(text), LONGEST_TEXT) // _PAIRS_A_STEP)
        return texts(text)

    def spend(self, steps: int) -> None:
        """Count steps; OutOfSteps when there are not so many left."""
        self.steps -= steps
        if self.steps < 0:
            raise OutOfSteps

    def _seen(self) -> list[_Leaf]:
        if self._leaves is None:
            self._leaves, seen = _leaves(self._event)
            self.spend(seen)
        return self._leaves


def _leaves(event: _Object) -> tuple[list[_Leaf], int]:
    """What the first names hold, level by level, that is no object with names of its own; and how many names were seen."""
    found: list[_Leaf] = []
    seen = 0
    nodes: list[tuple[str | None, _Object]] = [("", event)]
    for prefix, node in nodes:
        room = LONGEST_TEXT - len(prefix) if prefix is not None else -1
        for key, value in islice(node.items(), MAX_NAMES_SEEN - seen):
            seen += 1
            if not isinstance(key, str):
                continue
            fits = len(key) <= room
            if isinstance(value, dict) and value:
                nodes.append((f"{prefix}{key}." if fits else None, value))
            else:
                found.append((prefix if fits else None, key, value))
    return found, seen
