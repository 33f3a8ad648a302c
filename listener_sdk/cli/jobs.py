"""``tickwire jobs``: list, create, execute, show, log, delete; cancel and retry stand in `acts`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from ..client import Client
from ..errors import ApiError
from ..protocol.jobs import Attempt, Job
from . import outcomes
from .acts import cancel, retry
from .choosing import choosing_options, filters_of
from .connection import call, connection_options, json_option
from .creation import create, creation_options, fields_of
from .families import COLUMNS, children_of, progress, row, show_children, title, tree, with_parents
from .follow import log_text
from .groups import DefaultGroup
from .output import emit, in_json, local, say, short, spelled, wire
from .progress import Seen, counts, eta, wall_clock
from .tables import table

ATTEMPTS_SHOWN: Final = 10
"""Ended attempts that are listed, the newest."""


@click.group("jobs", cls=DefaultGroup)
def command() -> None:
    """List (the default), create, execute, show, cancel, retry and delete jobs."""


command.add_command(cancel)
command.add_command(retry)


@command.command("list")
@choosing_options
@click.option("--tree", "as_tree", is_flag=True, help="Show children below their parents.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="At most so many, the newest.",
)
@connection_options
@json_option
def list_jobs(
    statuses: tuple[str, ...],
    name: str | None,
    tag: str | None,
    definition: str | None,
    since: str | None,
    parent_id: str | None,
    as_tree: bool,
    limit: int,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """List jobs, the newest first; those of one parent with --parent."""
    filters = filters_of(statuses, name, since, parent_id, tag, definition)

    async def newest(client: Client) -> list[Job]:
        found: list[Job] = []
        async for job in client.jobs.iterate(sort_direction="desc", page_size=min(limit, 100), **filters):
            found.append(job)
            if len(found) == limit:
                break
        return await with_parents(client, found) if as_tree else found

    jobs = call(url, key, newest)
    shown = [*tree(jobs)] if as_tree else [(job, 0) for job in jobs]
    if as_json:
        emit([wire(job) for job, _ in shown])
        return
    rows = (row(job, depth) for job, depth in shown)
    table(COLUMNS, rows, empty=f"There are no such jobs. Create one: {spelled('run JOB')}")


@command.command("create")
@creation_options
@connection_options
@json_option
def create_job(
    job: str, path: Path | None, url: str | None, key: str | None, as_json: bool, **given: Any
) -> None:
    """Create JOB (such as workbook:export) and return at once; 'tickwire run' waits for its end."""
    fields = fields_of(job, **given)
    made = call(url, key, lambda client: create(client, job, path, fields))
    emit(wire(made)) if as_json else _say_stands(made)


@command.command("execute")
@click.argument("job_id")
@connection_options
@json_option
def execute(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Start a job that was created with --manual, or is in planning."""

    async def session(client: Client) -> Job:
        await client.jobs.execute(job_id)
        return await client.jobs.get(job_id)

    started = call(url, key, session)
    emit(wire(started)) if as_json else _say_stands(started)


def _say_stands(job: Job) -> None:
    say(f"{job.id} is {job.status}. Show it: {spelled(f'jobs show {job.id}')}")


