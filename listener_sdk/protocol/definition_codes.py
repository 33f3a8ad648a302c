"""Codes by which people name job definitions."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
OWN_IDS: Final = "us_"
"""How ids begin, and no code does: either may stand in an address."""


def _code(text: str) -> str:
    if not CODE.fullmatch(text) or text.startswith(OWN_IDS):
        raise ValueError(
            "must be 1 to 128 letters, digits, dots, dashes, colons and underscores, with a letter or digit first, and not begin with "
            + OWN_IDS
        )
    return text


DefinitionCode = Annotated[str, Field(max_length=128), AfterValidator(_code)]
