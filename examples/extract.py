"""Extract the table of a CSV or XLSX file: a sheet of the workbook with the columns of the file, every cell as it was written.

tickwire run file:extract --file examples/files/products.csv --input into=products-file
tickwire run file:extract --file examples/files/orders.xlsx  --input into=orders-file --input sheet=Orders
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel
from pydantic import Field as Bound

from listener_sdk import Fatal, Listener, Outcome, SyncJob
from rows import counted
from tables import Table, dropped_end, read_table
from workbook import Change, Field, Result, Sheet, Workbook, opened

MOST_TOLD = 1_000
"""Lines of the error file."""

listener = Listener()


class Extract(BaseModel):
    into: str = Bound(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="The sheet that takes the rows; what it has is replaced",
    )
    sheet: str | None = Bound(
        default=None, description="The sheet of an XLSX file; the first if it is left out"
    )


@listener.job("file:extract", label="Extract the rows of a file")
def extract(job: SyncJob[Extract]) -> Outcome:
    """Read the file, and put its rows into a sheet of their own, all of them or none."""
    file_id = job.raw.file_id
    if file_id is None:
        raise Fatal(
            "There is no file. Give one: tickwire run file:extract --file products.csv --input into=products-file"
        )
    with TemporaryDirectory() as folder, opened() as book:
        path = job.fetch(file_id, folder)
        job.tick(text=f"Reading {path.name}")
        table = read_table(path, job.input.sheet)
        done = book.once(job.id, lambda change: fill(job, book, change, table, path))
    return told(job, done)


def fill(job: SyncJob[Extract], book: Workbook, change: Change, table: Table, path: Path) -> Result:
    """Put the rows of the table into the sheet; how many, and which were refused."""
    fields = [Field(key=column) for column in table.columns]
    sheet = Sheet(key=job.input.into, label=path.name, fields=fields, file_id=job.raw.file_id)
    if any(one.key == sheet.key and one.file_id is None for one in book.sheets()):
        raise Fatal(
            f"{sheet.key} is a sheet of the workbook, not of a file: choose another name for the rows of the file."
        )
    change.delete(book.records(sheet.key))
    change.define(sheet)
    done: Result = {"file": path.name, "how": table.told, "rows": 0, "blank": 0, "refused": 0, "errors": []}
    for line, cells in job.track(table.lines, "Extracting rows"):
        if not any(cells):
            done["blank"] += 1
        elif len(dropped_end(cells)) > len(table.columns):
            done["refused"] += 1
            if done["refused"] <= MOST_TOLD:
                done["errors"].append(refusal(line, cells, table))
        else:
            # Rows of CSV files may end early: what is missing at the end is empty.
            change.insert(sheet, dict(zip(table.columns, cells, strict=False)), notes={"line": line})
            done["rows"] += 1
    return done


def refusal(line: int, cells: list[str], table: Table) -> dict[str, Any]:
    """A line of the error file."""
    what = f"has {len(cells)} cells, more than the {len(table.columns)} columns"
    return {"line": line, "problem": what, "row": " | ".join(cells)[:500]}


def told(job: SyncJob[Extract], done: Result) -> Outcome:
    rows, refused = done["rows"], done["refused"]
    message = f"{counted(rows, 'row')} of {done['file']} ({done['how']}) are in the sheet {job.input.into}."
    data = {"sheet": job.input.into, "rows": rows, "blank": done["blank"], "refused": refused}
    if not refused:
        return Outcome(message, heading="File extracted", counts={"total": rows, "ok": rows}, data=data)
    return Outcome.partial(
        f"{message} {counted(refused, 'row')} could not be told apart into columns.",
        heading="File extracted in part",
        ok=rows,
        failed=refused,
        errors=job.attach_errors(done["errors"], f"{job.input.into}-errors.csv"),
        data=data,
    )
