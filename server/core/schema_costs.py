"""What checking a value against a schema can cost at the worst, known before it is done.

A validator has no meter: a schema of a few lines can make it work for hours (``allOf`` of twice the same ``$ref``, thirty times over).
So the work for one byte of a value is bounded from the schema: what is asked of a value at some depth is the sum over all ways
that lead there through keywords about the same value, and the greatest over properties, of which each value is only one. Costs are in
units of about 10 ns for checking, and 3 µs for telling what is wrong (measured).
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from listener_sdk.protocol.json_schemas import Edge, Subschema
from listener_sdk.protocol.paths import Path

DEEPEST_VALUE: Final = 32
"""Levels of a value that was let in."""
ENDLESS: Final = 10**9
MOST_VISITS: Final = 20_000
"""Values and schemas that meet, when the work for one value is counted: some 50 ms."""

MOST_OF_PATTERN: Final = 1_000
"""For each character, at the worst: a pattern of the largest size that is taken, against text that suits it badly (measured)."""

_FORMAT: Final = 4
_FRACTION: Final = 300
_REPEATED_GROUP: Final = re.compile(r"\)\{")
_REPEATED: Final = re.compile(r"\{(\d{1,9}),?(\d{0,9})\}")
_WIDE: Final = re.compile(r"\\[pPwWdDsS]|\.|\[\^")
_WIDTH: Final = 12
"""States that a class of thousands of characters takes in the place of one."""
_UNEVALUATED: Final = ("unevaluatedProperties", "unevaluatedItems")
_ASSERTIONS: Final = frozenset({
    "type", "enum", "const", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "minProperties",
    "maxProperties", "required", "dependentRequired", "propertyNames", "additionalProperties", "unevaluatedProperties",
    "unevaluatedItems", "anyOf", "oneOf", "not",
})  # fmt: skip

_Cost = Callable[[Any], int]


def looping(graph: Mapping[Path, Subschema]) -> Path | None:
    """A schema that asks itself about the same value without an end, if there is one."""
    order = _order(graph)
    place = {path: index for index, path in enumerate(order)}
    for path in order:
        if any(place[target] >= place[path] for target in _same(graph[path])):
            return path
    return None


def costs(graph: Mapping[Path, Subschema]) -> tuple[int, int]:
    """Units of work for one byte of a value, and to tell what is wrong with one value in it: at the most, each up to `ENDLESS`.

    No schema of the graph may be `looping`.
    """
    nodes = [_Node(graph[path]) for path in _order(graph)]
    return _worst(nodes, _checking), _worst(nodes, _telling)


def is_affordable(graph: Mapping[Path, Subschema], value: Any, most: int) -> bool:
    """Whether checking this very value takes at most so many units; slower to say than `costs` times its size, and nearer to the truth.

    A long text may stand where nothing dear is asked of it. False also where saying so would take too long itself.
    """
    pending: list[tuple[Path, Any, int]] = [((), value, 1)]
    for _ in range(MOST_VISITS):
        if not pending:
            return True
        path, one, times = pending.pop()
        node = graph[path]
        most -= times * _checking(node.schema) * _length(one)
        if most < 0 or len(pending) > MOST_VISITS:
            return False
        times *= 4 if _asks_again(node) else 1
        pending += [
            (edge.target, inner, times) for edge in node.edges for inner in _reached(edge, node.schema, one)
        ]
    return False


def _length(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(len, value))
    return max(1, len(value)) if isinstance(value, str | list) else 1


def _reached(edge: Edge, schema: Any, value: Any) -> Collection[Any]:
    """The values that an edge leads to from this one."""
    if edge.kind == "same":
        return (value,)
    if isinstance(value, dict):
        return _reached_properties(edge, schema, value)
    return _reached_elements(edge, value) if isinstance(value, list) else ()


def _reached_properties(edge: Edge, schema: Any, value: dict[str, Any]) -> Collection[Any]:
    if edge.kind == "named":
        return (value[edge.name],) if edge.name in value else ()
    if edge.kind == "additional":
        named = schema.get("properties")
        known = named if isinstance(named, dict) else {}
        return [inner for name, inner in value.items() if name not in known]
    return value.values() if edge.kind == "pattern" else value if edge.kind == "names" else ()


def _reached_elements(edge: Edge, value: list[Any]) -> Collection[Any]:
    if edge.kind == "prefix":
        place = edge.target[-1]
        return value[place : place + 1] if isinstance(place, int) else ()
    return value if edge.kind == "items" else [*value, *value] if edge.kind == "contains" else ()


class _Node:
    """A schema, and what it asks, by what it asks it of."""

    def __init__(self, node: Subschema) -> None:
        self.path = node.path
        self.schema = node.schema
        self.same = _same(node)
        self.one_of = (self._of(node, "named", "additional"), self._of(node, "prefix"))
        self.all_of = (self._of(node, "pattern", "names"), self._of(node, "items", "contains", "contains"))
        self.times = 4 if _asks_again(node) else 1
        self.is_leaf = not any((self.same, *self.one_of, *self.all_of))

    @staticmethod
    def _of(node: Subschema, *kinds: str) -> list[Path]:
        return [edge.target for kind in kinds for edge in node.edges if edge.kind == kind]

    def asked(self, costs: Mapping[Path, int]) -> int:
        """What is asked of the same value besides."""
        return self.times * sum(map(costs.__getitem__, self.same))

    def below(self, costs: Mapping[Path, int]) -> int:
        """What is asked of one property or element: by one of the named ones, and everything that may come on top."""
        return max(
            max(map(costs.__getitem__, one), default=0) + sum(map(costs.__getitem__, every))
            for one, every in zip(self.one_of, self.all_of, strict=True)
        )


def _worst(nodes: list[_Node], own: _Cost) -> int:
    here: dict[Path, int] = {}
    for node in nodes:
        here[node.path] = min(ENDLESS, own(node.schema) + node.asked(here))
    worst = here[()]
    inner = [node for node in nodes if not node.is_leaf]
    leaves = {node.path: 0 for node in nodes if node.is_leaf}
    for _ in range(DEEPEST_VALUE):
        below = dict(leaves)
        for node in inner:
            below[node.path] = min(ENDLESS, node.below(here) + node.asked(below))
        if below == here:
            break
        worst = max(worst, below[()])
        here = below
    return worst


def _asks_again(node: Subschema) -> bool:
    """What is unevaluated is known only by asking again."""
    return isinstance(node.schema, dict) and any(name in node.schema for name in _UNEVALUATED)


def _same(node: Subschema) -> list[Path]:
    return [edge.target for edge in node.edges if edge.kind == "same"]


def _order(graph: Mapping[Path, Subschema]) -> list[Path]:
    """Each schema after those that it asks about the same value, unless it is among them."""
    order: dict[Path, None] = {}
    for start in graph:
        pending: list[tuple[Path, bool]] = [(start, False)]
        entered: set[Path] = set()
        while pending:
            path, is_done = pending.pop()
            if is_done:
                order[path] = None
            elif path not in order and path not in entered:
                entered.add(path)
                pending.append((path, True))
                pending += [(target, False) for target in _same(graph[path])]
    return list(order)


def _checking(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 1
    names = sum(
        len(schema[name])
        for name in ("properties", "required", "dependentRequired")
        if isinstance(schema.get(name), dict | list)
    )
    cost = 1 + len(schema) + names // 4 + _options(schema.get("enum")) + _weight(schema.get("const"))
    patterns = [*_texts(schema.get("patternProperties")), *_texts([schema.get("pattern")])]
    cost += sum(map(_pattern, patterns)) + (_FORMAT if "format" in schema else 0)
    return cost + (_FRACTION if isinstance(schema.get("multipleOf"), float) else 0)


def _pattern(pattern: str) -> int:
    """By the states that it may be in at once, each of which may be looked at for each character, twice."""
    if _REPEATED_GROUP.search(pattern):
        return MOST_OF_PATTERN
    width = _WIDTH if _WIDE.search(pattern) else 1
    states = len(pattern) + sum(int(most or least) for least, most in _REPEATED.findall(pattern))
    return min(MOST_OF_PATTERN, states * width * 3 // 2)


def _telling(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 1
    told = [value for name, value in schema.items() if name in _ASSERTIONS]
    return len(told) + sum(_weight(value) // 20 for value in told) + _missing(schema)


def _missing(schema: dict[str, Any]) -> int:
    """Names that may be told missing, each by itself."""
    depends = schema.get("dependentRequired")
    lists = [schema.get("required"), *(depends.values() if isinstance(depends, dict) else ())]
    return sum(len(names) for names in lists if isinstance(names, list))


def _options(values: Any) -> int:
    """Options of one simple kind are looked up, others compared one after the other."""
    if not isinstance(values, list):
        return 0
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= {str, int}:
        return 1
    return sum(2 if not isinstance(value, dict | list) else 36 + _weight(value) for value in values)


def _weight(value: Any) -> int:
    """The number of values in a value."""
    if isinstance(value, dict):
        return 1 + sum(_weight(one) for one in value.values())
    return 1 + sum(_weight(one) for one in value) if isinstance(value, list) else 1


def _texts(values: Any) -> list[str]:
    return [value for value in values or () if isinstance(value, str)]
