"""JMESPath expressions over the context of a run, evaluated at a bounded cost.

JMESPath has no loops, yet ``[@,@][]|[@,@][]|…`` doubles what it holds with every bar. So each evaluation counts steps: a node of the
expression is one, and so is each value in what a node makes or a function is given, as often as it stands there.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson
from jmespath.exceptions import JMESPathError, JMESPathTypeError, ParseError
from jmespath.functions import Functions
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from listener_sdk.protocol.near_names import did_you_mean
from listener_sdk.protocol.secrets import NAME

ROOTS: Final = ("event", "hook", "dueTime", "trigger", "definition")
"""What an expression may begin with."""
_ELSEWHERE: Final = {
    "since": "is known only when the job begins: its handler reads job.watermark.since",
    "watermark": "is known only when the job begins: its handler reads job.watermark",
}
"""Why templates do not know what one may look for in them."""
SECRETS: Final = "secrets"
MOST_STEPS: Final = 100_000
"""Steps of all expressions of one template together: some 50 ms (measured)."""
MOST_KEPT: Final = 1_000
"""Compiled expressions that are kept."""

_CHARACTERS_A_STEP: Final = 32
_PASSING: Final = frozenset({
    "field", "index", "identity", "current", "subexpression", "index_expression", "pipe", "or_expression", "and_expression",
    "not_expression", "comparator", "expref", "key_val_pair",
})  # fmt: skip
_INWARD: Final = frozenset({
    "subexpression", "index_expression", "pipe", "projection", "filter_projection", "value_projection",
})  # fmt: skip
"""Nodes of which only the first child looks into the context itself."""
_SECRET: Final = re.compile(rf"{SECRETS}\.({NAME.pattern})")
_LITERAL: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`((?:[^`\\]|\\.)*)`""", re.DOTALL)
_SCALARS: Final = (str, int, float, bool)
_FUNCTIONS: Final = Functions()
_TABLE: Final = Functions.FUNCTION_TABLE

Node = Mapping[str, Any]


class ExpressionError(ValueError):
    """Why an expression cannot be used at all, and where in it."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class UnresolvedError(ValueError):
    """Why an expression that is well formed gives no value in this context."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; ``secret`` is the name of the secret that it is, and then it is nothing else."""

    text: str
    node: Node | None
    roots: frozenset[str]
    secret: str | None = None


