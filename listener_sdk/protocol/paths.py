"""Where something stands in a JSON value, in words for people: ``params.headers.X`` and ``rows[3]``."""

import re
from collections.abc import Iterable
from typing import Final

from pydantic_core import to_json

Path = tuple[str | int, ...]

LONGEST: Final = 256
"""Characters of a path as it is told; a longer one is cut in the middle."""

_PLAIN: Final = re.compile(r"[\w$-]+")


def dotted(path: Iterable[str | int]) -> str:
    """Names after dots, places of lists in brackets; names that would mislead there are quoted: ``a["b.c"]``."""
    text = "".join(_step(step) for step in path).removeprefix(".")
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[1 - LONGEST // 2 :]}"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN.fullmatch(step):
        return f".{step}"
    return f"[{to_json(step[:LONGEST]).decode()}]"
