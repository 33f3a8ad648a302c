"""What commands print: tables for people, JSON for programs, and text that cannot command a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


def console(*, stderr: bool = False) -> Console:
    """A console on the present standard output or error; NO_COLOR and pipes are respected."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Print lines for people; what the texts of others hold is shown, never obeyed."""
    console().print(Text("\n".join(plain(line) for line in text.split("\n")), style=style))


def plain(text: str) -> str:
    """The text with control characters written out: a job's text must not steer the terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def emit(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Print rows under their columns, aligned and never cut; ``empty`` stands for no rows."""
    cells = [[plain(str("" if cell is None else cell)) for cell in row] for row in rows]
    if not cells:
        say(empty)
    elif sys.stdout.isatty():
        _grid(columns, cells)
    else:
        _lines([list(columns), *cells])


def _grid(columns: Sequence[str], cells: list[list[str]]) -> None:
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(grid)


def _lines(rows: list[list[str]]) -> None:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def local(moment: datetime | None) -> str:
    """A time in the zone of this machine, to the second; nothing for none."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else ""


def size(count: float) -> str:
    """Bytes in the unit that suits: ``2.2 MiB``."""
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"


def span(seconds: float) -> str:
    """A length of time as people write it: ``8 s``, ``2 min 5 s``, ``3 h 4 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
