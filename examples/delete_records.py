"""Delete records of a sheet: those that meet conditions, or the later ones of each group of duplicates. What is deleted stays in a file.

tickwire run sheet:delete-records --input sheet=products --input duplicates_of='["sku"]' --input dry_run=true
tickwire run sheet:delete-records --input sheet=products --input where='[{"field": "stock", "value": 0}]'
"""

from pydantic import BaseModel, model_validator
from pydantic import Field as Bound

from listener_sdk import Fatal, Listener, Outcome, SyncJob, next_
from rows import counted
from workbook import Change, Record, Result, Sheet, Where, Workbook, matcher, opened

listener = Listener()


class DeleteRecords(BaseModel):
    sheet: str
    where: Where = Bound(default_factory=list, description="Conditions that all must hold")
    duplicates_of: list[str] = Bound(
        default_factory=list, description="Keep the first record of those alike in these fields"
    )
    every_record: bool = Bound(default=False, description="Empty the sheet")
    at_most: int | None = Bound(default=None, ge=0, description="Delete nothing where more would go")
    dry_run: bool = Bound(default=False, description="Only count")

    @model_validator(mode="after")
    def _says_which(self) -> "DeleteRecords":
        if not (self.where or self.duplicates_of or self.every_record):
            raise ValueError("say which: where, duplicates_of or every_record")
        return self


@listener.job("sheet:delete-records", label="Delete records")
def delete_records(job: SyncJob[DeleteRecords]) -> Outcome:
    """Store a copy of what goes, then delete it: all of it or nothing."""
    with opened() as book:
        sheet = book.sheet(job.input.sheet)
        done = book.once(job.id, lambda change: delete(job, book, change, sheet))
        left = book.count(sheet.key)
    count, total = done["deleted"], done["deleted"] + left
    if job.input.dry_run or not count:
        verb = "would be deleted" if job.input.dry_run else "were deleted"
        return Outcome(f"{counted(done['found'], 'record')} of {sheet.label or sheet.key} {verb}.", data=done)
    return Outcome(
        f"Deleted {counted(count, 'record')} of {sheet.label or sheet.key}; {left:,} are left.",
        heading="Records deleted",
        next=next_.download(done["file"], label="Download what was deleted", file_name=done["name"]),
        counts={"total": total, "ok": total},
        data=done,
    )


def delete(job: SyncJob[DeleteRecords], book: Workbook, change: Change, sheet: Sheet) -> Result:
    """How many records were found and deleted, and the file that has them."""
    found = doomed(job.input, sheet, book.records(sheet.key))
    limit = job.input.at_most
    if limit is not None and len(found) > limit:
        raise Fatal(
            f"{counted(len(found), 'record')} would be deleted, and at most {limit:,} may be. Nothing was."
        )
    if job.input.dry_run or not found:
        return {"found": len(found), "deleted": 0}
    # The copy is stored while the transaction is open: nothing goes of which there is none.
    rows = [{"record": record.id, **record.values} for record in job.track(found, "Copying what goes")]
    copy = job.attach_errors(rows, f"{sheet.key}-deleted.csv")
    return {"found": len(found), "deleted": change.delete(found), "file": copy.id, "name": copy.name}


def doomed(wanted: DeleteRecords, sheet: Sheet, records: list[Record]) -> list[Record]:
    """The records that go: of those that meet the conditions all, or all but the first of each group."""
    matches = matcher(wanted.where, sheet)
    found = [record for record in records if matches(record)]
    if not wanted.duplicates_of:
        return found
    keys = [sheet.field(key).key for key in wanted.duplicates_of]
    seen: set[tuple[object, ...]] = set()
    later = []
    for record in found:
        alike = tuple(record.values[key] for key in keys)
        if alike in seen and None not in alike:
            later.append(record)
        seen.add(alike)
    return later
