"""``tickwire runs``: what became of job definitions, listed, shown, exported, and run again."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import compress
from pathlib import Path
from typing import Any, Final

import click

from ..client import Client
from ..protocol.events import Event
from ..protocol.jobs import Job
from ..protocol.near_names import did_you_mean
from ..protocol.runs import MODES, RESULTS, TRIGGERS, Run
from . import outcomes
from .connection import Command, call, connection_options, json_option
from .definition_runs import params_of, params_options
from .exports import export_options, write
from .groups import DefaultGroup
from .moments import ago
from .output import counted, emit, in_json, local, say, size, span, spelled, tell, wire
from .progress import wall_clock
from .run import run_made
from .tables import table
from .told import deliveries, say_deliveries

PAGE: Final = 500
COLUMNS: Final = (
    "ID",
    "DEFINITION",
    "RESULT",
    "MODE",
    "STARTED BY",
    "DUE (LOCAL)",
    "CREATED (LOCAL)",
    "TOOK",
    "COUNTS",
    "MESSAGE",
)
_DUE: Final = COLUMNS.index("DUE (LOCAL)")
_STYLES: Final = {"success": "bold green", "partial": "bold yellow", "failed": "bold red"}
_BY: Final = ("memberId", "keyId", "name", "scheduleId", "eventId", "hookId", "actionId")


@click.group("runs", cls=DefaultGroup)
def command() -> None:
    """List (the default), show, export and repeat what became of job definitions."""


def choosing_options(command: Command) -> Command:
    """Add the options that choose runs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _words(known: Sequence[str]) -> dict[str, Any]:
    """An option that takes several of these words: by repetition, or separated by commas as over HTTP."""

    def read(_: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(part for text in given for part in map(str.strip, text.split(",")) if part)
        for wrong in [part for part in found if part not in known]:
            near = did_you_mean(wrong, known)
            raise click.BadParameter(f"{wrong!r} is none of {', '.join(known)}.{near}", param=option)
        return found

    return {"multiple": True, "callback": read, "metavar": f"[{'|'.join(known)}]"}


_OPTIONS: Final = (
    click.option("--definition", metavar="CODE", help="Only runs of this definition."),
    click.option("--schedule", metavar="ID", help="Only runs of this schedule."),
    click.option("--target", metavar="TEXT", help="Only runs of definitions that fill this."),
    click.option(
        "--result",
        **_words(RESULTS),
        help="Only runs that ended so; several by commas, or repeated.",
    ),
    click.option("--mode", type=click.Choice(MODES), help="Only full or delta runs."),
    click.option(
        "--trigger",
        **_words(TRIGGERS),
        help="Only runs that such started; several by commas, or repeated.",
    ),
    click.option("--since", metavar="SPAN|TIME", help="Made in the last 12h or 30d, or since an ISO time."),
    click.option("--until", metavar="SPAN|TIME", help="Not made after: 1d (ago), or an ISO time."),
)


@command.command("list")
@choosing_options
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many."
)
@click.option("--all", "unbounded", is_flag=True, help="All of them.")
@connection_options
@json_option
def list_runs(
    limit: int, unbounded: bool, url: str | None, key: str | None, as_json: bool, **given: Any
) -> None:
    """List runs, the newest first, due times that were skipped among them."""
    most = None if unbounded else limit
    runs = call(url, key, lambda client: _runs(client, _filters(given), most))
    shown = runs[:most]
    if as_json:
        emit([wire(run) for run in shown])
    else:
        used = [number != _DUE or any(run.due_at for run in shown) for number in range(len(COLUMNS))]
        rows = [list(compress(_row(run), used)) for run in shown]
        table(list(compress(COLUMNS, used)), rows, empty="There are no such runs.")
    if len(runs) > len(shown):
        tell(f"Only the newest {counted(limit, 'run')} of more: see --limit and --all.")


async def _runs(client: Client, filters: dict[str, Any], most: int | None) -> list[Run]:
    """The runs, and one more where there are more than so many."""
    page_size = PAGE if most is None else min(most + 1, PAGE)
    found: list[Run] = []
    async with aclosing(client.runs.iterate(**filters, page_size=page_size)) as every:
        async for run in every:
            found.append(run)
            if most is not None and len(found) > most:
                break
    return found


def _filters(given: dict[str, Any]) -> dict[str, Any]:
    now = wall_clock()
    times = {name: ago(given[name], f"--{name}", now) for name in ("since", "until") if given[name]}
    return {**{name: value for name, value in given.items() if value}, **times}


def _row(run: Run) -> tuple[Any, ...]:
    told = run.error.message if run.error is not None else run.message
    return (
        run.id,
        run.definition or run.definition_id,
        run.status if run.result == "running" else run.result,
        run.mode,
        _by(run),
        local(run.due_at),
        local(run.created_at),
        _took(run),
        _counts(run),
        (told or run.heading or "").partition("\n")[0],
    )


