"""Texts that people write and others read: which characters they may have."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_BREAKS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    """The text; ValueError for characters that nobody sees, and that could steer a terminal."""
    if not text.isprintable():
        raise ValueError("only printable characters are allowed")
    return text


def visible(text: str) -> str:
    """The text; ValueError where it is blank, too."""
    if not text.isprintable() or not text.strip():
        raise ValueError("must be printable characters, and not spaces alone")
    return text


def one_line(text: str) -> str:
    """The text; ValueError for line breaks and control characters. Spaces and signs of all languages may be in it, unlike `printable`."""
    if _BREAKS.search(text):
        raise ValueError("must be one line: line breaks, tabs and other control characters are not allowed")
    return text


Label = Annotated[str, Field(max_length=256), AfterValidator(one_line)]
"""What a button or a job says for people."""
Name = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(lambda text: visible(text).strip())]
"""What people call something."""
