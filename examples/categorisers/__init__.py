"""Models that put free text into categories, behind one small interface.

`chosen` gives the one that the environment names: with ``TICKWIRE_AI_URL`` a chat model at that address (anything that speaks the
protocol of OpenAI's chat completions), else a classifier that learns here, from the records that have a category already.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Example = tuple[str, str]
"""A text, and its category."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A category, and how likely it is to be right, 0 to 1."""

    category: str | None
    confidence: float


class Categoriser(Protocol):
    """A model. It is taught once, then asked, as often as one likes."""

    @property
    def name(self) -> str:
        """For people."""

    def learn(self, examples: Sequence[Example]) -> None:
        """Take these examples, instead of those before; the categories are those that come in them."""

    def categorise(self, texts: Sequence[str]) -> list[Guess]:
        """A guess for each text, in their order."""


def chosen() -> Categoriser:
    """The model that the environment asks for."""
    from .chat_model import ChatModel  # noqa: PLC0415 - only who has one needs it
    from .naive_bayes import NaiveBayes  # noqa: PLC0415 - as above

    url = os.environ.get("TICKWIRE_AI_URL")
    if not url:
        return NaiveBayes()
    return ChatModel(
        url, os.environ.get("TICKWIRE_AI_KEY"), os.environ.get("TICKWIRE_AI_MODEL", "gpt-4o-mini")
    )


__all__ = ["Categoriser", "Example", "Guess", "chosen"]