class Steps:
    """The steps that may still be taken. UnresolvedError once they are used up."""

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.left = most

    def spend(self, steps: int) -> None:
        """Count so many."""
        self.left -= steps
        if self.left < 0:
            raise UnresolvedError("takes too much work: use fewer lists, or shorter ones")

    def weigh(self, value: Any) -> None:
        """Count the values in this one; UnresolvedError for a number that JSON does not have."""
        pending = [value]
        while pending:
            self.spend(len(pending))
            below: list[Any] = []
            for one in pending:
                if isinstance(one, list):
                    below += one
                elif isinstance(one, dict):
                    below += one.values()
                else:
                    self._weigh_scalar(one)
                if len(below) > self.left:
                    self.spend(len(below))
            pending = below

    def _weigh_scalar(self, value: Any) -> None:
        if isinstance(value, str):
            self.spend(len(value) // _CHARACTERS_A_STEP)
        elif isinstance(value, float) and not math.isfinite(value):
            raise UnresolvedError("gives a number that JSON does not have")


@lru_cache(maxsize=MOST_KEPT)
def expression_of(text: str) -> Expression:
    """The expression, compiled. ExpressionError for bad syntax, unknown names and functions, and secrets that do not stand alone."""
    if not text:
        raise ExpressionError("there is no expression between {{ and }}")
    if found := _SECRET.fullmatch(text):
        return Expression(text, None, frozenset({SECRETS}), found[1])
    _check_literals(text)
    node = _parsed(text)
    roots = frozenset(_roots(node))
    if SECRETS in roots:
        raise ExpressionError(
            "a secret stands alone between the braces: {{ secrets.NAME }}, of letters, digits, dots, dashes and _"
        )
    for name in sorted(roots - {*ROOTS}):
        raise ExpressionError(_unknown(name))
    _check_nodes(node)
    return Expression(text, node, roots)


def _unknown(name: str) -> str:
    if name in _ELSEWHERE:
        return f"{name} {_ELSEWHERE[name]}"
    return f"{name[:64]} is not known; known are {', '.join(ROOTS)} and secrets.{did_you_mean(name, ROOTS)}"


class Evaluation:
    """Expressions over one context, which share their steps."""

    def __init__(self, context: Mapping[str, Any], steps: Steps | None = None) -> None:
        self._context = {name: context[name] for name in ROOTS if name in context}
        self._steps = steps or Steps()
        self._interpreter = _Counting(self._steps)

    def value(self, expression: Expression) -> Any:
        """What it gives, as new JSON; None for null. UnresolvedError when it gives no JSON, or not within the steps that are left."""
        try:
            value = self._interpreter.visit(expression.node, self._context)
            self._steps.weigh(value)
            return None if value is None else orjson.loads(orjson.dumps(value))
        except UnresolvedError:
            raise
        except JMESPathTypeError as error:
            raise UnresolvedError(_wrong_type(error)) from None
        except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise UnresolvedError(f"cannot be evaluated: {str(error)[:200]}") from None


def missing(expression: Expression, context: Mapping[str, Any]) -> str:
    """Why the expression gives null here, as far as can be told: the first name of a path that is not there."""
    value: Any = dict(context)
    path = ""
    for step in _chain(expression.node) or ():
        inner = _step(value, step)
        if inner is None:
            return _absent(path, value, step)
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
        value = inner
    return "gives null here"


class _Counting(TreeInterpreter):
    """The interpreter of the library, counting."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._steps.spend(1)
        value = super().visit(node, *args, **kwargs)
        if node["type"] not in _PASSING:
            self._steps.weigh(value)
        return value

    def visit_comparator(self, node: Any, value: Any) -> Any:
        compared = [_literal(self.visit(child, value)) for child in node["children"]]
        return super().visit_comparator(
            {"type": "comparator", "value": node["value"], "children": compared}, value
        )

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        given = [self.visit(child, value) for child in node["children"]]
        self._steps.weigh([one for one in given if one is None or isinstance(one, (*_SCALARS, list, dict))])
        if (
            node["value"] == "join"
            and len(given) == 2
            and isinstance(given[0], str)
            and isinstance(given[1], list)
        ):
            self._steps.spend(len(given[0]) * len(given[1]) // _CHARACTERS_A_STEP)
        return _FUNCTIONS.call_function(node["value"], given)


def _literal(value: Any) -> Any:
    # A literal is weighed as it is visited.
    return {"type": "literal", "value": value, "children": []}


def _parsed(text: str) -> Node:
    try:
        return Parser().parse(text).parsed
    except ParseError as error:
        position = min(getattr(error, "lex_position", 0) or 0, len(text))
        raise ExpressionError(f"is no JMESPath expression: {_near(text, position)}", position) from None
    except RecursionError:
        raise ExpressionError("is nested too deeply") from None
    except (JMESPathError, ValueError) as error:
        raise ExpressionError(f"is no JMESPath expression: {str(error)[:100]}") from None


def _near(text: str, position: int) -> str:
    rest = text[position : position + 20]
    return f"it goes wrong at {rest!r}" if rest else "it ends too early"


def _check_literals(text: str) -> None:
    """JSON between backquotes must be JSON: the library takes anything there, as it once did, and warns.

    A name between quotation marks is JSON too, where the library takes half a surrogate pair for a text.
    """
    for found in _LITERAL.finditer(text):
        literal, shown = found[0], found[0][:40]
        if literal[0] == "`" and not _is_json(found[1].replace("\\`", "`")):
            message = f"{shown} is no JSON; a text stands between quotation marks: 'text'"
            raise ExpressionError(message, found.start())
        if literal[0] == '"' and not _is_json(literal):
            raise ExpressionError(f"{shown} is no name: it is no text that JSON has", found.start())


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _check_nodes(node: Node) -> None:
    _check_child(None, 0, node)
    for one in _nodes(node):
        name = str(one["value"]) if one["type"] == "function_expression" else None
        if name is not None and name not in _TABLE:
            raise ExpressionError(
                f"there is no function {name[:64]}.{did_you_mean(name, _TABLE)}".removesuffix(".")
            )
        for index, child in enumerate(one.get("children", ())):
            _check_child(name, index, child)


def _check_child(function: str | None, index: int, node: Any) -> None:
    """An expression that is not evaluated is no value: elsewhere it would be seen as an object of Python."""
    if not isinstance(node, Mapping) or node["type"] != "expref":
        return
    takes = _TABLE[function]["signature"] if function is not None else ()
    if index >= len(takes) or "expref" not in takes[index]["types"]:
        raise ExpressionError("& stands only where map, max_by, min_by or sort_by take an expression")


def _nodes(node: Node) -> Iterable[Node]:
    pending: list[Any] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Mapping):
            yield one
            pending += one.get("children", ())


def _roots(node: Node) -> Iterable[str]:
    """The names that are looked up in the context itself, all of `ROOTS` for ``@``."""
    pending: list[Any] = [node]
    while pending:
        one = pending.pop()
        if not isinstance(one, Mapping):
            continue
        kind, children = one["type"], one.get("children", ())
        if kind == "field":
            yield str(one["value"])
        elif kind in {"current", "identity"}:
            yield from ROOTS
        elif kind in _INWARD:
            pending += children[:1]
        elif kind != "expref":
            pending += children


def _chain(node: Any) -> list[str | int] | None:
    """The names and places of an expression that is a path and nothing else."""
    if not isinstance(node, Mapping):
        return None
    if node["type"] in {"field", "index"}:
        return [node["value"]]
    if node["type"] not in {"subexpression", "index_expression"}:
        return None
    steps: list[str | int] = []
    for child in node["children"]:
        inner = _chain(child)
        if inner is None:
            return None
        steps += inner
    return steps


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def _absent(path: str, value: Any, step: str | int) -> str:
    if isinstance(step, int):
        count = f"{len(value)} elements" if isinstance(value, list) else "no elements"
        return f"gives null here: {path} has {count}, so there is no [{step}]"
    name = step[:64]
    if not isinstance(value, dict):
        return f"gives null here: {path} is no object, so it has no {name}"
    where = f"{path} has" if path else "this run has"
    if step in value:
        return f"gives null here: {path}.{name} is null" if path else f"gives null here: {name} is null"
    return f"gives null here: {where} no {name}.{did_you_mean(step, value)}".removesuffix(".")


def _wrong_type(error: JMESPathTypeError) -> str:
    wanted = " or ".join(str(kind) for kind in error.expected_types)
    return f"cannot be evaluated: {error.function_name}() takes {wanted}, and was given {error.actual_type}"
