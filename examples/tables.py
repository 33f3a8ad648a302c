"""Tables in files: CSV in the encodings and with the delimiters that people send, and sheets of XLSX workbooks."""

import csv
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from listener_sdk import Fatal

Line = tuple[int, list[str]]

MARKS: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb": "utf-8-sig"}
DELIMITERS: Final = ",;\t|"
HEADER_WITHIN: Final = 20
MOST_COLUMNS: Final = 1_000
MOST_ROWS: Final = 1_048_576
MOST_BYTES: Final = 256 * 1024 * 1024
"""Of text, unpacked: a table is held in memory, and all of it is stored or nothing."""
BROKEN: Final = (BadZipFile, InvalidFileException, KeyError, OSError, SyntaxError, TypeError, ValueError)
"""What openpyxl raises where a file is not what it says."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, and its rows with the number of their line; all cells are text."""

    columns: list[str]
    lines: list[Line]
    told: str
    """How it was read, for people."""


def read_table(path: Path, sheet: str | None = None) -> Table:
    """The table of a file; Fatal, which says what to do, when there is none in it.

    - ``sheet``: which sheet of an XLSX workbook; else the first
    """
    lines, told = xlsx_lines(path, sheet) if path.suffix.lower() == ".xlsx" else csv_lines(path)
    if len(lines) > MOST_ROWS:
        raise Fatal(f"{path.name} has more than {MOST_ROWS:,} rows. Split it, and extract its parts.")
    # Above the header there may be a title and other words; the header is the first line that is nearly as wide as those near it.
    width = max((filled(cells) for _, cells in lines[:HEADER_WITHIN]), default=0)
    start = next((at for at, (_, cells) in enumerate(lines) if filled(cells) * 2 > width), None)
    if start is None or width == 0:
        raise Fatal(
            f"{path.name} has no table: its first lines are empty. Choose a file whose first line names the columns."
        )
    names = [*dropped_end(lines[start][1])]
    if len(names) > MOST_COLUMNS:
        raise Fatal(f"{path.name} has {len(names):,} columns; at most {MOST_COLUMNS:,} can be taken.")
    return Table(distinct(names), lines[start + 1 :], told)


def filled(cells: list[str]) -> int:
    return sum(bool(cell) for cell in cells)


def dropped_end(cells: list[str]) -> list[str]:
    """The cells without the empty ones at the end."""
    last = max((at for at, cell in enumerate(cells) if cell), default=-1)
    return cells[: last + 1]


def distinct(names: list[str]) -> list[str]:
    """Names for all columns: one without gets its number, a second of the same name too."""
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        free = " ".join(name.split())[:180] or f"Column {number}"
        found.append(f"{free} ({number})" if free in found else free)
    return found


def csv_lines(path: Path) -> tuple[list[Line], str]:
    """The records of a CSV file, blank ones included: as UTF-8 if it is that, else as Windows-1252; UTF-16 by its mark."""
    if path.stat().st_size > MOST_BYTES:
        raise Fatal(f"{path.name} has more than {MOST_BYTES:,} bytes. Split it, and extract its parts.")
    raw = path.read_bytes()
    encodings = (MARKS[raw[:2]],) if raw[:2] in MARKS else ("utf-8", "cp1252")
    text = None
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or "\0" in text:
        raise Fatal(f"{path.name} is no text file. Save the table as CSV (UTF-8) or XLSX, and try again.")
    head = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    try:
        return [*numbered(text, delimiter)], f"CSV, {encoding}, separated by {delimiter!r}"
    except csv.Error as error:
        raise Fatal(
            f"{path.name} cannot be read as CSV: {error}. Save it as CSV (UTF-8) and try again."
        ) from error


def numbered(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    first = 1
    for cells in reader:
        yield first, [cell.strip() for cell in cells]
        first = reader.line_num + 1


def xlsx_lines(path: Path, sheet: str | None) -> tuple[list[Line], str]:
    """The rows of a sheet as text: dates as ``2025-12-31``, whole numbers without a point."""
    try:
        with ZipFile(path) as archive:
            size = sum(one.file_size for one in archive.infolist())
        if size > MOST_BYTES:
            raise Fatal(
                f"{path.name} unpacks to {size:,} bytes; at most {MOST_BYTES:,} are read. Save it as CSV."
            )
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            if sheet is not None and sheet not in book.sheetnames:
                raise Fatal(f"{path.name} has no sheet {sheet!r}; it has: {', '.join(book.sheetnames)}.")
            page = book[sheet or book.sheetnames[0]]
            # What the file says of its size may be wrong, and is padded with empty cells.
            page.reset_dimensions()
            rows = islice(page.iter_rows(values_only=True), MOST_ROWS + 1)
            lines = [(number, [as_text(cell) for cell in row]) for number, row in enumerate(rows, start=1)]
            return lines, f"XLSX, sheet {page.title!r}"
    except BROKEN as error:
        raise Fatal(
            f"{path.name} is no XLSX workbook: {error}. Save it as XLSX or CSV, and try again."
        ) from error


def as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()
