"""The job types that a listener's handlers declare: what people and programs are told of each, and how its parameters are asked for."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from ._closed_schema import closed_schema
from .errors import RegistrationError
from .protocol.forms import InputForm
from .protocol.globs import is_glob
from .protocol.job_types import JobTypeDeclare, JobTypeLimits
from .protocol.json_schemas import schema_problems
from .protocol.paths import dotted
from .protocol.problems import problems

COST_A_NAME: Final = 128
MOST_COST: Final = 512 * 1024
"""What a message may hold: half of the server's limits on bytes and on names."""

log = logging.getLogger("tickwire")


@dataclass(frozen=True, slots=True)
class Said:
    """What a handler says of its job type. ``schema`` is given where it is not the model's."""

    label: str | None = None
    description: str | None = None
    code: str | None = None
    modes: tuple[str, ...] = ("full",)
    needs_file: bool = False
    limits: Mapping[str, Any] | None = None
    form: InputForm | Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None

    @property
    def of_types_alone(self) -> list[str]:
        """The names of what was said that a handler of a glob cannot say."""
        names = ("description", "code", "modes", "needs_file", "limits", "form", "schema")
        plain = Said()
        return [name for name in names if getattr(self, name) != getattr(plain, name)]


def declaration(name: str, said: Said, model: TypeAdapter[Any] | None, place: str) -> JobTypeDeclare | None:
    """The type that a handler declares; None for a glob. RegistrationError for what no server would take."""
    if is_glob(name):
        if wrong := said.of_types_alone:
            raise RegistrationError(
                f"{place}: {name} stands for jobs of many names, so it declares no job type: leave {', '.join(wrong)} out."
            )
        return None
    schema = said.schema if said.schema is not None else model and closed_schema(model)
    _check_schema(schema, place)
    facts: dict[str, Any] = {
        "name": name, "code": said.code, "label": said.label, "description": said.description, "input_schema": schema,
        "input_form": said.form, "modes": list(said.modes), "needs_file": said.needs_file,
        "limits": _limits(said.limits, place),
    }  # fmt: skip
    try:
        return JobTypeDeclare.model_validate(facts)
    except ValidationError as error:
        told = " ".join(one.message for one in problems(error))
        raise RegistrationError(f"{place}: {name} cannot be declared: {told}") from error


def _check_schema(schema: Any, place: str) -> None:
    found = schema_problems(schema) if schema is not None else []
    if found:
        told = "; ".join(
            f"{dotted(one.path)}: {one.message}" if one.path else f"it {one.message}" for one in found[:5]
        )
        raise RegistrationError(
            f"{place}: the schema of the input cannot be declared: {told}. Change the model, or pass schema={{...}} to listener.job(...)."
        )


def _limits(given: Mapping[str, Any] | None, place: str) -> Mapping[str, Any]:
    known = {
        *JobTypeLimits.model_fields,
        *(field.alias for field in JobTypeLimits.model_fields.values()),
    }
    if wrong := [name for name in given or {} if name not in known]:
        raise RegistrationError(
            f"{place}: limits has no {wrong[0]!r}: there are {', '.join(JobTypeLimits.model_fields)}."
        )
    return given or {}


def declarations(
    declared: Iterable[tuple[str, JobTypeDeclare | None]],
) -> list[JobTypeDeclare]:
    """What one message declares, of handlers with their places, each code once.

    Of handlers that share a job the first speaks for all, and without a schema where theirs differ. A schema is left out where it
    would not fit beside the others.
    """
    by_code: dict[str | None, tuple[str, JobTypeDeclare]] = {}
    for place, one in declared:
        if one is not None:
            first_place, first = by_code.setdefault(one.code, (place, one))
            if first.input_schema != one.input_schema:
                by_code[one.code] = (first_place, _without_schema(first))
    return _fitting(by_code.values())


def _without_schema(one: JobTypeDeclare) -> JobTypeDeclare:
    return one.model_copy(update={"input_schema": None})


def _fitting(declared: Iterable[tuple[str, JobTypeDeclare]]) -> list[JobTypeDeclare]:
    found: list[JobTypeDeclare] = []
    spent = 0
    for place, one in declared:
        text = one.model_dump_json(exclude_none=True)
        cost = len(text) + COST_A_NAME * text.count('":')
        fits = one.input_schema is None or spent + cost <= MOST_COST
        if not fits:
            log.warning("%s: the input's schema is too large to be declared beside the others", place)
        spent += cost if fits else 0
        found.append(one if fits else _without_schema(one))
    return found
