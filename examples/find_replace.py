"""Find a text in the records of a sheet and replace it, in all fields or some.

tickwire run sheet:find-replace --input sheet=products --input find=Kitchenware --input replace=Kitchen --input whole_cell=true
"""

import re
from collections import Counter

from pydantic import BaseModel
from pydantic import Field as Bound

from listener_sdk import Listener, Outcome, SyncJob
from rows import counted
from workbook import Change, Result, Sheet, Values, Where, Workbook, matcher, opened

listener = Listener()


class FindReplace(BaseModel):
    sheet: str
    find: str = Bound(min_length=1, max_length=1_000, description="The text to look for, as it is")
    replace: str = Bound(default="", max_length=10_000)
    fields: list[str] = Bound(default_factory=list, description="Where to look; all fields if it is left out")
    where: Where = Bound(default_factory=list)
    whole_cell: bool = Bound(default=False, description="Only cells that hold this text and nothing else")
    match_case: bool = True
    dry_run: bool = Bound(default=False, description="Only count")


@listener.job("sheet:find-replace", label="Find and replace")
def find_replace(job: SyncJob[FindReplace]) -> Outcome:
    """Replace in all records or, when it is canceled or fails, in none."""
    with opened() as book:
        sheet = book.sheet(job.input.sheet)
        done = book.once(job.id, lambda change: replace_all(job, book, change, sheet))
    by_field = ", ".join(f"{key}: {count:,}" for key, count in done["fields"].items())
    verb = "Would replace" if job.input.dry_run else "Replaced"
    message = f"{verb} {job.input.find!r} in {counted(done['records'], 'record')}" + (
        f" ({by_field})." if by_field else "."
    )
    return Outcome(
        message, heading="Find and replace", counts={"total": done["looked"], "ok": done["looked"]}, data=done
    )


def replace_all(job: SyncJob[FindReplace], book: Workbook, change: Change, sheet: Sheet) -> Result:
    """How many records there were, in how many it was found, and how often in which field."""
    keys = [sheet.field(key).key for key in job.input.fields] or [field.key for field in sheet.fields]
    pattern = sought(job.input)
    matches = matcher(job.input.where, sheet)
    records = [record for record in book.records(sheet.key) if matches(record)]
    found: Counter[str] = Counter()
    touched = 0
    for record in job.track(records, "Looking"):
        news = replaced(record.values, keys, pattern, job.input.replace)
        found.update(news.keys())
        touched += bool(news)
        if news and not job.input.dry_run:
            change.update(record, news)
    return {
        "looked": len(records),
        "records": touched,
        "fields": {key: found[key] for key in keys if found[key]},
    }


def sought(wanted: FindReplace) -> re.Pattern[str]:
    """The text itself: what is special in a regular expression is not here."""
    text = re.escape(wanted.find)
    return re.compile(
        rf"\A{text}\Z" if wanted.whole_cell else text, 0 if wanted.match_case else re.IGNORECASE
    )


def replaced(values: Values, keys: list[str], pattern: re.Pattern[str], by: str) -> Values:
    """The texts that change. A number that could not be read is a text too, and is read again afterwards."""
    texts = {key: values[key] for key in keys if isinstance(values.get(key), str)}
    news = {key: pattern.sub(lambda _: by, text) for key, text in texts.items()}
    return {key: text for key, text in news.items() if text != texts[key]}
