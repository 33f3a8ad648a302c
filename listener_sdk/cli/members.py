"""``tickwire members``: add, list, set-role, deactivate, activate, remove, log-out."""

from collections.abc import Awaitable, Callable
from typing import Any

import click

from ..client import Client
from ..errors import ApiError
from ..pages import every
from ..protocol.members import Member
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .output import counted, emit, local, say, spelled, wire
from .tables import table

ROLE = click.Choice(["viewer", "operator", "developer", "admin"])


@click.group("members", cls=DefaultGroup)
def command() -> None:
    """Add, list (the default), change and remove the people of a space. MEMBER is an e-mail or an id."""


@command.command("add")
@click.argument("name")
@click.option("--email", required=True, help="Nobody else in the space has it.")
@click.option("--role", type=ROLE, default="viewer", show_default=True, help="What the member may do.")
@connection_options
@json_option
def add(name: str, email: str, role: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Add a member, who logs in by a link: tickwire login-link MEMBER."""
    made = call(url, key, lambda client: client.members.create(name, email, role))
    way_in = spelled(f"login-link {made.id}")
    _show(made, as_json, f"({made.role}) is added; let {made.name} in: {way_in}")


@command.command("list")
@click.option("--role", type=ROLE, help="Only of this role.")
@click.option("--active/--inactive", default=None, help="Only those who may log in, or may not.")
@connection_options
@json_option
def list_members(
    role: str | None, active: bool | None, url: str | None, key: str | None, as_json: bool
) -> None:
    """List the members of the space."""
    given: dict[str, Any] = {"role": role, "active": active}
    filters = {name: value for name, value in given.items() if value is not None}
    found = call(url, key, lambda client: every(client.members.list, **filters))
    if as_json:
        emit([wire(member) for member in found])
        return
    rows = [(m.id, m.name, m.email, m.role, "yes" if m.active else "no", local(m.created_at)) for m in found]
    table(("ID", "NAME", "E-MAIL", "ROLE", "ACTIVE", "ADDED"), rows, empty="There are no members.")


@command.command("set-role")
@click.argument("member")
@click.argument("role", type=ROLE)
@connection_options
@json_option
def set_role(member: str, role: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Give a member another role."""
    changed = _on(url, key, member, lambda client, found: client.members.update(found, role=role))
    _show(changed, as_json, f"is {changed.role} now")


@command.command("deactivate")
@click.argument("member")
@connection_options
@json_option
def deactivate(member: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Set a member aside: all sessions end, and none begins. Schedules of the member run no more until they are handed over."""
    changed = _on(url, key, member, lambda client, found: client.members.deactivate(found))
    _show(changed, as_json, "may not log in any more")


@command.command("activate")
@click.argument("member")
@connection_options
@json_option
def activate(member: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Let a member log in again."""
    changed = _on(url, key, member, lambda client, found: client.members.update(found, active=True))
    _show(changed, as_json, "may log in")


@command.command("remove")
@click.argument("member")
@connection_options
@json_option
def remove(member: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a member; what the member did still names it. Schedules of the member run no more until they are handed over."""

    async def gone(client: Client, found: str) -> Member:
        await client.members.delete(found)
        return await client.members.get(found)

    left = _on(url, key, member, gone)
    if as_json:
        emit({"removed": member})
        return
    say(f"{member} is removed.")
    _tell_of_schedules(left)


@command.command("log-out")
@click.argument("member")
@connection_options
@json_option
def log_out(member: str, url: str | None, key: str | None, as_json: bool) -> None:
    """End all sessions of a member."""
    _on(url, key, member, lambda client, found: client.members.log_out(found))
    emit({"loggedOut": member}) if as_json else say(f"{member} is logged out everywhere.")


async def id_of(client: Client, member: str) -> str:
    """The id of a member who is named by it or by e-mail; ApiError ``not_found`` for an e-mail that nobody has."""
    if "@" not in member:
        return member
    found = (await client.members.list(email=member)).items
    if not found:
        raise ApiError.of_code("not_found", f"No member of this space has the e-mail {member}.")
    return found[0].id


def _on(url: str | None, key: str | None, member: str, act: Callable[[Client, str], Awaitable[Any]]) -> Any:
    async def found(client: Client) -> Any:
        return await act(client, await id_of(client, member))

    return call(url, key, found)


def _show(member: Member, as_json: bool, done: str) -> None:
    if as_json:
        emit(wire(member))
    else:
        say(f"member {member.name} {done}.")
        _tell_of_schedules(member)


def _tell_of_schedules(member: Member) -> None:
    """What runs no more, since its owner may not have jobs run at set times."""
    if member.schedules and not (member.active and member.role != "viewer"):
        many = f"{counted(member.schedules, 'schedule')} of {member.name} {'runs' if member.schedules == 1 else 'run'} no more"
        say(f"{many}: {spelled(f'schedules hand-over --all-of {member.id} --to MEMBER')}", "yellow")
