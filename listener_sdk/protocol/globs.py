"""Globs over texts in segments, compiled to expressions that never backtrack."""

import re
from collections.abc import Callable, Iterable
from typing import Final

TextTest = Callable[[str], bool]
_WILD: Final = re.compile(r"[*?]")


def is_glob(text: str) -> bool:
    """Whether the text has a wildcard."""
    return _WILD.search(text) is not None


def any_glob(patterns: Iterable[str], separator: str = ":") -> TextTest:
    """A test whether one of the globs matches the whole text.

    Texts are read in segments: ``*`` is any run of characters within one segment, ``?`` one character, ``**`` as a whole segment
    any number of segments, none included. The test takes time in proportion to the text, whatever the globs.
    """
    chosen = frozenset(patterns)
    literal = frozenset(pattern for pattern in chosen if not is_glob(pattern))
    globs = sorted(chosen - literal)
    if not globs:
        return literal.__contains__
    if "**" in globs:
        return lambda _text: True
    matches = re.compile("|".join(_expression(glob, separator) for glob in globs)).fullmatch

    def test(text: str) -> bool:
        return text in literal or matches(text + separator) is not None

    return test


def _expression(glob: str, separator: str) -> str:
    """The glob over a text that ends in a separator, as each of its segments then does.

    What follows a ``**`` or ``*`` is sought once, from the left, and then kept (the atomic groups): its first place leaves most
    to what comes after, so that no other place could help. Hence no backtracking.
    """
    end, other = re.escape(separator), f"[^{separator}]"
    runs = [""]
    for segment in glob.split(separator):
        if segment == "**":
            runs.append("")
        else:
            runs[-1] += _segment(segment, other) + end
    first, *rest = runs
    if not rest:
        return first
    skip = f"(?:{other}*+{end})*?"
    return first + "".join(f"(?>{skip}{run})" for run in rest[:-1]) + skip + rest[-1]


def _segment(segment: str, other: str) -> str:
    parts = ["".join(other if c == "?" else re.escape(c) for c in part) for part in re.split(r"\*+", segment)]
    first, *rest = parts
    if not rest:
        return first
    return first + "".join(f"(?>{other}*?{part})" for part in rest[:-1]) + f"{other}*{rest[-1]}"
