"""Tables for people: no cell is ever cut, and only the last column is wrapped, so that ids can be copied."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import click
from rich.cells import cell_len
from rich.text import Text

from .output import console, plain, say

GAP: Final = 2
INDENT: Final = 2
NARROWEST: Final = 20
"""A last column that would be narrower than this begins a line of its own."""

Columns = list[int]
Row = list[str]


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Print rows under their columns; ``empty`` stands for no rows.

    On a terminal, columns that do not fit beside the others go on below them, indented, unless they are empty. Elsewhere a row
    is one line.
    """
    cells = [[plain(str("" if cell is None else cell)) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    room = console().width if sys.stdout.isatty() else None
    header, *body = lines([list(columns), *cells], room)
    say("\n".join(header), "bold")
    for text in body:
        click.echo("\n".join(text))


def lines(rows: list[Row], room: int | None) -> list[list[str]]:
    """The lines of each row, within so many letters (None: without end); the rows are equally long."""
    widths = [max(cell_len(row[index]) for row in rows) for index in range(len(rows[0]))]
    filled = [any(row[index] for row in rows[1:]) for index in range(len(widths))]
    shared = _shared(widths, filled, room)
    return [[text for columns in shared for text in _cells(row, columns, widths, room)] for row in rows]


def _shared(widths: list[int], filled: list[bool], room: int | None) -> list[Columns]:
    """Which columns share a line: as many as fit. Empty ones that do not are left out."""
    shared: list[Columns] = [[]]
    used = 0
    for column, width in enumerate(widths):
        needed = min(width, NARROWEST) if column == len(widths) - 1 else width
        if room is not None and shared[-1] and used + needed > room:
            if not filled[column]:
                continue
            shared.append([])
            used = INDENT
        shared[-1].append(column)
        used += width + GAP
    return shared


def _cells(row: Row, columns: Columns, widths: list[int], room: int | None) -> Iterator[str]:
    """The lines of one row in these columns; none when nothing stands in them below the first line."""
    if columns[0] > 0 and not any(row[column] for column in columns):
        return
    *before, last = columns
    start = "" if columns[0] == 0 else " " * INDENT
    start += "".join(_padded(row[column], widths[column] + GAP) for column in before)
    wraps = room is not None and last == len(widths) - 1
    for part in _wrapped(row[last], room - cell_len(start)) if wraps and room else [row[last]]:
        yield f"{start}{part}".rstrip()
        start = " " * cell_len(start)


def _wrapped(cell: str, width: int) -> list[str]:
    return [part.plain.rstrip() for part in Text(cell).wrap(console(), max(width, 1))] or [""]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))
