"""Export a sheet of the workbook to CSV or XLSX, and offer the file for download.

tickwire run workbook:export --input sheet=products
tickwire run workbook:export --input sheet=orders --input format=csv --input records=valid
"""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from openpyxl import Workbook as Book
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from pydantic import BaseModel
from pydantic import Field as Bound

from listener_sdk import Fatal, Listener, Outcome, SyncJob, next_
from rows import counted
from workbook import Field, Record, Sheet, Where, matcher, opened

MOST_ROWS = 1_048_575
MOST_LETTERS = 32_767
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet that opens a CSV file takes a text that begins so for a formula."""

listener = Listener()


class Export(BaseModel):
    sheet: str
    format: Literal["csv", "xlsx"] = "xlsx"
    records: Literal["all", "valid", "invalid"] = "all"
    where: Where = Bound(default_factory=list)
    fields: list[str] = Bound(
        default_factory=list, description="The columns in their order; all if it is left out"
    )
    problems: bool = Bound(default=False, description="Add a column that says what is wrong with a record")


@listener.job("workbook:export", label="Export a sheet")
def export(job: SyncJob[Export]) -> Outcome:
    """Write the records that are wanted to a file; nothing in the workbook changes."""
    with opened() as book, TemporaryDirectory() as folder:
        sheet = book.sheet(job.input.sheet)
        fields = [sheet.field(key) for key in job.input.fields] or sheet.fields
        is_wanted = wanted(job.input, sheet)
        records = [one for one in book.records(sheet.key) if is_wanted(one)]
        if len(records) > MOST_ROWS and job.input.format == "xlsx":
            raise Fatal(
                f"{len(records):,} records do not fit on a sheet of XLSX. Export them as CSV: format=csv."
            )
        header = [field.label or field.key for field in fields] + ["Problems"] * job.input.problems
        rows = (cells(one, fields, job.input) for one in job.track(records, "Writing records"))
        path = Path(folder, f"{sheet.key}.{job.input.format}")
        (write_csv if job.input.format == "csv" else write_xlsx)(path, header, rows)
        job.tick(text="Storing the file")
        file = job.attach(path)
    return Outcome(
        f"{file.name} has {counted(len(records), 'record')} of {sheet.label or sheet.key}.",
        heading="Export ready",
        next=next_.download(file, label="Download the file"),
        counts={"total": len(records), "ok": len(records)},
    )


def wanted(given: Export, sheet: Sheet) -> Any:
    """Whether a record is to be exported."""
    matches = matcher(given.where, sheet)
    return lambda record: (
        matches(record) and (given.records == "all" or record.valid == (given.records == "valid"))
    )


def cells(record: Record, fields: list[Field], given: Export) -> list[Any]:
    told = "; ".join(f"{key} {problem}" for key, problem in record.problems.items())
    dates = [field.key for field in fields if field.type == "date" and field.key not in record.problems]
    values = {**record.values, **{key: as_date(record.values.get(key)) for key in dates}}
    return [values.get(field.key) for field in fields] + [told] * given.problems


def as_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def write_csv(path: Path, header: list[str], rows: Iterable[list[Any]]) -> None:
    """UTF-8 with the mark by which spreadsheets know it; a text that would run as a formula gets an apostrophe in front."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(cell) for cell in header])
        writer.writerows([harmless(cell) for cell in row] for row in rows)


def harmless(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def write_xlsx(path: Path, header: list[str], rows: Iterable[list[Any]]) -> None:
    """Numbers as numbers, dates as dates, and text as text, whatever it begins with."""
    book = Book(write_only=True)
    page = book.create_sheet(path.stem[:31])
    heads = [WriteOnlyCell(page, name) for name in header]
    for head in heads:
        head.font = Font(bold=True)
    page.append(heads)
    for row in rows:
        page.append([text_cell(page, cell) if isinstance(cell, str) else cell for cell in row])
    book.save(path)


def text_cell(page: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, ILLEGAL_CHARACTERS_RE.sub("", text)[:MOST_LETTERS])
    cell.data_type = "s"
    return cell
