"""``tickwire secrets``: set, list, delete. A value never stands on a command line, which every user of the machine can read."""

import sys

import click

from .connection import call, connection_options, json_option
from .failures import Misuse
from .groups import DefaultGroup
from .output import emit, local, say
from .tables import table


@click.group("secrets", cls=DefaultGroup)
def command() -> None:
    """Set, list (the default) and delete secrets, which handlers read as job.secrets["name"]."""


@command.command("set")
@click.argument("name")
@click.argument("given", metavar="", nargs=-1)
@click.option(
    "--jobs",
    multiple=True,
    metavar="GLOB",
    help="Jobs that may have it, such as 'import:*'; may be repeated.",
)
@click.option("--description", help="What it is for.")
@connection_options
@json_option
def set_secret(
    name: str,
    given: tuple[str, ...],
    jobs: tuple[str, ...],
    description: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Make a secret, or give it another value, which is asked for, or read from standard input.

    tickwire secrets set crm_token < token.txt
    """
    if given:
        raise Misuse(
            "A value never stands on the command line, which every user of the machine can read: leave it out, and it is asked "
            "for, or send it on standard input. If it was real, it stands in the shell's history now."
        )
    value = _value(name)
    made = call(
        url,
        key,
        lambda client: client.secrets.set(name, value, jobs=jobs or None, description=description),
    )
    if as_json:
        emit(made.model_dump(mode="json", exclude_none=True, exclude={"value"}))
    else:
        say(f"secret {made.name} is set (version {made.version}).")


def _value(name: str) -> str:
    """What was typed, unseen, or all of standard input but its last line's end."""
    if sys.stdin.isatty():
        typed: str = click.prompt(f"Value of {name}", hide_input=True, err=True)
        return typed
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise Misuse("The value is not text in UTF-8: encode it, such as by base64.") from None
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise Misuse(f"Standard input is empty. Send the value there: tickwire secrets set {name} < FILE.")
    return value


@command.command("list")
@connection_options
@json_option
def list_secrets(url: str | None, key: str | None, as_json: bool) -> None:
    """List the secrets, without their values."""
    found = call(url, key, lambda client: client.secrets.list()).items
    if as_json:
        emit([one.model_dump(mode="json", exclude_none=True, exclude={"value"}) for one in found])
        return
    rows = [
        (
            one.name,
            one.actor_id,
            ", ".join(one.jobs),
            one.version,
            "locked" if one.locked else "",
            local(one.updated_at),
            one.description,
        )
        for one in found
    ]
    columns = ("NAME", "ACTOR", "JOBS", "VERSION", "STATE", "SET", "DESCRIPTION")
    table(columns, rows, empty="There are no secrets.")


@command.command("delete")
@click.argument("name")
@connection_options
@json_option
def delete(name: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a secret, by its name or id."""
    call(url, key, lambda client: client.secrets.delete(name))
    emit({"deleted": name}) if as_json else say(f"secret {name} is deleted.")
