"""What a model does not take, in words for people: alike wherever it is found, in the server or before a call is sent."""

from typing import Any, Final

from pydantic import ValidationError

from .codes import Refusal
from .paths import Path, dotted

MOST_PROBLEMS: Final = 10
"""Problems that one answer tells."""


_WORDS: Final = {
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
}
"""In the place of pydantic's own, which speak of Python."""


def problems(error: ValidationError, most: int = MOST_PROBLEMS, at: Path = ()) -> list[Refusal]:
    """The first of them as refusals that name the fields, as they were written; ``at`` is where the value itself stands."""
    return [_invalid(problem, at) for problem in error.errors(include_url=False)[:most]]


def _invalid(problem: Any, at: Path) -> Refusal:
    path = dotted((*at, *problem["loc"])) or "body"
    message = _WORDS.get(problem["type"]) or str(problem["msg"]).removeprefix("Value error, ").removesuffix(
        "."
    )
    return Refusal("invalid", f"{path}: {message[:1].lower()}{message[1:]}."[:500], key=path)
