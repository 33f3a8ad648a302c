"""``tickwire definitions launch`` and ``dry-run``: jobs of a definition, or what they would get."""

from pathlib import Path
from typing import Any, Final

import click

from ..client import Client
from ..errors import ApiError
from ..protocol.definitions import DryRun, DryRunPlace, TriggerDryRun
from ..protocol.jobs import Job
from .connection import Command, call, connection_options, json_option
from .creation import uploaded
from .moments import ahead, moment
from .output import emit, in_json, say, short, wire
from .pairs import as_object, as_parameters, json_object
from .progress import wall_clock
from .run import run_made
from .tables import table

_PARAM = click.option(
    "--param",
    "-p",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter; JSON values are understood.",
)
_PARAMS = click.option(
    "--params", "text", metavar="TEXT|@FILE", help="Parameters as a JSON object; pairs win."
)


def params_options(found: Command) -> Command:
    """Add ``--param`` and ``--params``."""
    return _PARAM(_PARAMS(found))


def params_of(pairs: tuple[str, ...], text: str | None) -> dict[str, Any]:
    """The parameters that the options describe; the pairs win."""
    whole = json_object(text, "--params") if text is not None else {}
    return {**whole, **as_object(pairs, "--param")}


async def typed_params(
    client: Client, pairs: tuple[str, ...], text: str | None, *, code: str | None = None, job_type: Any = None
) -> dict[str, Any]:
    """The same, with the pairs read as the job type takes them: that of this code, or the definition's."""
    found = params_of(pairs, text)
    if not pairs:
        return found
    try:
        named = (await client.definitions.get(code)).job_type if code is not None else str(job_type)
        schema = (await client.job_types.get(named)).input_schema
    except ApiError:
        # What is wrong is told by the call that is made next.
        return found
    return {**found, **as_parameters(pairs, "--param", schema)}


_CONTEXT = (
    click.option("--event", metavar="TEXT|@FILE", help="An event that templates read, as JSON."),
    click.option("--hook", metavar="TEXT|@FILE", help="What a webhook brought, as JSON."),
    click.option(
        "--due",
        metavar="SPAN|TIME",
        help="The time for which a schedule planned it, dueTime in templates: 1d, or an ISO time such as 2030-01-31T08:00.",
    ),
)


def _context_options(found: Command) -> Command:
    """Add what templates read in the place of what would have started the job."""
    for option in reversed(_CONTEXT):
        found = option(found)
    return found


def _context_of(event: str | None, hook: str | None, due: str | None) -> dict[str, Any]:
    """What these options say, by the names of the SDK."""
    given = (("event", event), ("hook", hook))
    found: dict[str, Any] = {name: json_object(text, f"--{name}") for name, text in given if text is not None}
    return found if due is None else {**found, "due_time": moment(due, "--due", wall_clock())}


def _launch_options(found: Command) -> Command:
    """Add what a launch may say of its job."""
    for option in reversed(_OF_A_LAUNCH):
        found = option(found)
    return found


_OF_A_LAUNCH = (
    click.option("--mode", type=click.Choice(["full", "delta"]), help="The run mode, if not the usual one."),
    click.option(
        "--file",
        "path",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Upload a file for the job.",
    ),
    click.option("--label", help="A name of the job for people; else the definition's."),
    click.option(
        "--priority", type=click.IntRange(-1000, 1000), help="Higher ones go first; 0 if it is left out."
    ),
    click.option(
        "--tag", "tags", multiple=True, metavar="TAG", help="A word to sort jobs by; may be repeated."
    ),
    click.option(
        "--at",
        metavar="SPAN|TIME",
        help="Start in 30s, 10m, 2h or 1d, or at an ISO time such as 2030-01-31T08:00.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(min=0, min_open=True),
        help="Seconds to wait for the end.",
    ),
    click.option("--detach", "-d", is_flag=True, help="Print the job's id, and do not wait for its end."),
)


@click.command("launch")
@click.argument("code")
@params_options
@_context_options
@_launch_options
@connection_options
@json_option
def launch(
    code: str,
    pairs: tuple[str, ...],
    text: str | None,
    event: str | None,
    hook: str | None,
    due: str | None,
    path: Path | None,
    at: str | None,
    timeout_s: float | None,
    detach: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make a job of the definition CODE, watch it and show its outcome. Exit codes as of tickwire run."""
    fields = {name: value for name, value in given.items() if value not in {None, ()}}
    if at is not None:
        fields["scheduled_at"] = ahead(at, "--at", wall_clock())
    if context := _context_of(event, hook, due):
        fields["context"] = context
    params_of(pairs, text)

    async def make(client: Client) -> Job:
        params = await typed_params(client, pairs, text, code=code)
        return await client.definitions.execute(code, params, **fields, **await uploaded(client, path))

    run_made(url, key, make, timeout_s=timeout_s, detach=detach, as_json=as_json)


@click.command("dry-run")
@click.argument("code", required=False)
@click.option("--type", "job_type", metavar="CODE", help="Without CODE: the job type to check against.")
@params_options
@_context_options
@click.option(
    "--trigger",
    type=click.IntRange(0),
    metavar="NUMBER",
    help="With --event: try this event trigger alone, counted from 0.",
)
@connection_options
@json_option
def dry_run(
    code: str | None,
    job_type: str | None,
    pairs: tuple[str, ...],
    text: str | None,
    event: str | None,
    hook: str | None,
    due: str | None,
    trigger: int | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Show what the parameters of a job would be; nothing is made. Without CODE, parameters that are not kept yet are tried.

    With --event, a definition that has event triggers shows what these make of it. Exit code 1 where a template does not resolve, or a
    parameter does not fit.
    """
    context = _context_of(event, hook, due)
    params_of(pairs, text)

    async def tried(client: Client) -> DryRun:
        params = await typed_params(client, pairs, text, code=code, job_type=job_type)
        return await client.definitions.dry_run(code, params, job_type=job_type, trigger=trigger, **context)

    shown = call(url, key, tried)
    emit(wire(shown)) if as_json else _tell_all(shown)
    # A launch by hand may lack what the triggers give.
    if any(one.problems for one in shown.triggers or (shown,)):
        click.get_current_context().exit(1)


def _tell_all(shown: DryRun) -> None:
    for one in shown.triggers:
        what = _STOPPED.get(one.stopped_by or "", "would start a job")
        say(f"trigger {one.trigger} ({one.topic}): {what}")
        _tell(one)
    if not shown.triggers:
        _tell(shown)


_STOPPED: Final = {
    "topic": "starts nothing, since the event is of another topic",
    "filter": "starts nothing, since its filter does not let the event through",
}


def _tell(shown: DryRun | TriggerDryRun) -> None:
    rows = [(one.path, one.expression, one.problem or one.kind, _value(one)) for one in shown.places]
    if rows:
        table(("PLACE", "EXPRESSION", "GIVES", "VALUE"), rows, empty="")
    for problem in shown.problems:
        say(f"{problem.path}: {problem.message}", "red")
    if shown.params is not None:
        say(f"parameters: {in_json(shown.params)}")


def _value(place: DryRunPlace) -> str:
    """Empty where nobody sees it: of a secret, and where there is none."""
    is_told = place.value is not None or place.kind == "null"
    return short(place.value) if is_told else ""
