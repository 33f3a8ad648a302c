"""``tickwire spaces``: create, list, rename, archive, restore, delete."""

from typing import Any

import click

from ..pages import every
from ..protocol.spaces import Space
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .output import emit, local, say, wire
from .tables import table


@click.group("spaces", cls=DefaultGroup)
def command() -> None:
    """Create, list (the default), rename, archive and delete spaces."""


def _show(space: Space, as_json: bool, done: str) -> None:
    if as_json:
        emit(wire(space))
    else:
        say(f"space {space.code} {done}.")


@command.command("create")
@click.argument("name")
@click.option("--code", help="Small letters, digits and dashes, for ids and headers; else made of the name.")
@click.option("--time-zone", metavar="ZONE", help="Such as Europe/Paris; else UTC.")
@click.option(
    "--link-template", metavar="URL", help="Where ids open, such as https://app.example.com/{type}/{id}."
)
@connection_options
@json_option
def create(
    name: str,
    code: str | None,
    time_zone: str | None,
    link_template: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Make a space. Its job space:configure waits for a listener with a key of the space."""
    given: dict[str, Any] = {"time_zone": time_zone, "link_template": link_template}
    settings = {name: value for name, value in given.items() if value is not None}
    made = call(url, key, lambda client: client.spaces.create(name, code, **settings))
    _show(made, as_json, f"({made.name}) is made: name it with --space {made.code}")


@command.command("list")
@connection_options
@json_option
def list_spaces(url: str | None, key: str | None, as_json: bool) -> None:
    """List the spaces that the key opens."""
    found = call(url, key, lambda client: every(client.spaces.list))
    if as_json:
        emit([wire(space) for space in found])
        return
    rows = [(s.code, s.name, s.status, s.time_zone, local(s.created_at)) for s in found]
    table(("CODE", "NAME", "STATUS", "TIME ZONE", "CREATED"), rows, empty="There are no spaces.")


@command.command("rename")
@click.argument("space")
@click.argument("name")
@connection_options
@json_option
def rename(space: str, name: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Give a space another name; its code stays."""
    changed = call(url, key, lambda client: client.spaces.update(space, name=name))
    _show(changed, as_json, f"is {changed.name} now")


@command.command("archive")
@click.argument("space")
@connection_options
@json_option
def archive(space: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Set a space aside: what runs ends, and nothing new begins."""
    _show(call(url, key, lambda client: client.spaces.archive(space)), as_json, "is archived")


@command.command("restore")
@click.argument("space")
@connection_options
@json_option
def restore(space: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Take an archived space back."""
    changed = call(url, key, lambda client: client.spaces.update(space, archived=False))
    _show(changed, as_json, "is active again")


@command.command("delete")
@click.argument("space")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connection_options
@json_option
def delete(space: str, yes: bool, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a space with its jobs, events, files and keys, for ever; only its audit is kept."""
    if not yes:
        kept = "Only its audit is kept (tickwire audit --deleted-space)."
        click.confirm(
            f"Remove the space {space} with all that it has, for ever? {kept}", abort=True, err=True
        )
    call(url, key, lambda client: client.spaces.delete(space))
    emit({"deleted": space}) if as_json else say(f"space {space} is closed; what it had is being removed.")
