"""Defaults of a schema, filled in where a value leaves a property out.

They are taken where there is one answer: from ``properties`` of the schema itself, of what ``$ref`` and ``allOf`` name, and below these
from the properties and elements that are there. Not from ``anyOf``, ``oneOf``, ``if`` and the like, whose branch the value decides.
An object that is missing is not made in order to hold defaults; one with a default of its own is, and gets theirs as well.

A few bytes of a value can ask for very much (a long default in each of many elements) or for what has no end (a default that lacks what has
it for its own), so what is filled in is bounded.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from listener_sdk.protocol.json_schemas import Edge, Subschema
from listener_sdk.protocol.paths import Path

_CERTAIN: Final = frozenset({"$ref", "allOf"})
_MISSING: Final = object()
MOST_FILLED: Final = 256 * 1024
"""Bytes of JSON that are filled in: no job takes more."""
DEEPEST_FILLED: Final = 32
"""Levels of a value in which something is filled in, as many as a value may have."""
_MOST_LOOKED_AT: Final = 10_000


class TooMuchError(ValueError):
    """The defaults would make the value larger, or deeper, than any that is taken."""


@dataclass(slots=True)
class Defaults:
    """What one schema fills in: defaults by property, each with the bytes that it takes, and what its properties and elements fill in."""

    named: dict[str, tuple[Any, int]] = field(default_factory=dict)
    below: dict[str, "Defaults"] = field(default_factory=dict)
    elements: "Defaults | None" = None
    is_empty: bool = True
    """Whether there is no default here nor anywhere below."""


def defaults_of(graph: Mapping[Path, Subschema]) -> Defaults | None:
    """What the schema at the top of the graph fills in; None for nothing."""
    plans = {path: Defaults() for path in graph}
    for path, plan in plans.items():
        for node in _certain(graph, path):
            for edge in node.edges:
                _add(plan, edge, graph, plans)
    _mark(plans)
    return None if plans[()].is_empty else plans[()]


def filled(value: Any, plan: Defaults | None) -> Any:
    """The value with its defaults; the same object when there is nothing to fill in. Nothing that is given changes. TooMuchError."""
    return value if plan is None else _Filling().filled(value, plan, DEEPEST_FILLED)


def most_filled(plan: Defaults | None) -> int:
    """How many bytes may be filled in, whatever the value; `MOST_FILLED` also where that depends on how many elements it has."""
    size, pending = 0, [(plan, DEEPEST_FILLED)]
    for _ in range(_MOST_LOOKED_AT):
        if not pending or size >= MOST_FILLED:
            return min(size, MOST_FILLED)
        one, levels = pending.pop()
        if one is None or one.is_empty:
            continue
        if levels <= 0 or not (one.elements is None or one.elements.is_empty):
            return MOST_FILLED
        size += sum(taken for _, taken in one.named.values())
        pending += [(below, levels - 1) for below in one.below.values()]
    return MOST_FILLED


@dataclass(slots=True)
class _Filling:
    left: int = MOST_FILLED

    def filled(self, value: Any, plan: Defaults, levels: int) -> Any:
        if plan.is_empty:
            return value
        if isinstance(value, dict):
            return self._object(value, plan, levels)
        if isinstance(value, list) and plan.elements is not None:
            made = [self.filled(element, plan.elements, levels - 1) for element in value]
            return made if any(new is not old for new, old in zip(made, value, strict=True)) else value
        return value

    def _object(self, value: dict[str, Any], plan: Defaults, levels: int) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        for name, (default, size) in plan.named.items():
            if name not in value:
                self._take(size, levels)
                changed[name] = deepcopy(default)
        # By what is there: of that there is less than the schema may name.
        for name, given in [*value.items(), *changed.items()]:
            below = plan.below.get(name)
            if below is not None and (made := self.filled(given, below, levels - 1)) is not given:
                changed[name] = made
        return {**value, **changed} if changed else value

    def _take(self, size: int, levels: int) -> None:
        self.left -= size
        if self.left < 0 or levels <= 0:
            raise TooMuchError


def _certain(graph: Mapping[Path, Subschema], start: Path) -> list[Subschema]:
    """The schema and those that hold for the same value whatever it is; the outer ones first."""
    found: dict[Path, Subschema] = {}
    pending = [start]
    while pending:
        path = pending.pop(0)
        if path not in found:
            found[path] = graph[path]
            pending += [edge.target for edge in graph[path].edges if edge.keyword in _CERTAIN]
    return list(found.values())


def _add(plan: Defaults, edge: Edge, graph: Mapping[Path, Subschema], plans: Mapping[Path, Defaults]) -> None:
    if edge.keyword == "properties":
        plan.below.setdefault(edge.name, plans[edge.target])
        if edge.name not in plan.named and (default := _default(graph, edge.target)) is not _MISSING:
            plan.named[edge.name] = default, len(orjson.dumps({edge.name: default}))
    elif edge.keyword == "items":
        plan.elements = plan.elements or plans[edge.target]


def _default(graph: Mapping[Path, Subschema], path: Path) -> Any:
    for node in _certain(graph, path):
        if isinstance(node.schema, dict) and "default" in node.schema:
            return node.schema["default"]
    return _MISSING


def _mark(plans: Mapping[Path, Defaults]) -> None:
    """Say of each plan whether it fills in anything; schemas may refer to each other in a ring."""
    above: dict[int, list[Defaults]] = {}
    for plan in plans.values():
        for below in (*plan.below.values(), *filter(None, (plan.elements,))):
            above.setdefault(id(below), []).append(plan)
    pending = [plan for plan in plans.values() if plan.named]
    while pending:
        plan = pending.pop()
        if plan.is_empty:
            plan.is_empty = False
            pending += above.get(id(plan), ())
