"""``tickwire types``: what can be done in the space, and jobs made of it with parameters that are checked first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..client import Client
from ..pages import every
from ..protocol.job_types import JobTypeView
from ..protocol.jobs import Job
from .connection import call, connection_options, json_option
from .creation import uploaded
from .groups import ShowGroup
from .moments import ahead
from .output import emit, in_json, local, say
from .pairs import as_object, as_parameters, json_object
from .parameter_words import limit_words, parameter, type_words
from .progress import wall_clock
from .run import run_made
from .tables import table


@click.group("types", cls=ShowGroup)
def command() -> None:
    """List (the default), show, run and delete job types: tickwire types [CODE]."""


@command.command("list")
@click.option("--online/--offline", default=None, help="Only those that somebody serves, or nobody.")
@click.option("--domain", help="What stands before the first colon of the name.")
@click.option("--search", "-s", "q", metavar="TEXT", help="In code, name or label.")
@connection_options
@json_option
def list_types(
    online: bool | None,
    domain: str | None,
    q: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """List the job types."""
    found = call(url, key, lambda client: every(client.job_types.list, online=online, domain=domain, q=q))
    if as_json:
        emit([one.model_dump(mode="json", exclude_none=True) for one in found])
        return
    rows = [
        (one.code, "" if one.name == one.code else one.name, _state(one), ", ".join(one.modes), one.label)
        for one in found
    ]
    table(("CODE", "JOB", "STATE", "MODES", "LABEL"), rows, empty="There are no job types.")


def _state(one: JobTypeView) -> str:
    return "built in" if one.built_in else "online" if one.online else "offline"


@command.command("show")
@click.argument("code")
@connection_options
@json_option
def show(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show a job type and its parameters."""
    one = call(url, key, lambda client: client.job_types.get(code))
    if as_json:
        emit(one.model_dump(mode="json", exclude_none=True))
        return
    say(f"{one.label or one.code}", "bold")
    if one.description:
        say(one.description)
    needs = "; needs a file" if one.needs_file else ""
    say(f"code {one.code}, job {one.name}, {_state(one)}, modes {', '.join(one.modes)}{needs}")
    if one.updated_at:
        say(f"declared {local(one.updated_at)}")
    _show_parameters(one.input_schema)


def _show_parameters(schema: Mapping[str, Any]) -> None:
    properties, required = schema.get("properties"), schema.get("required")
    rows = [
        _parameter(schema, name, isinstance(required, list) and name in required)
        for name in (properties if isinstance(properties, dict) else {})
    ]
    columns = ("PARAMETER", "TYPE", "REQUIRED", "DEFAULT", "LIMITS", "DESCRIPTION")
    table(columns, rows, empty=_unnamed(schema))


def _parameter(schema: Mapping[str, Any], name: str, is_required: bool) -> tuple[Any, ...]:
    own = parameter(schema, name)
    facts = own if isinstance(own, dict) else {}
    default = in_json(facts["default"]) if "default" in facts else ""
    words = facts.get("description") or facts.get("title")
    required = "yes" if is_required else ""
    return name, type_words(schema, own), required, default, limit_words(schema, own), words


def _unnamed(schema: Mapping[str, Any]) -> str:
    """What a type takes that names no parameters."""
    others = parameter(schema, "")
    if others is False:
        return "It takes no parameters."
    kind = type_words(schema, others)
    return f"Any parameters are taken, each of the type {kind}." if kind else "Any parameters are taken."


@command.command("run")
@click.argument("code")
@click.option(
    "--param",
    "-p",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter; JSON values are understood.",
)
@click.option("--params", "text", metavar="TEXT|@FILE", help="All parameters as a JSON object; pairs win.")
@click.option("--mode", help="One of the type's modes, such as full or delta.")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Upload a file for the job.",
)
@click.option("--label", help="A name of the job for people.")
@click.option(
    "--priority", type=click.IntRange(-1000, 1000), help="Higher ones go first; 0 if it is left out."
)
@click.option("--metadata", "-m", multiple=True, metavar="NAME=VALUE", help="A field of the job's metadata.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A word to sort jobs by; may be repeated.")
@click.option(
    "--at",
    metavar="SPAN|TIME",
    help="Start in 30s, 10m, 2h or 1d, or at an ISO time such as 2030-01-31T08:00.",
)
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the end."
)
@click.option("--detach", "-d", is_flag=True, help="Print the job's id, and do not wait for its end.")
@connection_options
@json_option
def run(
    code: str,
    pairs: tuple[str, ...],
    text: str | None,
    path: Path | None,
    metadata: tuple[str, ...],
    tags: tuple[str, ...],
    at: str | None,
    timeout_s: float | None,
    detach: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make a job of the type CODE, watch it and show its outcome.

    The server checks the parameters first, and tells all that is wrong with them. Exit codes as of tickwire run.
    """
    whole = json_object(text, "--params") if text is not None else {}
    as_object(pairs, "--param")
    given |= {"metadata": as_object(metadata, "--metadata") or None, "tags": [*tags] or None}
    given |= {"scheduled_at": ahead(at, "--at", wall_clock()) if at else None}
    fields = {name: value for name, value in given.items() if value is not None}

    async def make(client: Client) -> Job:
        schema = (await client.job_types.get(code)).input_schema if pairs else {}
        params = {**whole, **as_parameters(pairs, "--param", schema)}
        return await client.job_types.execute(code, params, **fields, **await uploaded(client, path))

    run_made(url, key, make, timeout_s=timeout_s, detach=detach, as_json=as_json)


@command.command("delete")
@click.argument("code")
@connection_options
@json_option
def delete(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a job type that nobody serves or needs."""
    call(url, key, lambda client: client.job_types.delete(code))
    emit({"deleted": code}) if as_json else say(f"job type {code} is deleted.")
