"""Fill in missing categories from free text: a model learns from the records that have one, and is measured before it is believed.

tickwire run sheet:ai-assist --input sheet=products --input field=category --input from_fields='["name", "description"]'

What it is less sure of than ``accept_from`` is left to a person, in a file with its guesses. What it fills in is noted in the record.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import BaseModel
from pydantic import Field as Bound

from categorisers import Categoriser, Example, Guess, chosen
from listener_sdk import Fatal, Listener, Outcome, SyncJob
from rows import counted
from workbook import Change, Record, Result, Sheet, Workbook, opened

AT_ONCE = 20
FEWEST_EXAMPLES = 20
HELD_OUT_EVERY = 5
MOST_HELD_OUT = 60

listener = Listener()


class AiAssist(BaseModel):
    sheet: str
    field: str = Bound(description="The field to fill in, which has options")
    from_fields: list[str] = Bound(min_length=1, description="The fields whose text is read")
    accept_from: float = Bound(default=0.6, ge=0, le=1, description="How sure the model must be")


class Measure(BaseModel):
    """How often the model was right about records whose category is known, but that it had not learned from."""

    held_out: int
    accuracy: float
    majority: float
    """How often one would be right who always says the most frequent category."""


@listener.job("sheet:ai-assist", label="Fill in categories")
def assist(job: SyncJob[AiAssist]) -> Outcome:
    """Guess without holding the workbook, then write: only records that nobody has changed meanwhile."""
    with opened() as book:
        sheet = book.sheet(job.input.sheet)
        known, unknown = told_apart(job.input, sheet, book.records(sheet.key))
        model = chosen()
        measure = measured(job, model, known)
        job.log.info("measured", model=model.name, **measure.model_dump())
        model.learn(known)
        texts = [text_of(record, job.input.from_fields) for record in unknown]
        found = asked(job, model, texts, "Categorising")
        guesses = {record.id: guess for record, guess in zip(unknown, found, strict=True)}
        done = book.once(job.id, lambda change: fill_in(job.input, book, change, model, guesses))
        unsure = [(record, guesses[record.id]) for record in unknown if record.id in done["left"]]
    return told(job, measure, len(done["filled"]), unsure)


def text_of(record: Record, keys: Sequence[str]) -> str:
    return ". ".join(str(record.values[key]) for key in keys if record.values.get(key) is not None)


def told_apart(
    wanted: AiAssist, sheet: Sheet, records: Sequence[Record]
) -> tuple[list[Example], list[Record]]:
    """The examples, and the records to fill in; Fatal where there is too little to learn from."""
    options = sheet.field(wanted.field).options
    if not options:
        raise Fatal(f"{wanted.field} has no options to choose from. Name a field of the type enum.")
    for key in wanted.from_fields:
        sheet.field(key)
    labelled = [
        one for one in records if one.values[wanted.field] in options and wanted.field not in one.notes
    ]
    known = [(text_of(one, wanted.from_fields), str(one.values[wanted.field])) for one in labelled]
    if len(known) < FEWEST_EXAMPLES:
        raise Fatal(
            f"Only {len(known)} records have a {wanted.field}: it takes {FEWEST_EXAMPLES} to learn from."
        )
    return known, [one for one in records if one.values[wanted.field] is None]


def measured(job: SyncJob[AiAssist], model: Categoriser, known: Sequence[Example]) -> Measure:
    """Hold out each fifth example, teach the model the others, and see."""
    held_out = known[::HELD_OUT_EVERY][:MOST_HELD_OUT]
    rest = [one for at, one in enumerate(known) if at % HELD_OUT_EVERY]
    model.learn(rest)
    guesses = asked(job, model, [text for text, _ in held_out], f"Measuring {model.name}")
    right = sum(guess.category == truth for guess, (_, truth) in zip(guesses, held_out, strict=True))
    most_frequent = Counter(category for _, category in rest).most_common(1)[0][0]
    majority = sum(truth == most_frequent for _, truth in held_out)
    return Measure(held_out=len(held_out), accuracy=right / len(held_out), majority=majority / len(held_out))


def asked(job: SyncJob[AiAssist], model: Categoriser, texts: Sequence[str], doing: str) -> Iterator[Guess]:
    """The model's guesses, a portion at a time: between two the job ticks, and notices that it is canceled."""
    for start in range(0, len(texts), AT_ONCE):
        job.tick(text=doing, done=start, total=len(texts))
        yield from model.categorise(texts[start : start + AT_ONCE])
    job.tick(text=doing, done=len(texts), total=len(texts))


def fill_in(
    wanted: AiAssist, book: Workbook, change: Change, model: Categoriser, guesses: dict[int, Guess]
) -> Result:
    """The ids of the records that were filled in, and of those that are left; what a person has filled in meanwhile is neither."""
    done: Result = {"filled": [], "left": []}
    for record in book.records(wanted.sheet):
        guess = guesses.get(record.id)
        if guess is None or record.values[wanted.field] is not None:
            continue
        if guess.category is None or guess.confidence < wanted.accept_from:
            done["left"].append(record.id)
            continue
        note = {"by": model.name, "confidence": round(guess.confidence, 3)}
        change.update(record, {wanted.field: guess.category}, {wanted.field: note})
        done["filled"].append(record.id)
    return done


def told(
    job: SyncJob[AiAssist], measure: Measure, filled: int, unsure: list[tuple[Record, Guess]]
) -> Outcome:
    message = (
        f"Filled in {counted(filled, 'record')}. Of {measure.held_out} records with a known {job.input.field} the model gets "
        f"{measure.accuracy:.0%} right; always saying the most frequent one, {measure.majority:.0%}."
    )
    data = {"filled": filled, "left": len(unsure), **measure.model_dump()}
    if not unsure:
        return Outcome(
            message, heading="Categories filled in", counts={"total": filled, "ok": filled}, data=data
        )
    review = [
        {
            "record": record.id,
            "text": text_of(record, job.input.from_fields),
            "guess": guess.category,
            "confidence": round(guess.confidence, 3),
        }
        for record, guess in unsure
    ]
    return Outcome.partial(
        f"{message} {counted(len(unsure), 'record')} are left to a person.",
        heading="Categories filled in, some are left",
        ok=filled,
        failed=0,
        skipped=len(unsure),
        errors=job.attach_errors(review, f"{job.input.sheet}-to-review.csv"),
        data=data,
    )
