"""``tickwire schedules``: the group, and explain."""

from datetime import datetime
from itertools import compress
from typing import Any

import click

from ..client import Client
from ..protocol.timings import MOST_PREVIEWED, PREVIEWED, Neighbours, Preview
from .connection import call, connection_options, json_option
from .failures import Misuse
from .groups import DefaultGroup
from .output import counted, emit, say, wire
from .schedule_changes import create, delete, disable, edit, enable, hand_over
from .schedule_lists import list_schedules, show_schedule
from .schedule_runs import run
from .tables import table
from .timing_texts import timing_of


class SchedulesGroup(DefaultGroup):
    """A word that is no subcommand is an id: ``tickwire schedules us_sch_0000000001``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("schedules", cls=SchedulesGroup)
def command() -> None:
    """List (the default), show, make, change and run schedules, and explain what one would mean. SCHEDULE is an id."""


for _one in (list_schedules, show_schedule, create, edit, enable, disable, delete, run, hand_over):
    command.add_command(_one)


@command.command("explain")
@click.argument("text")
@click.option("--zone", metavar="NAME", help="Time zone, such as Europe/Paris; else that of the space.")
@click.option(
    "--dialect",
    type=click.Choice(["unix", "quartz"]),
    help="Of an expression; five fields are unix, a ? is quartz.",
)
@click.option(
    "--count",
    "-n",
    type=click.IntRange(1, MOST_PREVIEWED),
    default=PREVIEWED,
    show_default=True,
    help="How many times.",
)
@click.option(
    "--gap",
    type=click.Choice(["next-valid", "skip"]),
    help="What becomes of times that clocks leave out; next-valid unless said.",
)
@click.option(
    "--fold",
    type=click.Choice(["first", "both"]),
    help="When times that come twice are due; first unless said.",
)
@click.option(
    "--from",
    "after",
    metavar="TIME",
    help="Show the times after this one (without an offset: of the time zone); else after now.",
)
@connection_options
@json_option
def explain(
    text: str,
    zone: str | None,
    count: int,
    after: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Say what TEXT means, and when it is due next. It is kept nowhere.

    TEXT is a cron expression, a repetition in JSON, or one time:

    tickwire schedules explain "0 9 * * 1-5" --zone Europe/Paris

    tickwire schedules explain '{"every": 2, "unit": "weeks", "start": "2026-01-05T09:00"}'

    tickwire schedules explain 2026-12-24T09:00
    """
    given = {**timing_of(text), **{name: value for name, value in chosen.items() if value is not None}}

    async def ask(client: Client) -> tuple[str, Preview]:
        name = zone or (await client.spaces.get((await client.whoami()).space)).time_zone
        return name, await client.schedules.preview(
            time_zone=name, count=count, after=_moment(after), neighbours=True, **given
        )

    name, found = call(url, key, ask)
    if as_json:
        emit(wire(found))
    else:
        show(name, found)


def show(zone: str, found: Preview) -> None:
    """Print a preview for people."""
    say(found.words, "bold")
    say(f"time zone: {zone}" + ("" if found.dialect is None else f", dialect: {found.dialect}"))
    form = "%a %Y-%m-%d %H:%M:%S" if any(one.utc.second for one in found.times) else "%a %Y-%m-%d %H:%M"
    rows = [(_local(one.local, form), f"{one.utc:{form}}", one.note) for one in found.times]
    # In UTC one column says it, and few have a note.
    used = [zone != "UTC", True, any(one.note for one in found.times)]
    columns = (zone.upper(), "UTC", "NOTE")
    table(list(compress(columns, used)), [list(compress(row, used)) for row in rows], empty="")
    if found.neighbours is not None and found.neighbours.count:
        say(_crowded(found.neighbours))


def _crowded(found: Neighbours) -> str:
    """What else falls into the minute of the first time."""
    unnamed = found.count - len(found.names)
    more = f" and {unnamed} more" if unnamed else ""
    free = "" if found.free is None else f" Free is {datetime.fromisoformat(found.free.local):%H:%M}."
    return f"{counted(found.count, 'schedule')} of the space in the first minute: {', '.join(found.names)}{more}.{free}"


def _local(text: str, form: str) -> str:
    moment = datetime.fromisoformat(text)
    return f"{moment:{form}} {text[19:]}"


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"--from {text!r} is no time. Write, say, 2026-03-28T12:00.") from error
