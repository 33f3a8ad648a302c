"""``tickwire subscriptions``: list, show, delete."""

import click

from ..pages import every
from ..protocol.subscriptions import DurableSubscription
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .output import emit, local, say, wire
from .tables import table


@click.group("subscriptions", cls=DefaultGroup)
def command() -> None:
    """List (the default), show and delete durable subscriptions: cursors into the log that are kept by name."""


@command.command("list")
@connection_options
@json_option
def list_subscriptions(url: str | None, key: str | None, as_json: bool) -> None:
    """List them, with how many events of the log come after each, matching or not."""
    found = call(url, key, lambda client: every(client.subscriptions.list))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [
        (one.name, ", ".join(one.topics), one.position, one.behind, state(one), local(one.updated_at))
        for one in found
    ]
    columns = ("NAME", "TOPICS", "POSITION", "BEHIND", "STATE", "MOVED")
    table(columns, rows, empty="There are no durable subscriptions.")


def state(one: DurableSubscription) -> str:
    """In a word or two, the worst first."""
    if one.trouble is not None:
        return one.trouble
    following = "followed" if one.connected else "waits"
    return f"{following}, far behind" if one.alarmed_at is not None else following


@command.command("show")
@click.argument("name")
@connection_options
@json_option
def show(name: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one."""
    found = call(url, key, lambda client: client.subscriptions.get(name))
    if as_json:
        emit(wire(found))
        return
    facts = {
        "topics": ", ".join(found.topics),
        "filter": found.filter,
        "position": found.position,
        "behind": found.behind,
        "state": state(found),
        "owner": found.owner,
        "created": local(found.created_at),
        "moved": local(found.updated_at),
        "far behind since": local(found.alarmed_at),
    }
    say(f"subscription {found.name}")
    for fact, value in facts.items():
        if value is not None and value != "":
            say(f"  {fact}: {value}")


@command.command("delete")
@click.argument("name")
@connection_options
@json_option
def delete(name: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove one: who follows it is told, and who subscribes by its name later begins anew."""
    call(url, key, lambda client: client.subscriptions.delete(name))
    emit({"deleted": name}) if as_json else say(f"subscription {name} is deleted.")
