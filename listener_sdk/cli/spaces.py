"""``tickwire spaces``: create, list, rename, set, archive, restore, delete."""

from typing import Any, Final

import click

from ..client import Client
from ..pages import every
from ..protocol.spaces import MOST_DAYS, Space, SpaceRetention
from .connection import call, connection_options, json_option
from .failures import Misuse
from .groups import DefaultGroup
from .output import emit, local, say, wire
from .tables import table

FIRST: Final = frozenset({"default", "us_sp_default"})


@click.group("spaces", cls=DefaultGroup)
def command() -> None:
    """Create, list (the default), rename, set up, archive and delete spaces."""


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
    rows = [(s.code, s.name, s.status, s.time_zone, _kept(s.retention), local(s.created_at)) for s in found]
    table(("CODE", "NAME", "STATUS", "TIME ZONE", "KEPT", "CREATED"), rows, empty="There are no spaces.")


def _kept(rules: SpaceRetention) -> str:
    """``jobs 30 days, files 0.5 days``; nothing where the space keeps all as long as the server does."""
    days = (("jobs", rules.job_days), ("files", rules.file_days))
    return ", ".join(f"{what} {count:g} {'day' if count == 1 else 'days'}" for what, count in days if count)


@command.command("rename")
@click.argument("space")
@click.argument("name")
@connection_options
@json_option
def rename(space: str, name: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Give a space another name; its code stays."""
    changed = call(url, key, lambda client: client.spaces.update(space, name=name))
    _show(changed, as_json, f"is {changed.name} now")


@command.command("set")
@click.argument("space")
@click.option("--time-zone", metavar="ZONE", help="Such as Europe/Paris.")
@click.option("--link-template", metavar="URL|none", help="Where ids open, or none.")
@click.option(
    "--job-days", metavar="DAYS|default", help="How long jobs are kept; default: as the server does."
)
@click.option("--file-days", metavar="DAYS|default", help="How long files are kept.")
@connection_options
@json_option
def set_(
    space: str,
    time_zone: str | None,
    link_template: str | None,
    job_days: str | None,
    file_days: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Change the settings of a space; what is not named stays."""
    changes: dict[str, Any] = {} if time_zone is None else {"time_zone": time_zone}
    if link_template is not None:
        changes["link_template"] = None if link_template == "none" else link_template
    given = {"job_days": ("--job-days", job_days), "file_days": ("--file-days", file_days)}
    days = {name: _days(*one) for name, one in given.items() if one[1] is not None}
    if not changes and not days:
        raise Misuse(
            "Nothing is to be changed. Give --time-zone, --link-template, --job-days or --file-days."
        )

    async def change(client: Client) -> Space:
        if days:
            kept = (await client.spaces.get(space)).retention.model_dump(by_alias=False)
            changes["retention"] = {**kept, **days}
        return await client.spaces.update(space, **changes)

    changed = call(url, key, change)
    kept = _kept(changed.retention) or "jobs and files as long as the server"
    _show(changed, as_json, f"is set up: time zone {changed.time_zone}, keeps {kept}")


def _days(option: str, text: str | None) -> float | None:
    if text in {None, "default"}:
        return None
    try:
        found = float(text or "")
    except ValueError:
        raise Misuse(f"{option} {text!r} is no number of days. Write 30, 0.5 or default.") from None
    if not 0 < found <= MOST_DAYS:
        raise Misuse(
            f"{option} {text!r} is none: more than 0, and {MOST_DAYS:,} days at most. Write 30, 0.5 or default."
        )
    return found


@command.command("archive")
@click.argument("space")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connection_options
@json_option
def archive(space: str, yes: bool, url: str | None, key: str | None, as_json: bool) -> None:
    """Set a space aside: jobs that it has go on to their end, and no new ones are made."""
    if space in FIRST and not yes:
        click.confirm(
            "This is the space in which keys of the whole store act unless they name another. Archive it?",
            abort=True,
            err=True,
        )
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
