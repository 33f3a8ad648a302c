"""``tickwire schedules list`` and ``show``: what there is, and when it is due next."""

from typing import Any

import click

from ..client import Client
from ..pages import every
from ..protocol.runs import Run
from ..protocol.schedules import Schedule
from .connection import call, connection_options, json_option
from .members import id_of
from .output import emit, in_json, local, say, spelled, wire
from .tables import table
from .told import say_rules


@click.command("list")
@click.option("--definition", "-d", metavar="CODE", help="Only those of this definition.")
@click.option("--enabled/--disabled", default=None, help="Only those that are switched on, or off.")
@click.option("--owner", metavar="MEMBER", help="Only those of this member, by e-mail or id.")
@connection_options
@json_option
def list_schedules(
    definition: str | None,
    enabled: bool | None,
    owner: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """List the schedules of the space."""

    async def session(client: Client) -> list[Schedule]:
        named = None if owner is None else await id_of(client, owner)
        given: dict[str, Any] = {"definition": definition, "enabled": enabled, "owner": named}
        filters = {name: value for name, value in given.items() if value is not None}
        return await every(client.schedules.list, **filters)

    found = call(url, key, session)
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [
        (one.id, one.definition or one.action_id, _state(one), _next(one), one.time_zone, _called(one))
        for one in found
    ]
    columns = ("ID", "DEFINITION", "STATE", "NEXT", "ZONE", "SCHEDULE")
    table(columns, rows, empty="There are no schedules.")


def _state(one: Schedule) -> str:
    return one.state.replace("_", " ")


def summary(one: Schedule) -> str:
    """``Mornings: At 09:00, in Europe/Paris (active, next 2026-01-31 09:00:00)``."""
    following = f", next {_next(one)}" if one.next_at is not None else ""
    return f"{_called(one)}, in {one.time_zone} ({_state(one)}{following})"


def _called(one: Schedule) -> str:
    return one.words if one.name == one.words else f"{one.name}: {one.words}"


def _next(one: Schedule) -> str:
    """The next due time as the clocks of its zone show it."""
    return "" if one.next_local is None else one.next_local[:19].replace("T", " ")


@click.command("show")
@click.argument("schedule")
@connection_options
@json_option
def show_schedule(schedule: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show a schedule."""

    async def session(client: Client) -> tuple[Schedule, Run | None]:
        one = await client.schedules.get(schedule)
        if as_json or one.definition is None:
            return one, None
        runs = await client.runs.list(schedule=one.id, page_size=1)
        return one, next(iter(runs.items), None)

    one, last = call(url, key, session)
    if as_json:
        emit(wire(one))
        return
    say(one.name, "bold")
    for name, value in {**_facts(one), "last run": _ran(last)}.items():
        if value:
            say(f"{name}: {value}")
    say_rules(one.notifications, url, key)


def _facts(one: Schedule) -> dict[str, str | None]:
    return {
        "id": one.id,
        "definition": one.definition,
        "action": one.action_id,
        "state": f"{_state(one)}{_why(one)}",
        "due": f"{one.words}, in {one.time_zone}",
        **_timing(one),
        "next": _next(one) + (f" ({one.next_note})" if one.next_note else ""),
        "waits for the end of a job": local(one.queued_at),
        "bounds": " to ".join(filter(None, (one.start or ("the beginning" if one.end else None), one.end))),
        "clock changes": f"gap {one.gap}, fold {one.fold}",
        "late runs": one.late,
        "while a job runs": one.overlap,
        "jitter": f"{one.jitter_s} s" if one.jitter_s else "",
        "pauses": f"after {one.pause_after} failures in a row" if one.pause_after else "",
        "failures in a row": str(one.failures) if one.failures else "",
        "mode": one.mode,
        "parameters": in_json(one.params) if one.params else "",
        "owner": one.owner + (f", else {one.fallback_owner}" if one.fallback_owner else ""),
        "version": f"{one.version}, changed {local(one.updated_at)} by {one.updated_by}",
    }


def _timing(one: Schedule) -> dict[str, str | None]:
    """When it is due, as it was written."""
    if one.cron is None:
        return {"repeat": in_json(one.repeat) if one.repeat else "", "once": one.once}
    # Six or seven fields are quartz: others are refused unless the dialect says so.
    dialect = one.dialect or ("unix" if len(one.cron.split()) <= 5 else "quartz")
    return {"cron": f"{one.cron} ({dialect})"}


def _ran(last: Run | None) -> str:
    """``us_jb_1, success, due 2026-01-31 08:00:00``: the last run, or due time without one."""
    if last is None:
        return ""
    due = "" if last.due_at is None else f", due {local(last.due_at)} (local)"
    return f"{last.id}, {last.status if last.result == 'running' else last.result}{due}"


def _why(one: Schedule) -> str:
    if one.state == "owner_inactive":
        return f": {spelled(f'schedules hand-over {one.id} --to MEMBER')}"
    if one.paused:
        return f" ({one.paused}): {spelled(f'schedules enable {one.id}')}"
    if one.asleep == "definition_disabled":
        return f" ({one.asleep}): {spelled(f'definitions enable {one.definition}')}"
    return f" ({one.asleep})" if one.asleep else ""


def made(one: Schedule, as_json: bool, done: str) -> None:
    """Print what became of a schedule."""
    if as_json:
        emit(wire(one))
        return
    say(f"schedule {one.id} {done}: {one.words}, in {one.time_zone}.")
    noted = f" {one.next_note}" if one.next_note else ""
    say(f"Next: {_next(one)}.{noted}" if one.next_at is not None else f"It is {_state(one)}{_why(one)}.")
