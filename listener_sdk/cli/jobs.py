"""``tickwire jobs``: list, show, log, cancel, retry, delete."""

from typing import Any

import click

from ..client import Client
from ..protocol.jobs import Job
from ..protocol.lifecycle import Status
from . import outcomes
from .connection import call, connection_options, json_option
from .follow import log_text
from .groups import DefaultGroup
from .output import emit, in_json, local, say, spelled
from .progress import Seen, counts
from .tables import table

STATUSES = click.Choice([status.value for status in Status])


@click.group("jobs", cls=DefaultGroup)
def command() -> None:
    """List (the default), show, cancel, retry and delete jobs."""


@command.command("list")
@click.option("--status", type=STATUSES, help="Only jobs of this status.")
@click.option("--job", "name", metavar="NAME", help="Only jobs of this name; workbook:* is understood.")
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
    status: str | None, name: str | None, limit: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List jobs, the newest first."""
    filters = {field: value for field, value in (("status", status), ("job", name)) if value}

    async def newest(client: Client) -> list[Job]:
        found: list[Job] = []
        async for job in client.jobs.iterate(sort_direction="desc", page_size=min(limit, 100), **filters):
            found.append(job)
            if len(found) == limit:
                break
        return found

    jobs = call(url, key, newest)
    if as_json:
        emit([_wire(job) for job in jobs])
        return
    columns = ("ID", "JOB", "STATUS", "PROGRESS", "CREATED", "INFO")
    table(columns, map(_row, jobs), empty=f"There are no such jobs. Create one: {spelled('run JOB')}")


def _row(job: Job) -> tuple[Any, ...]:
    progress = "" if job.progress is None else f"{job.progress} %"
    return (job.id, job.job, job.status, progress, local(job.created_at), job.info)


def _wire(job: Job) -> dict[str, Any]:
    return job.model_dump(mode="json", exclude_none=True)


@command.command("show")
@click.argument("job_id")
@connection_options
@json_option
def show(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one job: its facts, and its outcome once it has ended."""

    async def session(client: Client) -> tuple[Job, bool]:
        found = await client.jobs.get(job_id)
        return found, await outcomes.has_log(client, found)

    job, has_log = call(url, key, session)
    if as_json:
        emit(_wire(job))
        return
    for name, value in _facts(job):
        if value:
            say(f"{name:<12} {value}")
    if job.finished_at:
        outcomes.show(job, has_log=has_log)


def _facts(job: Job) -> list[tuple[str, Any]]:
    return [
        ("job", job.job),
        ("id", job.id),
        ("status", job.status),
        ("progress", _row(job)[3]),
        ("counts", counts(Seen.of(job))),
        ("info", job.info),
        ("attempt", f"{job.attempt} of {job.max_attempts}"),
        ("created", local(job.created_at)),
        ("scheduled", local(job.scheduled_at)),
        ("started", local(job.started_at)),
        ("ends about", local(job.estimated_completion_at)),
        ("finished", local(job.finished_at)),
        ("cancel asked", local(job.cancel_requested_at)),
        ("rerun of", job.rerun_of),
        ("parent", job.parent_id),
        ("input", in_json(job.input) if job.input else None),
    ]


@command.command("log")
@click.argument("job_id")
@connection_options
@json_option
def log(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show what the handler logged, tracebacks of failed attempts included."""
    lines = call(url, key, lambda client: client.jobs.log(job_id))
    if as_json:
        emit([line.model_dump(mode="json", exclude_none=True) for line in lines])
        return
    for line in lines:
        say(f"{local(line.at)} {log_text(line)}")
    if not lines:
        say("The log is empty.")


@command.command("cancel")
@click.argument("job_id")
@connection_options
@json_option
def cancel(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Cancel a job; one that runs gets a moment to stop."""
    job = call(url, key, lambda client: client.jobs.cancel(job_id))
    asked = "is asked to stop" if job.status != "canceled" else "is canceled"
    emit(_wire(job)) if as_json else say(f"{job.id} {asked}.")


@command.command("retry")
@click.argument("job_id")
@connection_options
@json_option
def retry(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Run an ended job again, as a new job."""
    job = call(url, key, lambda client: client.jobs.retry(job_id))
    emit(_wire(job)) if as_json else say(
        f"{job.id} runs {job_id} again. Show it: {spelled(f'jobs show {job.id}')}"
    )


@command.command("delete")
@click.argument("job_id")
@connection_options
@json_option
def delete(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Delete a job; an unfinished one is canceled first."""
    call(url, key, lambda client: client.jobs.delete(job_id))
    emit({"deleted": job_id}) if as_json else say(f"{job_id} is deleted.")
