"""What callers give by name, made into bodies. A misspelt name would be dropped in silence if nobody looked here."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from .errors import InvalidError
from .protocol.model import WireModel
from .protocol.unknown_fields import told

M = TypeVar("M", bound=WireModel)
MOST_TOLD: Final = 100
WITHOUT_ZONE: Final = (
    "a time needs a zone, such as datetime.now(UTC) has one: moment.astimezone() adds that of this machine."
)


def check_names(call: str, given: Iterable[str], allowed: Collection[str]) -> None:
    """TypeError for a keyword that the call does not take, with the nearest that it does."""
    for name in given:
        if name not in allowed:
            raise TypeError(f"{call}() takes no {name!r}: {meant(name, allowed)}")


def meant(name: str, allowed: Collection[str]) -> str:
    """What somebody may have meant by a name that is none."""
    near = get_close_matches(name, allowed, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(allowed))}"


@lru_cache(maxsize=64)
def names_of(model: type[WireModel], *besides: str) -> frozenset[str]:
    """How the fields of a model may be named, in Python's spelling and the wire's, but for some."""
    fields = {name: field.alias or name for name, field in model.model_fields.items() if name not in besides}
    return frozenset({*fields, *fields.values()})


def body(model: type[M], facts: Mapping[str, Any]) -> M:
    """The body of these facts. InvalidError names all that do not fit."""
    try:
        made = model.model_validate(facts)
    except ValidationError as error:
        raise InvalidError([one.as_wire() for one in told(model, error, facts, MOST_TOLD)]) from None
    check_zones(facts)
    return made


def body_text(model: type[WireModel], facts: Mapping[str, Any]) -> bytes:
    """The body of these facts as JSON; null says nothing."""
    return body(model, facts).model_dump_json(exclude_none=True).encode()


def changes_text(model: type[WireModel], changes: Mapping[str, Any]) -> bytes:
    """The body of an update as JSON, which sends what was named, null included; TypeError for a misspelt name."""
    check_names("update", changes, names_of(model))
    return body(model, changes).model_dump_json(exclude_unset=True).encode()


def check_zones(facts: Mapping[str, Any], at: str = "") -> None:
    """InvalidError for times that could be of any zone. Texts are the wire's, where a time without zone is UTC."""
    for name, value in facts.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            raise without_zone(at + name)


def without_zone(key: str) -> InvalidError:
    """The refusal of a time that could be of any zone."""
    return InvalidError([{"key": key, "message": f"{key}: {WITHOUT_ZONE}", "code": "invalid"}])
