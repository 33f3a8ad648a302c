"""Import the rows of a CSV file (name, email, born) in parts that run at once; rows that are refused end up in an error file.

tickwire run customers:import --file customers.csv --input database=customers.db
"""

import csv
import sqlite3
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from listener_sdk import Fatal, Listener, Outcome, SyncJob

TABLE = "CREATE TABLE IF NOT EXISTS customer (email TEXT PRIMARY KEY, name TEXT NOT NULL, born TEXT NOT NULL)"
UPSERT = "INSERT INTO customer VALUES (:email, :name, :born) ON CONFLICT (email) DO UPDATE SET name = :name, born = :born"
ERRORS_A_PART = 200

listener = Listener()


class Import(BaseModel):
    database: str = Field(default="customers.db", description="The SQLite file that takes the rows")
    rows_a_part: int = Field(default=5_000, ge=1, description="How many rows one part imports")


class Customer(BaseModel):
    name: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    born: date


@listener.job("customers:import", label="Import customers")
def import_customers(job: SyncJob[Import]) -> Outcome | dict[str, Any]:
    """The job itself shares the rows out; each part, which the same handler runs, imports some of them."""
    if job.raw.file_id is None:
        raise Fatal("There is no file. Give one: tickwire run customers:import --file customers.csv")
    with TemporaryDirectory() as folder:
        path = job.fetch(job.raw.file_id, folder)
        return import_part(job, path) if job.is_part else share_out(job, path)


def share_out(job: SyncJob[Import], path: Path) -> Outcome:
    """Split the job into ranges of rows, and tell what became of them."""
    total, step = sum(1 for _ in records(path)), job.input.rows_a_part
    # An attempt that follows a crash must split in the same way, so the ranges depend on nothing but the file and the input.
    ranges = [{"first": first, "last": min(first + step, total)} for first in range(0, total, step)]
    result = job.split(ranges).wait() if ranges else None
    parts = result.jobs if result else []
    ok = sum(part.result["ok"] for part in parts if part.result)
    errors = [error for part in parts for error in refused(part.result, part.part_data, part.info)]
    message = f"Imported {ok:,} of {total:,} rows into {Path(job.input.database).name}."
    counts = {"total": total, "ok": ok, "failed": total - ok}
    if ok == total:
        return Outcome(message, heading="Import complete", counts=counts)
    return Outcome.partial(
        message, heading="Some rows were left out", ok=ok, failed=total - ok, errors=job.attach_errors(errors)
    )


def refused(
    result: dict[str, Any] | None, data: dict[str, Any] | None, why: str | None
) -> list[dict[str, Any]]:
    """The errors that a part has listed; where it failed as a whole, one for all of its rows."""
    if result:
        return list(result["errors"])
    first, last = (data or {})["first"], (data or {})["last"]
    return [{"line": f"{first + 2} to {last + 1}", "problem": why or "was not imported"}]


def import_part(job: SyncJob[Import], path: Path) -> dict[str, Any]:
    """Import the rows of this part. To do it twice changes nothing: a customer is known by the email."""
    first, last = job.part_data["first"], job.part_data["last"]
    good: list[dict[str, str]] = []
    errors: list[dict[str, Any]] = []
    rows = islice(records(path), first, last)
    for line, row in enumerate(job.track(rows, "Checking rows", total=last - first), start=first + 2):
        try:
            good.append(Customer.model_validate(row).model_dump(mode="json"))
        except ValidationError as error:
            problem = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
            errors.append(
                {
                    "line": line,
                    "problem": problem,
                    **{name: row[name][:200] for name in Customer.model_fields},
                }
            )
    with closing(sqlite3.connect(job.input.database, timeout=60)) as database, database:
        database.execute(TABLE)
        database.executemany(UPSERT, good)
    if len(errors) > ERRORS_A_PART:
        more = {"line": "", "problem": f"and {len(errors) - ERRORS_A_PART:,} more lines of this part"}
        errors = [*errors[:ERRORS_A_PART], more]
    return {"ok": len(good), "errors": errors}


def records(path: Path) -> Any:
    """The rows of the file as dicts; Fatal when a column is missing."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, restval="")
        missing = Customer.model_fields.keys() - set(reader.fieldnames or ())
        if missing:
            raise Fatal(
                f"{path.name} has no column {', '.join(sorted(missing))}: its first line names the columns."
            )
        yield from reader
