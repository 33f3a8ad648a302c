"""Remove what is gone elsewhere: the records of these SKUs, such as an event names them, or of all that the web shop has given up.
What is removed stays in a file.

tickwire events publish shop:products-removed --payload skus='["TOO-001", "TOY-012"]'
tickwire definitions launch remove-assets                  what no event has told: the web shop is asked
"""

from typing import Final

from pydantic import BaseModel
from pydantic import Field as Bound

from listener_sdk import Fatal, Listener, Outcome, SyncJob, next_
from rows import counted
from webshop_calls import TOKEN, asked
from workbook import Change, Result, Sheet, Workbook, opened

MOST_SKUS: Final = 10_000
listener = Listener()


class RemoveAssets(BaseModel):
    skus: list[str] | None = Bound(
        default=None,
        min_length=1,
        max_length=MOST_SKUS,
        description="What is gone; case does not count. Without them the web shop is asked",
    )
    sheet: str = "products"
    field: str = Bound(default="sku", description="Where the sheet has them")
    at_most: int = Bound(default=100, ge=0, description="Remove nothing where more would go")


class GivenUp(BaseModel):
    skus: list[str] = Bound(max_length=MOST_SKUS)


@listener.job("sheet:remove-assets", label="Remove what is gone", secrets=[TOKEN])
def remove_assets(job: SyncJob[RemoveAssets]) -> Outcome:
    """Store a copy of what goes, then remove it: all of it or nothing."""
    skus = job.input.skus
    if skus is None:
        skus = asked("/given-up", job.secrets[TOKEN], GivenUp, "list of products").skus
    with opened() as book:
        sheet = book.sheet(job.input.sheet)
        done = book.once(job.id, lambda change: remove(job, book, change, sheet, skus))
        left = book.count(sheet.key)
    name, missing = sheet.label or sheet.key, len(done["missing"])
    message = f"Removed {counted(done['removed'], 'record')} of {name}; {left:,} are left."
    if missing:
        message += f" {counted(missing, 'SKU')} had none."
    if not done["removed"]:
        return Outcome(message, heading="There was nothing to remove", data=done)
    return Outcome(
        message,
        heading="Removed what is gone",
        next=next_.download(done["file"], label="Download what was removed", file_name=done["name"]),
        data=done,
    )


def remove(
    job: SyncJob[RemoveAssets], book: Workbook, change: Change, sheet: Sheet, skus: list[str]
) -> Result:
    """How many records went, the file that has them, and for which SKUs there were none."""
    key = sheet.field(job.input.field).key
    # A record without SKU is not what an empty SKU means.
    gone = {*map(plain, skus)} - {""}
    found = [record for record in book.records(sheet.key) if plain(record.values[key]) in gone]
    if len(found) > job.input.at_most:
        raise Fatal(
            f"{counted(len(found), 'record')} would be removed, and at most {job.input.at_most:,} may be. Nothing was."
        )
    missing = sorted(gone - {plain(record.values[key]) for record in found})
    if not found:
        return {"removed": 0, "missing": missing}
    rows = [{"record": record.id, **record.values} for record in job.track(found, "Copying what goes")]
    copy = job.attach_errors(rows, f"{sheet.key}-removed.csv")
    return {"removed": change.delete(found), "missing": missing, "file": copy.id, "name": copy.name}


def plain(sku: object) -> str:
    """As SKUs are compared."""
    return str(sku or "").strip().upper()
