"""``tickwire definitions``: list, show, create, update, enable, disable, launch, versions, dry-run, watermark, delete."""

from functools import partial
from typing import Any

import click

from ..client import Client
from ..pages import every
from ..protocol.definitions import Definition, DefinitionCreate, Failing
from ..protocol.runs import HEALTHS
from .connection import call, connection_options, json_option
from .definition_runs import dry_run, launch, params_of, params_options
from .failures import Misuse
from .groups import DefaultGroup
from .output import counted, emit, in_json, local, say, short, wire
from .pairs import as_object, json_object
from .tables import table
from .watermarks import watermark


class DefinitionsGroup(DefaultGroup):
    """A word that is no subcommand is a code: ``tickwire definitions web-test``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("definitions", cls=DefinitionsGroup)
def command() -> None:
    """List (the default), show, create, change, launch and delete job definitions: tickwire definitions [CODE]."""


@command.command("list")
@click.option("--type", "job_type", metavar="CODE", help="Only those of this job type.")
@click.option("--enabled/--disabled", default=None, help="Only those that may be launched, or may not.")
@click.option("--target", help="Only those that fill this.")
@click.option(
    "--health",
    type=click.Choice(HEALTHS),
    help="Only those that have failed since their last success, or not.",
)
@click.option("--search", "-s", "q", metavar="TEXT", help="In code or name.")
@connection_options
@json_option
def list_definitions(url: str | None, key: str | None, as_json: bool, **filters: Any) -> None:
    """List the definitions."""
    found = call(url, key, lambda client: every(client.definitions.list, **filters))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [
        (
            one.job_definition_code,
            one.job_type,
            _state(one),
            "" if one.last_job is None else one.last_job.status,
            "" if one.last_job is None else local(one.last_job.created_at),
            one.target,
            "" if one.name == one.job_definition_code else one.name,
        )
        for one in found
    ]
    columns = ("CODE", "JOB TYPE", "STATE", "LAST JOB", "STARTED", "TARGET", "NAME")
    table(columns, rows, empty="There are no job definitions.")


def _state(one: Definition) -> str:
    """``enabled``, and whether its last run that ended well or badly has failed."""
    state = "enabled" if one.enabled else "disabled"
    return state if one.health == "ok" else f"{state}, {one.health}"


def _failing(found: Failing) -> str:
    """``3 runs since 2026-01-31 08:00:00, the last us_jb_1``."""
    last = "" if found.job_id is None else f", the last {found.job_id}"
    return f"{counted(found.failures, 'run')} since {local(found.since)}{last}"


@command.command("show")
@click.argument("code")
@connection_options
@json_option
def show(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show a definition."""
    one = call(url, key, lambda client: client.definitions.get(code))
    if as_json:
        emit(wire(one))
        return
    say(one.name, "bold")
    if one.description:
        say(one.description)
    last = "" if one.last_job is None else f"{one.last_job.job_id} ({one.last_job.status})"
    facts = {
        "code": one.job_definition_code,
        "job type": one.job_type,
        "state": _state(one),
        "failing": None if one.failing is None else _failing(one.failing),
        "version": f"{one.version}, changed {local(one.updated_at)} by {one.updated_by}",
        "target": one.target,
        "schedule": (one.schedule or {}).get("cron"),
        "parameters": in_json(one.params),
        "modes": in_json(one.modes),
        "last job": last,
    }
    for name, value in facts.items():
        if value:
            say(f"{name}: {value}")
    for trigger in one.triggers:
        say(f"starts on: {in_json(trigger)}")
    for rule in one.notifications:
        say(f"tells: {in_json(rule)}")


