"""Addresses to which mails go."""

import re
from typing import Final

LONGEST: Final = 254
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]+")


def address_problem(text: str) -> str | None:
    """Why no mail can go to a text; None where it names one recipient and nothing else."""
    if text.isprintable() and len(text) <= LONGEST and _ADDRESS.fullmatch(text):
        return None
    return "must be one address such as ada@example.com"
