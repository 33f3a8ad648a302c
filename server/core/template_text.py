r"""The text of a template: literal pieces, and the expressions between ``{{`` and ``}}``.

``\{{`` stands for ``{{`` itself. An expression may hold quoted texts and braces of its own, so its end is the first ``}}`` outside of
these. ``{{? expression }}`` may give null; ``{{ expression }}`` may not. What an expression gives is never read as template again.
"""

import re
from dataclasses import dataclass
from typing import Final

OPEN: Final = "{{"
LONGEST_EXPRESSION: Final = 512

_TOKEN: Final = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\}\}|[{}'"`]""", re.DOTALL
)
_OPENING: Final = re.compile(r"\\\{\{|\{\{")
_OPTIONAL: Final = "?"
_QUOTES: Final = ("'", '"', "`")


@dataclass(frozen=True, slots=True)
class Slot:
    """An expression in a text: as it is written, whether it may give null, and where it begins in the text."""

    expression: str
    is_optional: bool
    position: int
    written: str


Piece = str | Slot


class TemplateTextError(ValueError):
    """Where a text cannot be read as template, and why; ``before`` are the pieces up to there."""

    def __init__(self, message: str, position: int, expression: str) -> None:
        super().__init__(message)
        self.position = position
        self.expression = expression
        self.before: list[Piece] = []


def pieces(text: str) -> list[Piece]:
    """The literal texts and expressions, in their order. TemplateTextError for an expression that has no end or is too long."""
    found: list[Piece] = []
    literal: list[str] = []
    at = 0
    while opening := _OPENING.search(text, at):
        literal.append(text[at : opening.start()])
        if opening[0] != OPEN:
            literal.append(OPEN)
            at = opening.end()
            continue
        slot = _slot(text, opening.start(), found)
        found += ["".join(literal)] if any(literal) else []
        found.append(slot)
        literal = []
        at = opening.start() + len(slot.written)
    literal.append(text[at:])
    return [*found, "".join(literal)] if any(literal) or not found else found


def escaped(text: str) -> str:
    """The template whose value is this text, whatever stands in it."""
    return text.replace(OPEN, "\\" + OPEN)


def _slot(text: str, start: int, before: list[Piece]) -> Slot:
    try:
        end = _end(text, start)
    except TemplateTextError as error:
        error.before = before
        raise
    inner = text[start + 2 : end]
    is_optional = inner.startswith(_OPTIONAL)
    expression = inner.removeprefix(_OPTIONAL)
    position = start + 2 + is_optional + len(expression) - len(expression.lstrip())
    return Slot(expression.strip(), is_optional, position, text[start : end + 2])


def _end(text: str, start: int) -> int:
    """Where the slot's ``}}`` stands."""
    depth = 0
    at = start + 2
    # A slot that is longer than the longest expression has no end worth looking for.
    most = at + LONGEST_EXPRESSION + 2
    while token := _TOKEN.search(text, at, most):
        at = token.end()
        if token[0] == "}}" and depth == 0:
            return token.start()
        if token[0] == "{":
            depth += 1
        elif token[0] in {"}", "}}"}:
            # Of two braces after an inner one, the first ends the inner one, and the second may begin the end.
            at = token.start() + 1
            depth = max(0, depth - 1)
        elif token[0] in _QUOTES:
            break
    raise TemplateTextError(_why(text, token, most), start, text[start + 2 : start + 42].strip())


def _why(text: str, quote: re.Match[str] | None, most: int) -> str:
    if len(text) > most:
        return f"an expression takes at most {LONGEST_EXPRESSION} characters, and ends with }}}}"
    if quote:
        return f"{{{{ has no }}}} behind it: the {quote[0]} in the expression is not closed"
    return "{{ has no }} behind it; write \\{{ for the two braces themselves"