@command.command("show")
@click.argument("job_id")
@connection_options
@json_option
def show(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one job: its facts, attempts that ended without an outcome, its outcome once it has ended, its parts and other children."""

    async def session(client: Client) -> tuple[Job, list[Attempt], list[Job], bool]:
        found = await client.jobs.get(job_id)
        attempts = await client.jobs.attempts(found.id) if found.attempt else []
        return found, attempts, await _children(client, found.id), await outcomes.has_log(client, found)

    job, attempts, children, has_log = call(url, key, session)
    if as_json:
        emit(wire(job))
        return
    for name, value in _facts(job):
        if value:
            say(f"{name:<12} {value}")
    _show_attempts(attempts)
    if job.finished_at:
        outcomes.show(job, has_log=has_log)
    show_children(job, children)


async def _children(client: Client, job_id: str) -> list[Job]:
    """Its children; none where the token of one job is used, which may list nothing."""
    try:
        return await children_of(client, job_id)
    except ApiError as error:
        if error.code == "forbidden":
            return []
        raise


def _show_attempts(attempts: Sequence[Attempt]) -> None:
    """The attempts that ended without an outcome, the newest last; nothing for none."""
    if not attempts:
        return
    say("\nAttempts that ended without an outcome:", "bold")
    rows = [(one.attempt, local(one.ended_at), one.reason, one.message) for one in attempts[-ATTEMPTS_SHOWN:]]
    table(("ATTEMPT", "ENDED", "REASON", "MESSAGE"), rows, empty="")
    if len(attempts) > ATTEMPTS_SHOWN:
        say(f"... and {len(attempts) - ATTEMPTS_SHOWN:,} earlier ones.", "dim")
    say("")


def _facts(job: Job) -> list[tuple[str, Any]]:
    return [
        ("job", title(job)),
        ("label", job.label),
        ("id", job.id),
        ("status", job.status),
        ("progress", progress(job)),
        ("counts", None if job.parts else counts(Seen.of(job))),
        ("info", job.info),
        ("attempt", f"{job.attempt} of {job.max_attempts}"),
        ("created", local(job.created_at)),
        ("scheduled", local(job.scheduled_at)),
        ("started", local(job.started_at)),
        ("ends about", local(job.estimated_completion_at)),
        ("stalled", _stalled(job)),
        ("finished", local(job.finished_at)),
        ("cancel asked", local(job.cancel_requested_at)),
        ("rerun of", job.rerun_of),
        ("parent", job.parent_id),
        ("waits for", ", ".join(job.predecessor_ids or ()) if job.status == "waiting" else None),
        ("follows", ", ".join(job.predecessor_ids or ()) if job.status != "waiting" else None),
        ("priority", job.priority),
        ("definition", f"{job.definition}, version {job.definition_version}" if job.definition else None),
        ("job type", job.job_type),
        ("run mode", job.run_mode),
        ("watermark", _watermark(job)),
        ("started by", _starter(job)),
        ("depth", f"{job.depth} (event triggers in a row)" if job.depth else None),
        ("tags", ", ".join(job.tags or ())),
        ("part data", in_json(job.part_data) if job.part_data else None),
        ("input", in_json(job.input) if job.input else None),
    ]


def _starter(job: Job) -> str:
    """``schedule: scheduleId us_sch_0000000001, dueTime ...``: the kind, and what that is known by."""
    facts = dict(job.started_by or {})
    kind = str(facts.pop("kind", ""))
    known = ", ".join(f"{name} {short(value)}" for name, value in facts.items() if value is not None)
    return f"{kind}: {known}" if kind and known else kind or known


def _watermark(job: Job) -> str:
    """From where it reads, and how far it came, if that counts."""
    facts = job.watermark or {}
    since = f"since {facts['since']}" if facts.get("since") is not None else ""
    to = f"to {facts['to']}" if facts.get("to") is not None else ""
    moved = "" if facts.get("moved") is None else "moved" if facts["moved"] else "not moved"
    return ", ".join(filter(None, (since, to, moved)))


def _stalled(job: Job) -> str:
    if job.stalled_since is None:
        return ""
    length = eta(Seen.of(job), wall_clock()).removeprefix("stalled ")
    return f"{length} (no progress since {local(job.stalled_since)})"


@command.command("log")
@click.argument("job_id")
@connection_options
@json_option
def log(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show what the handler logged, tracebacks of failed attempts included."""
    lines = call(url, key, lambda client: client.jobs.log(job_id))
    if as_json:
        emit([wire(line) for line in lines])
        return
    for line in lines:
        say(f"{local(line.at)} {log_text(line)}")
    if not lines:
        say("The log is empty.")


@command.command("delete")
@click.argument("job_id")
@connection_options
@json_option
def delete(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Delete a job; an unfinished one is canceled first."""
    call(url, key, lambda client: client.jobs.delete(job_id))
    emit({"deleted": job_id}) if as_json else say(f"{job_id} is deleted.")
