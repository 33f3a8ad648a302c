"""Texts that people write and others read: which characters they may have."""

from typing import Annotated

from pydantic import AfterValidator, Field


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


Name = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(lambda text: visible(text).strip())]
"""What people call something."""