def _by(run: Run) -> str:
    """``schedule us_sch_1``: what has started it, and which; ``api us_key_1, schedule Mornings`` where somebody had a schedule run."""
    told = run.trigger
    kind = str(told.get("kind", ""))
    named = next((str(told[name]) for name in _BY if told.get(name)), "")
    through = (
        ""
        if kind == "schedule" or not told.get("scheduleId")
        else f", schedule {told.get('name') or told['scheduleId']}"
    )
    return f"{kind} {named}".strip() + through


def _took(run: Run) -> str:
    if run.started_at is None or run.finished_at is None:
        return ""
    return span((run.finished_at - run.started_at).total_seconds())


def _counts(run: Run) -> str:
    """``9 of 10, 1 failed``."""
    counts = run.counts
    if counts is None:
        return ""
    known = (
        [] if counts.ok is None else [f"{counts.ok:,}" + (f" of {counts.total:,}" if counts.total else "")]
    )
    known += [f"{n:,} {name}" for name, n in (("failed", counts.failed), ("skipped", counts.skipped)) if n]
    return ", ".join(known)


@command.command("show")
@click.argument("run_id")
@connection_options
@json_option
def show(run_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one run: what started it, its times, what came of it, its files, and who was told."""

    async def session(client: Client) -> tuple[Run, Job | None, list[Event], bool]:
        run = await client.runs.get(run_id)
        if as_json or run.job_id is None:
            return run, None, [], False
        return run, await client.jobs.get(run.job_id), *await deliveries(client, run)

    run, job, events, more = call(url, key, session)
    if as_json:
        emit(wire(run))
        return
    for name, value in _facts(run):
        if value:
            say(f"{name:<12} {value}")
    say(run.result, _STYLES.get(run.result, "bold"))
    if job is not None and job.finished_at is not None:
        outcomes.show(job)
    elif run.message:
        say(run.message)
    _show_files(run)
    say_deliveries(events, run, more=more)
    if run.finished_at is not None:
        say(f"Run it again: {spelled(f'runs again {run.id}')}", "cyan")


def _facts(run: Run) -> list[tuple[str, Any]]:
    version = "" if run.definition_version is None else f", version {run.definition_version}"
    return [
        ("definition", f"{run.definition or run.definition_id}{version}"),
        ("id", run.id),
        ("started by", _by(run)),
        ("mode", run.mode),
        ("status", run.status),
        ("due", local(run.due_at)),
        ("created", local(run.created_at)),
        ("scheduled", local(run.scheduled_at)),
        ("started", local(run.started_at)),
        ("finished", local(run.finished_at)),
        ("took", _took(run)),
        ("attempts", f"{run.attempts} of {run.max_attempts}" if run.max_attempts else ""),
        ("rerun of", run.rerun_of),
        ("run later as", run.rerun_id),
        ("due times", f"{run.count:,}" if run.count and run.count > 1 else ""),
        ("counts", _counts(run)),
        ("error", run.error.code if run.error else ""),
        ("params", in_json(run.params) if run.params else ""),
    ]


def _show_files(run: Run) -> None:
    if not run.files:
        return
    table(("FILE", "SIZE", "LINK"), [(one.name, size(one.size), one.url) for one in run.files], empty="")
    more = run.file_count - len(run.files)
    if more > 0:
        say(f"... and {counted(more, 'more file')}.", "dim")


@command.command("again")
@click.argument("run_id")
@params_options
@click.option("--mode", type=click.Choice(MODES), help="The run mode, if it is to be another.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the end."
)
@click.option("--detach", "-d", is_flag=True, help="Print the job's id, and do not wait for its end.")
@connection_options
@json_option
def again(
    run_id: str,
    pairs: tuple[str, ...],
    text: str | None,
    mode: str | None,
    timeout_s: float | None,
    detach: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Run it again as a new job, watch that and show its outcome. What --param and --params name is otherwise than in the first run.

    Exit codes as of tickwire run. A success takes the definition's flag of a failure away.
    """
    params = params_of(pairs, text)

    async def make(client: Client) -> Job:
        run = await client.runs.again(run_id, params, mode=mode)
        return await client.jobs.get(run.job_id or run.id)

    run_made(url, key, make, timeout_s=timeout_s, detach=detach, as_json=as_json)


@command.command("export")
@choosing_options
@export_options
@connection_options
def export(form: str, out: str, url: str | None, key: str | None, **given: Any) -> None:
    """Write runs to a file, the newest first."""
    filters = _filters(given)

    async def save(client: Client) -> Path:
        return await client.runs.export(out, form, **filters)

    async def chunks(client: Client) -> AsyncGenerator[bytes, None]:
        return client.runs.chunks(form, **filters)

    write(url, key, out, save, chunks)
