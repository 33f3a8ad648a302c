"""Which column of a file goes to which field of a sheet, and how sure that is: by the names, and by what the cells hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from workbook import Field, Sheet, Style, has_decimal_commas

AT_LEAST: Final = 0.5
"""What is less sure than this is not proposed."""
CERTAINTIES: Final = ((0.95, "absolute"), (0.8, "strong"), (0.6, "moderate"), (0.0, "weak"))
BY_VALUES: Final = 0.85
"""How sure the values alone can make it: where all are options of a field, whatever the column is called."""
PREVIEW: Final = 5
LONGEST_PREVIEW: Final = 80


@dataclass(frozen=True, slots=True)
class Match:
    """A column that may go to a field."""

    column: str
    field: Field
    confidence: float
    by: str
    """``name`` or ``values``: what speaks for it."""
    style: Style

    def edge(self, samples: Sequence[str]) -> dict[str, Any]:
        """It as the plan of a job says it; the style stands there too, for a person to see and to correct."""
        certainty = next(name for least, name in CERTAINTIES if self.confidence >= least)
        about = {"certainty": certainty, "confidence": round(self.confidence, 3), "source": self.by}
        return {
            "sourceField": column_field(self.column),
            "destinationField": as_field(self.field),
            "preview": preview(samples),
            "metadata": {**about, "style": self.style.model_dump()},
        }


def matches(samples: Mapping[str, Sequence[str]], sheet: Sheet) -> list[Match]:
    """The surest matches first, each column and each field in one at most.

    - ``samples``: cells of each column, without empty ones
    """
    commas = has_decimal_commas(text for texts in samples.values() for text in texts)
    styles = {column: Style.of(texts, decimal_comma=commas) for column, texts in samples.items()}
    every = [
        match(column, texts, field, styles[column])
        for column, texts in samples.items()
        for field in sheet.fields
    ]
    found: list[Match] = []
    for one in sorted(every, key=lambda one: -one.confidence):
        taken = any(one.column == other.column or one.field is other.field for other in found)
        if one.confidence >= AT_LEAST and not taken:
            found.append(one)
    return found


def match(column: str, texts: Sequence[str], field: Field, style: Style) -> Match:
    """How sure it is that the column goes to the field: names that are alike, for as far as its cells can be read as the field's."""
    readable = sum(field.read(text, style)[1] is None for text in texts) / len(texts) if texts else 1.0
    named = likeness(column, field) * readable
    # Numbers and dates are in many columns; options tell a field apart.
    valued = BY_VALUES * readable if field.options and texts and readable > 0.5 else 0.0
    return Match(column, field, max(named, valued), "name" if named >= valued else "values", style)


def likeness(column: str, field: Field) -> float:
    """1 for the same name, down to 0; words count more than letters."""
    names = [field.key, *([field.label] if field.label else []), *field.also]
    return max(alike(words(column), words(name)) for name in names)


def alike(one: list[str], other: list[str]) -> float:
    if one == other:
        return 1.0
    shared = len({*one} & {*other}) / max(len({*one} | {*other}), 1)
    return max(0.9 * shared, 0.9 * SequenceMatcher(None, " ".join(one), " ".join(other)).ratio())


def words(name: str) -> list[str]:
    return re.findall(r"\w+", name.casefold().replace("_", " ").replace("-", ""))


def plan_of(found: Sequence[Match], samples: Mapping[str, Sequence[str]], sheet: Sheet) -> dict[str, Any]:
    """The plan of a job: what goes where, and what goes nowhere or gets nothing."""
    columns, fields = {one.column for one in found}, {one.field.key for one in found}
    return {
        "field_mapping": [one.edge(samples[one.column]) for one in found],
        "unmapped_source_fields": [
            {"sourceField": column_field(column), "preview": preview(texts)}
            for column, texts in samples.items()
            if column not in columns
        ],
        "unmapped_destination_fields": [
            {"destinationField": as_field(field)} for field in sheet.fields if field.key not in fields
        ],
    }


def doubts(found: Sequence[Match], sheet: Sheet, accept_from: float) -> list[str]:
    """Why a person should look before it is done; none where the rule accepts it.

    The rule: every required field gets a column, and every match is as sure as ``accept_from``.
    """
    fields = {one.field.key for one in found}
    missing = [
        f"nothing goes to {field.key}" for field in sheet.fields if field.required and field.key not in fields
    ]
    unsure = [
        f"{one.column} goes to {one.field.key} with a confidence of only {one.confidence:.2f}"
        for one in found
        if one.confidence < accept_from
    ]
    return missing + unsure


def preview(texts: Sequence[str]) -> list[str]:
    """Some cells, for a person to see what a column holds."""
    return [text[:LONGEST_PREVIEW] for text in texts[:PREVIEW]]


def column_field(column: str) -> dict[str, Any]:
    return {"type": "string", "key": column}


def as_field(field: Field) -> dict[str, Any]:
    return {"type": field.type, "key": field.key, "label": field.label or field.key}
