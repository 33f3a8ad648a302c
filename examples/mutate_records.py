"""Change the records of a sheet by rules: all that meet the conditions, in the order of the rules.

tickwire run sheet:mutate-records --input sheet=products --input changes='[{"do": "text", "field": "sku", "to": "upper"}]'
"""

from collections.abc import Callable
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic import Field as Bound

from listener_sdk import Listener, Outcome, SyncJob
from rows import ROWS_A_PART, Share, counted, in_shares, one_share
from workbook import Change, Result, Sheet, Values, Where, matcher, opened

MOST_TOLD = 1_000
"""Lines of the error file that one part may list."""
TEXTS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "squeeze": lambda text: " ".join(text.split()),
}

listener = Listener()


class Unfit(Exception):  # noqa: N818 - says what it is
    """A rule cannot be applied to a record."""


class SetTo(BaseModel):
    """Give the field a value; null empties it."""

    do: Literal["set"]
    field: str
    value: str | int | float | bool | None

    def apply(self, values: Values) -> Any:
        return self.value


class CopyFrom(BaseModel):
    """Give the field the value of another."""

    do: Literal["copy"]
    field: str
    source: str

    def apply(self, values: Values) -> Any:
        return values.get(self.source)


class TextTo(BaseModel):
    """Change the letters of a text, or squeeze runs of blanks to one."""

    do: Literal["text"]
    field: str
    to: Literal["upper", "lower", "title", "squeeze"]

    def apply(self, values: Values) -> Any:
        value = values.get(self.field)
        return TEXTS[self.to](value) if isinstance(value, str) else value


class Translate(BaseModel):
    """Replace whole values as the table says; others stay."""

    do: Literal["translate"]
    field: str
    table: dict[str, str | None] = Bound(min_length=1, max_length=10_000)

    def apply(self, values: Values) -> Any:
        value = values.get(self.field)
        return self.table.get(value, value) if isinstance(value, str) else value


class Calculate(BaseModel):
    """Multiply a number, then add to it, then round it; Unfit for what is no number."""

    do: Literal["calculate"]
    field: str
    times: float = 1
    plus: float = 0
    digits: int | None = Bound(default=None, ge=0, le=10)

    def apply(self, values: Values) -> Any:
        value = values.get(self.field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit(f"{self.field} is {value!r:.80}, and no number to calculate with")
        result = value * self.times + self.plus
        if not isfinite(result):
            raise Unfit(f"{self.field} would be larger than any number")
        return result if self.digits is None else round(result, self.digits)


Rule = Annotated[SetTo | CopyFrom | TextTo | Translate | Calculate, Bound(discriminator="do")]


class Mutate(BaseModel):
    sheet: str
    changes: list[Rule] = Bound(min_length=1, max_length=100)
    where: Where = Bound(
        default_factory=list, description="Conditions that all must hold; none means every record"
    )
    rows_a_part: int = Bound(default=ROWS_A_PART, ge=1)


@listener.job("sheet:mutate-records", label="Change records by rules")
def mutate(job: SyncJob[Mutate]) -> Outcome | Result:
    """Change the records; those to which a rule cannot be applied stay as they are, and are listed."""
    with opened() as book:
        sheet = book.sheet(job.input.sheet)
        for name in [name for rule in job.input.changes for name in fields_of(rule)]:
            sheet.field(name)
        matches = matcher(job.input.where, sheet)

        def change_share(change: Change, share: Share) -> Result:
            done: Result = {"matched": 0, "changed": 0, "failed": 0, "errors": []}
            records = book.records(sheet.key, share.first, share.last)
            for record in job.track(records, "Changing records"):
                if not matches(record):
                    continue
                done["matched"] += 1
                try:
                    done["changed"] += (
                        change.update(record, changed(record.values, job.input.changes)) is not record
                    )
                except Unfit as error:
                    done["failed"] += 1
                    if done["failed"] <= MOST_TOLD:
                        done["errors"].append({"record": record.id, "problem": str(error)})
            return done

        if job.is_part:
            return one_share(job, book, change_share)
        return told(job, sheet, in_shares(job, book, sheet.key, job.input.rows_a_part, change_share))


def fields_of(rule: Rule) -> list[str]:
    return [rule.field, rule.source] if isinstance(rule, CopyFrom) else [rule.field]


def changed(values: Values, rules: list[Rule]) -> Values:
    """The values after all rules."""
    found = {**values}
    for rule in rules:
        found[rule.field] = rule.apply(found)
    return found


def told(job: SyncJob[Mutate], sheet: Sheet, done: list[Result]) -> Outcome:
    matched, changes, failed = (sum(one[name] for one in done) for name in ("matched", "changed", "failed"))
    message = (
        f"Changed {counted(changes, 'record')} of {sheet.label or sheet.key}; {matched:,} met the conditions."
    )
    if not failed:
        return Outcome(message, heading="Records changed", counts={"total": matched, "ok": matched})
    errors = [error for one in done for error in one["errors"]]
    return Outcome.partial(
        f"{message} {counted(failed, 'record')} could not be changed.",
        heading="Some records stayed as they were",
        ok=matched - failed,
        failed=failed,
        errors=job.attach_errors(errors, f"{sheet.key}-unchanged.csv"),
    )
