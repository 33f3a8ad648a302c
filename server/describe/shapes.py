"""How one call is described: what it takes, what it answers, and what of it may be refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from .answers import Done, Pagination

JSON: Final = "application/json"
Model = type[BaseModel]
Content = Mapping[str, Any]
"""By content type: a JSON Schema, in which models may stand for themselves."""

BYTES: Final[Content] = {"*/*": {"type": "string", "format": "binary"}}
_BESIDE: Final[Mapping[str, Any]] = {
    "cursor": {"type": ["string", "null"], "description": "Of the next page; null on the last."},
    "asOf": {"type": "string", "description": "The position of the log that this shows."},
    "pagination": Pagination,
    "unread": {"type": "integer", "description": "How many of all are unread."},
}
"""What may stand beside ``data``."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One call.

    - ``answers``: by their status
    - ``takes``: the body; ``needs_body`` where it cannot be left out
    - ``query``: parameters in the address beside those that are checked by their list
    - ``refuses``: codes of errors beside those that every call of its kind has
    - ``repeats``: whether it takes an Idempotency-Key
    """

    answers: Mapping[int, Content]
    takes: Content | None = None
    needs_body: bool = False
    query: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    repeats: bool = True


def one(
    gives: Model, *refuses: str, takes: Any = None, query: tuple[str, ...] = (), beside: tuple[str, ...] = ()
) -> Shape:
    """``{"data": ...}`` around one thing."""
    schema = _object(data=gives)
    schema["properties"] |= {name: _BESIDE[name] for name in beside}
    return _shape(schema, refuses, takes, query)


def many(
    gives: Model, *refuses: str, takes: Any = None, query: tuple[str, ...] = (), beside: tuple[str, ...] = ()
) -> Shape:
    """``{"data": [...]}``, and what leads to the next page."""
    schema = _object(data={"type": "array", "items": gives})
    schema["properties"] |= {name: _BESIDE[name] for name in ("cursor", "asOf", *beside)}
    return _shape(schema, refuses, takes, query)


def bare(gives: Any, *refuses: str, takes: Any = None, query: tuple[str, ...] = ()) -> Shape:
    """No envelope."""
    return _shape(gives, refuses, takes, query)


def named(name: str, gives: Model, *refuses: str, takes: Any = None) -> Shape:
    """An envelope of its own name."""
    return _shape(_object(**{name: gives}), refuses, takes, ())


def done(*refuses: str, takes: Any = None) -> Shape:
    """Nothing to show."""
    return one(Done, *refuses, takes=takes)


def file(*refuses: str, types: tuple[str, ...], query: tuple[str, ...] = ()) -> Shape:
    """Text of one of these types."""
    return Shape({200: {name: {"type": "string"} for name in types}}, query=query, refuses=refuses)


def listed(items: Any) -> dict[str, Any]:
    """A list without envelope."""
    return {"type": "array", "items": items}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


def _shape(schema: Any, refuses: tuple[str, ...], takes: Any, query: tuple[str, ...]) -> Shape:
    body = None if takes is None else {JSON: takes}
    needed = isinstance(takes, dict) or (takes is not None and _is_needed(takes))
    return Shape({200: {JSON: schema}}, body, needed, query, refuses)


def _is_needed(model: Model) -> bool:
    return any(field.is_required() for field in model.model_fields.values())
