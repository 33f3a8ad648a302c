"""``tickwire actions``: list, show, create, change, delete and run the buttons that make jobs."""

import sys
from contextlib import suppress
from typing import Any

import click
from pydantic import ValidationError

from .._given import meant, names_of
from ..client import Client
from ..errors import ApiError
from ..protocol.actions import Action, ActionCreate, Mount
from ..protocol.forms import FormField
from ..protocol.jobs import Job
from ..protocol.near_names import did_you_mean
from .connection import Command, call, connection_options, json_option
from .creation import check_name, input_of
from .failures import Failure, Misuse
from .groups import ShowGroup
from .output import emit, in_json, say, wire
from .pairs import as_parameters, json_object
from .run import run_made
from .tables import table

ID = "us_ac_"


@click.group("actions", cls=ShowGroup)
def command() -> None:
    """List (the default), show, create, change, delete and run actions: tickwire actions [ACTION]. ACTION is an id, or the name of the jobs that it makes."""


@command.command("list")
@click.option("--target", "target_id", metavar="ID", help="Only those that stand on this.")
@click.option("--domain", help="Only those whose jobs are of this type, such as workbook.")
@connection_options
@json_option
def list_actions(
    target_id: str | None, domain: str | None, url: str | None, key: str | None, as_json: bool
) -> None:
    """List the actions of the space."""
    given = {"target_id": target_id, "domain": domain}
    filters = {name: value for name, value in given.items() if value is not None}
    found = call(url, key, lambda client: client.actions.list(**filters))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [(one.id, one.label, one.job, one.mode, one.target_id, one.description) for one in found]
    table(("ID", "LABEL", "JOB", "MODE", "TARGET", "DESCRIPTION"), rows, empty="There are no actions.")


