"""What a model does not take, with the names that may have been meant where a body has fields that it must not have."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import ValidationError

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.problems import MOST_PROBLEMS, problems

from .near_names import did_you_mean, near

_UNKNOWN: Final = "extra_forbidden"


def told(model: type[WireModel], error: ValidationError, given: Mapping[str, Any]) -> list[Refusal]:
    """The problems as refusals that name the fields of what was ``given``."""
    found = problems(error)
    raw = error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
    return [
        _unknown(model, one["loc"], refusal, _below(model, one["loc"], given))
        if one["type"] == _UNKNOWN
        else refusal
        for one, refusal in zip(raw, found, strict=True)
    ]


def _below(model: type[WireModel], path: tuple[int | str, ...], given: Mapping[str, Any]) -> str | None:
    """Where an unknown field may belong; it may also be that very field, misspelt."""
    if model.below is None or model.below in given or len(path) > 1:
        return None
    is_meant = isinstance(given.get(str(path[0])), dict) and near(str(path[0]), [model.below])
    return None if is_meant else model.below


def _unknown(
    model: type[WireModel], path: tuple[int | str, ...], refusal: Refusal, below: str | None
) -> Refusal:
    inner = _model_at(model, path[:-1])
    known = [] if inner is None else [one.alias or name for name, one in inner.model_fields.items()]
    meant = did_you_mean(str(path[-1]), [name for name in known if name != below])
    if below is not None:
        meant = f' Put it below {below}, as {{"{below}": {{"{refusal.key}": …}}}}.{meant.replace(" Did", " Or did")}'
    elif not meant and known:
        meant = f" There are {', '.join(known)}."
    return Refusal("invalid", f"{refusal.key}: there is no such field.{meant}", key=refusal.key)


def _model_at(model: type[WireModel], path: tuple[int | str, ...]) -> type[WireModel] | None:
    """The model of what stands there; None where it is not plain which one that is."""
    for step in path:
        fields = model.model_fields.items()
        field = next((one for name, one in fields if step in {name, one.alias}), None)
        inner = None if field is None else _model_of(field.annotation)
        if inner is None:
            return None
        model = inner
    return model


def _model_of(annotation: Any) -> type[WireModel] | None:
    models = [
        one
        for one in (annotation, *get_args(annotation))
        if isinstance(one, type) and issubclass(one, WireModel)
    ]
    return models[0] if len(models) == 1 else None
