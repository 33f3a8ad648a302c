"""Addresses to which mails go."""

import re
from typing import Final

LONGEST: Final = 254
_CHARACTERS: Final = r"[^\s@<>()\[\],;:\\\".]"
_LABEL: Final = rf"(?!-){_CHARACTERS}{{1,63}}(?<!-)"
_ADDRESS: Final = re.compile(rf"(?=[^@]{{1,64}}@){_CHARACTERS}+(?:\.{_CHARACTERS}+)*@{_LABEL}(?:\.{_LABEL})*")
"""Dots stand between characters on both sides, and hyphens within the names of a domain: no mail server takes others."""


def address_problem(text: str) -> str | None:
    """Why no mail can go to a text; None where it names one recipient and nothing else."""
    if text.isprintable() and len(text) <= LONGEST and _ADDRESS.fullmatch(text):
        return None
    return "must be one address such as ada@example.com"


def checked_address(text: str) -> str:
    """The text; ValueError where no mail can go to it."""
    problem = address_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return text
