"""Map the rows of a file to a sheet of the workbook: propose where each column goes, wait until it is accepted, copy the rows.

A mapping that is created to wait (trigger manual) gets its plan at once, and is in ``planning`` until it is accepted: by the rule of
`mapping.doubts`, or by a person, who may correct the plan before. One that is started at once goes on if the rule accepts it.

tickwire run workbook:map --input source=products-file --input destination=products
"""

import asyncio
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic import Field as Bound

from listener_sdk import ApiError, Fatal, Listener, Outcome, SyncJob
from listener_sdk.protocol.plans import Edge
from mapping import doubts, matches, plan_of
from rows import ROWS_A_PART, Share, counted, in_shares, one_share, problem_rows
from workbook import Change, Result, Sheet, Style, Workbook, opened

SAMPLES = 200
MOST_TOLD = 5_000
"""Lines of the error file."""

listener = Listener()


class Map(BaseModel):
    source: str = Bound(description="The sheet that holds the rows of a file, as file:extract made it")
    destination: str = Bound(description="The sheet that takes them")
    accept_from: float = Bound(
        default=0.8, ge=0, le=1, description="How sure each match must be to go on without a person"
    )
    rows_a_part: int = Bound(default=ROWS_A_PART, ge=1)


class Proposal(BaseModel):
    """A plan, the file that it is about, and why a person should look at it."""

    file_id: str
    plan: dict[str, Any]
    doubts: list[str]


def propose(wanted: Map) -> Proposal:
    """Where the columns of the source go."""
    with opened() as book:
        source, destination = book.sheet(wanted.source), book.sheet(wanted.destination)
        if source.file_id is None:
            raise Fatal(
                f"{source.key} does not hold the rows of a file. Extract one into it: tickwire run file:extract"
            )
        samples: dict[str, list[str]] = {field.key: [] for field in source.fields}
        for record in islice(book.iterate(source.key), SAMPLES):
            for key, value in record.values.items():
                if value is not None:
                    samples[key].append(value)
        found = matches(samples, destination)
        plan = plan_of(found, samples, destination)
        return Proposal(
            file_id=source.file_id, plan=plan, doubts=doubts(found, destination, wanted.accept_from)
        )


@listener.on("job:created", where={"job": "workbook:map"})
async def plan(event: Any) -> None:
    """Give a mapping that waits for a person its plan, and let it begin where the rule accepts the plan."""
    client = listener.client
    job = await client.jobs.get(event.job_id)
    if job.status != "created" or job.part is not None:
        return
    try:
        proposal = await asyncio.to_thread(propose, Map.model_validate(job.input or {}))
    except (Fatal, ValidationError) as error:
        await client.jobs.cancel(job.id, info=f"There is nothing to plan: {error}")
        return
    try:
        await client.plans.put(job.id, job.file_id or proposal.file_id, **proposal.plan)
        if not proposal.doubts:
            await client.jobs.execute(job.id)
    except ApiError as error:
        if error.code == "too_large":
            await client.jobs.cancel(job.id, info=f"The file has too many columns to plan: {error.message}")
        # Another listener that runs this script may have planned it already, and it went on.
        elif error.code != "illegal_move":
            raise


@listener.job("workbook:map", label="Map the rows of a file")
def map_fields(job: SyncJob[Map]) -> Outcome | Result:
    """Copy the rows of the source as the plan says; each part does some of them."""
    with opened() as book:
        source, destination = book.sheet(job.input.source), book.sheet(job.input.destination)
        edges = settled(job, book)
        targets = {edge.source_field.key: edge.destination_field.key for edge in edges}
        check(targets, source, destination)
        styles = {edge.destination_field.key: style_of(edge) for edge in edges}

        def copy(change: Change, share: Share) -> Result:
            """The ids of the first and the last record that were made: no other change comes between them."""
            made = [
                change.insert(
                    destination,
                    {targets[key]: value for key, value in record.values.items() if key in targets},
                    styles,
                    {"line": record.notes.get("line"), "file": source.label},
                )
                for record in job.track(
                    book.iterate(source.key, share.first, share.last), "Mapping rows", total=share.rows
                )
            ]
            return {"first": made[0], "last": made[-1]} if made else {}

        if job.is_part:
            return one_share(job, book, copy)
        # Of two rows with the same key the first is the one that counts, so they keep the order of the file.
        done = in_shares(job, book, source.key, job.input.rows_a_part, copy, in_order=True)
        return told(job, book, destination, [one for one in done if one])


def settled(job: SyncJob[Map], book: Workbook) -> list[Edge]:
    """The mapping of the job: settled once, for all of its parts and attempts alike."""
    key = f"{job.raw.parent_id if job.is_part else job.id} mapping"
    kept = book.kept(key)
    if kept is None:
        plan = job.wait_for(job.client.plans.get(job.id)).plan
        planned = plan.field_mapping or plan.unmapped_source_fields or plan.unmapped_destination_fields
        edges = plan.field_mapping if planned else accepted(job.input)
        sent = [edge.model_dump(mode="json", by_alias=True) for edge in edges]
        kept = book.once(key, lambda _: {"edges": sent})
    return [Edge.model_validate(edge) for edge in kept["edges"]]


def accepted(wanted: Map) -> list[Edge]:
    """The mapping that the rule accepts; Fatal, with its doubts, where a person has to look."""
    proposal = propose(wanted)
    if proposal.doubts:
        raise Fatal(
            f"A person has to accept this mapping: {'; '.join(proposal.doubts)}. "
            "Create the job to wait (trigger manual), correct its plan and execute it."
        )
    return [Edge.model_validate(edge) for edge in proposal.plan["field_mapping"]]


def check(targets: dict[str, str], source: Sheet, destination: Sheet) -> None:
    """Fatal when a plan, which a person may have changed, names what there is not, or a field twice."""
    if destination.file_id is not None:
        raise Fatal(
            f"{destination.key} holds the rows of a file as they were written: map to a sheet of the workbook."
        )
    if not targets:
        raise Fatal("The plan maps no column at all: there is nothing to copy.")
    for column, field in targets.items():
        source.field(column)
        destination.field(field)
    if len({*targets.values()}) < len(targets):
        raise Fatal(f"The plan maps two columns to one field: {targets}. Change it, and run the job again.")


def style_of(edge: Edge) -> Style:
    """How the column writes numbers and dates; Fatal when a person has said what makes no sense."""
    try:
        return Style.model_validate((edge.metadata or {}).get("style") or {})
    except ValidationError as error:
        raise Fatal(f"The style of {edge.source_field.key} in the plan is none: {error}") from error


def told(job: SyncJob[Map], book: Workbook, sheet: Sheet, done: list[Result]) -> Outcome:
    """How many rows were mapped, and which of them have problems."""
    records = [record for one in done for record in book.iterate(sheet.key, one["first"], one["last"])]
    bad = [record for record in records if not record.valid]
    message = f"{counted(len(records), 'row')} of {job.input.source} went to {sheet.label or sheet.key}."
    if not bad:
        return Outcome(message, heading="Rows mapped", counts={"total": len(records), "ok": len(records)})
    lines = [line for record in bad for line in problem_rows(sheet, [record])][:MOST_TOLD]
    return Outcome.partial(
        f"{message} {counted(len(bad), 'record')} need care: their problems are listed, and marked in the sheet.",
        heading="Rows mapped, some with problems",
        ok=len(records) - len(bad),
        failed=len(bad),
        errors=job.attach_errors(lines, f"{sheet.key}-problems.csv"),
    )
