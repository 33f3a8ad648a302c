"""``tickwire listeners``: list, drain, resume."""

from typing import Final

import click

from ..client import Client
from ..pages import every
from ..protocol.listeners import ListenerSession
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .output import emit, local, say, wire
from .tables import table

NAMED: Final = 3
"""Names of jobs that a row has."""
COLUMNS: Final = ("ID", "HOST", "CLIENT", "STATE", "TAKES", "JOBS", "SINCE", "HEARD", "SERVER")


@click.group("listeners", cls=DefaultGroup)
def command() -> None:
    """List (the default), drain and resume listeners: the sessions that take jobs."""


@command.command("list")
@connection_options
@json_option
def list_listeners(url: str | None, key: str | None, as_json: bool) -> None:
    """List those that are connected or hold jobs. JOBS is how many each has, of how many it takes at once."""
    found = call(url, key, lambda client: every(client.listeners.list))
    if as_json:
        emit([wire(one) for one in found])
        return
    table(COLUMNS, map(_row, found), empty="Nobody takes jobs. Start a listener: tickwire listen script.py")


def _row(one: ListenerSession) -> tuple[object, ...]:
    return (
        one.id,
        one.host or "",
        one.client or "",
        one.state,
        _takes(one),
        f"{one.in_flight} of {one.credit}",
        local(one.connected_at),
        local(one.last_heard_at),
        one.server,
    )


def _takes(one: ListenerSession) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(taken.job for taken in one.jobs[:NAMED])
    more = one.job_count - len(one.jobs[:NAMED])
    return f"{shown} and {more:,} more" if more else shown


@command.command("drain")
@click.argument("listener", metavar="ID")
@connection_options
@json_option
def drain(listener: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Let a listener finish what it has: it gets no new jobs until it is resumed."""

    async def session(client: Client) -> ListenerSession:
        return await client.listeners.drain(listener)

    found = call(url, key, session)
    if as_json:
        emit(wire(found))
        return
    left = f"{found.in_flight:,} of its jobs go on" if found.in_flight else "it has none"
    say(f"{found.id} gets no new jobs; {left}.")


@command.command("resume")
@click.argument("listener", metavar="ID")
@connection_options
@json_option
def resume(listener: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Let a drained listener get jobs again."""

    async def session(client: Client) -> ListenerSession:
        return await client.listeners.resume(listener)

    found = call(url, key, session)
    emit(wire(found)) if as_json else say(f"{found.id} gets jobs again.")
