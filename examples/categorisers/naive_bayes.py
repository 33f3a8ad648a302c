"""A multinomial naive Bayes classifier that learns from the examples at hand, and whose confidence can be believed.

Naive Bayes counts each word as new evidence, so it is far too sure of itself: what it calls 99 % is right much less often. So its
scores are divided by a temperature, chosen so that they fit what it says of examples that it has not seen.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from . import Example, Guess

FOLDS: Final = 5
TEMPERATURES: Final = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
SMOOTHING: Final = 0.3
RUN: Final = 4
SUFFIXES: Final = ("ings", "ing", "ers", "er", "ies", "es", "ed", "s")
STOP: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "off",
        "on",
        "one",
        "or",
        "out",
        "per",
        "so",
        "than",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "to",
        "two",
        "up",
        "when",
        "which",
        "while",
        "who",
        "with",
        "without",
        "you",
        "your",
    ]
)

Scores = dict[str, float]


def tokens(text: str) -> list[str]:
    """The words of a text without endings, and all runs of four letters in them, by which even new words are alike; common ones are left out."""
    words = [word for word in re.findall(r"[^\W\d_]{2,}", text.casefold()) if word not in STOP]
    marked = [f"<{word}>" for word in words]
    return [stem(word) for word in words] + [
        word[at : at + RUN] for word in marked for at in range(max(1, len(word) - RUN + 1))
    ]


def stem(word: str) -> str:
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


class NaiveBayes:
    """See the module. Without examples it guesses nothing."""

    name = "naive Bayes, taught by the records"

    def __init__(self) -> None:
        self.temperature = 1.0
        self._counts: dict[str, Counter[str]] = {}
        self._sizes: Counter[str] = Counter()
        self._vocabulary: set[str] = set()

    def learn(self, examples: Sequence[Example]) -> None:
        self.temperature = fitted([fold for number in range(FOLDS) for fold in unseen(examples, number)])
        self._count(examples)

    def categorise(self, texts: Sequence[str]) -> list[Guess]:
        return [best(likely(self.scores(text), self.temperature)) for text in texts]

    def scores(self, text: str) -> Scores:
        """The logarithm of each category's likelihood, but for what they have in common."""
        known = [token for token in tokens(text) if token in self._vocabulary]
        return {category: self._score(category, known) for category in sorted(self._counts)}

    def _score(self, category: str, known: list[str]) -> float:
        counts = self._counts[category]
        total = counts.total() + SMOOTHING * len(self._vocabulary)
        prior = math.log(self._sizes[category] / self._sizes.total())
        return prior + sum(math.log((counts[token] + SMOOTHING) / total) for token in known)

    def _count(self, examples: Sequence[Example]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text, category in examples:
            counts[category].update(tokens(text))
        self._counts = dict(counts)
        self._sizes = Counter(category for _, category in examples)
        self._vocabulary = set().union(*counts.values()) if counts else set()


def unseen(examples: Sequence[Example], number: int) -> list[tuple[Scores, str]]:
    """The scores of one fold of the examples by a model that has learned from the others, and the truth."""
    model = NaiveBayes()
    model._count([one for at, one in enumerate(examples) if at % FOLDS != number])  # noqa: SLF001 - of this class
    return [(model.scores(text), category) for text, category in examples[number::FOLDS]]


def fitted(found: Sequence[tuple[Scores, str]]) -> float:
    """The temperature under which the truth was least surprising."""

    def surprise(temperature: float) -> float:
        return -sum(
            math.log(max(likely(scores, temperature).get(truth, 0.0), 1e-9)) for scores, truth in found
        )

    return min(TEMPERATURES, key=surprise)


def likely(scores: Scores, temperature: float) -> Scores:
    """Scores as probabilities."""
    highest = max(scores.values(), default=0.0)
    weights = {category: math.exp((score - highest) / temperature) for category, score in scores.items()}
    total = sum(weights.values())
    return {category: weight / total for category, weight in weights.items()}


def best(found: Scores) -> Guess:
    if not found:
        return Guess(None, 0.0)
    category = max(found, key=found.__getitem__)
    return Guess(category, found[category])
