"""``tickwire definitions``: list, show, create, update, enable, disable, launch, versions, dry-run, watermark, delete."""

from collections.abc import Collection
from typing import Any, Final

import click

from ..client import Client
from ..pages import every
from ..protocol.definitions import Definition, DefinitionCreate, DefinitionUpdate
from ..protocol.model import WireModel
from ..protocol.near_names import did_you_mean
from ..protocol.notifications import implied
from ..protocol.problems import MOST_PROBLEMS
from .connection import call, connection_options, json_option
from .definition_lists import list_definitions, show
from .definition_runs import dry_run, launch, params_of, params_options, typed_params
from .definition_versions import versions
from .failures import Misuse
from .groups import ShowGroup
from .output import counted, emit, say, wire
from .pairs import as_object, json_object
from .told import warn_without_mail
from .watermarks import watermark

LONGEST_NAMED: Final = 128
"""Characters of a wrong name that are told."""


@click.group("definitions", cls=ShowGroup)
def command() -> None:
    """List (the default), show, create, change, launch and delete job definitions: tickwire definitions [CODE]."""


command.add_command(list_definitions)
command.add_command(show)


@command.command("create")
@click.argument("code", required=False)
@click.option("--type", "jobType", metavar="CODE", help="The job type.")
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
    own = {"jobDefinitionCode": code, **given}
    fields = {**_described(source, DefinitionCreate), **_sent(own)}
    whole = _params(fields)
    params_of(pairs, text)
    made_code, job_type = fields.pop("jobDefinitionCode", None), fields.pop("jobType", None)
    if made_code is None or job_type is None:
        raise Misuse(
            "A definition needs a code and a job type. Write CODE --type TYPE, or give a file that has them."
        )

    async def make(client: Client) -> Definition:
        fields["params"] = {**whole, **await typed_params(client, pairs, text, job_type=job_type)}
        return await client.definitions.create(made_code, job_type, **fields)

    made = call(url, key, make)
    _show(
        made,
        as_json,
        "is made" if made.enabled else f"is made; enable it: tickwire definitions enable {made_code}",
    )
    warn_without_mail([*made.notifications, *implied(made.options)], url, key)


@command.command("update")
@click.argument("code")
@click.option("--type", "jobType", metavar="CODE", help="Another job type.")
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
    changes = {**_described(source, DefinitionUpdate), **_sent(given)}
    as_object(pairs, "--param")
    if text is not None:
        changes["params"] = json_object(text, "--params")
    if not pairs and not changes.keys() - {"jobDefinitionCode"}:
        raise Misuse("Nothing is to be changed: name what, such as --name 'Every night' or -p sheet=Orders.")

    async def change(client: Client) -> tuple[Definition, Definition]:
        before = await client.definitions.get(code)
        _keep_code(before, changes.pop("jobDefinitionCode", None))
        if pairs:
            whole = _params(changes) if "params" in changes else before.params
            kind = changes.get("jobType", before.job_type)
            changes["params"] = {**whole, **await typed_params(client, pairs, None, job_type=kind)}
        return before, await client.definitions.update(code, **changes)

    before, after = call(url, key, change)
    same = (before.version, before.updated_at) == (after.version, after.updated_at)
    _show(after, as_json, f"is {'as it was' if same else 'changed'} (version {after.version})")
    warn_without_mail([*after.notifications, *implied(after.options)], url, key)


def _keep_code(before: Definition, named: Any) -> None:
    """Misuse where a file is that of another definition."""
    if named is not None and named != before.job_definition_code:
        raise Misuse(
            f"--file: jobDefinitionCode: the code of a definition never changes: this one is {before.job_definition_code}. Leave it out; "
            "or make another definition with the new code, and delete this one."
        )


def _params(fields: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a file, to be joined by others."""
    found = fields.get("params") or {}
    if not isinstance(found, dict):
        raise Misuse("--file: params: must be an object.")
    return found


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


command.add_command(versions)


@command.command("delete")
@click.argument("code")
@connection_options
@json_option
def delete(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a definition whose jobs have ended, and its schedules with it."""

    async def remove(client: Client) -> int:
        schedules = await every(client.schedules.list, definition=code)
        await client.definitions.delete(code)
        return len(schedules)

    count = call(url, key, remove)
    beside = f", and {counted(count, 'schedule')} of it" if count else ""
    emit({"deleted": code, "schedules": count}) if as_json else say(f"definition {code} is deleted{beside}.")


def _sent(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _described(source: str | None, model: type[WireModel]) -> dict[str, Any]:
    """The fields of a definition in JSON, of a text or a file; what the server has added is left out. Misuse names fields of neither."""
    if source is None:
        return {}
    found = json_object(source if source.startswith(("{", "@")) else f"@{source}", "--file")
    if "jobDefinition" in found:
        _known(found, {"jobDefinition"})
        found = found["jobDefinition"]
    if not isinstance(found, dict):
        raise Misuse("--file must hold a definition: an object, perhaps under jobDefinition.")
    names = {name: field.alias or name for name, field in model.model_fields.items()}
    fields = {names.get(name, name): value for name, value in found.items() if name not in _SHOWN}
    _known(fields, names.values())
    return fields


def _known(given: Collection[str], known: Collection[str]) -> None:
    """Misuse for names that are not known, all of them at once."""
    wrong = [
        f"--file: {name[:LONGEST_NAMED]}: there is no such field."
        + (did_you_mean(name, known) or f" There are {', '.join(known)}.")
        for name in given
        if name not in known
    ]
    if wrong:
        raise Misuse("\n".join(wrong[:MOST_PROBLEMS]))


_SHOWN = {field.alias or name for name, field in Definition.model_fields.items()} - {
    field.alias or name for name, field in DefinitionCreate.model_fields.items()
}


def _show(one: Definition, as_json: bool, done: str) -> None:
    if as_json:
        emit(wire(one))
    else:
        say(f"definition {one.job_definition_code} {done}.")