@command.command("show")
@click.argument("action")
@connection_options
@json_option
def show(action: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show an action and its form."""
    found = call(url, key, lambda client: found_by(client, action))
    if as_json:
        emit(wire(found))
        return
    say(found.label, "bold")
    for text in (found.description, found.guide and found.guide.content):
        if text:
            say(text)
    for name, value in _facts(found):
        if value:
            say(f"{name:<12} {value}")
    if found.input_form is not None:
        rows = [_field(one) for one in found.input_form.fields]
        table(("FIELD", "TYPE", "REQUIRED", "DEFAULT", "LABEL"), rows, empty="The form has no fields.")


def _facts(found: Action) -> list[tuple[str, Any]]:
    return [
        ("id", found.id),
        ("job", found.job),
        ("target", found.target_id),
        ("mode", found.mode),
        ("tooltip", found.tooltip),
        ("schedule", found.schedule),
        ("asks first", "yes" if found.confirm else None),
        ("wants", ", ".join(one.type for one in found.constraints or ())),
    ]


def _field(field: FormField) -> tuple[Any, ...]:
    options = [one.value for one in field.config.options] if field.config else []
    kind = f"one of {', '.join(map(str, options))}" if options else field.type
    default = None if field.default_value is None else in_json(field.default_value)
    return field.key, kind, "yes" if field.is_required else "", default, field.label


_OPTIONS = (
    click.option("--target", "target_id", metavar="ID", help="The id of what it stands on; else the space."),
    click.option("--form", metavar="TEXT|@FILE", help='The form: {"fields": [{"key": "title", "type": "string"}]}.'),
    click.option("--description", help="Shown after a click."),
    click.option("--tooltip", help="Shown beside the button."),
    click.option("--icon", help="The name of an icon."),
    click.option("--mode", type=click.Choice(["foreground", "background", "toolbarBlocking"]), help="How its jobs show."),
    click.option("--primary/--not-primary", default=None, help="The first of its kind."),
    click.option("--confirm/--no-confirm", default=None, help="Ask first whether it is meant."),
    click.option("--more", metavar="TEXT|@FILE", help='More fields, as over HTTP: {"constraints": [{"type": "hasData"}]}.'),
)  # fmt: skip


def _described(found: Command) -> Command:
    """Add what may be said of an action."""
    for option in reversed(_OPTIONS):
        found = option(found)
    return found


@command.command("create")
@click.argument("job")
@click.option("--label", required=True, help="What stands on the button.")
@_described
@connection_options
@json_option
def create(
    job: str,
    form: str | None,
    more: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make an action that makes jobs of the name JOB.

    tickwire actions create workbook:export --label Export --form @form.json
    """
    check_name(job)
    domain, _, operation = job.partition(":")
    fields = {"mount": {"type": domain}, **_fields(more, form, given)}
    _check_mount(fields["mount"], job)
    made = call(url, key, lambda client: client.actions.create(operation=operation, **fields))
    emit(wire(made)) if as_json else say(f"{made.id} makes jobs {made.job}.")


@command.command("update")
@click.argument("action")
@click.option("--label", help="What stands on the button.")
@_described
@connection_options
@json_option
def update(
    action: str,
    form: str | None,
    more: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Change an action; what is not named stays.

    tickwire actions update workbook:export --label "Export all" --more '{"tooltip": null}'
    """
    changes = _fields(more, form, given)
    if not changes:
        raise Misuse("Nothing is to be changed: name what, such as --label Export.")

    async def session(client: Client) -> Action:
        found = await found_by(client, action)
        if "mount" in changes:
            _check_mount(changes["mount"], found.job)
        return await client.actions.update(found.id, **changes)

    changed = call(url, key, session)
    emit(wire(changed)) if as_json else say(f"{changed.id} is changed: it makes jobs {changed.job}.")


def _fields(more: str | None, form: str | None, given: dict[str, Any]) -> dict[str, Any]:
    fields = _more(more) | {name: value for name, value in given.items() if value is not None}
    if form is not None:
        fields["input_form"] = json_object(form, "--form")
    return fields


def _check_mount(mount: Any, job: str) -> None:
    """Misuse for a mount by which the action would make other jobs; what is none, the client refuses."""
    with suppress(ValidationError):
        made = f"{Mount.model_validate(mount).domain}:{job.partition(':')[2]}"
        if made != job:
            raise Misuse(f"--more: mount.type: an action that stands there makes jobs {made}, not {job}.")


def _more(text: str | None) -> dict[str, Any]:
    """Fields by their names over HTTP; Misuse for what no action has."""
    found = {} if text is None else json_object(text, "--more")
    known = names_of(ActionCreate, "label", "operation", "target_id")
    for name in found:
        if name not in known:
            raise Misuse(f"--more takes no {name!r}: {meant(name, known)}")
    return found


@command.command("delete")
@click.argument("action")
@connection_options
@json_option
def delete(action: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove an action; jobs that it has made go on."""

    async def session(client: Client) -> str:
        found = await found_by(client, action)
        await client.actions.delete(found.id)
        return found.id

    gone = call(url, key, session)
    emit({"deleted": gone}) if as_json else say(f"action {gone} is deleted.")


@command.command("run")
@click.argument("action")
@click.option(
    "--input",
    "-i",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="An answer to the form; JSON values are understood.",
)
@click.option("--input-json", metavar="TEXT|@FILE", help="All answers as a JSON object.")
@click.option("--source", metavar="ID", help="What the job works on; else what the action stands on.")
@click.option(
    "--subject", metavar="TEXT|@FILE", help='What is selected: {"type": "collection", "resource": "records"}.'
)
@click.option("--yes", "-y", is_flag=True, help="Agree to an action that asks first.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the end."
)
@click.option("--detach", "-d", is_flag=True, help="Print the job's id, and do not wait for its end.")
@connection_options
@json_option
def run(
    action: str,
    inputs: tuple[str, ...],
    input_json: str | None,
    source: str | None,
    subject: str | None,
    yes: bool,
    timeout_s: float | None,
    detach: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Press the button, watch the job that it makes and show its outcome. Exit codes as of tickwire run."""
    answers = input_of(inputs, input_json)
    fields: dict[str, Any] = {} if source is None else {"source": source}
    if subject is not None:
        fields["subject"] = json_object(subject, "--subject")

    async def make(client: Client) -> Job:
        found = await found_by(client, action)
        if found.confirm:
            fields["confirm"] = _agreed(found, yes)
        typed = as_parameters(inputs, "--input", await _schema(client, found)) if inputs else {}
        return await client.actions.execute(found.id, {**answers, **typed} or None, **fields)

    run_made(url, key, make, timeout_s=timeout_s, detach=detach, as_json=as_json)


async def _schema(client: Client, found: Action) -> dict[str, Any]:
    """The kinds of value that the answers have: as the form says, else as the job type does."""
    if found.input_form is not None:
        return {"properties": {one.key: _answer(one) for one in found.input_form.fields}}
    try:
        return (await client.job_types.get(found.job)).input_schema
    except ApiError:
        # There is none, or it has another code: the server takes the answers as they are.
        return {}


def _answer(field: FormField) -> dict[str, Any]:
    if field.config is not None:
        return {"enum": [one.value for one in field.config.options]}
    return {"type": field.type if field.type in {"number", "boolean"} else "string"}


def _agreed(found: Action, yes: bool) -> bool:
    """Whether the person means it; Failure when not, Misuse where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Misuse(f"The action {found.label!r} asks first whether it is meant: give --yes.")
    if not click.confirm(found.description or f"{found.label}: go on?", err=True):
        raise Failure("Nothing was done.")
    return True


async def found_by(client: Client, action: str) -> Action:
    """The action of this id, or the only one that makes jobs of this name."""
    if action.startswith(ID):
        return await client.actions.get(action)
    domain, _, operation = action.partition(":")
    found = await client.actions.list(domain=domain, operation=operation)
    if not found:
        near = did_you_mean(action, {one.job for one in await client.actions.list()})
        raise ApiError.of_code(
            "not_found", f"There is no action that makes jobs {action} in this space.{near}"
        )
    if len(found) > 1:
        raise Misuse(
            f"Several actions make jobs {action}: name one by its id: {', '.join(one.id for one in found)}."
        )
    return found[0]
