"""What the listeners of a sheet share: ranges of records as parts of a job, and what is told of records with problems."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from listener_sdk import Fatal, SyncJob
from workbook import Change, Record, Result, Sheet, Workbook

ROWS_A_PART = 1_000


class Share(BaseModel):
    """The records of one part: the first and the last id, and how many lie between."""

    first: int
    last: int
    rows: int


Work = Callable[[Change, Share], Result]


def shares(ids: list[int], rows: int) -> list[Share]:
    """The ids cut into ranges of so many records."""
    cut = (ids[start : start + rows] for start in range(0, len(ids), rows))
    return [Share(first=one[0], last=one[-1], rows=len(one)) for one in cut]


def in_shares(
    job: SyncJob[Any], book: Workbook, sheet: str, rows: int, work: Work, *, in_order: bool = False
) -> list[Result]:
    """Do the work on all records of a sheet, in parts of the job where there are many; the result of each.

    The handler of the parts calls `one_share`. Each share is a transaction of its own; Fatal when one of them failed for good.

    - ``in_order``: one part after the other, for what must come in the order of the records; else all at once
    """
    # An attempt that follows a crash must split in the same way, though the sheet may have changed meanwhile.
    kept = book.once(
        f"{job.id} shares", lambda _: {"shares": [one.model_dump() for one in shares(book.ids(sheet), rows)]}
    )
    found = [Share.model_validate(one) for one in kept["shares"]]
    if len(found) <= 1:
        return [book.once(job.id, lambda change: work(change, found[0]))] if found else []
    parts = job.split(found, parallel=not in_order).wait()
    failed = [part for part in parts.jobs if part.result is None]
    if failed or len(parts.jobs) < len(found):
        why = failed[0].info if failed else "it was deleted"
        raise Fatal(
            f"{len(found) - parts.completed} of {len(found)} parts failed, the others are done. The first: {why}"
        )
    return [part.result for part in parts.jobs if part.result is not None]


def one_share(job: SyncJob[Any], book: Workbook, work: Work) -> Result:
    """Do the work of the part that this job is; a second attempt finds it done."""
    share = Share.model_validate(job.part_data)
    return book.once(job.id, lambda change: work(change, share))


def problem_rows(sheet: Sheet, records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """A line of the error file for each problem."""
    for record in records:
        for key, problem in record.problems.items():
            yield {
                "record": record.id,
                "line": record.notes.get("line"),
                "field": sheet.field(key).label or key,
                "value": record.values.get(key),
                "problem": problem,
            }


def counted(number: int, noun: str) -> str:
    """``1 record``, ``1,200 records``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
