"""What a model does not take, with the names that may have been meant where a body has fields that it must not have."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import ValidationError

from .codes import Refusal
from .model import WireModel
from .near_names import did_you_mean, near
from .problems import MOST_PROBLEMS, problems

_UNKNOWN: Final = "extra_forbidden"
_MOST_LAYERS: Final = 8
"""Of an annotation: ``Annotated[list[Model], ...] | None`` has three."""


def told(
    model: type[WireModel], error: ValidationError, given: Mapping[str, Any], most: int = MOST_PROBLEMS
) -> list[Refusal]:
    """The first problems as refusals that name the fields of what was ``given``."""
    found = problems(error, most)
    raw = error.errors(include_url=False, include_input=False)[:most]
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
        meant = f" There are {', '.join(known)}." if len(known) > 1 else f" There is {known[0]} alone."
    return Refusal("invalid", f"{refusal.key}: there is no such field.{meant}", key=refusal.key)


def _model_at(model: type[WireModel], path: tuple[int | str, ...]) -> type[WireModel] | None:
    """The model of what stands there; None where it is not plain which one that is."""
    for step in path:
        if isinstance(step, int):
            continue
        fields = model.model_fields.items()
        field = next((one for name, one in fields if step in {name, one.alias}), None)
        inner = None if field is None else _model_of(field.annotation)
        if inner is None:
            return None
        model = inner
    return model


def _model_of(annotation: Any) -> type[WireModel] | None:
    """The only model that an annotation names, be it of the elements of a list."""
    models = set(_models(annotation, _MOST_LAYERS))
    return models.pop() if len(models) == 1 else None


def _models(annotation: Any, layers: int) -> list[type[WireModel]]:
    if isinstance(annotation, type) and issubclass(annotation, WireModel):
        return [annotation]
    return [found for one in get_args(annotation) for found in _models(one, layers - 1)] if layers else []