@command.command("create")
@click.argument("code", required=False)
@click.option("--type", "job_type", metavar="CODE", help="The job type.")
@params_options
@click.option("--name", help="For people; else the code.")
@click.option("--target", help="What it fills.")
@click.option("--enabled/--disabled", default=None, help="Whether it may be launched; not, unless said.")
@click.option(
    "--file",
    "-f",
    "source",
    metavar="TEXT|@FILE|FILE",
    help="The definition as JSON, as the server shows it.",
)
@connection_options
@json_option
def create(
    code: str | None,
    pairs: tuple[str, ...],
    text: str | None,
    source: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make a definition, by options or of a JSON file; the options win.

    tickwire definitions create nightly --type workbook:export -p sheet=Orders --enabled
    """
    fields = {**_described(source), **_sent(given), **({} if code is None else {"job_definition_code": code})}
    fields["params"] = {**(fields.get("params") or {}), **params_of(pairs, text)}
    made_code, job_type = fields.pop("job_definition_code", None), fields.pop("job_type", None)
    if made_code is None or job_type is None:
        raise Misuse(
            "A definition needs a code and a job type. Write CODE --type TYPE, or give a file that has them."
        )
    made = call(url, key, lambda client: client.definitions.create(made_code, job_type, **fields))
    _show(
        made,
        as_json,
        "is made" if made.enabled else f"is made; enable it: tickwire definitions enable {made_code}",
    )


@command.command("update")
@click.argument("code")
@click.option("--type", "job_type", metavar="CODE", help="Another job type.")
@params_options
@click.option("--name", help="For people.")
@click.option("--target", help="What it fills.")
@click.option("--file", "-f", "source", metavar="TEXT|@FILE|FILE", help="What changes, as JSON.")
@connection_options
@json_option
def update(
    code: str,
    pairs: tuple[str, ...],
    text: str | None,
    source: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Change a definition; what is not named stays. --param sets one parameter, --params all of them."""
    changes = {
        name: one
        for name, one in {**_described(source), **_sent(given)}.items()
        if name != "job_definition_code"
    }

    async def change(client: Client) -> Definition:
        if text is not None:
            changes["params"] = json_object(text, "--params")
        if pairs:
            before = changes.get("params", (await client.definitions.get(code)).params)
            changes["params"] = {**before, **as_object(pairs, "--param")}
        return await client.definitions.update(code, **changes)

    changed = call(url, key, change)
    _show(changed, as_json, f"is changed (version {changed.version})")


@command.command("enable")
@click.argument("code")
@connection_options
@json_option
def enable(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Let it be launched, and its triggers start jobs."""
    _show(call(url, key, lambda client: client.definitions.enable(code)), as_json, "is enabled")


@command.command("disable")
@click.argument("code")
@connection_options
@json_option
def disable(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Let nothing start jobs of it; those that run go on."""
    _show(call(url, key, lambda client: client.definitions.disable(code)), as_json, "is disabled")


command.add_command(launch)
command.add_command(dry_run)
command.add_command(watermark)


@command.command("versions")
@click.argument("code")
@connection_options
@json_option
def versions(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """List what a definition was, the newest version first."""
    found = call(url, key, lambda client: every(partial(client.definitions.versions, code)))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [(one.version, local(one.at), one.actor, one.job_type, short(one.params)) for one in found]
    table(("VERSION", "SINCE", "BY", "JOB TYPE", "PARAMETERS"), rows, empty="There are no versions.")


@command.command("delete")
@click.argument("code")
@connection_options
@json_option
def delete(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a definition whose jobs have ended."""
    call(url, key, lambda client: client.definitions.delete(code))
    emit({"deleted": code}) if as_json else say(f"definition {code} is deleted.")


def _sent(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _described(source: str | None) -> dict[str, Any]:
    """The fields of a definition in JSON, of a text or a file; what the server has added is left out."""
    if source is None:
        return {}
    found = json_object(source if source.startswith(("{", "@")) else f"@{source}", "--file")
    found = found.get("jobDefinition", found)
    if not isinstance(found, dict):
        raise Misuse("--file must hold a definition: an object, perhaps under jobDefinition.")
    return {_NAMES.get(name, name): value for name, value in found.items() if name not in _SHOWN}


_NAMES = {field.alias or name: name for name, field in DefinitionCreate.model_fields.items()}
_SHOWN = {field.alias or name for name, field in Definition.model_fields.items()} - set(_NAMES)


def _show(one: Definition, as_json: bool, done: str) -> None:
    if as_json:
        emit(wire(one))
    else:
        say(f"definition {one.job_definition_code} {done}.")
