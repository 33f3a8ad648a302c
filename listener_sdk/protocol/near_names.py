"""Did you mean: the known names nearest to one that is not known, at a bounded cost."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest
from itertools import islice
from typing import Final

MOST_SEEN: Final = 5_000
"""Names that are looked at; more are passed over."""
MOST_COMPARED: Final = 50
"""Names that are compared exactly: those that share the most pairs of letters."""
LONGEST_COMPARED: Final = 64
"""Characters of a name that are compared."""
NEAR: Final = 0.6


def near(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names most like this one, the nearest first; none when nothing is alike. Case does not count."""
    wanted = name[:LONGEST_COMPARED].casefold()
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    scored = []
    for candidate in _likely(wanted, known):
        matcher.set_seq1(candidate[:LONGEST_COMPARED].casefold())
        if (ratio := matcher.ratio()) >= NEAR or _is_part(wanted, candidate):
            scored.append((-ratio, candidate))
    return [candidate for _, candidate in sorted(scored)[:most]]


def did_you_mean(name: str, known: Iterable[str], most: int = 3) -> str:
    """`` Did you mean a or b?``, to be put behind a sentence; empty when nothing is near."""
    found = [f"{one[:128]}" for one in near(name, known, most)]
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _likely(wanted: str, known: Iterable[str]) -> list[str]:
    """Those that share the most pairs of letters with what is wanted, for their length."""
    pairs = _pairs(wanted)

    def shared(candidate: str) -> float:
        other = _pairs(candidate[:LONGEST_COMPARED].casefold())
        return len(pairs & other) / (len(pairs) + len(other))

    return nlargest(MOST_COMPARED, islice(known, MOST_SEEN), key=shared)


def _pairs(text: str) -> set[tuple[str, str]]:
    # The blanks count the first and last letter twice, and give a text of one letter a pair.
    return set(zip(f" {text}", f"{text} ", strict=True))


def _is_part(wanted: str, candidate: str) -> bool:
    return len(wanted) >= 4 and wanted in candidate.casefold()
